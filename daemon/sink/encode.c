/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * encode.c - columns chosen once per stream, then row by row into room made before.
 */
#include "daemon/sink/encode.h"

#include <endian.h>
#include <string.h>

#include "daemon/sink/pgcopy.h"
#include "daemon/sink/schema.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/record/identity.h"

enum text_state { TEXT_UNSEEN, TEXT_CLEAN, TEXT_WRONG };

/* One column to be written. */
struct sent {
	enum type type;
	uint16_t index;    /* in the stream */
	const void *col;   /* of the chunk at hand, or NULL: all missing */
};

struct encoder {
	enum stream stream;
	struct sent *sent;
	unsigned n_sent;
	const struct chunk *chunk;
	uint32_t intake;
	uint8_t *text;     /* enum text_state per code of the chunk's dictionary */
	struct buf mended;
};

struct encoder *encoder_new(void)
{
	struct encoder *en = xcalloc(1, sizeof *en);
	en->sent = xcalloc(FIELD_COUNT, sizeof *en->sent);
	buf_init(&en->mended, 0);
	return en;
}

void encoder_free(struct encoder *en)
{
	if (!en)
		return;
	buf_fini(&en->mended);
	xfree(en->text);
	xfree(en->sent);
	xfree(en);
}

/* ---- columns ---- */

static bool any_has(struct chunk_ref *const *chunk, uint32_t n, enum stream s, unsigned column)
{
	for (uint32_t c = 0; c < n; c++) {
		const struct table *t = &chunk_ref_chunk(chunk[c])->table[s];
		if (t->n > 0 && t->col[column])
			return true;
	}
	return false;
}

void encoder_stream(struct encoder *en, enum stream s, struct chunk_ref *const *chunk, uint32_t n,
		    struct buf *sql)
{
	en->stream = s;
	en->n_sent = 0;
	buf_addf(sql, "COPY fundwatch.%s (" SCHEMA_COMMON_COLUMNS, stream_name(s));
	for (unsigned i = 0; i < stream_stored_width(s); i++) {
		const struct field_info *f = field_get((enum field)((unsigned)stream_first(s) + i));
		if (!any_has(chunk, n, s, i))
			continue;
		en->sent[en->n_sent++] = (struct sent){ .type = f->type, .index = (uint16_t)i };
		buf_addf(sql, ", %s", f->name);
	}
	buf_adds(sql, ") FROM STDIN (FORMAT binary)");
}

void encoder_chunk(struct encoder *en, const struct chunk_ref *chunk)
{
	const struct chunk *c = chunk_ref_chunk(chunk);
	const struct table *t = &c->table[en->stream];
	if (c != en->chunk) {
		xfree(en->text);
		en->text = xcalloc((size_t)dict_count(c->dict) + 1, 1);
	}
	en->chunk = c;
	en->intake = chunk_ref_intake(chunk);
	for (unsigned k = 0; t->n > 0 && k < en->n_sent; k++)
		en->sent[k].col = t->col[en->sent[k].index];
}

/* ---- rows ---- */

static void add_code(struct encoder *en, uint32_t code, struct buf *out)
{
	if (code == MISSING_CODE) {
		pgcopy_null(out);
		return;
	}
	struct str s = dict_text(en->chunk->dict, code);
	if (en->text[code] == TEXT_UNSEEN) {
		bool good = utf8_valid(s.p, s.n) && (s.n == 0 || !memchr(s.p, 0, s.n));
		en->text[code] = good ? TEXT_CLEAN : TEXT_WRONG;
	}
	if (en->text[code] == TEXT_CLEAN) {
		pgcopy_text(out, s);
		return;
	}
	buf_reset(&en->mended);
	(void)pgcopy_clean(s, &en->mended);
	pgcopy_text(out, buf_str(&en->mended));
}

static void add_value(struct encoder *en, const struct sent *c, uint32_t r, struct buf *out)
{
	switch (c->type) {
	case TYPE_MONEY:
	case TYPE_QTY:
	case TYPE_RATIO:
		pgcopy_numeric(out, ((const int64_t *)c->col)[r], type_scale(c->type));
		break;
	case TYPE_TIME:
		pgcopy_timestamp(out, ((const int64_t *)c->col)[r]);
		break;
	case TYPE_DATE:
		pgcopy_date(out, ((const int32_t *)c->col)[r]);
		break;
	case TYPE_CODE:
	case TYPE_TEXT:
		add_code(en, ((const uint32_t *)c->col)[r], out);
		break;
	default: /* counts and durations */
		if (((const int64_t *)c->col)[r] == MISSING_I64)
			pgcopy_null(out);
		else
			pgcopy_bigint(out, ((const int64_t *)c->col)[r]);
	}
}

void encoder_row(struct encoder *en, uint32_t row, struct buf *out)
{
	const struct table *t = &en->chunk->table[en->stream];
	struct identity id = identity_hash(en->chunk, en->stream, row);
	uint64_t uuid[2] = { htobe64(id.hi), htobe64(id.lo) };

	pgcopy_row(out, SCHEMA_COMMON + en->n_sent);
	pgcopy_bytes(out, uuid, sizeof uuid);
	pgcopy_bigint(out, en->intake);
	pgcopy_bigint(out, (int64_t)t->src[row].line);
	pgcopy_bigint(out, (int64_t)t->src[row].digest);
	pgcopy_timestamp(out, t->src[row].revision);
	for (unsigned k = 0; k < en->n_sent; k++) {
		if (en->sent[k].col)
			add_value(en, &en->sent[k], row, out);
		else
			pgcopy_null(out);
	}
}
