/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/rows.h"

#include <stdio.h>
#include <string.h>

#include "daemon/host/fault.h"
#include "daemon/sink/encode.h"
#include "daemon/sink/pgcopy.h"
#include "daemon/sink/schema.h"
#include "lib/base/civil.h"

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

struct writer {
	struct db *db;
	struct encoder *encoder;
	struct buf out;
};

static bool send(struct writer *w, struct err *e)
{
	bool ok = db_copy_put(w->db, &w->out, e);
	buf_reset(&w->out);
	return ok;
}

static bool write_table(struct writer *w, const struct chunk_ref *chunk, enum stream s,
			struct err *e)
{
	encoder_chunk(w->encoder, chunk);
	for (uint32_t r = 0; r < chunk_ref_chunk(chunk)->table[s].n; r++) {
		encoder_row(w->encoder, r, &w->out);
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

static bool begin_copy(struct writer *w, const struct epoch *ep, enum stream s, struct err *e)
{
	struct buf sql;
	buf_init(&sql, 0);
	encoder_stream(w->encoder, s, ep->chunk, ep->n_chunk, &sql);
	bool ok = db_copy_in(w->db, buf_cstr(&sql), e);
	buf_fini(&sql);
	buf_reset(&w->out);
	pgcopy_begin(&w->out);
	return ok;
}

static bool write_stream(struct writer *w, const struct epoch *ep, enum stream s, struct err *e)
{
	if (!begin_copy(w, ep, s, e))
		return false;
	for (uint32_t i = 0; i < ep->n_chunk; i++)
		if (!write_table(w, ep->chunk[i], s, e))
			return false;
	fault(sink_copy);
	pgcopy_end(&w->out);
	return send(w, e) && db_copy_done(w->db, e);
}

bool rows_write(struct db *db, const struct epoch *ep, struct err *e)
{
	struct writer w = { .db = db, .encoder = encoder_new() };
	bool ok = true;
	buf_init(&w.out, 0);
	for (enum stream s = 0; ok && s < STREAM_STORED; s++)
		if (rows_of(ep, s) > 0 && !write_stream(&w, ep, s, e))
			ok = err_wrap(e, "table %s", stream_name(s));
	buf_fini(&w.out);
	encoder_free(w.encoder);
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
