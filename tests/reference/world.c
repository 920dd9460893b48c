/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world.c - winners, refunds, scope and visits, one row after the other.
 *
 *   1. Of the versions of an identity the greatest revision wins, then the greatest digest;
 *      no revision is the least. A winner that is not valid (有效标志 0) is gone.
 *   2. A settlement is cancelled by its flag, by a negative one that names it, or by a negative
 *      one that names none and mirrors it: a flagged one, else the nearest earlier of the
 *      visit, else the nearest later. Both go, and all lines that name either.
 *   3. A negative line that names a line of its visit takes its count and amounts off it.
 *   4. A negative line that names none takes from the nearest earlier lines of its visit and
 *      item, then from later ones, whole or in part. What has nothing left is gone; so is every
 *      refund, used up or not, for it is no service.
 */
#include "tests/reference/world_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/civil.h"

static const enum field psn_field[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = FIELD_encounter_psn_no, [STREAM_SETTLEMENT] = FIELD_settlement_psn_no,
	[STREAM_FEE] = FIELD_fee_psn_no, [STREAM_PERSON] = FIELD_person_psn_no,
	[STREAM_DIAGNOSIS] = FIELD_diagnosis_psn_no,
};
static const enum field facility_field[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = FIELD_encounter_fixmedins_code,
	[STREAM_SETTLEMENT] = FIELD_settlement_fixmedins_code,
	[STREAM_FEE] = FIELD_fee_fixmedins_code, [STREAM_FACILITY] = FIELD_facility_fixmedins_code,
	[STREAM_DIAGNOSIS] = FIELD_diagnosis_fixmedins_code,
};
static const enum field mdtrt_field[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = FIELD_encounter_mdtrt_id, [STREAM_SETTLEMENT] =
			FIELD_settlement_mdtrt_id,
	[STREAM_FEE] = FIELD_fee_mdtrt_id, [STREAM_DIAGNOSIS] = FIELD_diagnosis_mdtrt_id,
};
static const enum field serial_field[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = FIELD_encounter_mdtrt_id, [STREAM_SETTLEMENT] =
			FIELD_settlement_setl_id,
	[STREAM_FEE] = FIELD_fee_feedetl_sn, [STREAM_DIAGNOSIS] = FIELD_diagnosis_setl_list_diag_id,
};
static const enum field valid_field[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = FIELD_encounter_vali_flag, [STREAM_SETTLEMENT] =
			FIELD_settlement_vali_flag,
	[STREAM_FEE] = FIELD_fee_vali_flag, [STREAM_PERSON] = FIELD_person_vali_flag,
	[STREAM_DIAGNOSIS] = FIELD_diagnosis_vali_flag,
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

int64_t record_number(const struct record *r, enum field f)
{
	const struct cell *c = record_cell(r, f);

	return c->known ? c->n : MISSING_I64;
}

bool record_is(const struct record *r, enum field f, const char *s)
{
	const struct cell *c = record_cell(r, f);

	return c->known && strcmp(c->s, s) == 0;
}

int32_t row_day(const struct row *r)
{
	return r->time == MISSING_I64 ? MISSING_I32 : civil_day_of(r->time);
}

/* ---- versions ---- */

struct row *world_row(struct world *w, enum stream s)
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
	if (rec->stream == STREAM_DIAGNOSIS)
		ident = strchr(ident, '\x1f') + 1; /* its table does not carry the facility */
	r = same_identity(w, rec, ident);
	if (r == NULL)
		r = world_row(w, rec->stream);
	else if (rec->revision < r->rec->revision ||
		 (rec->revision == r->rec->revision && rec->digest <= r->rec->digest))
		return;
	r->rec = rec;
	r->ident = ident;
	r->psn = text(rec, psn_field);
	r->facility = text(rec, facility_field);
	r->mdtrt = text(rec, mdtrt_field);
	r->serial = text(rec, serial_field);
	r->gone = record_is(rec, valid_field[rec->stream], "0");
	r->time = stream_time(rec->stream) == FIELD_NONE ? MISSING_I64
		: record_number(rec, stream_time(rec->stream));
	if (rec->stream != STREAM_FEE)
		return;
	r->cnt = record_number(rec, FIELD_fee_cnt);
	r->amount = record_number(rec, FIELD_fee_det_item_fee_sumamt);
	r->inscp = record_number(rec, FIELD_fee_inscp_amt);
	r->whole[0] = r->cnt;
	r->whole[1] = r->amount;
	r->whole[2] = r->inscp;
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

void world_drop_gone(struct world *w, enum stream s)
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
	for (enum stream s = STREAM_ENCOUNTER; s <= STREAM_DIAGNOSIS; s++) {
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

/* What a settlement comes to: its total, else what the fund paid. */
static int64_t total(const struct record *r)
{
	int64_t n = record_number(r, FIELD_settlement_medfee_sumamt);

	return n != MISSING_I64 ? n : record_number(r, FIELD_settlement_fund_pay_sumamt);
}

static bool mirrors(const struct row *a, const struct row *b)
{
	return total(a->rec) != MISSING_I64 && total(a->rec) == -total(b->rec);
}

static bool is_negative(const struct record *r)
{
	return total(r) != MISSING_I64 && total(r) < 0;
}

static bool is_flagged(const struct row *r)
{
	return record_is(r->rec, FIELD_settlement_refd_setl_flag, "1");
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
			if (mirrors(r, v->setl[i]) && !v->setl[i]->reversed &&
			    is_flagged(v->setl[i]) >= flagged)
				return v->setl[i];
		for (uint32_t i = at + 1; i < v->n_setl; i++)
			if (mirrors(r, v->setl[i]) && !v->setl[i]->reversed &&
			    is_flagged(v->setl[i]) >= flagged)
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
			    record_cell(r->rec,
					FIELD_settlement_init_setl_id)->known != (linked == 1))
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
	if (r->reversed)
		return false;
	return r->cnt != MISSING_I64 ? r->cnt < 0 : r->amount != MISSING_I64 && r->amount < 0;
}

/* n units of a refund's `all`, or of what a line has. */
struct share {
	int64_t n, all, has;
	bool last;                     /* the refund is used up: whatever is left of it goes */
};

/* Takes a refund's part off a line's number, rounded towards zero. What is missing stays so; where
 * the refund does not say, the line gives in proportion. */
static void take_part(int64_t *line, int64_t *back, int64_t whole, const struct share *s)
{
	int64_t part;

	if (*back == MISSING_I64) {
		if (*line != MISSING_I64)
			*line -= (int64_t)((__int128)*line * s->n / s->has);
		return;
	}
	part = s->last ? -*back : (int64_t)((__int128)-whole * s->n / s->all);
	*back += part;
	if (*line != MISSING_I64)
		*line -= part;
}

/* Takes as much of a refund off a line as goes, measured by counts or, where those are not all
 * known, by amounts. */
static void take_off(struct row *line, struct row *back, bool by_cnt)
{
	int64_t has = by_cnt ? line->cnt : line->amount, wants = by_cnt ? back->cnt : back->amount;
	struct share s = { .has = has };

	if (has == MISSING_I64 || wants == MISSING_I64 || has <= 0 || wants >= 0)
		return;
	s.last = -wants <= has;
	s.n = s.last ? -wants : has;
	s.all = -back->whole[by_cnt ? 0 : 1];
	take_part(&line->cnt, &back->cnt, back->whole[0], &s);
	take_part(&line->amount, &back->amount, back->whole[1], &s);
	take_part(&line->inscp, &back->inscp, back->whole[2], &s);
	line->reversed = (line->cnt != MISSING_I64 && line->cnt <= 0) ||
			 (line->amount != MISSING_I64 && line->amount <= 0);
	back->reversed = s.last;
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

			if (o != r && same_visit(r, o) && strcmp(o->serial, link->s) == 0 &&
			    !o->reversed)
				take_off(o, r, o->cnt != MISSING_I64 && r->cnt != MISSING_I64);
		}
		r->reversed = true;
	}
}

static bool same_item(const struct row *a, const struct row *b)
{
	const struct cell *item = record_cell(b->rec, FIELD_fee_med_list_codg);

	return same_visit(a, b) && !a->reversed && item->known &&
	       record_is(a->rec, FIELD_fee_med_list_codg, item->s);
}

/* Whether all lines of the refund's visit and item know their count. */
static bool all_counted(const struct world *w, const struct row *back)
{
	for (uint32_t i = 0; i < w->n[STREAM_FEE]; i++)
		if (same_item(w->rows[STREAM_FEE][i], back) &&
		    w->rows[STREAM_FEE][i]->cnt == MISSING_I64)
			return false;
	return true;
}

static void return_unlinked(struct world *w)
{
	bool *counted = arena_array(&w->arena, w->n[STREAM_FEE] + 1, sizeof *counted);

	for (uint32_t i = 0; i < w->n[STREAM_FEE]; i++)
		counted[i] = all_counted(w, w->rows[STREAM_FEE][i]);
	for (uint32_t i = 0; i < w->n[STREAM_FEE]; i++) {
		struct row *r = w->rows[STREAM_FEE][i];
		bool by_cnt = counted[i];

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
	world_drop_gone(w, s);
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
		world_drop_gone(w, s);
	bind_visits(w);
	for (uint32_t i = 0; i < w->n_visit; i++)
		cancel_settlements(w->visit[i]);
	cover_lines(w);
	return_linked(w);
	return_unlinked(w);
	drop_reversed(w, STREAM_FEE);
	drop_reversed(w, STREAM_SETTLEMENT);
	world_derive(w);
	for (enum stream s = 0; s < STREAM_COUNT; s++)
		for (uint32_t i = 0; i < w->n[s]; i++)
			w->rows[s][i]->n = i;
}

void world_fini(struct world *w)
{
	arena_fini(&w->arena);
}
