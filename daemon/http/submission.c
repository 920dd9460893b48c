/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/submission.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/record/identity.h"
#include "lib/record/inflate.h"
#include "lib/record/json.h"
#include "lib/record/national.h"

#include <json-c/json.h>

#define STEP (16u << 10) /* bytes given to the decoder at once: bounds what a bomb can do */

struct reading {
	const struct submission_in *in;
	struct submission *out;
	struct decoder *decoder;
	struct map64 seen; /* identity -> digest of the row */
};

static void refuse(struct submission *out, enum reason why, const char *detail)
{
	if (out->why)
		return;
	out->why = why;
	buf_adds(&out->detail, detail);
}

/* ---- idempotency keys ---- */

bool submission_key_valid(struct str key)
{
	for (uint32_t i = 0; i < key.n; i++) {
		char c = key.p[i];
		bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			    (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == ':' || c == '-';
		if (!good)
			return false;
	}
	return key.n > 0 && key.n <= SUBMISSION_KEY_MAX;
}

struct finding_key {
	struct submission *out;
	struct json *json;
	unsigned objects;
};

static void take_object(void *ctx, const struct json_in *in)
{
	struct finding_key *f = ctx;
	struct json_object *value;
	struct str text;
	if (f->objects++ || !in->object || !national_is_message(in->object) ||
	    !json_object_object_get_ex(in->object, "msgid", &value) || !json_text(value, &text) ||
	    !submission_key_valid(text))
		return;
	memcpy(f->out->key, text.p, text.n);
	f->out->key[text.n] = '\0';
}

static bool push_text(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	struct finding_key *f = ctx;
	json_push(f->json, p, n, suspect);
	return f->objects <= 1 || err_set(e, ERR_INPUT, "more than one object");
}

/* The msgid of a body that is one message; of several, none speaks for the body. */
static void find_key(const struct submission_in *in, struct submission *out)
{
	struct finding_key f = { .out = out };
	struct inflate *inflate = inflate_new();
	struct flow to = { push_text, &f };
	struct err e;
	f.json = json_new(false, take_object, &f);
	if (inflate_push(inflate, in->body.p, in->body.n, to, &e) &&
	    inflate_finish(inflate, to, &e))
		json_finish(f.json);
	if (f.objects != 1)
		out->key[0] = '\0';
	json_free(f.json);
	inflate_free(inflate);
}

/* ---- rows ---- */

/* Begins one object of the list of places; false when enough are named. */
static bool begin_place(struct submission *out, uint64_t line)
{
	if (out->shown >= SUBMISSION_SHOWN)
		return false;
	buf_addf(&out->places, "%s{\"line\":%" PRIu64, out->shown++ ? "," : "", line);
	return true;
}

static void take_reject(struct submission *out, const struct reject *r)
{
	if (!begin_place(out, r->line))
		return;
	buf_addf(&out->places, ",\"column\":%u,\"field\":", r->column);
	buf_json(&out->places, r->field);
	buf_addf(&out->places, ",\"reason\":\"%s\",\"text\":", r->reason);
	buf_json(&out->places, r->sentence);
	buf_adds(&out->places, "}");
}

/* The first foreign row ends the list of rejects: they are not what it is refused for. */
static void take_foreign(struct reading *rd, enum stream s, const struct source *src,
			 struct str code)
{
	struct submission *out = rd->out;
	bool english = rd->in->english;
	if (out->foreign++ == 0) {
		buf_reset(&out->places);
		out->shown = 0;
	}
	if (!begin_place(out, src->line))
		return;
	buf_addf(&out->places, ",\"stream\":\"%s\",\"field\":\"fixmedins_code\","
		 "\"reason\":\"foreign-facility\",\"text\":", stream_name(s));
	struct buf text;
	buf_init(&text, 0);
	if (code.n)
		buf_addf(&text, english ? "the row is of facility " STR_FMT ", the key of %s"
					: "本行属于机构 " STR_FMT "，密钥只限机构 %s",
			 STR_ARG(code), rd->in->scope);
	else
		buf_addf(&text, english ? "the row names no facility; the key is of %s alone"
					: "本行没有机构编号，密钥只限机构 %s", rd->in->scope);
	buf_json(&out->places, buf_str(&text));
	buf_adds(&out->places, "}");
	buf_fini(&text);
}

static void take_record(struct reading *rd, const struct chunk *c, enum stream s, uint32_t r)
{
	const struct source *src = &c->table[s].src[r];
	struct identity id = identity_hash(c, s, r);
	bool fresh;
	uint64_t *digest = map64_at(&rd->seen, id.hi ^ id.lo, &fresh);
	if (!fresh && *digest == src->digest)
		rd->out->repeated++;
	*digest = src->digest;
	if (!*rd->in->scope)
		return;
	enum field f = field_named(s, STR("fixmedins_code"));
	struct str code = f == FIELD_NONE ? (struct str){ 0 } : chunk_text(c, f, r);
	if (!str_eq(code, str_of(rd->in->scope)))
		take_foreign(rd, s, src, code);
}

static void take_chunk(struct reading *rd, const struct chunk *c)
{
	for (uint32_t i = 0; i < c->n_reject && !rd->out->foreign; i++)
		take_reject(rd->out, &c->reject[i]);
	for (enum stream s = 0; s < STREAM_STORED; s++)
		for (uint32_t r = 0; r < c->table[s].n; r++)
			take_record(rd, c, s, r);
}

static void take_chunks(struct reading *rd)
{
	struct chunk *c;
	while ((c = decoder_take(rd->decoder))) {
		if (!rd->out->why)
			take_chunk(rd, c);
		chunk_free(c);
	}
}

static void check_bounds(struct reading *rd)
{
	const struct decode_stats *st = decoder_stats(rd->decoder);
	if (st->bytes_text > rd->in->inflated_max)
		refuse(rd->out, REASON_TOO_LARGE,
		       rd->in->english ? "http.inflated_max" : "解压后超过 http.inflated_max");
	else if (st->rows > rd->in->rows_max)
		refuse(rd->out, REASON_TOO_LARGE,
		       rd->in->english ? "more rows than http.rows_max; send it in parts"
				       : "行数超过 http.rows_max，请分批送");
}

static void read_rows(struct reading *rd)
{
	struct str left = rd->in->body;
	struct err e;
	while (left.n > 0 && !rd->out->why) {
		struct str step = str_sub(left, 0, STEP);
		left = str_sub(left, step.n, left.n);
		if (!decoder_push(rd->decoder, step.p, step.n, &e))
			refuse(rd->out, REASON_BAD_BODY, e.text);
		check_bounds(rd);
		take_chunks(rd);
	}
	if (!rd->out->why && !decoder_finish(rd->decoder, &e))
		refuse(rd->out, REASON_BAD_BODY, e.text);
	check_bounds(rd);
	take_chunks(rd);
}

/* ---- the whole ---- */

static void take_counts(struct reading *rd)
{
	const struct decode_stats *st = decoder_stats(rd->decoder);
	struct submission *out = rd->out;
	out->rows = st->rows;
	out->rejects = st->rejects;
	out->filtered = st->filtered;
	out->inflated = st->bytes_text;
	memcpy(out->records, st->records, sizeof out->records);
	const char *name;
	for (unsigned i = 0; (name = decoder_unknown_column(rd->decoder, i)); i++) {
		buf_adds(&out->columns, i ? "," : "");
		buf_json(&out->columns, str_of(name));
	}
	if (out->foreign)
		refuse(out, REASON_FOREIGN_ROW, "");
}

static bool begins_as_gzip(struct str s)
{
	return s.n >= 2 && (unsigned char)s.p[0] == 0x1f && (unsigned char)s.p[1] == 0x8b;
}

void submission_read(const struct submission_in *in, struct submission *out)
{
	struct reading rd = { .in = in, .out = out };
	struct err e;
	*out = (struct submission){ .why = REASON_NONE };
	buf_init(&out->detail, 0);
	buf_init(&out->places, 0);
	buf_init(&out->columns, 0);
	map64_init(&rd.seen);
	if (in->body.n == 0)
		refuse(out, REASON_BAD_BODY, in->english ? "it is empty" : "内容为空");
	else if (begins_as_gzip(in->body) != in->gzip)
		refuse(out, REASON_MEDIA, "Content-Encoding: gzip");
	else if (!(rd.decoder = decoder_new(in->feed, in->file, NULL, &e)))
		refuse(out, REASON_BAD_BODY, e.text);
	if (rd.decoder) {
		decoder_english(rd.decoder, in->english);
		read_rows(&rd);
		take_counts(&rd);
	}
	if (!out->why && in->find_key && in->json)
		find_key(in, out);
	decoder_free(rd.decoder);
	map64_fini(&rd.seen);
}

void submission_fini(struct submission *s)
{
	buf_fini(&s->detail);
	buf_fini(&s->places);
	buf_fini(&s->columns);
}

void submission_receipt(const struct submission *s, const struct submission_in *in,
			const char *key, const char *digest, struct buf *out)
{
	uint64_t accepted = 0;
	const char *comma = "";
	buf_adds(out, "{\"key\":");
	buf_json(out, str_of(key));
	buf_adds(out, ",\"feed\":");
	buf_json(out, str_of(feed_name(in->feed)));
	buf_adds(out, ",\"file\":");
	buf_json(out, str_of(in->file));
	buf_addf(out, ",\"digest\":\"%s\",\"bytes\":%u,\"rows\":%" PRIu64 ",\"records\":{", digest,
		 in->body.n, s->rows);
	for (enum stream st = 0; st < STREAM_STORED; st++) {
		accepted += s->records[st];
		if (s->records[st] == 0)
			continue;
		buf_addf(out, "%s\"%s\":%" PRIu64, comma, stream_name(st), s->records[st]);
		comma = ",";
	}
	buf_addf(out, "},\"accepted\":%" PRIu64 ",\"repeated_in_body\":%" PRIu64
		 ",\"filtered\":%" PRIu64 ",\"rejected\":%" PRIu64
		 ",\"rejects_named\":%u,\"rejects\":[", accepted, s->repeated, s->filtered,
		 s->rejects, s->shown);
	buf_addstr(out, buf_str(&s->places));
	buf_adds(out, "],\"unknown_columns\":[");
	buf_addstr(out, buf_str(&s->columns));
	buf_adds(out, "]}\n");
}
