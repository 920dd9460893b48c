/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/rows.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "daemon/host/fault.h"
#include "daemon/sink/pgcopy.h"
#include "daemon/sink/schema.h"
#include "lib/base/civil.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/record/identity.h"

#define SEND_BYTES (64u << 10) /* less than a socket holds: the server works while we write */
#define FIRST_MONTH ((2010 - 1970) * 12)

/* ---- partitions ---- */

static bool make_month(struct db *db, enum stream s, int32_t month, struct err *e)
{
	struct buf day;
	buf_init(&day, 0);
	civil_add_date(&day, civil_month_start(month));
	const char *const value[] = { stream_name(s), buf_cstr(&day) };
	bool ok = db_execp(db, "SELECT fundwatch.ensure_month($1, $2)", 2, value, e);
	buf_fini(&day);
	return ok;
}

static bool make_months(struct db *db, bool *made, const struct chunk *c, enum stream s,
			struct err *e)
{
	enum field time = stream_time(s);
	for (uint32_t r = 0; r < c->table[s].n; r++) {
		int64_t secs = chunk_i64(c, time, r);
		if (secs == MISSING_I64)
			continue;
		int32_t month = civil_month(civil_day_of(secs));
		int32_t at = month - FIRST_MONTH;
		if (at < 0 || at >= MONTHS_MADE || made[at])
			continue;
		if (!make_month(db, s, month, e))
			return false;
		made[at] = true;
	}
	return true;
}

bool rows_prepare(struct db *db, struct months *m, const struct epoch *ep, struct err *e)
{
	for (uint32_t i = 0; i < ep->n_chunk; i++)
		for (enum stream s = 0; s < STREAM_STORED; s++)
			if (schema_partitioned(s) &&
			    !make_months(db, m->made[s], chunk_ref_chunk(ep->chunk[i]), s, e))
				return false;
	return true;
}

/* ---- records ---- */

enum text_state { TEXT_UNSEEN, TEXT_CLEAN, TEXT_WRONG };

struct writer {
	struct db *db;
	struct buf out, mended;
	const struct chunk *chunk;
	uint8_t *text;     /* enum text_state per code of the chunk's dictionary */
	size_t n_text;
	/* the stream at hand: its columns that any chunk of the epoch has */
	uint16_t used[FIELD_COUNT];
	unsigned n_used;
};

static void add_code(struct writer *w, uint32_t code)
{
	if (code == MISSING_CODE) {
		pgcopy_null(&w->out);
		return;
	}
	struct str s = dict_text(w->chunk->dict, code);
	if (w->text[code] == TEXT_UNSEEN) {
		bool good = utf8_valid(s.p, s.n) && (s.n == 0 || !memchr(s.p, 0, s.n));
		w->text[code] = good ? TEXT_CLEAN : TEXT_WRONG;
	}
	if (w->text[code] == TEXT_CLEAN) {
		pgcopy_text(&w->out, s);
		return;
	}
	buf_reset(&w->mended);
	(void)pgcopy_clean(s, &w->mended);
	pgcopy_text(&w->out, buf_str(&w->mended));
}

/* One value of a column that is there. */
static void add_value(struct writer *w, enum type type, const void *col, uint32_t r)
{
	switch (type) {
	case TYPE_MONEY:
	case TYPE_QTY:
	case TYPE_RATIO:
		pgcopy_numeric(&w->out, ((const int64_t *)col)[r], type_scale(type));
		break;
	case TYPE_TIME:
		pgcopy_timestamp(&w->out, ((const int64_t *)col)[r]);
		break;
	case TYPE_DATE:
		pgcopy_date(&w->out, ((const int32_t *)col)[r]);
		break;
	case TYPE_CODE:
	case TYPE_TEXT:
		add_code(w, ((const uint32_t *)col)[r]);
		break;
	default: /* counts and durations */
		if (((const int64_t *)col)[r] == MISSING_I64)
			pgcopy_null(&w->out);
		else
			pgcopy_bigint(&w->out, ((const int64_t *)col)[r]);
	}
}

static void add_row(struct writer *w, enum stream s, uint32_t r, uint32_t intake)
{
	const struct table *t = &w->chunk->table[s];
	struct identity id = identity_hash(w->chunk, s, r);
	uint64_t uuid[2] = { htobe64(id.hi), htobe64(id.lo) };

	pgcopy_row(&w->out, SCHEMA_COMMON + w->n_used);
	pgcopy_bytes(&w->out, uuid, sizeof uuid);
	pgcopy_bigint(&w->out, intake);
	pgcopy_bigint(&w->out, (int64_t)t->src[r].line);
	pgcopy_bigint(&w->out, (int64_t)t->src[r].digest);
	pgcopy_timestamp(&w->out, t->src[r].revision);
	for (unsigned k = 0; k < w->n_used; k++) {
		unsigned i = w->used[k];
		if (t->col[i])
			add_value(w, field_get((enum field)((unsigned)stream_first(s) + i))->type,
				  t->col[i], r);
		else
			pgcopy_null(&w->out);
	}
}

static bool send(struct writer *w, struct err *e)
{
	bool ok = db_copy_put(w->db, &w->out, e);
	buf_reset(&w->out);
	return ok;
}

static void use_chunk(struct writer *w, const struct chunk *c)
{
	w->chunk = c;
	w->n_text = (size_t)dict_count(c->dict) + 1;
	xfree(w->text);
	w->text = xcalloc(w->n_text, 1);
}

static bool write_table(struct writer *w, enum stream s, uint32_t intake, struct err *e)
{
	for (uint32_t r = 0; r < w->chunk->table[s].n; r++) {
		add_row(w, s, r, intake);
		if (w->out.n >= SEND_BYTES && !send(w, e))
			return false;
	}
	return true;
}

static uint64_t rows_of(const struct epoch *ep, enum stream s)
{
	uint64_t n = 0;
	for (uint32_t i = 0; i < ep->n_chunk; i++)
		n += chunk_ref_chunk(ep->chunk[i])->table[s].n;
	return n;
}

static bool any_has(const struct epoch *ep, enum stream s, unsigned column)
{
	for (uint32_t c = 0; c < ep->n_chunk; c++) {
		const struct table *t = &chunk_ref_chunk(ep->chunk[c])->table[s];
		if (t->n > 0 && t->col[column])
			return true;
	}
	return false;
}

/* Most columns were never in the input: those are not sent, the server fills them with NULL. */
static void find_used(struct writer *w, const struct epoch *ep, enum stream s)
{
	w->n_used = 0;
	for (unsigned i = 0; i < stream_stored_width(s); i++)
		if (any_has(ep, s, i))
			w->used[w->n_used++] = (uint16_t)i;
}

static bool begin_copy(struct writer *w, enum stream s, struct err *e)
{
	struct buf sql;
	buf_init(&sql, 0);
	buf_addf(&sql, "COPY fundwatch.%s (" SCHEMA_COMMON_COLUMNS, stream_name(s));
	for (unsigned k = 0; k < w->n_used; k++)
		buf_addf(&sql, ", %s",
			 field_get((enum field)((unsigned)stream_first(s) + w->used[k]))->name);
	buf_adds(&sql, ") FROM STDIN (FORMAT binary)");
	bool ok = db_copy_in(w->db, buf_cstr(&sql), e);
	buf_fini(&sql);
	buf_reset(&w->out);
	pgcopy_begin(&w->out);
	return ok;
}

static bool write_stream(struct writer *w, const struct epoch *ep, enum stream s, struct err *e)
{
	find_used(w, ep, s);
	if (!begin_copy(w, s, e))
		return false;
	for (uint32_t i = 0; i < ep->n_chunk; i++) {
		use_chunk(w, chunk_ref_chunk(ep->chunk[i]));
		if (!write_table(w, s, chunk_ref_intake(ep->chunk[i]), e))
			return false;
	}
	fault(sink_copy);
	pgcopy_end(&w->out);
	return send(w, e) && db_copy_done(w->db, e);
}

bool rows_write(struct db *db, const struct epoch *ep, struct err *e)
{
	struct writer w = { .db = db };
	bool ok = true;
	buf_init(&w.out, 0);
	buf_init(&w.mended, 0);
	for (enum stream s = 0; ok && s < STREAM_STORED; s++)
		if (rows_of(ep, s) > 0 && !write_stream(&w, ep, s, e))
			ok = err_wrap(e, "table %s", stream_name(s));
	buf_fini(&w.out);
	buf_fini(&w.mended);
	xfree(w.text);
	return ok;
}

/* ---- rejects ---- */

static void add_reject(struct buf *out, const struct epoch *ep, uint32_t intake,
		       const struct reject *j)
{
	struct buf mended;
	struct str texts[] = { j->field, j->sentence, j->raw };
	buf_init(&mended, 0);
	pgcopy_row(out, 9);
	pgcopy_bigint(out, intake);
	pgcopy_bigint(out, ep->number);
	pgcopy_bigint(out, (int64_t)j->line);
	pgcopy_int(out, (int32_t)j->column);
	if (j->stream < STREAM_STORED)
		pgcopy_text(out, str_of(stream_name(j->stream)));
	else
		pgcopy_null(out);
	pgcopy_text(out, str_of(j->reason));
	for (unsigned i = 0; i < 3; i++) {
		buf_reset(&mended);
		pgcopy_text(out, pgcopy_clean(texts[i], &mended) ? texts[i] : buf_str(&mended));
	}
	buf_fini(&mended);
}

bool rejects_write(struct db *db, const struct epoch *ep, struct err *e)
{
	struct buf out;
	if (ep->rejects == 0)
		return true;
	if (!db_copy_in(db, "COPY fundwatch.reject (intake_id, epoch, line, column_no, stream, "
			    "reason, field, sentence, raw) FROM STDIN (FORMAT binary)", e))
		return false;
	buf_init(&out, 0);
	pgcopy_begin(&out);
	bool ok = true;
	for (uint32_t i = 0; ok && i < ep->n_chunk; i++) {
		const struct chunk *c = chunk_ref_chunk(ep->chunk[i]);
		for (uint32_t k = 0; k < c->n_reject; k++)
			add_reject(&out, ep, chunk_ref_intake(ep->chunk[i]), &c->reject[k]);
		ok = db_copy_put(db, &out, e);
		buf_reset(&out);
	}
	pgcopy_end(&out);
	ok = ok && db_copy_put(db, &out, e) && db_copy_done(db, e);
	buf_fini(&out);
	return ok;
}
