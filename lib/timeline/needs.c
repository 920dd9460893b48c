/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * needs.c - the closure from wanted fields to stored ones.
 *
 * Some fields are always needed: those that order, reverse and bind rows. Others stand
 * behind derived fields. A few are read on the way in only (serials, flags, revisions):
 * they must be decoded but have no cell.
 */
#include "lib/timeline/needs.h"

#include <string.h>

#include "lib/timeline/state.h"

static const enum field always[] = {
	FIELD_encounter_begntime, FIELD_encounter_endtime, FIELD_encounter_med_type,
	FIELD_encounter_inhosp_stas,
	FIELD_settlement_setl_id, FIELD_settlement_setl_time, FIELD_settlement_begndate,
	FIELD_settlement_enddate, FIELD_settlement_med_type, FIELD_settlement_mid_setl_flag,
	FIELD_settlement_medfee_sumamt, FIELD_settlement_fund_pay_sumamt,
	FIELD_settlement_chrg_bchno,
	FIELD_fee_fee_ocur_time, FIELD_fee_setl_id, FIELD_fee_med_list_codg, FIELD_fee_cnt,
	FIELD_fee_det_item_fee_sumamt, FIELD_fee_inscp_amt,
	FIELD_diagnosis_fixmedins_code, FIELD_diagnosis_setl_id, FIELD_diagnosis_diag_time,
	FIELD_operation_fixmedins_code, FIELD_operation_setl_id, FIELD_operation_oprn_oprt_date,
	FIELD_trace_trac_time, FIELD_trace_setl_id, FIELD_trace_drug_trac_codg,
	FIELD_trace_trac_chg_type, FIELD_trace_feedetl_sn, FIELD_report_rpt_date,
	FIELD_stock_inv_chg_time,
	FIELD_person_begndate, FIELD_person_enddate, FIELD_facility_begndate,
	FIELD_facility_enddate, FIELD_practitioner_begndate, FIELD_practitioner_enddate,
	FIELD_item_begndate, FIELD_item_enddate,
};

/* Read on the way in, beside the parts of identities. */
static const enum field on_intake[] = {
	FIELD_settlement_refd_setl_flag, FIELD_settlement_init_setl_id,
	FIELD_fee_init_feedetl_sn, FIELD_fee_hosp_appr_flag, FIELD_fee_hilist_code,
	FIELD_fee_medins_list_codg, FIELD_fee_chrg_bchno,
};

/* Beyond fields of the same name: what single derived fields read. */
static const struct {
	const char *name;
	enum field reads[8];
} extra[] = {
	{ "visit_class", { FIELD_fee_med_type, FIELD_NONE } },
	{ "fund_pay", { FIELD_settlement_inscp_amt, FIELD_NONE } },
	{ "dscg_maindiag_code", { FIELD_diagnosis_maindiag_flag, FIELD_diagnosis_diag_code,
				  FIELD_diagnosis_diag_type, FIELD_NONE } },
	{ "maindiag_class", { FIELD_diagnosis_maindiag_flag, FIELD_diagnosis_diag_code,
			      FIELD_diagnosis_diag_type, FIELD_NONE } },
	{ "dscg_maindiag_name", { FIELD_diagnosis_maindiag_flag, FIELD_diagnosis_diag_name,
				  FIELD_diagnosis_diag_type,
				  FIELD_encounter_dscg_maindiag_code, FIELD_NONE } },
	{ "id_conflict", { FIELD_person_brdy, FIELD_encounter_brdy, FIELD_settlement_brdy,
			   FIELD_NONE } },
	{ "diag_class", { FIELD_diagnosis_diag_code, FIELD_NONE } },
	{ "diag_classes", { FIELD_diagnosis_diag_code, FIELD_NONE } },
	{ "oprn_oprt_code", { FIELD_operation_main_oprn_flag, FIELD_operation_oprn_oprt_code,
			      FIELD_NONE } },
	{ "item_name", { FIELD_item_item_name, FIELD_fee_hilist_name, FIELD_fee_medins_list_name,
			 FIELD_stock_fixmedins_hilist_name, FIELD_report_exam_item_name,
			 FIELD_stock_med_list_codg, FIELD_trace_med_list_codg,
			 FIELD_report_med_list_codg } },
};

static const enum stream sources[] = { STREAM_ENCOUNTER, STREAM_SETTLEMENT, STREAM_PERSON,
				       STREAM_FACILITY };

bool field_is_derived(enum field f)
{
	const struct field_info *info = field_get(f);

	return info->stream >= STREAM_STORED || info->role == ROLE_DERIVED;
}

static const char *const *also_read(const char *name)
{
	static const struct {
		const char *name;
		const char *also[2];
	} table[] = {
#define DERIVE(name, fn, also, also2) { #name, { also, also2 } },
#include "lib/timeline/derive.def"
#undef DERIVE
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (*name == *table[i].name && strcmp(name, table[i].name) == 0)
			return table[i].also;
	}
	return NULL;
}

static enum field stored_named(enum stream s, const char *name)
{
	unsigned first = stream_first(s), end = first + stream_stored_width(s);

	for (unsigned f = first; f < end; f++) {
		const char *own = field_get((enum field)f)->name;

		if (*own == *name && strcmp(own, name) == 0)
			return (enum field)f;
	}
	return FIELD_NONE;
}

/* hosp_level is joined as hosp_lv, what is of the main diagnosis as dscg_maindiag_code; the
 * rest as itself. */
enum field needs_twin(enum field f, enum stream s)
{
	const char *name = field_get(f)->name;
	const char *const *also = also_read(name);
	enum field twin = stored_named(s, name);

	if (twin == FIELD_NONE && also && also[0][0])
		twin = stored_named(s, also[0]);
	return twin;
}

static void need_derived(uint8_t *keep, enum field f)
{
	const char *name = field_get(f)->name;
	const char *const *also = also_read(name);

	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		enum field twin = needs_twin(f, sources[i]);

		if (twin != FIELD_NONE)
			field_want(keep, twin);
		for (int k = 0; also && k < 2; k++) {
			twin = stored_named(sources[i], also[k]);
			if (twin != FIELD_NONE)
				field_want(keep, twin);
		}
	}
	for (size_t i = 0; i < sizeof extra / sizeof extra[0]; i++) {
		if (strcmp(name, extra[i].name) != 0)
			continue;
		for (int k = 0; k < 8 && extra[i].reads[k] != FIELD_NONE; k++)
			field_want(keep, extra[i].reads[k]);
	}
}

void needs_kept(const uint8_t *wanted, uint8_t *keep)
{
	memset(keep, 0, FIELD_BITMAP);
	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		field_want(keep, always[i]);
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		enum field f = (enum field)i;

		if (!field_wanted(wanted, f))
			continue;
		if (field_is_derived(f))
			need_derived(keep, f);
		else
			field_want(keep, f);
	}
}

static void need(uint8_t *out, enum field f)
{
	if (f != FIELD_NONE)
		field_want(out, f);
}

void timeline_needs(const uint8_t *wanted, uint8_t *needed)
{
	needs_kept(wanted, needed);
	for (size_t i = 0; i < sizeof on_intake / sizeof on_intake[0]; i++)
		field_want(needed, on_intake[i]);
	for (int s = 0; s < STREAM_STORED; s++) {
		const struct stream_plan *plan = stream_plan((enum stream)s);

		need(needed, plan->subject_key);
		need(needed, plan->a);
		need(needed, plan->b);
		need(needed, plan->own[0]);
		need(needed, plan->own[1]);
		need(needed, plan->valid);
		for (int k = 0; plan->part[k] != FIELD_NONE; k++)
			need(needed, plan->part[k]);
	}
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (field_get((enum field)i)->role == ROLE_REVISION)
			field_want(needed, (enum field)i);
	}
}
