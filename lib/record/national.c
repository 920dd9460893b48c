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
#define INFNO 4u /* what follows says the variant: 3505A */

enum part_kind {
	PART_NORMAL, PART_LEAVE, PART_STAY, PART_VOID, PART_CANCEL, PART_DELETE,
	PART_CODES, PART_RESULT,
};

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
	"output.result", "output.data",
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
static void add_object(struct cells *c, struct json_object *o, bool mirrored)
{
	if (!json_object_is_type(o, json_type_object))
		return;
	json_object_object_foreach(o, name, value) {
		bool undone = mirrored && strcmp(name, "setl_id") == 0;
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

/* The node at "a.b", NULL when there is none; no path leads nowhere. */
static struct json_object *at_path(struct json_object *o, const char *path)
{
	if (!*path)
		return NULL;
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
	struct buf serial; /* a serial made up for a row */
	unsigned records;  /* rows given out so far */
};

static void give(struct message *m, uint32_t streams, struct json_object *shown)
{
	struct row_in row = {
		.cells = { .cell = m->cells.cell, .n = m->cells.n },
		.raw = m->in->raw, .line = m->in->line,
		.offset = m->in->offset, .length = m->in->raw.n, .streams = streams,
		.digest = hash_join(m->digest, m->records++) | 1u,
	};
	if (shown)
		row.raw = str_of(json_object_to_json_string_ext(
			shown, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	if (m->cells.why == REJECT_NONE)
		rower_take(m->r, &row, 1);
	else
		rower_refuse(m->r, &row, m->cells.why, 0, (struct str){ 0 });
}

static void clear(struct message *m)
{
	if (m->cells.n)
		memset(m->cells.cell, 0, m->cells.n * sizeof(*m->cells.cell));
	m->cells.why = REJECT_NONE;
}

/* All lines of a visit, or of a charging batch, taken back: a serial that says which. */
static void name_sweep(struct message *m, struct json_object *own)
{
	struct str serial = text_of(own, "feedetl_sn"), batch = text_of(own, "chrg_bchno");
	struct str all = STR("0000");

	if (serial.n && !str_eq(serial, all))
		return;
	buf_reset(&m->serial);
	buf_addstr(&m->serial, all);
	if (batch.n && !str_eq(batch, all)) {
		buf_addc(&m->serial, '/');
		buf_addstr(&m->serial, batch);
	}
	set_cell(&m->cells, STR("feedetl_sn"), buf_str(&m->serial));
}

/* What the kind of the transaction says, where the message does not. */
static void add_kind(struct message *m, const struct part *part)
{
	struct cells *c = &m->cells;
	struct str now = text_of(m->in->object, "inf_time");

	if (strcmp(part->stream, "settlement") == 0)
		set_cell(c, STR("setl_time"), now);
	if (strcmp(part->stream, "stock") == 0)
		set_cell(c, STR("infno"), str_sub(str_of(part->infno), 0, INFNO));
	if (part->kind == PART_LEAVE)
		set_cell(c, STR("inhosp_stas"), STR("0"));
	if (part->kind == PART_STAY)
		set_cell(c, STR("inhosp_stas"), STR("1"));
	if (part->kind == PART_CANCEL)
		set_cell(c, STR("refd_setl_flag"), STR("1"));
	if (part->kind == PART_VOID && strcmp(part->stream, "fee") == 0)
		set_cell(c, STR("fee_ocur_time"), now);
	if (part->kind == PART_DELETE)
		set_cell(c, STR("inv_chg_time"), now);
}

/* What it says whatever the message does. */
static void end_kind(struct message *m, const struct part *part, struct json_object *own)
{
	struct cells *c = &m->cells;

	if (part->kind == PART_VOID || part->kind == PART_DELETE)
		set_cell(c, STR("vali_flag"), STR("0"));
	if (part->kind == PART_VOID && strcmp(part->stream, "fee") == 0)
		name_sweep(m, own);
	if (part->kind == PART_DELETE) {
		struct str kind = text_of(own, "inv_data_type");

		if (kind.n != 1 || kind.p[0] < '1' || kind.p[0] > '4')
			c->why = REJECT_BAD_MESSAGE;
		buf_reset(&m->serial);
		buf_addf(&m->serial, "%s/" STR_FMT, part->infno, STR_ARG(kind));
		set_cell(c, STR("infno"), buf_str(&m->serial));
	}
}

/* Of messages that tell something new, ids come from their other parts too. */
static void add_shared(struct message *m, const struct part *part)
{
	struct json_object *root = m->in->object;
	if (part->kind == PART_VOID || part->kind == PART_CANCEL || part->kind == PART_DELETE ||
	    part->kind == PART_STAY)
		return;
	for (size_t k = 0; k < COUNT(shared_paths); k++)
		add_keys(&m->cells, at_path(root, shared_paths[k]), shared_keys,
			 COUNT(shared_keys));
}

static void start_record(struct message *m, const struct part *part)
{
	clear(m);
	add_keys(&m->cells, m->in->object, envelope_keys, COUNT(envelope_keys));
	add_kind(m, part);
	add_shared(m, part);
}

static void take_record(struct message *m, const struct part *part, struct json_object *own,
			size_t i)
{
	struct cells *c = &m->cells;
	struct json_object *root = m->in->object;
	struct json_object *answer = answer_for(at_path(root, part->answer), own, i);
	struct str mirror = text_of(answer, "setl_id");
	bool mirrored = part->kind == PART_CANCEL && mirror.n &&
			!str_eq(mirror, text_of(own, "setl_id"));
	start_record(m, part);
	add_object(c, own, mirrored);
	add_object(c, answer, false);
	end_kind(m, part, own);
	give(m, 1u << stream_find(str_of(part->stream)), own);
}

/* ---- lists inside a line or a report ---- */

static size_t list_length(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

/* One code of a line; `said` is the object that names it, over the line's own words, or its text.
 * What goes back, by a 3506 or a line with a negative quantity, is a return. */
static void take_code(struct message *m, const struct part *part, struct json_object *own,
		      struct json_object *said)
{
	struct cells *c = &m->cells;
	bool back = strncmp(part->infno, "3506", INFNO) == 0 ||
		    str_starts(text_of(own, "cnt"), STR("-"));
	start_record(m, part);
	add_object(c, own, false);
	if (json_object_is_type(said, json_type_object))
		add_object(c, said, false);
	else if (said)
		add_value(c, "drug_trac_codg", said);
	set_cell(c, STR("trac_chg_type"), back ? STR("2") : STR("1"));
	give(m, 1u << STREAM_TRACE, own);
}

/* What the fund does not settle, nobody can settle twice. */
static bool is_insured(const struct part *part, struct json_object *own)
{
	return part->infno[0] != '3' || text_of(own, "setl_id").n || text_of(own, "psn_no").n;
}

static void take_codes(struct message *m, const struct part *part, struct json_object *own)
{
	struct json_object *list = NULL;
	if (!json_object_is_type(own, json_type_object) || !is_insured(part, own))
		return;
	json_object_object_get_ex(own, "drugtracinfo", &list);
	if (json_object_is_type(list, json_type_object))
		take_code(m, part, own, list);
	for (size_t i = 0; i < list_length(list); i++)
		take_code(m, part, own, json_object_array_get_idx(list, i));
	if (!list && text_of(own, "drug_trac_codg").n)
		take_code(m, part, own, NULL);
}

static bool is_normal(struct str result)
{
	return str_eq(result, STR("0")) || str_eq(result, STR("正常")) ||
	       str_eq(result, STR("N"));
}

/* The result of a report that leaves it to its items: the first that is not normal, nothing
 * while one of them is silent, else normal. */
static struct str result_of(struct json_object *own, struct json_object *items)
{
	struct str all = text_of(own, "exam_rslt_abn");
	bool silent = list_length(items) == 0;
	for (size_t i = 0; all.n == 0 && i < list_length(items); i++) {
		struct str one = text_of(json_object_array_get_idx(items, i), "exam_rslt_abn");
		if (one.n && !is_normal(one))
			all = one;
		silent |= one.n == 0;
	}
	if (all.n == 0 && silent) /* an examination may say it as 阳性标志 */
		return text_of(own, "exam_rslt_poit_flag");
	return all.n ? all : STR("0");
}

/* A report is of the items that are charged, or of its own; details of a result are not kept. */
static void take_report(struct message *m, const struct part *part, struct json_object *own)
{
	struct json_object *items = at_path(m->in->object, "input.iteminfo");
	struct str result = result_of(own, items);
	size_t n = 0;
	for (size_t i = 0; i <= list_length(items); i++) {
		bool last = i == list_length(items);
		struct json_object *item = last ? NULL : json_object_array_get_idx(items, i);
		if (last ? n > 0 : text_of(item, "exam_item_code").n == 0)
			continue;
		start_record(m, part);
		add_object(&m->cells, own, false);
		add_object(&m->cells, item, false);
		set_cell(&m->cells, STR("exam_rslt_abn"), result);
		give(m, 1u << STREAM_REPORT, own);
		n++;
	}
}

static void take_object(struct message *m, const struct part *part, struct json_object *own,
			size_t i)
{
	if (part->kind == PART_CODES)
		take_codes(m, part, own);
	else if (part->kind == PART_RESULT)
		take_report(m, part, own);
	else
		take_record(m, part, own, i);
}

static void take_part(struct message *m, const struct part *part)
{
	struct json_object *own = at_path(m->in->object, part->own);
	if (json_object_is_type(own, json_type_object))
		take_object(m, part, own, 0);
	for (size_t i = 0; i < list_length(own); i++)
		take_object(m, part, json_object_array_get_idx(own, i), i);
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
	buf_init(&m->serial, 0);
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
	buf_fini(&m.serial);
}

void national_take_row(struct rower *r, const struct json_in *in)
{
	struct message m;
	start(&m, r, in);
	if (in->object) {
		add_object(&m.cells, in->object, false);
		give(&m, ROW_ALL_STREAMS, NULL);
	} else {
		refuse(&m, in->why, in->detail);
	}
	xfree(m.cells.cell);
	buf_fini(&m.serial);
}
