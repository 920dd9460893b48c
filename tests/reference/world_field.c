/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world_field.c - visits, stays and what is settled; the value of any field of a row.
 *
 * Settled is a line that names a settlement which is not invalid, and a visit with a live
 * settlement or, when none of its settlements is known, a settled line. A joined field is the
 * encounter's, else a settlement's, else the register's; sex and birth are the register's first.
 */
#include "tests/reference/world_impl.h"

#include <string.h>

#include "lib/base/civil.h"

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

	if (v->encounter != NULL && f != FIELD_NONE && field_get(f)->role != ROLE_DERIVED) {
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
		n += w->rows[STREAM_FEE][i]->visit == v &&
				(!settled || is_settled(w->rows[STREAM_FEE][i]));
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
	return live_settlements(v) > 0 ||
	       (v->n_setl + v->n_invalid == 0 && live_lines(w, v, true) > 0);
}

/* The encounter's begin; without an encounter the earliest that settlements say, else when the
 * first was settled. */
static int64_t visit_begin(const struct visit *v)
{
	const struct row *first = first_settlement(v);
	int64_t begin = MISSING_I64;

	if (v->encounter != NULL)
		return record_number(v->encounter->rec, FIELD_encounter_begntime);
	for (uint32_t i = 0; i < v->n_setl; i++) {
		int64_t day = record_number(v->setl[i]->rec, FIELD_settlement_begndate);

		if (!v->setl[i]->gone && day != MISSING_I64 &&
		    (begin == MISSING_I64 || day < begin))
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
		end = record_number(v->encounter->rec, FIELD_encounter_endtime);
	if (end != MISSING_I64)
		return end;
	for (uint32_t i = 0; i < v->n_setl; i++) {
		int64_t day = record_number(v->setl[i]->rec, FIELD_settlement_enddate);

		if (!v->setl[i]->gone && !record_is(v->setl[i]->rec, FIELD_settlement_mid_setl_flag,
					     "1") &&
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
	r = world_row(w, s);
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
	world_drop_gone(w, STREAM_VISIT);
	world_drop_gone(w, STREAM_STAY);
}

static void set_scopes(struct world *w)
{
	for (uint32_t i = 0; i < w->n[STREAM_FEE]; i++) {
		struct row *r = w->rows[STREAM_FEE][i];

		r->scope = is_settled(r) && !record_is(r->rec, FIELD_fee_hosp_appr_flag, "2") &&
			   (r->inscp == MISSING_I64 ? r->amount : r->inscp) > 0;
	}
	for (uint32_t i = 0; i < w->n[STREAM_SETTLEMENT]; i++)
		w->rows[STREAM_SETTLEMENT][i]->scope = true;
	for (uint32_t i = 0; i < w->n[STREAM_DIAGNOSIS]; i++)
		w->rows[STREAM_DIAGNOSIS][i]->scope =
			visit_settled(w, w->rows[STREAM_DIAGNOSIS][i]->visit);
	for (uint32_t i = 0; i < w->n[STREAM_ENCOUNTER]; i++)
		w->rows[STREAM_ENCOUNTER][i]->scope = visit_settled(w,
				w->rows[STREAM_ENCOUNTER][i]->visit);
}

void world_derive(struct world *w)
{
	set_scopes(w);
	add_visits(w);
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
		const struct record *reg = registered(w, s, s == STREAM_PERSON ? r->psn
						      : r->facility);
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
		if (record_number(s->rec, of) == MISSING_I64)
			return value_missing(TYPE_MONEY);
		sum += record_number(s->rec, of);
	}
	return scaled(f, sum);
}

/* The encounter's, else that of the visit's diagnosis which is the main one. */
static const struct cell *main_diagnosis(const struct world *w, const struct row *r)
{
	const struct cell *c = joined(w, r, "dscg_maindiag_code");

	for (uint32_t i = 0; i < w->n[STREAM_DIAGNOSIS] && c == NULL; i++) {
		const struct row *d = w->rows[STREAM_DIAGNOSIS][i];

		if (d->visit == r->visit && record_is(d->rec, FIELD_diagnosis_maindiag_flag, "1"))
			c = record_cell(d->rec, FIELD_diagnosis_diag_code);
	}
	return c;
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

/* The visit's; of a line whose visit does not say, its own. */
static struct value class_of(const struct row *r)
{
	const struct cell *c = of_visit(r->visit, "med_type");

	if (c == NULL && r->stream == STREAM_FEE && record_cell(r->rec, FIELD_fee_med_type)->known)
		c = record_cell(r->rec, FIELD_fee_med_type);
	return text_value(c == NULL ? NULL : visit_class(c->s));
}

static struct value derived(const struct world *w, const struct row *r, enum field f,
			    const char *name)
{
	static const char *const sums[] = { "medfee_sumamt", "inscp_amt", "fund_pay_sumamt",
					    "acct_pay" };

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
		return category(r->stream == STREAM_ENCOUNTER ? joined(w, r, "dscg_maindiag_code")
							      : main_diagnosis(w, r));
	if (strcmp(name, "dscg_maindiag_code") == 0)
		return cell_of(f, main_diagnosis(w, r));
	if (strcmp(name, "diag_class") == 0)
		return category(record_cell(r->rec, FIELD_diagnosis_diag_code));
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
