/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * example_build.c - example tables into records, with what an example leaves out filled in.
 *
 * An example is about one visit, settled and valid, unless it says otherwise: columns not
 * written take the default of fields.def, serials are counted, the amount is count times
 * price, the in-scope amount is the amount, and a visit without a settlement gets one. A row
 * of a stay or visit stands for its encounter and settlement.
 */
#include "lib/finding/example_build.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/dec.h"

struct building {
	struct chunk *c;
	struct err *e;
	const struct example_table *t;
	uint32_t row;                 /* of the table */
};

enum { REVISION = 1 };

static bool same_name(enum field a, enum field b)
{
	const char *x = field_get(a)->name, *y = field_get(b)->name;

	return a == b || (*x == *y && strcmp(x, y) == 0);
}

/* The table's column for a field of the same national name; n_col when it has none. */
static uint32_t column_of(const struct example_table *t, enum field f)
{
	uint32_t i = 0;

	while (i < t->n_col && !same_name(t->col[i], f))
		i++;
	return i;
}

/* Default by the stream the table is written for, else by the field's own. */
static struct str default_of(const struct example_table *t, enum field f)
{
	enum field twin = field_twin(f, t->stream);

	if (twin != FIELD_NONE && field_get(twin)->dflt[0])
		return str_of(field_get(twin)->dflt);
	return str_of(field_get(f)->dflt);
}

static struct str coded(enum field f, struct str s)
{
	struct str code = { NULL, 0 };

	if (field_coded(field_get(f)))
		code = code_find(field_get(f)->name, s);
	return code.n ? code : s;
}

static bool put_field(struct building *b, enum field f, uint32_t row)
{
	uint32_t col = column_of(b->t, f);
	struct str s = { NULL, 0 };

	if (col < b->t->n_col)
		s = b->t->cell[b->row * b->t->n_col + col];
	if (col == b->t->n_col || (s.p && s.n == 0))
		s = default_of(b->t, f);
	if (s.n == 0)
		return true;
	return chunk_parse(b->c, f, row, coded(f, s), b->e) ||
	       err_wrap(b->e, "%s", field_get(f)->title);
}

/* ---- what is not written ---- */

static bool written(const struct building *b, enum field f)
{
	return column_of(b->t, f) < b->t->n_col;
}

static void count_serial(struct building *b, enum field f, const char *prefix, uint32_t row)
{
	char text[24];

	if (written(b, f))
		return;
	snprintf(text, sizeof text, "%s%u", prefix, row + 1);
	chunk_set_text(b->c, f, row, str_of(text));
}

static void fill_fee(struct building *b, uint32_t row)
{
	int64_t cnt = chunk_i64(b->c, FIELD_fee_cnt, row);
	int64_t price = chunk_i64(b->c, FIELD_fee_pric, row);
	int64_t amount = MISSING_I64;

	count_serial(b, FIELD_fee_feedetl_sn, "", row);
	if (cnt != MISSING_I64 && price != MISSING_I64 &&
	    !__builtin_mul_overflow(cnt, price, &amount))
		amount = dec_round(amount, MONEY_SCALE + QTY_SCALE, MONEY_SCALE);
	if (!written(b, FIELD_fee_det_item_fee_sumamt) && amount != MISSING_I64)
		chunk_set_i64(b->c, FIELD_fee_det_item_fee_sumamt, row, amount);
	amount = chunk_i64(b->c, FIELD_fee_det_item_fee_sumamt, row);
	if (!written(b, FIELD_fee_inscp_amt) && amount != MISSING_I64)
		chunk_set_i64(b->c, FIELD_fee_inscp_amt, row, amount);
}

static void fill_settlement(struct building *b, uint32_t row)
{
	int64_t sum = chunk_i64(b->c, FIELD_settlement_medfee_sumamt, row);

	count_serial(b, FIELD_settlement_setl_id, "S", row);
	if (!written(b, FIELD_settlement_inscp_amt) && sum != MISSING_I64)
		chunk_set_i64(b->c, FIELD_settlement_inscp_amt, row, sum);
}

static bool put_row(struct building *b, enum stream s)
{
	uint32_t row = chunk_row(b->c, s);
	enum field first = stream_first(s);

	for (unsigned i = 0; i < stream_stored_width(s); i++)
		if (!put_field(b, (enum field)(first + i), row))
			return false;
	if (s == STREAM_FEE)
		fill_fee(b, row);
	else if (s == STREAM_SETTLEMENT)
		fill_settlement(b, row);
	else if (s == STREAM_ENCOUNTER)
		count_serial(b, FIELD_encounter_mdtrt_id, "M", row);
	return chunk_row_done(b->c, s, REVISION, b->e);
}

static bool put_table(struct building *b)
{
	bool derived = b->t->stream == STREAM_STAY || b->t->stream == STREAM_VISIT;

	for (b->row = 0; b->row < b->t->n_row; b->row++) {
		bool ok = derived ? put_row(b, STREAM_ENCOUNTER) && put_row(b, STREAM_SETTLEMENT)
				  : put_row(b, b->t->stream);

		if (!ok)
			return err_wrap(b->e, "%s, %u", stream_title(b->t->stream), b->row + 1);
	}
	return true;
}

/* ---- settlements nobody wrote ---- */

static bool is_settled(const struct chunk *c, uint32_t encounter)
{
	uint32_t visit = chunk_code(c, FIELD_encounter_mdtrt_id, encounter);
	uint32_t where = chunk_code(c, FIELD_encounter_fixmedins_code, encounter);

	for (uint32_t i = 0; i < c->table[STREAM_SETTLEMENT].n; i++)
		if (chunk_code(c, FIELD_settlement_mdtrt_id, i) == visit &&
		    chunk_code(c, FIELD_settlement_fixmedins_code, i) == where)
			return true;
	return false;
}

static bool settle(struct chunk *c, uint32_t encounter, struct err *e)
{
	static const enum field same[][2] = {
		{ FIELD_settlement_mdtrt_id, FIELD_encounter_mdtrt_id },
		{ FIELD_settlement_fixmedins_code, FIELD_encounter_fixmedins_code },
		{ FIELD_settlement_psn_no, FIELD_encounter_psn_no },
		{ FIELD_settlement_med_type, FIELD_encounter_med_type },
	};
	uint32_t row = chunk_row(c, STREAM_SETTLEMENT);
	int64_t when = chunk_i64(c, FIELD_encounter_endtime, encounter);
	char id[24];

	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		struct str s = chunk_text(c, same[i][1], encounter);

		if (s.n)
			chunk_set_text(c, same[i][0], row, s);
	}
	if (when == MISSING_I64)
		when = chunk_i64(c, FIELD_encounter_begntime, encounter);
	if (when != MISSING_I64)
		chunk_set_i64(c, FIELD_settlement_setl_time, row, when);
	snprintf(id, sizeof id, "E%u", encounter + 1);
	chunk_set_text(c, FIELD_settlement_setl_id, row, str_of(id));
	return chunk_row_done(c, STREAM_SETTLEMENT, REVISION, e);
}

static bool settle_visits(struct chunk *c, struct err *e)
{
	for (uint32_t i = 0; i < c->table[STREAM_ENCOUNTER].n; i++)
		if (!is_settled(c, i) && !settle(c, i, e))
			return false;
	return true;
}

struct chunk *example_build(const struct example *x, struct err *e)
{
	struct building b = { .c = chunk_new(), .e = e };
	bool ok = true;

	for (uint32_t i = 0; i < x->n_table && ok; i++) {
		b.t = &x->table[i];
		ok = put_table(&b);
	}
	ok = ok && settle_visits(b.c, e);
	if (ok)
		return b.c;
	chunk_free(b.c);
	return NULL;
}
