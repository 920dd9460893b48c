/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * directory.c - who and where: subjects, places, and what sets the streams apart.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/timeline/state.h"

#define NONE FIELD_NONE
#define KNOWN_AHEAD 1024u /* codes made ready at once */
#define VISIT(s) .places = PLACES_VISIT, .subject = SUBJECT_PERSON, \
	.subject_key = FIELD_##s##_psn_no, .b = FIELD_##s##_mdtrt_id, .valid = FIELD_##s##_vali_flag

static const struct stream_plan plans[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = { VISIT(encounter), .list = LIST_ENCOUNTER,
		.a = FIELD_encounter_fixmedins_code, .own = { NONE, NONE },
		.part = { NONE }, .link = NONE },
	[STREAM_SETTLEMENT] = { VISIT(settlement), .list = LIST_SETTLEMENT,
		.a = FIELD_settlement_fixmedins_code, .own = { FIELD_settlement_setl_id, NONE },
		.part = { NONE }, .link = FIELD_settlement_init_setl_id },
	[STREAM_FEE] = { VISIT(fee), .list = LIST_FEE,
		.a = FIELD_fee_fixmedins_code, .own = { FIELD_fee_feedetl_sn, FIELD_fee_bkkp_sn },
		.part = { NONE }, .link = FIELD_fee_init_feedetl_sn },
	[STREAM_DIAGNOSIS] = { VISIT(diagnosis), .list = LIST_DIAGNOSIS, .a = NONE,
		.own = { FIELD_diagnosis_setl_list_diag_id, NONE },
		.part = { FIELD_diagnosis_setl_id, FIELD_diagnosis_diag_type,
			  FIELD_diagnosis_diag_code, NONE }, .link = NONE },
	[STREAM_OPERATION] = { VISIT(operation), .list = LIST_OPERATION, .a = NONE,
		.own = { FIELD_operation_setl_list_oprn_id, NONE },
		.part = { FIELD_operation_setl_id, FIELD_operation_oprn_oprt_code,
			  FIELD_operation_oprn_oprt_date, NONE }, .link = NONE },
	[STREAM_TRACE] = { VISIT(trace), .list = LIST_TRACE, .a = FIELD_trace_fixmedins_code,
		.own = { NONE, NONE },
		.part = { FIELD_trace_setl_id, FIELD_trace_drug_trac_codg,
			  FIELD_trace_trac_chg_type, NONE }, .link = NONE },
	[STREAM_REPORT] = { VISIT(report), .list = LIST_REPORT, .a = FIELD_report_fixmedins_code,
		.own = { NONE, NONE },
		.part = { FIELD_report_rpotc_no, FIELD_report_med_list_codg,
			  FIELD_report_exam_item_detl_code, NONE }, .link = NONE },
	[STREAM_STOCK] = { .places = PLACES_STOCK, .list = LIST_STOCK,
		.subject = SUBJECT_FACILITY, .subject_key = FIELD_stock_fixmedins_code,
		.a = FIELD_stock_fixmedins_code, .b = FIELD_stock_mdtrt_id, .own = { NONE, NONE },
		.part = { FIELD_stock_infno, FIELD_stock_fixmedins_bchno, FIELD_stock_rtal_docno,
			  FIELD_stock_drug_trac_codg, FIELD_stock_inv_chg_time, NONE },
		.link = NONE, .valid = FIELD_stock_vali_flag },
	[STREAM_PERSON] = { .places = PLACES_PERSON, .list = LIST_PERSON,
		.subject = SUBJECT_PERSON, .subject_key = FIELD_person_psn_no,
		.a = FIELD_person_psn_no, .b = NONE, .own = { NONE, NONE },
		.part = { FIELD_person_psn_no, FIELD_person_begndate, NONE }, .link = NONE,
		.valid = FIELD_person_vali_flag },
	[STREAM_FACILITY] = { .places = PLACES_FACILITY, .list = LIST_NONE, .subject_key = NONE,
		.a = FIELD_facility_fixmedins_code, .b = NONE, .own = { NONE, NONE },
		.part = { FIELD_facility_fixmedins_code, FIELD_facility_begndate, NONE },
		.link = NONE, .valid = FIELD_facility_vali_flag },
	[STREAM_PRACTITIONER] = { .places = PLACES_PRACTITIONER, .list = LIST_NONE,
		.subject_key = NONE, .a = FIELD_practitioner_dr_code,
		.b = FIELD_practitioner_fixmedins_code, .own = { NONE, NONE },
		.part = { FIELD_practitioner_dr_code, FIELD_practitioner_fixmedins_code,
			  FIELD_practitioner_begndate, NONE },
		.link = NONE, .valid = FIELD_practitioner_vali_flag },
	[STREAM_ITEM] = { .places = PLACES_ITEM, .list = LIST_NONE, .subject_key = NONE,
		.a = FIELD_item_med_list_codg, .b = FIELD_item_fixmedins_code,
		.own = { NONE, NONE },
		.part = { FIELD_item_med_list_codg, FIELD_item_fixmedins_code,
			  FIELD_item_begndate, NONE },
		.link = NONE, .valid = FIELD_item_vali_flag },
};

const struct stream_plan *stream_plan(enum stream s)
{
	assert(s < STREAM_STORED);
	return &plans[s];
}

/* ---- codes ---- */

/* What a code was first known as: 0 nothing yet, 2n + 1 the visit with place n, 2n + 2 subject n.
 * Codes of new visits follow each other, so what is looked up next to each other lies so. */
static uint32_t *known_as(struct timeline *t, uint32_t code)
{
	if (code >= t->n_known) {
		uint32_t before = t->n_known;

		GROW(t->known, t->cap_known, (size_t)code + KNOWN_AHEAD);
		t->n_known = code + KNOWN_AHEAD;
		memset(t->known + before, 0, (t->n_known - before) * sizeof *t->known);
	}
	return &t->known[code];
}

static inline uint32_t known_of(const struct timeline *t, uint32_t code)
{
	return code < t->n_known ? t->known[code] : 0;
}

/* ---- places ---- */

static uint32_t place_new(struct places *p, uint32_t a, uint32_t b)
{
	GROW(p->v, p->cap, p->n + 1);
	p->v[p->n] = (struct place){ .a = a, .b = b };
	return p->n++;
}

static bool is_visit(const struct timeline *t, uint32_t known, uint32_t a)
{
	return known & 1 && t->places[PLACES_VISIT].v[known / 2].a == a;
}

uint32_t places_at(struct timeline *t, enum places_kind kind, uint32_t a, uint32_t b)
{
	struct places *p = &t->places[kind];
	uint64_t *number;
	bool fresh;

	if (kind == PLACES_VISIT && b != MISSING_CODE) {
		uint32_t *known = known_as(t, b);

		if (is_visit(t, *known, a))
			return *known / 2;
		if (!*known) {
			*known = p->n * 2 + 1;
			return place_new(p, a, b);
		}
	}
	number = map64_at(&p->map, (uint64_t)a << 32 | b, &fresh);
	if (!fresh)
		return (uint32_t)*number;
	*number = p->n;
	return place_new(p, a, b);
}

uint32_t places_find(const struct timeline *t, enum places_kind kind, uint32_t a, uint32_t b)
{
	uint32_t known = kind == PLACES_VISIT && b != MISSING_CODE ? known_of(t, b) : 0;
	uint64_t number;

	if (is_visit(t, known, a))
		return known / 2;
	if (!map64_get(&t->places[kind].map, (uint64_t)a << 32 | b, &number))
		return UINT32_MAX;
	return (uint32_t)number;
}

void places_fini(struct places *p)
{
	map64_fini(&p->map);
	xfree(p->v);
	memset(p, 0, sizeof *p);
}

/* ---- subjects ---- */

static bool is_subject(const struct timeline *t, uint32_t known, enum subject_kind k)
{
	return known && !(known & 1) && t->subject[known / 2 - 1].kind == k;
}

static uint32_t subject_new(struct timeline *t, enum subject_kind k, uint32_t key)
{
	GROW(t->subject, t->cap_subject, t->n_subject + 1);
	memset(&t->subject[t->n_subject], 0, sizeof t->subject[0]);
	t->subject[t->n_subject].key = key;
	t->subject[t->n_subject].kind = (uint8_t)k;
	return t->n_subject++;
}

uint32_t subject_at(struct timeline *t, enum subject_kind k, uint32_t key)
{
	uint64_t *number;
	bool fresh;

	if (key != MISSING_CODE) {
		uint32_t *known = known_as(t, key);

		if (is_subject(t, *known, k))
			return *known / 2 - 1;
		if (!*known) {
			*known = t->n_subject * 2 + 2;
			return subject_new(t, k, key);
		}
	}
	number = map64_at(&t->subject_of, (uint64_t)k << 32 | key, &fresh);
	if (!fresh)
		return (uint32_t)*number;
	*number = t->n_subject;
	return subject_new(t, k, key);
}

uint32_t subject_find(const struct timeline *t, enum subject_kind k, uint32_t key)
{
	uint32_t known = key != MISSING_CODE ? known_of(t, key) : 0;
	uint64_t number;

	if (is_subject(t, known, k))
		return known / 2 - 1;
	if (!map64_get(&t->subject_of, (uint64_t)k << 32 | key, &number))
		return UINT32_MAX;
	return (uint32_t)number;
}

void subject_mark(struct timeline *t, uint32_t subject)
{
	struct subject *s = &t->subject[subject];

	if (s->flags & SUBJECT_DIRTY)
		return;
	s->flags |= SUBJECT_DIRTY;
	GROW(t->dirty, t->cap_dirty, t->n_dirty + 1);
	t->dirty[t->n_dirty++] = subject;
}

const struct list *subject_list_const(const struct subject *s, enum stream stream)
{
	const struct stream_plan *plan = stream_plan(stream);

	if (plan->list == LIST_NONE || plan->subject != (enum subject_kind)s->kind)
		return NULL;
	return &s->list[plan->list];
}

struct list *subject_list(struct subject *s, enum stream stream)
{
	const struct stream_plan *plan = stream_plan(stream);

	if (plan->list == LIST_NONE || plan->subject != (enum subject_kind)s->kind)
		return NULL;
	return &s->list[plan->list];
}
