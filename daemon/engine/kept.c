/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kept.c - what a floor keeps of records that come from segments: which.h, asked of chunks.
 *
 * Whether a visit is kept is known when all its events were seen, so everything is read twice:
 * first for the visits with an event on or after the floor, then for the records.
 */
#include "daemon/engine/state.h"

#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"

struct kept {
	int32_t floor;
	struct map64 visit;      /* hashes of those with an event on or after the floor */
	struct left_out *left_out;
	uint32_t *row;           /* of a table, to be dropped */
	uint32_t n, cap;
};

struct kept *engine_kept_new(int32_t floor)
{
	struct kept *k = xcalloc(1, sizeof *k);
	k->floor = floor;
	map64_init(&k->visit);
	k->left_out = left_out_new();
	return k;
}

struct left_out *engine_kept_free(struct kept *k)
{
	struct left_out *l = k->left_out;
	map64_fini(&k->visit);
	xfree(k->row);
	xfree(k);
	left_out_end(l);
	return l;
}

static bool is_on(const struct chunk *c, enum field time, uint32_t row, int32_t floor)
{
	int64_t t = chunk_i64(c, time, row);
	return t != MISSING_I64 && civil_day_of(t) >= floor;
}

/* ---- visits ---- */

static void note(struct kept *k, const struct chunk *c, enum stream s, enum field visit,
		 enum field time)
{
	for (uint32_t r = 0; r < c->table[s].n; r++)
		if (is_on(c, time, r, k->floor))
			map64_put(&k->visit, hash_str(chunk_text(c, visit, r)), 1);
}

void engine_kept_note(struct kept *k, const struct chunk *c)
{
	note(k, c, STREAM_ENCOUNTER, FIELD_encounter_mdtrt_id, FIELD_encounter_begntime);
	note(k, c, STREAM_ENCOUNTER, FIELD_encounter_mdtrt_id, FIELD_encounter_endtime);
	note(k, c, STREAM_SETTLEMENT, FIELD_settlement_mdtrt_id, FIELD_settlement_setl_time);
	note(k, c, STREAM_FEE, FIELD_fee_mdtrt_id, FIELD_fee_fee_ocur_time);
}

/* ---- records ---- */

/* Of whom it is by its own day only, too: packs sold, reports, stock. */
static const struct event {
	enum stream stream;
	enum field visit, own_day;
} events[] = {
	{ STREAM_ENCOUNTER, FIELD_encounter_mdtrt_id, FIELD_NONE },
	{ STREAM_SETTLEMENT, FIELD_settlement_mdtrt_id, FIELD_NONE },
	{ STREAM_FEE, FIELD_fee_mdtrt_id, FIELD_NONE },
	{ STREAM_DIAGNOSIS, FIELD_diagnosis_mdtrt_id, FIELD_NONE },
	{ STREAM_OPERATION, FIELD_operation_mdtrt_id, FIELD_NONE },
	{ STREAM_TRACE, FIELD_trace_mdtrt_id, FIELD_trace_trac_time },
	{ STREAM_REPORT, FIELD_report_mdtrt_id, FIELD_report_rpt_date },
	{ STREAM_STOCK, FIELD_NONE, FIELD_stock_inv_chg_time },
};

struct last_visit {
	uint32_t code;
	bool kept;
};

/* Whether the row's visit is kept; rows of a visit lie together. */
static bool visit_is_kept(struct kept *k, const struct chunk *c, const struct event *of,
			  uint32_t row, struct last_visit *last)
{
	if (of->visit == FIELD_NONE)
		return false;
	uint32_t code = chunk_code(c, of->visit, row);
	if (code == last->code)
		return last->kept;
	uint64_t visit = hash_str(chunk_text(c, of->visit, row));
	last->code = code;
	last->kept = map64_get(&k->visit, visit, NULL);
	if (!last->kept)
		left_out_add(k->left_out, visit);
	return last->kept;
}

static void filter(struct kept *k, struct chunk *c, const struct event *of)
{
	struct last_visit last = { .code = UINT32_MAX };
	k->n = 0;
	for (uint32_t r = 0; r < c->table[of->stream].n; r++) {
		bool kept = visit_is_kept(k, c, of, r, &last);
		if (kept || (of->own_day != FIELD_NONE && is_on(c, of->own_day, r, k->floor)))
			continue;
		GROW(k->row, k->cap, k->n + 1);
		k->row[k->n++] = r;
	}
	chunk_drop_rows(c, of->stream, k->row, k->n);
}

uint64_t engine_kept_filter(struct kept *k, struct chunk *c)
{
	uint64_t n = 0;
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		filter(k, c, &events[i]);
	for (enum stream s = 0; s < STREAM_STORED; s++)
		n += c->table[s].n;
	return n;
}
