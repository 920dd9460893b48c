/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world.c - winners, refunds, scope and visits, one row after the other.
 *
 *   1. Of the versions of an identity the greatest revision wins, then the greatest digest;
 *      no revision is the least. A winner that is not valid (有效标志 0) is gone.
 *   2. A settlement is cancelled by its flag, by a negative one that names it, or by a negative
 *      one that names none and mirrors it: a flagged one, else the nearest earlier of the visit, else
 *      the nearest later. Both go, and all lines that name either.
 *   3. A negative line that names a line of its visit takes its count and amounts off it.
 *   4. A negative line that names none takes from the nearest earlier lines of its visit and
 *      item, then from later ones, whole or in part. What has nothing left is gone; so is every
 *      refund, used up or not, for it is no service.
 *   5. Settled is a line that names a settlement which is not invalid, and a visit with a live
 *      settlement or, when none of its settlements is known, a settled line.
 */
#include "tests/reference/world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/civil.h"

static const enum field psn_field[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = FIELD_encounter_psn_no, [STREAM_SETTLEMENT] = FIELD_settlement_psn_no,
	[STREAM_FEE] = FIELD_fee_psn_no, [STREAM_PERSON] = FIELD_person_psn_no,
};
static const enum field facility_field[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = FIELD_encounter_fixmedins_code,
	[STREAM_SETTLEMENT] = FIELD_settlement_fixmedins_code,
	[STREAM_FEE] = FIELD_fee_fixmedins_code, [STREAM_FACILITY] = FIELD_facility_fixmedins_code,
};
static const enum field mdtrt_field[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = FIELD_encounter_mdtrt_id, [STREAM_SETTLEMENT] = FIELD_settlement_mdtrt_id,
	[STREAM_FEE] = FIELD_fee_mdtrt_id,
};
static const enum field serial_field[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = FIELD_encounter_mdtrt_id, [STREAM_SETTLEMENT] = FIELD_settlement_setl_id,
	[STREAM_FEE] = FIELD_fee_feedetl_sn,
};
static const enum field valid_field[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = FIELD_encounter_vali_flag, [STREAM_SETTLEMENT] = FIELD_settlement_vali_flag,
	[STREAM_FEE] = FIELD_fee_vali_flag, [STREAM_PERSON] = FIELD_person_vali_flag,
	[STREAM_FACILITY] = FIELD_facility_vali_flag,
};

/* FIELD_encounter_mdtrt_id is 0, which in these tables also stands for "has none". */
static const char *text(const struct record *r, const enum field *of)
{
	enum field f = of[r->stream];
	const struct cell *c;

	if (field_get(f)->stream != r->stream)
		return "";
	c = record_cell(r, f);
	return c->known ? c->s : "";
}

static int64_t number(const struct record *r, enum field f)
{
	const struct cell *c = record_cell(r, f);

	return c->known ? c->n : MISSING_I64;
}

static bool is(const struct record *r, enum field f, const char *s)
{
	const struct cell *c = record_cell(r, f);

	return c->known && strcmp(c->s, s) == 0;
}

int32_t row_day(const struct row *r)
{
	return r->time == MISSING_I64 ? MISSING_I32 : civil_day_of(r->time);
}

/* ---- versions ---- */

static struct row *new_row(struct world *w, enum stream s)
{
	struct row *r = arena_new(&w->arena, struct row);

	assert(w->n[s] < 512);
	if (w->rows[s] == NULL)
		w->rows[s] = arena_array(&w->arena, 512, sizeof(struct row *));
	r->stream = s;
	w->rows[s][w->n[s]++] = r;
	return r;
}

static struct row *same_identity(struct world *w, const struct record *rec, const char *ident)
{
	for (uint32_t i = 0; i < w->n[rec->stream]; i++)
		if (strcmp(w->rows[rec->stream][i]->ident, ident) == 0)
			return w->rows[rec->stream][i];
	return NULL;
}

static void take_version(struct world *w, const struct record *rec)
{
	const char *ident = arena_printf(&w->arena, "%s\x1f%s\x1f%s", text(rec, facility_field),
					 text(rec, mdtrt_field), text(rec, serial_field));
	struct row *r;

	if (rec->stream == STREAM_PERSON)
		ident = text(rec, psn_field);
	r = same_identity(w, rec, ident);
	if (r == NULL)
		r = new_row(w, rec->stream);
	else if (rec->revision < r->rec->revision ||
		 (rec->revision == r->rec->revision && rec->digest <= r->rec->digest))
		return;
	r->rec = rec;
	r->ident = ident;
	r->psn = text(rec, psn_field);
	r->facility = text(rec, facility_field);
	r->mdtrt = text(rec, mdtrt_field);
	r->serial = text(rec, serial_field);
	r->gone = is(rec, valid_field[rec->stream], "0");
	r->time = stream_time(rec->stream) == FIELD_NONE ? MISSING_I64
		: number(rec, stream_time(rec->stream));
	if (rec->stream != STREAM_FEE)
		return;
	r->cnt = number(rec, FIELD_fee_cnt);
	r->amount = number(rec, FIELD_fee_det_item_fee_sumamt);
	r->inscp = number(rec, FIELD_fee_inscp_amt);
}

static int row_compare(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
	int c = strcmp(x->psn, y->psn);

	if (c != 0)
		return c;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return strcmp(x->ident, y->ident);
}

static void drop_gone(struct world *w, enum stream s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n[s]; i++)
		if (!w->rows[s][i]->gone)
			w->rows[s][n++] = w->rows[s][i];
	w->n[s] = n;
	if (n > 1)
		qsort(w->rows[s], n, sizeof(struct row *), row_compare);
}

/* ---- visits ---- */

static bool same_visit(const struct row *a, const struct row *b)
{
	return strcmp(a->psn, b->psn) == 0 && strcmp(a->facility, b->facility) == 0 &&
	       strcmp(a->mdtrt, b->mdtrt) == 0;
}

static struct visit *visit_of(struct world *w, const struct row *r)
{
	struct visit *v;

	for (uint32_t i = 0; i < w->n_visit; i++) {
		v = w->visit[i];
		if (strcmp(v->psn, r->psn) == 0 && strcmp(v->facility, r->facility) == 0 &&
		    strcmp(v->mdtrt, r->mdtrt) == 0)
			return v;
	}
	v = arena_new(&w->arena, struct visit);
	*v = (struct visit){ .psn = r->psn, .facility = r->facility, .mdtrt = r->mdtrt };
	w->visit[w->n_visit++] = v;
	return v;
}

/* Settlements that were declared invalid leave their lines unsettled. */
static void note_invalid(struct world *w)
{
	for (uint32_t i = 0; i < w->n[STREAM_SETTLEMENT]; i++) {
		struct row *r = w->rows[STREAM_SETTLEMENT][i];
		struct visit *v = r->gone ? visit_of(w, r) : NULL;

		if (v != NULL && v->n_invalid < 16)
			v->invalid[v->n_invalid++] = r->serial;
	}
}

static void bind_visits(struct world *w)
{
	for (enum stream s = STREAM_ENCOUNTER; s <= STREAM_FEE; s++) {
		for (uint32_t i = 0; i < w->n[s]; i++) {
			struct row *r = w->rows[s][i];
			struct visit *v = r->visit = visit_of(w, r);

			if (s == STREAM_ENCOUNTER)
				v->encounter = r;
			if (s == STREAM_SETTLEMENT && v->n_setl < 16)
				v->setl[v->n_setl++] = r;
		}
	}
}

/* ---- refunds ---- */

static struct row *settlement_named(struct visit *v, const char *id)
{
	for (uint32_t i = 0; i < v->n_setl; i++)
		if (strcmp(v->setl[i]->serial, id) == 0)
			return v->setl[i];
	return NULL;
}

static bool mirrors(const struct row *a, const struct row *b)
{
	return number(a->rec, FIELD_settlement_medfee_sumamt) ==
		       -number(b->rec, FIELD_settlement_medfee_sumamt) &&
	       number(a->rec, FIELD_settlement_fund_pay_sumamt) ==
		       -number(b->rec, FIELD_settlement_fund_pay_sumamt);
}

static bool is_negative(const struct record *r)
{
	int64_t n = number(r, FIELD_settlement_medfee_sumamt);

	return n != MISSING_I64 && n < 0;
}

static bool is_flagged(const struct row *r)
{
	return is(r->rec, FIELD_settlement_refd_setl_flag, "1");
}

/* The settlement a negative one takes back. */
static struct row *original(struct visit *v, uint32_t at)
{
	const struct row *r = v->setl[at];
	const struct cell *link = record_cell(r->rec, FIELD_settlement_init_setl_id);

	if (link->known)
		return settlement_named(v, link->s);
	for (int flagged = 1; flagged >= 0; flagged--) {
		for (uint32_t i = at; i-- > 0; )
			if (mirrors(r, v->setl[i]) && !v->setl[i]->reversed && is_flagged(v->setl[i]) >= flagged)
				return v->setl[i];
		for (uint32_t i = at + 1; i < v->n_setl; i++)
			if (mirrors(r, v->setl[i]) && !v->setl[i]->reversed && is_flagged(v->setl[i]) >= flagged)
				return v->setl[i];
	}
	return NULL;
}

static void cancel_settlements(struct visit *v)
{
	for (int linked = 1; linked >= 0; linked--) {
		for (uint32_t i = 0; i < v->n_setl; i++) {
			struct row *r = v->setl[i], *o;

			if (!is_negative(r->rec) ||
			    record_cell(r->rec, FIELD_settlement_init_setl_id)->known != (linked == 1))
				continue;
			o = original(v, i);
			r->reversed = true;
			if (o != NULL)
				o->reversed = true;
		}
	}
	for (uint32_t i = 0; i < v->n_setl; i++)
		if (is_flagged(v->setl[i]))
			v->setl[i]->reversed = true;
}

static void cover_lines(struct world *w)
{
	for (uint32_t i = 0; i < w->n[STREAM_FEE]; i++) {
		struct row *r = w->rows[STREAM_FEE][i], *s;
		const struct cell *c = record_cell(r->rec, FIELD_fee_setl_id);

		s = c->known ? settlement_named(r->visit, c->s) : NULL;
		if (s != NULL && s->reversed)
			r->reversed = true;
	}
}

static bool negative(const struct row *r)
{
	return !r->reversed && r->cnt != MISSING_I64 && r->cnt < 0;
}

/* Takes n of m (both of one sign) parts of a refund's number off a line's; what is missing stays so. */
static void take_part(int64_t *line, int64_t *back, int64_t n, int64_t m)
{
	int64_t part;

	if (*back == MISSING_I64)
		return;
	part = (int64_t)((__int128)*back * n / m);
	*back -= part;
	if (*line != MISSING_I64)
		*line += part;
}

/* Takes as much of a refund off a line as goes, measured by counts or, where those are not all
 * known, by amounts. */
static void take_off(struct row *line, struct row *back, bool by_cnt)
{
	int64_t has = by_cnt ? line->cnt : line->amount, wants = by_cnt ? back->cnt : back->amount;
	int64_t n = -wants < has ? -wants : has;

	if (has == MISSING_I64 || wants == MISSING_I64 || n <= 0 || wants >= 0)
		return;
	take_part(&line->cnt, &back->cnt, -n, wants);
	take_part(&line->amount, &back->amount, -n, wants);
	take_part(&line->inscp, &back->inscp, -n, wants);
	line->reversed = n == has;
	back->reversed = n == -wants;
}

static void return_linked(struct world *w)
{
	for (uint32_t i = 0; i < w->n[STREAM_FEE]; i++) {
		struct row *r = w->rows[STREAM_FEE][i];
		const struct cell *link = record_cell(r->rec, FIELD_fee_init_feedetl_sn);

		if (!negative(r) || !link->known)
			continue;
		for (uint32_t k = 0; k < w->n[STREAM_FEE]; k++) {
			struct row *o = w->rows[STREAM_FEE][k];

			if (same_visit(r, o) && strcmp(o->serial, link->s) == 0 && !o->reversed)
				take_off(o, r, o->cnt != MISSING_I64);
		}
	}
}

static bool same_item(const struct row *a, const struct row *b)
{
	const struct cell *item = record_cell(b->rec, FIELD_fee_med_list_codg);

	return same_visit(a, b) && !a->reversed && item->known &&
	       is(a->rec, FIELD_fee_med_list_codg, item->s);
}

/* Whether all lines of the refund's visit and item know their count. */
static bool all_counted(const struct world *w, const struct row *back)
{
	for (uint32_t i = 0; i < w->n[STREAM_FEE]; i++)
		if (same_item(w->rows[STREAM_FEE][i], back) && w->rows[STREAM_FEE][i]->cnt == MISSING_I64)
			return false;
	return true;
}

static void return_unlinked(struct world *w)
{
	for (uint32_t i = 0; i < w->n[STREAM_FEE]; i++) {
		struct row *r = w->rows[STREAM_FEE][i];
		bool by_cnt = all_counted(w, r);

		if (!negative(r) || record_cell(r->rec, FIELD_fee_init_feedetl_sn)->known)
			continue;
		for (uint32_t k = i; k-- > 0; )
			if (!r->reversed && same_item(w->rows[STREAM_FEE][k], r))
				take_off(w->rows[STREAM_FEE][k], r, by_cnt);
		for (uint32_t k = i + 1; k < w->n[STREAM_FEE]; k++)
			if (!r->reversed && same_item(w->rows[STREAM_FEE][k], r))
				take_off(w->rows[STREAM_FEE][k], r, by_cnt);
	}
	for (uint32_t i = 0; i < w->n[STREAM_FEE]; i++)
		w->rows[STREAM_FEE][i]->reversed |= negative(w->rows[STREAM_FEE][i]);
}

static void drop_reversed(struct world *w, enum stream s)
{
	for (uint32_t i = 0; i < w->n[s]; i++)
		w->rows[s][i]->gone |= w->rows[s][i]->reversed;
	drop_gone(w, s);
}

/* ---- visits and stays as rows; scope ---- */

static const char *visit_class(const char *med_type)
{
	if (med_type == NULL)
		return NULL;
	if (med_type[0] == '2' || strncmp(med_type, "52", 2) == 0)
		return "inpatient";
	if (strncmp(med_type, "41", 2) == 0)
		return "pharmacy";
	return "outpatient";
}

static struct value text_value(const char *s)
{
	return s == NULL ? value_missing(TYPE_CODE) : value_str(TYPE_CODE, str_of(s));
}

/* Cell of the visit's encounter, else of its first live settlement that has it. */
static const struct cell *of_visit(const struct visit *v, const char *name)
{
	enum field f = field_named(STREAM_ENCOUNTER, str_of(name));
	const struct cell *c;

	if (v->encounter != NULL && f != FIELD_NONE) {
		c = record_cell(v->encounter->rec, f);
		if (c->known)
			return c;
	}
	f = field_named(STREAM_SETTLEMENT, str_of(name));
	if (f == FIELD_NONE || field_get(f)->role == ROLE_DERIVED)
		return NULL;
	for (uint32_t i = 0; i < v->n_setl; i++) {
		c = record_cell(v->setl[i]->rec, f);
		if (!v->setl[i]->gone && c->known)
			return c;
	}
	return NULL;
}

static uint32_t live_settlements(const struct visit *v)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < v->n_setl; i++)
		n += !v->setl[i]->gone;
	return n;
}

static bool is_settled(const struct row *line)
{
	const struct cell *c = record_cell(line->rec, FIELD_fee_setl_id);

	for (uint32_t i = 0; c->known && i < line->visit->n_invalid; i++)
		if (strcmp(line->visit->invalid[i], c->s) == 0)
			return false;
	return c->known;
}

static uint32_t live_lines(const struct world *w, const struct visit *v, bool settled)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n[STREAM_FEE]; i++)
		n += w->rows[STREAM_FEE][i]->visit == v && (!settled || is_settled(w->rows[STREAM_FEE][i]));
	return n;
}

static struct row *first_settlement(const struct visit *v)
{
	for (uint32_t i = 0; i < v->n_setl; i++)
		if (!v->setl[i]->gone)
			return v->setl[i];
	return NULL;
}

static bool visit_settled(const struct world *w, const struct visit *v)
{
	return live_settlements(v) > 0 || (v->n_setl == 0 && live_lines(w, v, true) > 0);
}

/* The encounter's begin; without an encounter the earliest that settlements say, else when the
 * first was settled. */
static int64_t visit_begin(const struct visit *v)
{
	const struct row *first = first_settlement(v);
	int64_t begin = MISSING_I64;

	if (v->encounter != NULL)
		return number(v->encounter->rec, FIELD_encounter_begntime);
	for (uint32_t i = 0; i < v->n_setl; i++) {
		int64_t day = number(v->setl[i]->rec, FIELD_settlement_begndate);

		if (!v->setl[i]->gone && day != MISSING_I64 && (begin == MISSING_I64 || day < begin))
			begin = day;
	}
	if (begin != MISSING_I64)
		return begin * CIVIL_DAY;
	return first == NULL ? MISSING_I64 : first->time;
}

/* The encounter's end, else the latest that settlements say which were not mid-stay. */
static int64_t visit_end(const struct visit *v)
{
	int64_t end = MISSING_I64;

	if (v->encounter != NULL)
		end = number(v->encounter->rec, FIELD_encounter_endtime);
	if (end != MISSING_I64)
		return end;
	for (uint32_t i = 0; i < v->n_setl; i++) {
		int64_t day = number(v->setl[i]->rec, FIELD_settlement_enddate);

		if (!v->setl[i]->gone && !is(v->setl[i]->rec, FIELD_settlement_mid_setl_flag, "1") &&
		    day != MISSING_I64 && day * CIVIL_DAY > end)
			end = day * CIVIL_DAY;
	}
	return end;
}

/* A visit that is there: an encounter or a live settlement. */
static void add_visit(struct world *w, struct visit *v, enum stream s)
{
	struct row *r;

	if (v->encounter == NULL && first_settlement(v) == NULL)
		return;
	r = new_row(w, s);
	r->visit = v;
	r->psn = v->psn;
	r->facility = v->facility;
	r->mdtrt = v->mdtrt;
	r->serial = v->mdtrt;
	r->ident = arena_printf(&w->arena, "%s\x1f%s", v->facility, v->mdtrt);
	r->time = visit_begin(v);
	r->scope = visit_settled(w, v);
}

static void add_visits(struct world *w)
{
	for (uint32_t i = 0; i < w->n_visit; i++) {
		struct visit *v = w->visit[i];
		const struct cell *c = of_visit(v, "med_type");

		add_visit(w, v, STREAM_VISIT);
		if (c != NULL && strcmp(visit_class(c->s), "inpatient") == 0)
			add_visit(w, v, STREAM_STAY);
	}
	drop_gone(w, STREAM_VISIT);
	drop_gone(w, STREAM_STAY);
}

static void set_scopes(struct world *w)
{
	for (uint32_t i = 0; i < w->n[STREAM_FEE]; i++) {
		struct row *r = w->rows[STREAM_FEE][i];

		r->scope = is_settled(r) && !is(r->rec, FIELD_fee_hosp_appr_flag, "2") &&
			   (r->inscp == MISSING_I64 ? r->amount : r->inscp) > 0;
	}
	for (uint32_t i = 0; i < w->n[STREAM_SETTLEMENT]; i++)
		w->rows[STREAM_SETTLEMENT][i]->scope = true;
	for (uint32_t i = 0; i < w->n[STREAM_ENCOUNTER]; i++)
		w->rows[STREAM_ENCOUNTER][i]->scope = visit_settled(w, w->rows[STREAM_ENCOUNTER][i]->visit);
}

void world_make(struct world *w, const struct history *h)
{
	memset(w, 0, sizeof *w);
	arena_init(&w->arena);
	w->h = h;
	for (uint32_t i = 0; i < h->n; i++)
		take_version(w, h->rec[i]);
	w->visit = arena_array(&w->arena, 512, sizeof(struct visit *));
	note_invalid(w);
	for (enum stream s = 0; s < STREAM_STORED; s++)
		drop_gone(w, s);
	bind_visits(w);
	for (uint32_t i = 0; i < w->n_visit; i++)
		cancel_settlements(w->visit[i]);
	cover_lines(w);
	return_linked(w);
	return_unlinked(w);
	drop_reversed(w, STREAM_FEE);
	drop_reversed(w, STREAM_SETTLEMENT);
	set_scopes(w);
	add_visits(w);
	for (enum stream s = 0; s < STREAM_COUNT; s++)
		for (uint32_t i = 0; i < w->n[s]; i++)
			w->rows[s][i]->n = i;
}

void world_fini(struct world *w)
{
	arena_fini(&w->arena);
}

/* ---- fields ---- */

static struct value scaled(enum field f, int64_t n)
{
	enum type t = field_get(f)->type;

	return n == MISSING_I64 ? value_missing(t) : value_rat(t, rat_scaled(n, type_scale(t)));
}

static struct value cell_of(enum field f, const struct cell *c)
{
	enum type t = field_get(f)->type;

	if (c == NULL || !c->known)
		return value_missing(t);
	if (type_is_text(t))
		return value_str(t, str_of(c->s));
	return value_rat(t, rat_scaled(c->n, type_scale(t)));
}

/* Register row of a person or facility. */
static const struct record *registered(const struct world *w, enum stream s, const char *who)
{
	for (uint32_t i = 0; i < w->n[s]; i++) {
		const struct row *r = w->rows[s][i];

		if (strcmp(s == STREAM_PERSON ? r->psn : r->facility, who) == 0)
			return r->rec;
	}
	return NULL;
}

static const struct cell *of_registers(const struct world *w, const struct row *r, const char *name)
{
	const struct cell *c = NULL;

	for (enum stream s = STREAM_PERSON; s <= STREAM_FACILITY && c == NULL; s++) {
		const struct record *reg = registered(w, s, s == STREAM_PERSON ? r->psn : r->facility);
		enum field f = field_named(s, str_of(name));

		if (reg != NULL && f != FIELD_NONE && record_cell(reg, f)->known)
			c = record_cell(reg, f);
	}
	return c;
}

/* Joined by name: the visit's encounter, its settlements, then the registers; sex and birth of the
 * register go before what the visit says. */
static const struct cell *joined(const struct world *w, const struct row *r, const char *name)
{
	bool authority = strcmp(name, "gend") == 0 || strcmp(name, "brdy") == 0;
	const struct cell *c = authority ? of_registers(w, r, name) : NULL;

	if (c == NULL && r->visit != NULL)
		c = of_visit(r->visit, name);
	return c != NULL ? c : of_registers(w, r, name);
}

static struct value visit_sum(const struct row *r, enum field f, const char *name)
{
	enum field of = field_named(STREAM_SETTLEMENT, str_of(name));
	int64_t sum = 0;

	if (live_settlements(r->visit) == 0)
		return value_missing(TYPE_MONEY);
	for (uint32_t i = 0; i < r->visit->n_setl; i++) {
		const struct row *s = r->visit->setl[i];

		if (s->gone)
			continue;
		if (number(s->rec, of) == MISSING_I64)
			return value_missing(TYPE_MONEY);
		sum += number(s->rec, of);
	}
	return scaled(f, sum);
}

static struct value category(const struct cell *c)
{
	struct str code;

	if (c == NULL || !c->known)
		return value_missing(TYPE_CODE);
	code = str_of(c->s);
	return value_str(TYPE_CODE, str_sub(code, 0, 3));
}

static struct value age(const struct world *w, const struct row *r)
{
	const struct cell *birth = joined(w, r, "brdy");

	if (birth == NULL || r->time == MISSING_I64)
		return value_missing(TYPE_COUNT);
	return value_int(TYPE_COUNT, civil_age((int32_t)birth->n, row_day(r)));
}

static struct value days(const struct row *r)
{
	int64_t end = visit_end(r->visit);

	if (end == MISSING_I64 || r->time == MISSING_I64 || civil_day_of(end) < row_day(r))
		return value_missing(TYPE_COUNT);
	return value_int(TYPE_COUNT, civil_day_of(end) - row_day(r));
}

static struct value class_of(const struct row *r)
{
	enum field own = field_named(r->stream, STR("med_type"));
	const struct cell *c = NULL;

	if (r->rec != NULL && own != FIELD_NONE && record_cell(r->rec, own)->known)
		c = record_cell(r->rec, own);
	if (c == NULL)
		c = of_visit(r->visit, "med_type");
	return text_value(c == NULL ? NULL : visit_class(c->s));
}

static struct value derived(const struct world *w, const struct row *r, enum field f, const char *name)
{
	static const char *const sums[] = { "medfee_sumamt", "inscp_amt", "fund_pay_sumamt", "acct_pay" };

	for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
		if (strcmp(name, sums[i]) == 0)
			return visit_sum(r, f, name);
	if (strcmp(name, "visit_class") == 0)
		return class_of(r);
	if (strcmp(name, "age") == 0)
		return age(w, r);
	if (strcmp(name, "days") == 0)
		return days(r);
	if (strcmp(name, "maindiag_class") == 0)
		return category(joined(w, r, "dscg_maindiag_code"));
	if (strcmp(name, "n_settlements") == 0)
		return value_int(TYPE_COUNT, live_settlements(r->visit));
	if (strcmp(name, "n_lines") == 0)
		return value_int(TYPE_COUNT, live_lines(w, r->visit, false));
	if (strcmp(name, "stay_begn") == 0 || strcmp(name, "stay_end") == 0) {
		struct value c = class_of(r);

		if (!c.known || !str_eq(c.text, STR("inpatient")))
			return value_missing(TYPE_TIME);
		return scaled(f, name[5] == 'b' ? visit_begin(r->visit) : visit_end(r->visit));
	}
	if (strcmp(name, "begntime") == 0 || strcmp(name, "endtime") == 0)
		return scaled(f, name[0] == 'b' ? visit_begin(r->visit) : visit_end(r->visit));
	return cell_of(f, joined(w, r, name));
}

struct value world_value(const struct world *w, const struct row *r, enum field f)
{
	const struct field_info *info = field_get(f);

	if (f == FIELD_fee_cnt)
		return scaled(f, r->cnt);
	if (f == FIELD_fee_det_item_fee_sumamt)
		return scaled(f, r->amount);
	if (f == FIELD_fee_inscp_amt)
		return scaled(f, r->inscp);
	if (r->rec != NULL && info->role != ROLE_DERIVED)
		return cell_of(f, record_cell(r->rec, f));
	if (r->rec == NULL && strcmp(info->name, "mdtrt_id") == 0)
		return text_value(r->mdtrt);
	if (r->rec == NULL && strcmp(info->name, "fixmedins_code") == 0)
		return text_value(r->facility);
	if (r->rec == NULL && strcmp(info->name, "psn_no") == 0)
		return text_value(r->psn);
	return derived(w, r, f, info->name);
}
