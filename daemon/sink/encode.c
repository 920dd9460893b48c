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

#define MORE 4096u /* bytes of room made at once */

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

/* Where the next value goes: room in a buffer. */
struct pen {
	struct buf *out;
	char *p, *end;
};

static void pen_down(struct pen *w, struct buf *out)
{
	*w = (struct pen){ .out = out };
	if (out->cap > 0) {
		w->p = out->p + out->n;
		w->end = out->p + out->cap - 1;
	}
}

static void pen_up(const struct pen *w)
{
	if (w->p)
		w->out->n = (size_t)(w->p - w->out->p);
}

/* Room for n more bytes; false when the buffer may not grow: it is failed then. */
static bool room(struct pen *w, size_t n)
{
	if ((size_t)(w->end - w->p) >= n)
		return true;
	pen_up(w);
	size_t at = w->out->n;
	buf_fill(w->out, 0, n > MORE ? n : MORE);
	if (w->out->failed)
		return false;
	w->out->n = at;
	pen_down(w, w->out);
	return true;
}

static void put_int(struct pen *w, int32_t v)
{
	uint32_t both[2] = { htobe32(sizeof v), htobe32((uint32_t)v) };
	if (room(w, sizeof both))
		w->p = (char *)memcpy(w->p, both, sizeof both) + sizeof both;
}

static void put_bigint(struct pen *w, int64_t v)
{
	uint32_t size = htobe32(sizeof v);
	uint64_t value = htobe64((uint64_t)v);
	if (!room(w, sizeof size + sizeof value))
		return;
	memcpy(w->p, &size, sizeof size);
	memcpy(w->p + sizeof size, &value, sizeof value);
	w->p += sizeof size + sizeof value;
}

static void put_null(struct pen *w)
{
	uint32_t none = UINT32_MAX;
	if (room(w, sizeof none))
		w->p = (char *)memcpy(w->p, &none, sizeof none) + sizeof none;
}

static void put_bytes(struct pen *w, const void *p, uint32_t n)
{
	uint32_t size = htobe32(n);
	if (!room(w, sizeof size + n))
		return;
	memcpy(w->p, &size, sizeof size);
	if (n > 0)
		memcpy(w->p + sizeof size, p, n);
	w->p += sizeof size + n;
}

static void put_code(struct encoder *en, uint32_t code, struct pen *w)
{
	struct str s = dict_text(en->chunk->dict, code);
	if (en->text[code] == TEXT_UNSEEN) {
		bool good = utf8_valid(s.p, s.n) && (s.n == 0 || !memchr(s.p, 0, s.n));
		en->text[code] = good ? TEXT_CLEAN : TEXT_WRONG;
	}
	if (en->text[code] == TEXT_WRONG) {
		buf_reset(&en->mended);
		(void)pgcopy_clean(s, &en->mended);
		s = buf_str(&en->mended);
	}
	put_bytes(w, s.p, s.n);
}

static void put_number(enum type type, int64_t v, struct pen *w)
{
	if (v == MISSING_I64)
		put_null(w);
	else if (type == TYPE_TIME)
		put_bigint(w, pgcopy_micros(v));
	else if (type != TYPE_MONEY && type != TYPE_QTY && type != TYPE_RATIO)
		put_bigint(w, v); /* counts and durations */
	else if (room(w, PGCOPY_VALUE_MAX))
		w->p += pgcopy_put_numeric(w->p, v, type_scale(type));
}

static void put_value(struct encoder *en, const struct sent *c, uint32_t r, struct pen *w)
{
	if (!c->col) {
		put_null(w);
	} else if (c->type == TYPE_CODE || c->type == TYPE_TEXT) {
		uint32_t code = ((const uint32_t *)c->col)[r];
		if (code == MISSING_CODE)
			put_null(w);
		else
			put_code(en, code, w);
	} else if (c->type == TYPE_DATE) {
		int32_t day = ((const int32_t *)c->col)[r];
		if (day == MISSING_I32)
			put_null(w);
		else
			put_int(w, pgcopy_days(day));
	} else {
		put_number(c->type, ((const int64_t *)c->col)[r], w);
	}
}

void encoder_row(struct encoder *en, uint32_t row, struct buf *out)
{
	const struct source *src = &en->chunk->table[en->stream].src[row];
	struct identity id = identity_hash(en->chunk, en->stream, row);
	uint64_t uuid[2] = { htobe64(id.hi), htobe64(id.lo) };
	struct pen w;

	pgcopy_row(out, SCHEMA_COMMON + en->n_sent);
	pen_down(&w, out);
	put_bytes(&w, uuid, sizeof uuid);
	put_bigint(&w, en->intake);
	put_bigint(&w, (int64_t)src->line);
	put_bigint(&w, (int64_t)src->digest);
	put_number(TYPE_TIME, src->revision, &w);
	for (unsigned k = 0; k < en->n_sent; k++)
		put_value(en, &en->sent[k], row, &w);
	pen_up(&w);
}
