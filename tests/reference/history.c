/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history.c - random histories.
 *
 * Everything that is not required may be missing, of refunds too.
 */
#include "tests/reference/history.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/dec.h"

static const struct item {
	const char *code, *list_type, *charge;
	int64_t price;             /* 10^-6 yuan */
	int64_t inscp_percent;
} items[] = {
	{ "250301", "201", "04", 20000000, 100 },   { "25030102", "201", "04", 35500000, 100 },
	{ "250302", "201", "04", 12000000, 80 },    { "210102", "201", "03", 150000000, 100 },
	{ "110100001", "201", "01", 50000000, 50 }, { "XA02BC", "101", "09", 8880000, 100 },
	{ "XA02BD", "101", "09", 125000000, 90 },   { "C0101", "301", "08", 400000000, 0 },
	{ "120400006", "201", "05", 8000000, 100 },
};

static const char *const persons[] = { "P1", "P2", "P3" };
static const char *const facilities[] = { "H1", "H2", "H3" };
static const char *const visit_names[] = { "M1", "M2", "M3", "M4", "M5" };
static const char *const med_types[] = { "11", "11", "21", "21", "2101", "41", "52", "140101" };
static const char *const doctors[] = { "D1", "D2", "D3" };
static const char *const diagnoses[] = { "I10.x00", "I10.x01", "I63.900", "Z51.100", "K80.200" };
static const int clocks[] = { 0, 0, 1, 9 * 3600, 9 * 3600, 9 * 3600 + 1800, 12 * 3600, 15 * 3600,
			      21 * 3600, 86399 };

struct maker {
	struct history *h;
	struct rng *r;
	uint32_t missing;          /* percent of optional values left out */
	int32_t base;              /* first day */
	int64_t revisions;
	struct record *line[64];   /* fee lines of the visit in hand */
	uint32_t n_line, n_serial;
	const char *psn, *facility, *mdtrt, *med_type;
	int64_t begin;
	bool dated;                /* settlements say begin and end */
};

const struct cell *record_cell(const struct record *r, enum field f)
{
	assert(field_get(f)->stream == r->stream);
	return &r->cell[field_get(f)->index];
}

static void set(struct record *r, enum field f, int64_t n, const char *s)
{
	assert(field_get(f)->stream == r->stream);
	r->cell[field_get(f)->index] = (struct cell){ true, n, s };
}

/* A value that may be missing. */
static void maybe(struct maker *m, struct record *r, enum field f, int64_t n, const char *s)
{
	if (!rng_percent(m->r, m->missing))
		set(r, f, n, s);
}

static struct record *add(struct maker *m, enum stream s)
{
	struct history *h = m->h;
	struct record *r = arena_new(&h->arena, struct record);

	r->stream = s;
	r->cell = arena_array(&h->arena, stream_stored_width(s), sizeof *r->cell);
	assert(h->n < h->cap);
	h->rec[h->n++] = r;
	return r;
}

static struct record *copy(struct maker *m, const struct record *from)
{
	struct record *r = add(m, from->stream);

	memcpy(r->cell, from->cell, stream_stored_width(from->stream) * sizeof *r->cell);
	return r;
}

static int32_t some_day(struct maker *m)
{
	static const int steps[] = { 0, 0, 1, 1, 2, 3, 4, 6, 7, 8 };

	return m->base + RNG_PICK(m->r, steps);
}

static int64_t some_time(struct maker *m)
{
	return (int64_t)some_day(m) * CIVIL_DAY + RNG_PICK(m->r, clocks);
}

/* Mostly no revision at all, else one of a few, so that equal ones occur. */
static void revise(struct maker *m, struct record *r, enum field updt)
{
	if (rng_percent(m->r, 50))
		set(r, updt, m->revisions + (int64_t)rng_below(m->r, 3) * 60, NULL);
}

/* ---- visits ---- */

static void add_encounter(struct maker *m, int64_t begin, int64_t end)
{
	struct record *r = add(m, STREAM_ENCOUNTER);

	set(r, FIELD_encounter_mdtrt_id, 0, m->mdtrt);
	set(r, FIELD_encounter_fixmedins_code, 0, m->facility);
	set(r, FIELD_encounter_psn_no, 0, m->psn);
	set(r, FIELD_encounter_begntime, begin, NULL);
	maybe(m, r, FIELD_encounter_endtime, end, NULL);
	set(r, FIELD_encounter_med_type, 0, m->med_type);
	maybe(m, r, FIELD_encounter_insutype, 0, rng_percent(m->r, 60) ? "310" : "390");
	maybe(m, r, FIELD_encounter_gend, 0, rng_percent(m->r, 50) ? "1" : "2");
	maybe(m, r, FIELD_encounter_brdy, civil_days(2000, 1 + (int)rng_below(m->r, 3), 1), NULL);
	maybe(m, r, FIELD_encounter_dscg_maindiag_code, 0, RNG_PICK(m->r, diagnoses));
	maybe(m, r, FIELD_encounter_dscg_way, 0, rng_percent(m->r, 70) ? "1" : "2");
	revise(m, r, FIELD_encounter_updt_time);
}

static const char *serial_name(struct maker *m, char kind, uint32_t n);

static void add_diagnosis(struct maker *m, uint32_t n, int64_t when)
{
	struct record *r = add(m, STREAM_DIAGNOSIS);

	set(r, FIELD_diagnosis_setl_list_diag_id, 0, serial_name(m, 'D', n));
	set(r, FIELD_diagnosis_mdtrt_id, 0, m->mdtrt);
	set(r, FIELD_diagnosis_fixmedins_code, 0, m->facility);
	set(r, FIELD_diagnosis_psn_no, 0, m->psn);
	set(r, FIELD_diagnosis_diag_time, when, NULL);
	set(r, FIELD_diagnosis_diag_type, 0, "1");
	set(r, FIELD_diagnosis_maindiag_flag, 0, n == 0 ? "1" : "0");
	set(r, FIELD_diagnosis_diag_code, 0, RNG_PICK(m->r, diagnoses));
	set(r, FIELD_diagnosis_vali_flag, 0, "1");
	revise(m, r, FIELD_diagnosis_updt_time);
}

static const char *serial_name(struct maker *m, char kind, uint32_t n)
{
	return arena_printf(&m->h->arena, "%c%s-%u", kind, m->mdtrt, n);
}

static struct record *add_settlement(struct maker *m, uint32_t n, int64_t when, bool mid)
{
	struct record *r = add(m, STREAM_SETTLEMENT);
	int64_t total = (int64_t)(1 + rng_below(m->r, 40)) * 25250000;

	set(r, FIELD_settlement_setl_id, 0, serial_name(m, 'S', n));
	set(r, FIELD_settlement_mdtrt_id, 0, m->mdtrt);
	set(r, FIELD_settlement_fixmedins_code, 0, m->facility);
	set(r, FIELD_settlement_psn_no, 0, m->psn);
	set(r, FIELD_settlement_setl_time, when, NULL);
	set(r, FIELD_settlement_med_type, 0, m->med_type);
	if (m->dated) {
		set(r, FIELD_settlement_begndate, civil_day_of(m->begin), NULL);
		maybe(m, r, FIELD_settlement_enddate, civil_day_of(when), NULL);
	}
	maybe(m, r, FIELD_settlement_setl_type, 0, rng_percent(m->r, 80) ? "2" : "1");
	set(r, FIELD_settlement_medfee_sumamt, total, NULL);
	maybe(m, r, FIELD_settlement_inscp_amt, rng_percent(m->r, 10) ? 0 : total / 5 * 4, NULL);
	maybe(m, r, FIELD_settlement_fund_pay_sumamt, total / 2, NULL);
	maybe(m, r, FIELD_settlement_acct_pay, total / 4, NULL);
	set(r, FIELD_settlement_mid_setl_flag, 0, mid ? "1" : "0");
	set(r, FIELD_settlement_refd_setl_flag, 0, "0");
	set(r, FIELD_settlement_vali_flag, 0, "1");
	revise(m, r, FIELD_settlement_updt_time);
	return r;
}

static const char *line_serial(struct maker *m)
{
	return arena_printf(&m->h->arena, "%u", ++m->n_serial);
}

static void set_amounts(struct record *r, const struct item *x, int64_t cnt)
{
	int64_t amount = x->price / 10000 * cnt;

	set(r, FIELD_fee_cnt, cnt, NULL);
	set(r, FIELD_fee_det_item_fee_sumamt, amount, NULL);
	set(r, FIELD_fee_inscp_amt, amount / 100 * x->inscp_percent, NULL);
}

static struct record *add_fee(struct maker *m, const struct item *x, const char *setl, int64_t when)
{
	static const int64_t counts[] = { 10000, 10000, 10000, 20000, 30000, 5000, 25000, 100000 };
	struct record *r = add(m, STREAM_FEE);

	set(r, FIELD_fee_feedetl_sn, 0, line_serial(m));
	set(r, FIELD_fee_mdtrt_id, 0, m->mdtrt);
	set(r, FIELD_fee_fixmedins_code, 0, m->facility);
	set(r, FIELD_fee_psn_no, 0, m->psn);
	set(r, FIELD_fee_fee_ocur_time, when, NULL);
	if (setl != NULL)
		set(r, FIELD_fee_setl_id, 0, setl);
	maybe(m, r, FIELD_fee_med_type, 0, m->med_type);
	maybe(m, r, FIELD_fee_med_list_codg, 0, x->code);
	maybe(m, r, FIELD_fee_list_type, 0, x->list_type);
	maybe(m, r, FIELD_fee_med_chrgitm_type, 0, x->charge);
	maybe(m, r, FIELD_fee_bilg_dr_code, 0, RNG_PICK(m->r, doctors));
	maybe(m, r, FIELD_fee_pric, x->price, NULL);
	maybe(m, r, FIELD_fee_prd_days, (int64_t)(1 + rng_below(m->r, 9)) * 10000, NULL);
	maybe(m, r, FIELD_fee_hosp_appr_flag, 0, rng_percent(m->r, 10) ? "2" : "1");
	set_amounts(r, x, RNG_PICK(m->r, counts));
	if (rng_percent(m->r, m->missing))
		r->cell[field_get(FIELD_fee_cnt)->index].known = false;
	if (rng_percent(m->r, m->missing))
		r->cell[field_get(FIELD_fee_det_item_fee_sumamt)->index].known = false;
	if (rng_percent(m->r, m->missing))
		r->cell[field_get(FIELD_fee_inscp_amt)->index].known = false;
	set(r, FIELD_fee_vali_flag, 0, "1");
	revise(m, r, FIELD_fee_updt_time);
	return r;
}

/* ---- refunds ---- */


static const struct item *item_of(const struct record *r)
{
	const char *code = record_cell(r, FIELD_fee_med_list_codg)->s;

	for (size_t i = 0; i < sizeof items / sizeof *items; i++)
		if (strcmp(items[i].code, code) == 0)
			return &items[i];
	return NULL;
}

/* A negative line for all or part of `r`, linked or not, perhaps days later. */
static void return_line(struct maker *m, const struct record *r, bool linked)
{
	int64_t cnt = record_cell(r, FIELD_fee_cnt)->n, back = cnt;
	struct record *x;

	if (cnt > 10000 && rng_percent(m->r, 50))
		back = 10000;
	x = copy(m, r);
	set(x, FIELD_fee_feedetl_sn, 0, line_serial(m));
	set(x, FIELD_fee_fee_ocur_time, record_cell(r, FIELD_fee_fee_ocur_time)->n +
	    (int64_t)(1 + rng_below(m->r, 3)) * 43200, NULL);
	if (linked)
		set(x, FIELD_fee_init_feedetl_sn, 0, record_cell(r, FIELD_fee_feedetl_sn)->s);
	set_amounts(x, item_of(r), -back);
	if (rng_percent(m->r, m->missing))
		x->cell[field_get(FIELD_fee_cnt)->index].known = false;
	if (rng_percent(m->r, m->missing))
		x->cell[field_get(FIELD_fee_inscp_amt)->index].known = false;
	if (rng_percent(m->r, 5)) /* at another price */
		x->cell[field_get(FIELD_fee_det_item_fee_sumamt)->index].n += 1000000;
	revise(m, x, FIELD_fee_updt_time);
}

/* Refunds of lines of one visit. A line is refunded once, linked or not. */
static void return_lines(struct maker *m)
{
	uint32_t n = m->n_line;

	for (uint32_t i = 0; i < n; i++)
		if (rng_percent(m->r, 10) &&
		    record_cell(m->line[i], FIELD_fee_med_list_codg)->known)
			return_line(m, m->line[i], rng_percent(m->r, 50));
}

static void negate(struct record *r, enum field f)
{
	struct cell *c = &r->cell[field_get(f)->index];

	c->n = -c->n;
}

/* A mirrored negative settlement, linked or not; its original may be flagged as well. */
static void mirror(struct maker *m, struct record *orig, uint32_t n, bool linked)
{
	struct record *x = copy(m, orig);

	set(x, FIELD_settlement_setl_id, 0, serial_name(m, 'R', n));
	set(x, FIELD_settlement_setl_time, record_cell(orig,
						       FIELD_settlement_setl_time)->n + 7200, NULL);
	if (linked)
		set(x, FIELD_settlement_init_setl_id, 0,
		    record_cell(orig, FIELD_settlement_setl_id)->s);
	negate(x, FIELD_settlement_medfee_sumamt);
	negate(x, FIELD_settlement_inscp_amt);
	negate(x, FIELD_settlement_fund_pay_sumamt);
	negate(x, FIELD_settlement_acct_pay);
}

static void cancel_settlement(struct maker *m, struct record *s, uint32_t n)
{
	uint32_t how = rng_below(m->r, 4);

	if (how == 0 || how == 3)
		set(s, FIELD_settlement_refd_setl_flag, 0, "1");
	if (how != 0)
		mirror(m, s, n, how != 2);
}

/* ---- versions ---- */

/* Sends a record again: as it is, or with a newer revision that says something else. */
static void resend(struct maker *m, const struct record *r)
{
	struct record *x = copy(m, r);
	enum field updt = r->stream == STREAM_FEE ? FIELD_fee_updt_time
			: r->stream == STREAM_DIAGNOSIS ? FIELD_diagnosis_updt_time
			: r->stream == STREAM_SETTLEMENT ? FIELD_settlement_updt_time
			: FIELD_encounter_updt_time;

	if (rng_percent(m->r, 30))
		return;
	set(x, updt, m->revisions + 60 * (int64_t)(1 + rng_below(m->r, 4)), NULL);
	if (r->stream == STREAM_DIAGNOSIS) {
		set(x, FIELD_diagnosis_diag_code, 0, RNG_PICK(m->r, diagnoses));
		return;
	}
	if (r->stream == STREAM_ENCOUNTER) {
		set(x, FIELD_encounter_dscg_way, 0, rng_percent(m->r, 50) ? "1" : "4");
		return;
	}
	if (r->stream == STREAM_SETTLEMENT) {
		if (rng_percent(m->r, 30))
			set(x, FIELD_settlement_vali_flag, 0, "0");
		else
			set(x, FIELD_settlement_setl_type, 0, "1");
		return;
	}
	if (rng_percent(m->r, 30))
		set(x, FIELD_fee_vali_flag, 0, "0");
	else if (rng_percent(m->r, 10)) /* it was another person's */
		set(x, FIELD_fee_psn_no, 0, RNG_PICK(m->r, persons));
	else if (rng_percent(m->r, 50))
		set(x, FIELD_fee_fee_ocur_time, some_time(m), NULL);
	else
		set(x, FIELD_fee_bilg_dr_code, 0, RNG_PICK(m->r, doctors));
}

static void make_visit(struct maker *m)
{
	int64_t begin = some_time(m), end = begin + (int64_t)rng_below(m->r, 5) * 86400 + 3600;
	uint32_t n_setl = rng_below(m->r, 3), n_fee = rng_below(m->r, 6), first = m->h->n;
	struct record *setl[3];

	m->n_line = m->n_serial = 0;
	m->begin = begin;
	m->dated = rng_percent(m->r, 50);
	m->med_type = RNG_PICK(m->r, med_types);
	if (rng_percent(m->r, 92))
		add_encounter(m, begin, end);
	if (rng_percent(m->r, 10))
		n_setl = 3;
	if (rng_percent(m->r, 3))
		n_fee = 40;
	for (uint32_t i = 0; i < n_setl; i++)
		setl[i] = add_settlement(m, i + 1, end + 60 * (int64_t)i, i + 1 < n_setl);
	for (uint32_t i = 0; i < n_fee; i++) {
		const struct item *x = &items[rng_below(m->r, rng_percent(m->r, 50) ? 3 : 9)];
		const char *s = rng_percent(m->r, 8) ? NULL : n_setl == 0 ? serial_name(m, 'S', 9)
			      : record_cell(setl[rng_below(m->r, n_setl)],
					    FIELD_settlement_setl_id)->s;

		m->line[m->n_line++] = add_fee(m, x, s, rng_percent(m->r, 60) ? begin
					       : some_time(m));
	}
	return_lines(m);
	for (uint32_t i = 0, n = rng_below(m->r, 3); i < n; i++)
		add_diagnosis(m, i, rng_percent(m->r, 60) ? begin : some_time(m));
	for (uint32_t i = 0; i < n_setl; i++)
		if (rng_percent(m->r, 10))
			cancel_settlement(m, setl[i], i + 1);
	for (uint32_t i = first, n = m->h->n; i < n; i++)
		if (rng_percent(m->r, 6))
			resend(m, m->h->rec[i]);
}

static void add_registers(struct maker *m)
{
	static const char *const levels[] = { "02", "02", "05" };

	for (uint32_t i = 0; i < 3; i++) {
		struct record *r = add(m, STREAM_FACILITY);

		set(r, FIELD_facility_fixmedins_code, 0, facilities[i]);
		maybe(m, r, FIELD_facility_hosp_lv, 0, RNG_PICK(m->r, levels));
		set(r, FIELD_facility_fixmedins_type, 0, "1");
	}
	for (uint32_t i = 0; i < 2; i++) {
		struct record *r = add(m, STREAM_PERSON);

		set(r, FIELD_person_psn_no, 0, persons[i]);
		maybe(m, r, FIELD_person_gend, 0, i == 0 ? "1" : "2");
		maybe(m, r, FIELD_person_brdy, civil_days(1960, 2, 29), NULL);
	}
}

/* Arrival in any order. */
static void shuffle(struct maker *m)
{
	struct history *h = m->h;

	for (uint32_t i = h->n; i > 1; i--) {
		uint32_t j = rng_below(m->r, i);
		struct record *t = h->rec[i - 1];

		h->rec[i - 1] = h->rec[j];
		h->rec[j] = t;
	}
}

void history_make(struct history *h, struct rng *r)
{
	static const int32_t bases[] = { 20450, 20451, 20511, 20448,
					 20421 }; /* near year and month ends */
	struct maker m = { .h = h, .r = r, .missing = rng_percent(r, 50) ? 4 : 0 };
	uint32_t n_person = 1 + rng_below(r, 3);

	arena_init(&h->arena);
	h->n = 0;
	h->cap = 512;
	h->rec = arena_array(&h->arena, h->cap, sizeof(struct record *));
	m.base = RNG_PICK(r, bases);
	m.revisions = (int64_t)(m.base + 30) * CIVIL_DAY;
	if (rng_percent(r, 70))
		add_registers(&m);
	for (uint32_t p = 0, v = 0; p < n_person; p++) {
		uint32_t n_visit = 1 + rng_below(r, 3);

		m.psn = persons[p];
		for (uint32_t i = 0; i < n_visit; i++, v++) {
			if (i > 0 && rng_percent(r, 8)) { /* ids are unique at one facility only */
				m.facility = strcmp(m.facility, "H1") == 0 ? "H2" : "H1";
				make_visit(&m);
				continue;
			}
			m.facility = facilities[rng_below(r, 3)];
			m.mdtrt = i < 2 ? visit_names[v % 5] : visit_names[(v + i) % 5];
			m.mdtrt = arena_printf(&h->arena, "%s%s", m.mdtrt, i == 0 ? "" : i == 1
					       ? "b" : "c");
			m.mdtrt = arena_printf(&h->arena, "%s%s", m.psn, m.mdtrt);
			make_visit(&m);
		}
	}
	if (rng_percent(r, 70))
		shuffle(&m);
}

void history_fini(struct history *h)
{
	arena_fini(&h->arena);
}

/* ---- out ---- */

static void put_cell(struct chunk *c, enum field f, uint32_t row, const struct cell *x)
{
	switch (type_width(field_get(f)->type)) {
	case WIDTH_I64:
		chunk_set_i64(c, f, row, x->n);
		break;
	case WIDTH_I32:
		chunk_set_i32(c, f, row, (int32_t)x->n);
		break;
	default:
		chunk_set_text(c, f, row, str_of(x->s));
	}
}

struct chunk *history_chunk(struct history *h)
{
	struct chunk *c = chunk_new();

	for (uint32_t i = 0; i < h->n; i++) {
		struct record *r = h->rec[i];
		uint32_t row = chunk_row(c, r->stream);
		struct err e;

		for (unsigned k = 0; k < stream_stored_width(r->stream); k++)
			if (r->cell[k].known)
				put_cell(c, (enum field)(stream_first(r->stream) + k), row,
					 &r->cell[k]);
		if (!chunk_row_done(c, r->stream, MISSING_I64, &e)) {
			fprintf(stderr, "a generated row was refused: %s\n", e.text);
			assert(false);
		}
		r->revision = c->table[r->stream].src[row].revision;
		r->digest = c->table[r->stream].src[row].digest;
	}
	return c;
}

void history_show_cell(struct buf *b, enum field f, const struct cell *c)
{
	enum type t = field_get(f)->type;

	if (!c->known)
		buf_adds(b, "空");
	else if (t == TYPE_TIME)
		civil_add_time(b, c->n);
	else if (t == TYPE_DATE)
		civil_add_date(b, (int32_t)c->n);
	else if (type_width(t) == WIDTH_I64)
		dec_add(b, c->n, type_scale(t), 0);
	else
		buf_adds(b, c->s);
}
