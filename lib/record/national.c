/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * national.c - walk the parts of a message, lay objects over one another, give rows out.
 */
#include "lib/record/national.h"

#include <string.h>

#include <json-c/json.h>

#include "lib/base/buf.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"

#define DETAIL_MAX 200u

enum part_kind { PART_NORMAL, PART_CANCEL };

static const struct part {
	const char *infno;
	const char *stream; /* by name, as fields.def spells it */
	const char *own, *answer;
	enum part_kind kind;
} parts[] = {
#define PART(infno, stream, own, answer, kind) { infno, #stream, own, answer, PART_##kind },
#include "lib/record/national.def"
#undef PART
};

#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

/* What every record of a message shares: from the envelope, and ids from its other parts. */
static const char *const envelope_keys[] = {
	"fixmedins_code", "fixmedins_name", "inf_time", "insuplc_admdvs", "mdtrtarea_admvs",
};
static const char *const shared_keys[] = {
	"psn_no", "mdtrt_id", "setl_id", "med_type", "chrg_bchno", "dise_codg", "insutype",
};
static const char *const shared_paths[] = {
	"input.data", "input.druginfo", "input.mdtrtinfo", "input.dscginfo", "output.setlinfo",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The row being put together. */
struct cells {
	struct rower *r;
	struct str *cell;
	uint32_t n, cap;
	enum reject_reason why;
};

/* ---- cells ---- */

static void set_cell(struct cells *c, struct str name, struct str text)
{
	uint32_t column = plan_key(&c->r->plan, name);
	if (column == NO_COLUMN) {
		c->why = REJECT_TOO_MANY_KEYS;
		return;
	}
	uint32_t old = c->n;
	if (column >= c->n) {
		GROW(c->cell, c->cap, column + 1u);
		c->n = column + 1;
		memset(c->cell + old, 0, (c->n - old) * sizeof(*c->cell));
	}
	if (text.n)
		c->cell[column] = text;
}

static void add_value(struct cells *c, const char *name, struct json_object *value)
{
	struct str text;
	if (!json_text(value, &text))
		text = row_nested();
	if (text.n && text.p != row_nested().p && memchr(text.p, 0, text.n))
		c->why = REJECT_BAD_BYTE;
	set_cell(c, str_of(name), text);
}

/* Later objects lie over earlier ones; empty values do not hide full ones. */
static void add_object(struct cells *c, struct json_object *o, enum part_kind kind)
{
	if (!json_object_is_type(o, json_type_object))
		return;
	json_object_object_foreach(o, name, value) {
		bool undone = kind == PART_CANCEL && strcmp(name, "setl_id") == 0;
		add_value(c, undone ? "init_setl_id" : name, value);
	}
}

static void add_keys(struct cells *c, struct json_object *o, const char *const *keys, size_t n)
{
	struct json_object *value;
	for (size_t i = 0; i < n; i++)
		if (json_object_is_type(o, json_type_object) &&
		    json_object_object_get_ex(o, keys[i], &value))
			add_value(c, keys[i], value);
}

/* ---- parts ---- */

/* The node at "a.b", NULL when there is none. */
static struct json_object *at_path(struct json_object *o, const char *path)
{
	while (o && *path) {
		char name[64];
		size_t n = strcspn(path, ".");
		if (n >= sizeof(name) || !json_object_is_type(o, json_type_object))
			return NULL;
		memcpy(name, path, n);
		name[n] = 0;
		struct json_object *next = NULL;
		json_object_object_get_ex(o, name, &next);
		o = next;
		path += n + (path[n] == '.');
	}
	return o;
}

static struct str text_of(struct json_object *o, const char *name)
{
	struct json_object *value = NULL;
	struct str text = { 0 };
	if (json_object_is_type(o, json_type_object) &&
	    json_object_object_get_ex(o, name, &value) && !json_text(value, &text))
		text.n = 0;
	return text;
}

/* The answer that belongs to an own object: itself, or the item with the same feedetl_sn. */
static struct json_object *answer_for(struct json_object *answers, struct json_object *own,
				      size_t i)
{
	if (!json_object_is_type(answers, json_type_array))
		return answers;
	struct str serial = text_of(own, "feedetl_sn");
	size_t n = json_object_array_length(answers);
	for (size_t k = 0; serial.n && k < n; k++) { /* usually in the same order */
		struct json_object *item = json_object_array_get_idx(answers, (i + k) % n);
		if (str_eq(serial, text_of(item, "feedetl_sn")))
			return item;
	}
	return NULL;
}

struct message {
	struct rower *r;
	const struct json_in *in;
	struct cells cells;
	uint64_t digest;
	unsigned records; /* rows given out so far */
};

static void give(struct message *m, uint32_t streams, struct json_object *shown)
{
	struct row_in row = {
		.cell = m->cells.cell, .n = m->cells.n, .raw = m->in->raw, .line = m->in->line,
		.offset = m->in->offset, .length = m->in->raw.n, .streams = streams,
		.digest = hash_join(m->digest, m->records++) | 1u,
	};
	if (shown)
		row.raw = str_of(json_object_to_json_string_ext(
			shown, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	if (m->cells.why == REJECT_NONE)
		rower_take(m->r, &row);
	else
		rower_refuse(m->r, &row, m->cells.why, 0, (struct str){ 0 });
}

static void clear(struct message *m)
{
	if (m->cells.n)
		memset(m->cells.cell, 0, m->cells.n * sizeof(*m->cells.cell));
	m->cells.why = REJECT_NONE;
}

static void take_record(struct message *m, const struct part *part, struct json_object *own,
			size_t i)
{
	struct cells *c = &m->cells;
	struct json_object *root = m->in->object;
	clear(m);
	add_keys(c, root, envelope_keys, COUNT(envelope_keys));
	if (strcmp(part->stream, "settlement") == 0)
		set_cell(c, STR("setl_time"), text_of(root, "inf_time"));
	for (size_t k = 0; k < COUNT(shared_paths); k++)
		if (part->kind == PART_NORMAL)
			add_keys(c, at_path(root, shared_paths[k]), shared_keys,
				 COUNT(shared_keys));
	add_object(c, own, part->kind);
	add_object(c, answer_for(at_path(root, part->answer), own, i), PART_NORMAL);
	give(m, 1u << stream_find(str_of(part->stream)), own);
}

static void take_part(struct message *m, const struct part *part)
{
	struct json_object *own = at_path(m->in->object, part->own);
	if (json_object_is_type(own, json_type_object)) {
		take_record(m, part, own, 0);
		return;
	}
	size_t n = json_object_is_type(own, json_type_array) ? json_object_array_length(own) : 0;
	for (size_t i = 0; i < n; i++)
		take_record(m, part, json_object_array_get_idx(own, i), i);
}

static void refuse(struct message *m, enum reject_reason why, struct str detail)
{
	struct row_in row = { .raw = m->in->raw, .line = m->in->line, .offset = m->in->offset,
			      .length = m->in->raw.n };
	rower_refuse(m->r, &row, why, 0, detail);
}

/* The transaction failed at the platform: nothing happened. */
static bool has_failed(struct json_object *root)
{
	struct str code = text_of(root, "infcode");
	return code.n && !str_eq(code, STR("0"));
}

bool national_is_message(struct json_object *o)
{
	return json_object_object_get_ex(o, "infno", NULL) &&
	       json_object_object_get_ex(o, "input", NULL);
}

static void take_message(struct message *m)
{
	struct str infno = text_of(m->in->object, "infno");
	bool known = false;
	if (has_failed(m->in->object)) {
		m->r->stats->filtered++;
		return;
	}
	for (size_t i = 0; i < N_PARTS; i++) {
		if (!str_eq(infno, str_of(parts[i].infno)))
			continue;
		known = true;
		take_part(m, &parts[i]);
	}
	if (!known)
		refuse(m, REJECT_UNKNOWN_MESSAGE, str_sub(infno, 0, DETAIL_MAX));
	else if (m->records == 0)
		refuse(m, REJECT_BAD_MESSAGE, infno);
}

static void start(struct message *m, struct rower *r, const struct json_in *in)
{
	*m = (struct message){ .r = r, .in = in };
	m->cells.r = r;
	m->digest = hash_str(in->raw);
}

void national_take(struct rower *r, const struct json_in *in)
{
	struct message m;
	start(&m, r, in);
	if (in->object)
		take_message(&m);
	else
		refuse(&m, in->why, in->detail);
	xfree(m.cells.cell);
}

void national_take_row(struct rower *r, const struct json_in *in)
{
	struct message m;
	start(&m, r, in);
	if (in->object) {
		add_object(&m.cells, in->object, PART_NORMAL);
		give(&m, ROW_ALL_STREAMS, NULL);
	} else {
		refuse(&m, in->why, in->detail);
	}
	xfree(m.cells.cell);
}
