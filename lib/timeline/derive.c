/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * derive.c - values no file carries: joined from the visit and the registers, or computed.
 *
 * Each function answers for one item of any stream; stays and visits are items too, with
 * a visit and no row. What a visit's encounter says comes first, then its settlements in
 * order, then the registers as of the event. Sex and birth come from the person register
 * first, and a valid 18-digit identity number overrides them: the columns are often wrong.
 */
#include <string.h>

#include "lib/base/civil.h"
#include "lib/timeline/gather.h"
#include "lib/timeline/needs.h"

/* ---- where a value comes from ---- */

static struct visit *visit_of(struct gather *g, const struct item *it)
{
	return it->visit == NO_INDEX ? NULL : &g->visit[it->visit];
}

static int64_t event_time(const struct gather *g, const struct item *it)
{
	if (it->time != MISSING_I64 || it->visit == NO_INDEX)
		return it->time;
	return g->visit[it->visit].begin;
}

static uint32_t facility_of(const struct gather *g, const struct item *it, enum stream s)
{
	if (it->visit != NO_INDEX)
		return g->visit[it->visit].facility;
	return s == STREAM_STOCK ? g->t->places[PLACES_STOCK].v[it->row->place].a : MISSING_CODE;
}

static int64_t twin_value(const struct gather *g, const struct column *c, enum stream s,
			  const struct row *r)
{
	if (!r || c->twin[s].field == FIELD_NONE)
		return MISSING_I64;
	return store_value(&g->t->store[s], r, c->twin[s].cell);
}

static int64_t from_visit(const struct gather *g, const struct column *c, const struct visit *v)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];
	const struct item *enc = item_at(g, STREAM_ENCOUNTER, v->encounter);
	int64_t value = twin_value(g, c, STREAM_ENCOUNTER, enc ? enc->row : NULL);

	for (uint32_t i = v->settlement; value == MISSING_I64 && i != NO_INDEX;
	     i = setl->v[i].link) {
		if (setl->v[i].state == ITEM_LIVE)
			value = twin_value(g, c, STREAM_SETTLEMENT, setl->v[i].row);
	}
	return value;
}

static const struct row *person_on(const struct gather *g, int64_t time)
{
	const struct list *list =
		subject_list_const(&g->t->subject[g->subject], STREAM_PERSON);

	if (!list || !list->n || time == MISSING_I64)
		return NULL;
	return register_on(g->t, STREAM_PERSON, list, civil_day_of(time));
}

/* Lines of a visit ask for the same entry one after another. */
static const struct row *facility_on(struct gather *g, uint32_t facility, int32_t day)
{
	if (facility != g->facility_code || day != g->facility_day) {
		g->facility = register_at(g->t, STREAM_FACILITY, facility, 0, day);
		g->facility_code = facility;
		g->facility_day = day;
	}
	return g->facility;
}

static int64_t from_registers(struct gather *g, const struct column *c,
			      const struct item *it)
{
	int64_t time = event_time(g, it), value = MISSING_I64;
	enum stream s = field_get(c->field)->stream;

	if (time == MISSING_I64)
		return value;
	if (c->twin[STREAM_PERSON].field != FIELD_NONE)
		value = twin_value(g, c, STREAM_PERSON, person_on(g, time));
	if (value == MISSING_I64 && c->twin[STREAM_FACILITY].field != FIELD_NONE)
		value = twin_value(g, c, STREAM_FACILITY,
				   facility_on(g, facility_of(g, it, s), civil_day_of(time)));
	return value;
}

static int64_t value_join(struct gather *g, const struct column *c, const struct item *it)
{
	const struct visit *v = visit_of(g, it);
	int64_t value = v ? from_visit(g, c, v) : MISSING_I64;

	return value != MISSING_I64 ? value : from_registers(g, c, it);
}

static int64_t or_missing(uint32_t code)
{
	return code ? (int64_t)code : MISSING_I64;
}

static struct str text_of(const struct gather *g, int64_t code)
{
	return dict_text(g->t->dict, (uint32_t)code);
}

/* ---- sex, birth, age ---- */

static bool id_digits(struct str s, int from, int n, int *out)
{
	*out = 0;
	for (int i = from; i < from + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	return true;
}

/* An 18-digit identity number: a date that exists at digits 7-14, check digit by ISO 7064. */
bool identity_number(struct str s, bool *male, int32_t *birth)
{
	static const int weight[17] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
	int sum = 0, digit, y, m, d;

	if (s.n != 18)
		return false;
	for (int i = 0; i < 17; i++) {
		if (!id_digits(s, i, 1, &digit))
			return false;
		sum += digit * weight[i];
	}
	if ("10X98765432"[sum % 11] != (s.p[17] == 'x' ? 'X' : s.p[17]))
		return false;
	if (!id_digits(s, 6, 4, &y) || !id_digits(s, 10, 2, &m) || !id_digits(s, 12, 2, &d) ||
	    !civil_valid(y, m, d))
		return false;
	*male = (s.p[16] - '0') % 2 == 1;
	*birth = civil_days(y, m, d);
	return true;
}

/* Person register, else encounter, else settlements. */
static int64_t personal(const struct gather *g, const struct visit *v, const struct row *person,
			const enum field f[3])
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];
	const struct item *enc = item_at(g, STREAM_ENCOUNTER, v->encounter);
	int64_t value = person ? row_value(g->t, f[0], person) : MISSING_I64;

	if (value == MISSING_I64 && enc)
		value = row_value(g->t, f[1], enc->row);
	for (uint32_t i = v->settlement; value == MISSING_I64 && i != NO_INDEX;
	     i = setl->v[i].link) {
		if (setl->v[i].state == ITEM_LIVE)
			value = row_value(g->t, f[2], setl->v[i].row);
	}
	return value;
}

/* Sex and birth of the visit's person as of a time; kept on the visit. What has no visit asks
 * the register alone, by way of the caller's `lone`. */
static const struct visit *person_facts(struct gather *g, const struct item *it,
					struct visit *lone)
{
	static const enum field gend[] = { FIELD_person_gend, FIELD_encounter_gend,
					   FIELD_settlement_gend };
	static const enum field brdy[] = { FIELD_person_brdy, FIELD_encounter_brdy,
					   FIELD_settlement_brdy };
	static const enum field certno[] = { FIELD_person_certno, FIELD_encounter_certno,
					     FIELD_settlement_certno };
	struct visit *v = visit_of(g, it);
	const struct row *person;
	int64_t number;
	int32_t birth;
	bool male;

	if (!v) {
		*lone = (struct visit){ .encounter = NO_INDEX, .settlement = NO_INDEX };
		v = lone;
	}
	person = person_on(g, event_time(g, it));
	if (v->person_known && v->person_row == person)
		return v;
	v->person_known = true;
	v->person_row = person;
	v->gend = personal(g, v, person, gend);
	v->brdy = personal(g, v, person, brdy);
	number = personal(g, v, person, certno);
	v->id_conflict = TRUTH_UNKNOWN;
	if (number != MISSING_I64 && identity_number(text_of(g, number), &male, &birth)) {
		int64_t sex = g->digit_code[male ? 1 : 2];

		v->id_conflict = (v->gend != MISSING_I64 && v->gend != sex) ||
						 (v->brdy != MISSING_I64 && v->brdy != birth) ?
					 TRUTH_TRUE :
					 TRUTH_FALSE;
		v->gend = sex;
		v->brdy = birth;
	}
	return v;
}

static int64_t value_gend(struct gather *g, const struct column *c, const struct item *it)
{
	struct visit lone;

	(void)c;
	return person_facts(g, it, &lone)->gend;
}

static int64_t value_id_conflict(struct gather *g, const struct column *c,
				 const struct item *it)
{
	struct visit lone;

	(void)c;
	return person_facts(g, it, &lone)->id_conflict;
}

static int64_t value_brdy(struct gather *g, const struct column *c, const struct item *it)
{
	struct visit lone;

	(void)c;
	return person_facts(g, it, &lone)->brdy;
}

static int64_t value_age(struct gather *g, const struct column *c, const struct item *it)
{
	struct visit lone;
	int64_t brdy = person_facts(g, it, &lone)->brdy, time = event_time(g, it), age;

	(void)c;
	if (brdy == MISSING_I64 || time == MISSING_I64)
		return MISSING_I64;
	age = civil_age((int32_t)brdy, civil_day_of(time));
	return age < 0 ? MISSING_I64 : age;
}

/* ---- the visit ---- */

static int64_t value_mdtrt(struct gather *g, const struct column *c, const struct item *it)
{
	(void)c;
	return it->visit == NO_INDEX ? MISSING_I64 : or_missing(g->visit[it->visit].mdtrt);
}

static int64_t value_facility(struct gather *g, const struct column *c, const struct item *it)
{
	return or_missing(facility_of(g, it, field_get(c->field)->stream));
}

static int64_t value_person(struct gather *g, const struct column *c, const struct item *it)
{
	(void)c;
	(void)it;
	return or_missing(g->t->subject[g->subject].key);
}

static int64_t value_begin(struct gather *g, const struct column *c, const struct item *it)
{
	(void)c;
	return it->visit == NO_INDEX ? MISSING_I64 : g->visit[it->visit].begin;
}

static int64_t value_end(struct gather *g, const struct column *c, const struct item *it)
{
	(void)c;
	return it->visit == NO_INDEX ? MISSING_I64 : g->visit[it->visit].end;
}

static bool in_stay(const struct gather *g, const struct item *it)
{
	return it->visit != NO_INDEX && g->visit[it->visit].visit_class == VISIT_INPATIENT;
}

static int64_t value_stay_begin(struct gather *g, const struct column *c, const struct item *it)
{
	return in_stay(g, it) ? value_begin(g, c, it) : MISSING_I64;
}

static int64_t value_stay_end(struct gather *g, const struct column *c, const struct item *it)
{
	return in_stay(g, it) ? value_end(g, c, it) : MISSING_I64;
}

/* Nights between the two dates; settlements give their dates without a clock. */
static int64_t value_days(struct gather *g, const struct column *c, const struct item *it)
{
	int64_t begin = value_begin(g, c, it), end = value_end(g, c, it);
	int64_t days;

	if (begin == MISSING_I64 || end == MISSING_I64)
		return MISSING_I64;
	days = civil_day_of(end) - civil_day_of(begin);
	return days < 0 ? MISSING_I64 : days;
}

/* Days since this person's last discharge from the same facility, none when there is none. */
static int64_t value_last_discharge(struct gather *g, const struct column *c,
				    const struct item *it)
{
	int64_t begin = value_begin(g, c, it), last = MISSING_I64;

	if (begin == MISSING_I64)
		return MISSING_I64;
	for (uint32_t i = 0; i < g->n_visit; i++) {
		const struct visit *v = &g->visit[i];

		if (i == it->visit || v->visit_class != VISIT_INPATIENT ||
		    v->facility != g->visit[it->visit].facility ||
		    (v->encounter == NO_INDEX && !v->n_settlement) || v->end == MISSING_I64)
			continue;
		if (v->end <= begin && (last == MISSING_I64 || v->end > last))
			last = v->end;
	}
	return last == MISSING_I64 ? last : civil_day_of(begin) - civil_day_of(last);
}

static int64_t value_finished(struct gather *g, const struct column *c, const struct item *it)
{
	(void)c;
	return it->visit == NO_INDEX ? TRUTH_UNKNOWN : g->visit[it->visit].finished;
}

/* The visit's class; of a line whose visit does not say, its own med_type's. */
static int64_t value_visit_class(struct gather *g, const struct column *c, const struct item *it)
{
	uint8_t class = it->visit == NO_INDEX ? NO_CLASS : g->visit[it->visit].visit_class;

	if (class == NO_CLASS && field_get(c->field)->stream == STREAM_FEE)
		class = visit_class_of(g, row_value(g->t, FIELD_fee_med_type, it->row));
	return class == NO_CLASS ? MISSING_I64 : (int64_t)g->class_code[class];
}

static int64_t value_sum(struct gather *g, const struct column *c, const struct item *it)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];
	const struct visit *v = visit_of(g, it);
	int64_t sum = v && v->n_settlement ? 0 : MISSING_I64;

	for (uint32_t i = v ? v->settlement : NO_INDEX; i != NO_INDEX; i = setl->v[i].link) {
		int64_t value = twin_value(g, c, STREAM_SETTLEMENT, setl->v[i].row);

		if (setl->v[i].state != ITEM_LIVE)
			continue;
		if (value == MISSING_I64 || __builtin_add_overflow(sum, value, &sum))
			return MISSING_I64;
	}
	return sum;
}

static int64_t value_n_settlement(struct gather *g, const struct column *c, const struct item *it)
{
	(void)c;
	return it->visit == NO_INDEX ? MISSING_I64 : g->visit[it->visit].n_settlement;
}

static int64_t value_n_line(struct gather *g, const struct column *c, const struct item *it)
{
	(void)c;
	return it->visit == NO_INDEX ? MISSING_I64 : g->visit[it->visit].n_line;
}

/* ---- codes made of codes ---- */

/* Classes of hosp_lv; the numbers of the standard are not in order of level. */
static int64_t value_hosp_level(struct gather *g, const struct column *c, const struct item *it)
{
	static const uint8_t level[15] = { 0, 3, 3, 3, 3, 2, 2, 2, 1, 1, 1, 0, 3, 2, 1 };
	int64_t code = value_join(g, c, it);
	struct str text;
	int number = 0;

	if (code == MISSING_I64)
		return MISSING_I64;
	text = text_of(g, code);
	for (uint32_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || number > 14)
			return MISSING_I64;
		number = number * 10 + (text.p[i] - '0');
	}
	return number < 1 || number > 14 ? MISSING_I64 : (int64_t)g->digit_code[level[number]];
}

/* Category of a diagnosis code: its first three characters. */
static int64_t category(struct gather *g, int64_t code)
{
	bool fresh;
	uint64_t *class;

	if (code == MISSING_I64)
		return MISSING_I64;
	class = map64_at(&g->icd_class, (uint64_t)code, &fresh);
	if (fresh)
		*class = dict_code(g->t->dict, str_sub(text_of(g, code), 0, 3));
	return (int64_t)*class;
}

static int64_t marked_value(struct gather *g, enum stream s, uint32_t at, enum field f)
{
	const struct item *it = item_at(g, s, at);

	return it ? row_value(g->t, f, it->row) : MISSING_I64;
}

static int64_t value_main_diagnosis(struct gather *g, const struct column *c,
				    const struct item *it)
{
	const struct visit *v = visit_of(g, it);
	int64_t code = v ? from_visit(g, c, v) : MISSING_I64;

	if (code != MISSING_I64 || !v)
		return code;
	return marked_value(g, STREAM_DIAGNOSIS, v->main_diagnosis, FIELD_diagnosis_diag_code);
}

/* The name goes with the code: both from the encounter, or both from the diagnosis. */
static int64_t value_main_diagnosis_name(struct gather *g, const struct column *c,
					 const struct item *it)
{
	const struct visit *v = visit_of(g, it);
	int64_t name = v ? from_visit(g, c, v) : MISSING_I64;

	if (!v || name != MISSING_I64 ||
	    marked_value(g, STREAM_ENCOUNTER, v->encounter,
			 FIELD_encounter_dscg_maindiag_code) != MISSING_I64)
		return name;
	return marked_value(g, STREAM_DIAGNOSIS, v->main_diagnosis, FIELD_diagnosis_diag_name);
}

static int64_t value_main_diagnosis_class(struct gather *g, const struct column *c,
					  const struct item *it)
{
	return category(g, value_main_diagnosis(g, c, it));
}

static int64_t value_diagnosis_class(struct gather *g, const struct column *c,
				     const struct item *it)
{
	(void)c;
	return category(g, row_value(g->t, FIELD_diagnosis_diag_code, it->row));
}

static int64_t value_diagnosis_classes(struct gather *g, const struct column *c,
				       const struct item *it)
{
	struct visit *v = visit_of(g, it);

	return v ? diagnoses_classes(g, v, from_visit(g, c, v)) : MISSING_I64;
}

static int64_t value_main_operation(struct gather *g, const struct column *c,
				    const struct item *it)
{
	const struct visit *v = visit_of(g, it);
	int64_t code = v ? from_visit(g, c, v) : MISSING_I64;

	if (code != MISSING_I64 || !v)
		return code;
	return marked_value(g, STREAM_OPERATION, v->main_operation,
			    FIELD_operation_oprn_oprt_code);
}

/* ---- lines ---- */

/* What a row itself says its item is, and calls it: of every stream with an item_name. */
static const struct said {
	enum stream stream;
	enum field code, name;
} said[] = {
	{ STREAM_FEE, FIELD_fee_med_list_codg, FIELD_fee_medins_list_name },
	{ STREAM_REPORT, FIELD_report_med_list_codg, FIELD_report_exam_item_name },
	{ STREAM_STOCK, FIELD_stock_med_list_codg, FIELD_stock_fixmedins_hilist_name },
	{ STREAM_TRACE, FIELD_trace_med_list_codg, FIELD_NONE },
};

static const struct said *said_by(enum stream s)
{
	size_t i = 0;
	while (said[i].stream != s)
		i++;
	return &said[i];
}

/* The catalogue's name, else what the line says. */
static int64_t value_item_name(struct gather *g, const struct column *c, const struct item *it)
{
	enum stream s = field_get(c->field)->stream;
	int64_t time = event_time(g, it), item = MISSING_I64, name;
	const struct said *by = said_by(s);
	const struct row *r = NULL;

	if (g->t->store[STREAM_ITEM].n)
		item = row_value(g->t, by->code, it->row);
	if (item != MISSING_I64 && time != MISSING_I64)
		r = register_at(g->t, STREAM_ITEM, (uint32_t)item, facility_of(g, it, s),
				civil_day_of(time));
	name = r ? row_value(g->t, FIELD_item_item_name, r) : MISSING_I64;
	if (name == MISSING_I64 && s == STREAM_FEE)
		name = row_value(g->t, FIELD_fee_hilist_name, it->row);
	if (name == MISSING_I64 && by->name != FIELD_NONE)
		name = row_value(g->t, by->name, it->row);
	return name;
}

static int64_t value_fund_share(struct gather *g, const struct column *c, const struct item *it)
{
	(void)c;
	return g->share[it - g->items[STREAM_FEE].v];
}

value_fn *derive_value(enum field f)
{
	static const struct {
		const char *name;
		value_fn *fn;
	} table[] = {
#define DERIVE(name, fn, also, also2) { #name, value_##fn },
#include "lib/timeline/derive.def"
#undef DERIVE
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strcmp(field_get(f)->name, table[i].name) == 0)
			return table[i].fn;
	}
	return value_join;
}

bool derive_by_day(value_fn *fn)
{
	static value_fn *const by_row[] = { value_item_name, value_fund_share, value_visit_class,
					    value_diagnosis_class };

	for (size_t i = 0; i < sizeof by_row / sizeof *by_row; i++)
		if (fn == by_row[i])
			return false;
	return true;
}

bool derive_by_visit(value_fn *fn)
{
	return derive_by_day(fn) && fn != value_age;
}

bool derive_by_class(value_fn *fn)
{
	return fn == value_visit_class;
}
