/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See columns.h. A writer puts one field, without its comma. */
#include "columns.h"

#include <string.h>

#define PUT(name) static void put_##name(const struct row *r)
#define CONSTANT(name, text) PUT(name) { out_text(r->o, text); }

static const struct facility *fac_of(const struct row *r)
{
	return &r->g->world.facs[r->v->fac];
}

static const struct diagnosis *diag_of(const struct row *r)
{
	return &r->g->cat.diags[r->v->diag];
}

static void put_id(const struct row *r, char letter, uint64_t id)
{
	*r->o->at++ = letter;
	memcpy(r->o->at, "440300", 6);
	r->o->at += 6;
	out_padded(r->o, id, 12);
}

static void put_half_up(const struct row *r, int64_t fen, int percent)
{
	out_money(r->o, (fen * percent + (fen < 0 ? -50 : 50)) / 100);
}

CONSTANT(nothing, "")
CONSTANT(oracle_null, "\\N")
CONSTANT(word_null, "NULL")
CONSTANT(zero, "0")
CONSTANT(one, "1")
CONSTANT(two, "2")
CONSTANT(no_money, "0.00")
CONSTANT(area, "440300")
CONSTANT(cert_type, "01")
CONSTANT(nation, "01")

/* ---- who and where */
PUT(mdtrt_id) { put_id(r, 'M', r->v->number); }
PUT(psn_no)
{
	const struct person *p = &r->g->person;

	out_text(r->o, r->wrong_person ? p->wrong_no : p->no);
}
PUT(psn_name) { out_text(r->o, r->g->person.name); }
PUT(gend) { out_int(r->o, r->g->person.gender); }
PUT(brdy) { out_day(r->o, r->g->person.birth_day); }
PUT(insutype)
{
	out_int(r->o, r->s && r->s->second_insurance ? 330
		: r->g->person.insutype);
}
PUT(psn_type)
{
	out_text(r->o, r->g->person.insutype == 310 ? "1101" : "15");
}
PUT(age)
{
	out_int(r->o, (r->v->day - r->g->person.birth_day) / 365);
}
PUT(fac_code) { out_text(r->o, fac_of(r)->code); }
PUT(fac_name) { out_text(r->o, fac_of(r)->name); }
PUT(hosp_lv) { out_padded(r->o, (uint64_t)fac_of(r)->level, 2); }
PUT(med_type) { out_text(r->o, r->v->med_type); }
PUT(year) { memcpy(r->o->at, day_text(r->v->day), 4); r->o->at += 4; }
PUT(updt_time) { out_time(r->o, r->updated); }
PUT(crte_time) { out_time(r->o, r->v->end + 600); }
PUT(pt)
{
	const char *d = day_text(r->g->opt.first_day + r->g->opt.days);

	memcpy(r->o->at, d, 4);
	memcpy(r->o->at + 4, d + 5, 2);
	memcpy(r->o->at + 6, d + 8, 2);
	r->o->at += 8;
}
PUT(dept_code)
{
	if (r->v->kind != VISIT_PHARMACY)
		out_text(r->o, "A03");
}
PUT(dept_name)
{
	if (r->v->kind != VISIT_PHARMACY)
		out_text(r->o, "内科");
}
PUT(dr_code)
{
	if (r->v->kind == VISIT_PHARMACY)
		return;
	out_text(r->o, "D4403");
	out_padded(r->o, (uint64_t)r->v->fac * 20 + r->v->id % 20, 8);
}
PUT(dr_name)
{
	static const char *const names[] = { "周明", "李静", "王磊", "陈芳" };

	if (r->v->kind != VISIT_PHARMACY)
		out_text(r->o, names[r->v->id % 4]);
}

/* ---- encounter */
PUT(begntime) { out_time(r->o, r->v->begin); }
PUT(endtime)
{
	if (!r->v->open)
		out_time(r->o, r->v->end);
}
PUT(ipt_otp_no)
{
	*r->o->at++ = r->v->kind == VISIT_IN ? 'Z' : 'M';
	out_padded(r->o, r->v->id, 8);
}
PUT(diag_code)
{
	if (r->v->kind != VISIT_PHARMACY)
		out_text(r->o, diag_of(r)->code);
}
PUT(diag_name)
{
	if (r->v->kind != VISIT_PHARMACY)
		out_text(r->o, diag_of(r)->name);
}
PUT(dscg_way)
{
	if (r->v->kind == VISIT_IN && !r->v->open)
		out_int(r->o, r->v->dscg_way);
}
PUT(inhosp_stas) { out_int(r->o, r->v->open); }
PUT(bed)
{
	if (r->v->kind == VISIT_IN)
		out_int(r->o, (int64_t)(r->v->id % 60) + 1);
}

/* ---- settlement */
PUT(setl_id)
{
	if (r->s)
		put_id(r, 'S', r->s->id);
}
PUT(init_setl_id)
{
	if (r->s->init)
		put_id(r, 'S', r->s->init);
}
PUT(begndate) { out_day(r->o, r->s->begin); }
PUT(enddate) { out_day(r->o, r->s->end); }
PUT(setl_time)
{
	int64_t delay = r->s->late ? 3 * DAY_SECONDS : 900;

	out_time(r->o, (int64_t)r->s->end * DAY_SECONDS + 17 * 3600 + delay);
}
PUT(setl_type) { out_int(r->o, r->s->manual ? 1 : r->s->aid ? 3 : 2); }
PUT(pay_loc) { out_int(r->o, r->s && r->s->manual ? 1 : 2); }
PUT(medfee) { out_money(r->o, r->s->medfee); }
PUT(setl_inscp) { out_money(r->o, r->s->inscp); }
PUT(setl_outside) { out_money(r->o, r->s->medfee - r->s->inscp); }
PUT(fund) { out_money(r->o, r->s->fund); }
PUT(psn_pay) { out_money(r->o, r->s->medfee - r->s->fund); }
PUT(acct_pay) { put_half_up(r, r->s->medfee - r->s->fund, 40); }
PUT(cash)
{
	int64_t own = r->s->medfee - r->s->fund;

	out_money(r->o, own - (own * 40 + (own < 0 ? -50 : 50)) / 100);
}
PUT(pool_prop) { out_text(r->o, r->s->no_fund ? "1.0000" : "0.3000"); }
PUT(refd_flag) { out_int(r->o, r->refunded); }
PUT(invoice)
{
	out_text(r->o, "FP");
	out_padded(r->o, r->s->invoice, 10);
}
PUT(manual_reason)
{
	if (r->s->manual)
		out_text(r->o, "异地就医,未联网直接结算");
}
PUT(mid_flag) { out_int(r->o, r->s->mid); }

/* ---- fee line */
static const struct item *item_of(const struct row *r)
{
	return &r->g->cat.items[r->l->item];
}

static struct line line_as_sent(const struct row *r)
{
	struct line l = *r->l;

	l.cnt = r->cnt;
	return l;
}

static int64_t first_share(const struct row *r)
{
	struct line l = line_as_sent(r);

	return line_amount(r->g, &l) - line_inscp(r->g, &l);
}

PUT(feedetl_sn) { out_padded(r->o, (uint64_t)r->l->sn, 6); }
PUT(init_feedetl_sn)
{
	if (r->l->init_sn)
		out_padded(r->o, (uint64_t)r->l->init_sn, 6);
}
PUT(fee_ocur_time) { out_time(r->o, r->l->time); }
PUT(rx_drord_no)
{
	*r->o->at++ = 'R';
	out_padded(r->o, r->v->id * 8 + (uint64_t)r->l->sn / 5, 12);
}
PUT(cnt) { out_int(r->o, r->cnt); out_text(r->o, ".0000"); }
PUT(pric) { out_money(r->o, item_of(r)->price); out_text(r->o, "0000"); }
PUT(amount)
{
	struct line l = line_as_sent(r);

	out_money(r->o, line_amount(r->g, &l));
}
PUT(line_inscp)
{
	struct line l = line_as_sent(r);

	out_money(r->o, line_inscp(r->g, &l));
}
static bool all_own(const struct row *r)
{
	return r->l->ownpay || r->l->refused;
}
PUT(selfpay_prop)
{
	out_text(r->o, all_own(r) ? "1.0000"
		: item_of(r)->selfpay ? "0.1000" : "0.0000");
}
PUT(ownpay) { out_money(r->o, all_own(r) ? first_share(r) : 0); }
PUT(preselfpay) { out_money(r->o, all_own(r) ? 0 : first_share(r)); }
PUT(chrgitm_lv)
{
	out_text(r->o, all_own(r) ? "03" : item_of(r)->selfpay ? "02" : "01");
}
PUT(item_code) { out_text(r->o, item_of(r)->code); }
PUT(item_name) { out_text(r->o, item_of(r)->name); }
PUT(list_type) { out_int(r->o, item_of(r)->list_type); }
PUT(own_code)
{
	*r->o->at++ = 'L';
	out_padded(r->o, (uint64_t)r->v->fac, 4);
	out_padded(r->o, (uint64_t)r->l->item + (r->l->name ? 5000 : 0), 5);
}
PUT(own_name)
{
	out_text(r->o, r->l->name ? r->l->name : item_of(r)->name);
}
PUT(chrg_type) { out_padded(r->o, (uint64_t)item_of(r)->chrg_type, 2); }
PUT(appr_flag) { out_int(r->o, r->l->refused ? 2 : 0); }
PUT(vali_flag) { out_int(r->o, !(r->l && r->l->deleted)); }
PUT(chrg_bchno)
{
	*r->o->at++ = 'P';
	out_padded(r->o, r->v->id, 10);
}
PUT(rx_circ) { out_text(r->o, "0"); }

/* ---- settlement list */
PUT(list_id) { put_id(r, 'Q', r->v->id * 10 + (uint64_t)r->number); }
PUT(diag_main) { out_int(r->o, r->number == 0); }
PUT(list_diag_code)
{
	static const char *const others[] = { "I10.x00", "E78.500", "E11.900" };

	out_text(r->o, r->number ? others[r->v->id % 3] : diag_of(r)->code);
}
PUT(list_diag_name)
{
	static const char *const others[] = { "特发性(原发性)高血压", "高脂血症",
		"2型糖尿病不伴有并发症" };

	out_text(r->o, r->number ? others[r->v->id % 3] : diag_of(r)->name);
}
PUT(oprn_code) { out_text(r->o, "86.2200"); }
PUT(oprn_name) { out_text(r->o, "伤口、感染或烧伤的切除性清创术"); }
PUT(oprn_date) { out_time(r->o, r->v->begin + DAY_SECONDS); }

const struct column encounter_columns[] = {
	{ "mdtrt_id", put_mdtrt_id }, { "psn_no", put_psn_no },
	{ "psn_cert_type", put_cert_type }, { "psn_name", put_psn_name },
	{ "gend", put_gend }, { "naty", put_nation }, { "brdy", put_brdy },
	{ "age", put_age }, { "insutype", put_insutype },
	{ "psn_type", put_psn_type }, { "nwb_flag", put_zero },
	{ "insu_admdvs", put_area }, { "pay_loc", put_two },
	{ "fixmedins_code", put_fac_code }, { "fixmedins_name", put_fac_name },
	{ "hosp_lv", put_hosp_lv }, { "fix_blng_admdvs", put_area },
	{ "begntime", put_begntime }, { "endtime", put_endtime },
	{ "mdtrt_cert_type", put_cert_type }, { "med_type", put_med_type },
	{ "year", put_year }, { "ipt_otp_no", put_ipt_otp_no },
	{ "chfpdr_code", put_dr_code }, { "adm_dept_codg", put_dept_code },
	{ "adm_dept_name", put_dept_name }, { "adm_bed", put_bed },
	{ "dscg_maindiag_code", put_diag_code },
	{ "dscg_dept_codg", put_dept_code }, { "dscg_dept_name", put_dept_name },
	{ "dscg_bed", put_bed }, { "dscg_way", put_dscg_way },
	{ "inhosp_stas", put_inhosp_stas }, { "die_date", put_oracle_null },
	{ "ipt_days", put_word_null }, { "vali_flag", put_vali_flag },
	{ "rid", put_mdtrt_id }, { "updt_time", put_updt_time },
	{ "crte_time", put_crte_time }, { "poolarea_no", put_area },
	{ "chfpdr_name", put_dr_name }, { "dscg_maindiag_name", put_diag_name },
	{ "pt", put_pt }, { NULL, NULL },
};

const struct column settlement_columns[] = {
	{ "setl_id", put_setl_id }, { "clr_optins", put_area },
	{ "medins_setl_id", put_setl_id }, { "mdtrt_id", put_mdtrt_id },
	{ "init_setl_id", put_init_setl_id }, { "psn_no", put_psn_no },
	{ "psn_name", put_psn_name }, { "psn_cert_type", put_cert_type },
	{ "gend", put_gend }, { "brdy", put_brdy }, { "age", put_age },
	{ "insutype", put_insutype }, { "psn_type", put_psn_type },
	{ "insu_admdvs", put_area }, { "pay_loc", put_pay_loc },
	{ "fixmedins_code", put_fac_code }, { "fixmedins_name", put_fac_name },
	{ "hosp_lv", put_hosp_lv }, { "fix_blng_admdvs", put_area },
	{ "begndate", put_begndate }, { "enddate", put_enddate },
	{ "setl_time", put_setl_time }, { "mdtrt_cert_type", put_cert_type },
	{ "med_type", put_med_type }, { "setl_type", put_setl_type },
	{ "psn_setlway", put_one }, { "medfee_sumamt", put_medfee },
	{ "fulamt_ownpay_amt", put_no_money },
	{ "overlmt_selfpay", put_no_money },
	{ "preselfpay_amt", put_setl_outside }, { "inscp_amt", put_setl_inscp },
	{ "act_pay_dedc", put_no_money }, { "hifp_pay", put_fund },
	{ "pool_prop_selfpay", put_pool_prop }, { "fund_pay_sumamt", put_fund },
	{ "psn_pay", put_psn_pay }, { "acct_pay", put_acct_pay },
	{ "cash_payamt", put_cash }, { "refd_setl_flag", put_refd_flag },
	{ "year", put_year }, { "invono", put_invoice },
	{ "manl_reim_rea", put_manual_reason }, { "vali_flag", put_one },
	{ "rid", put_setl_id }, { "updt_time", put_updt_time },
	{ "crte_time", put_crte_time }, { "poolarea_no", put_area },
	{ "mid_setl_flag", put_mid_flag }, { "pt", put_pt }, { NULL, NULL },
};

const struct column fee_columns[] = {
	{ "feedetl_sn", put_feedetl_sn }, { "bkkp_sn", put_feedetl_sn },
	{ "mdtrt_id", put_mdtrt_id }, { "fee_ocur_time", put_fee_ocur_time },
	{ "setl_id", put_setl_id }, { "rx_drord_no", put_rx_drord_no },
	{ "fixmedins_code", put_fac_code }, { "fixmedins_name", put_fac_name },
	{ "psn_no", put_psn_no }, { "insu_admdvs", put_area },
	{ "pay_loc", put_two }, { "med_type", put_med_type },
	{ "cnt", put_cnt }, { "pric", put_pric },
	{ "det_item_fee_sumamt", put_amount }, { "pric_uplmt_amt", put_nothing },
	{ "selfpay_prop", put_selfpay_prop },
	{ "fulamt_ownpay_amt", put_ownpay },
	{ "overlmt_selfpay", put_no_money },
	{ "preselfpay_amt", put_preselfpay }, { "inscp_amt", put_line_inscp },
	{ "chrgitm_lv", put_chrgitm_lv }, { "hilist_code", put_item_code },
	{ "hilist_name", put_item_name }, { "list_type", put_list_type },
	{ "med_list_codg", put_item_code }, { "medins_list_codg", put_own_code },
	{ "medins_list_name", put_own_name },
	{ "med_chrgitm_type", put_chrg_type },
	{ "bilg_dept_codg", put_dept_code }, { "bilg_dept_name", put_dept_name },
	{ "bilg_dr_code", put_dr_code }, { "bilg_dr_name", put_dr_name },
	{ "hosp_appr_flag", put_appr_flag }, { "dscg_tkdrug_flag", put_zero },
	{ "matn_fee_flag", put_zero }, { "vali_flag", put_vali_flag },
	{ "updt_time", put_updt_time }, { "crte_time", put_crte_time },
	{ "poolarea_no", put_area }, { "rx_circ_flag", put_rx_circ },
	{ "chrg_bchno", put_chrg_bchno },
	{ "init_feedetl_sn", put_init_feedetl_sn }, { "pt", put_pt },
	{ NULL, NULL },
};

const struct column diagnosis_columns[] = {
	{ "setl_list_diag_id", put_list_id }, { "setl_id", put_setl_id },
	{ "mdtrt_id", put_mdtrt_id }, { "psn_no", put_psn_no },
	{ "fixmedins_code", put_fac_code }, { "diag_type", put_one },
	{ "maindiag_flag", put_diag_main }, { "diag_code", put_list_diag_code },
	{ "diag_name", put_list_diag_name }, { "adm_cond_type", put_one },
	{ "vali_flag", put_one }, { "updt_time", put_updt_time },
	{ "poolarea_no", put_area }, { "pt", put_pt }, { NULL, NULL },
};

const struct column operation_columns[] = {
	{ "setl_list_oprn_id", put_list_id }, { "setl_id", put_setl_id },
	{ "psn_no", put_psn_no }, { "mdtrt_id", put_mdtrt_id },
	{ "fixmedins_code", put_fac_code }, { "main_oprn_flag", put_one },
	{ "oprn_oprt_name", put_oprn_name }, { "oprn_oprt_code", put_oprn_code },
	{ "oprn_oprt_date", put_oprn_date }, { "oper_dr_name", put_dr_name },
	{ "oper_dr_code", put_dr_code }, { "vali_flag", put_one },
	{ "updt_time", put_updt_time }, { "poolarea_no", put_area },
	{ "pt", put_pt }, { NULL, NULL },
};

static void end_row(struct out *o)
{
	if (o->crlf)
		*o->at++ = '\r';
	*o->at++ = '\n';
}

void columns_header(struct out *o, const struct column *cols)
{
	for (int i = 0; cols[i].name; i++) {
		if (i)
			*o->at++ = ',';
		out_text(o, cols[i].name);
	}
	end_row(o);
}

void columns_row(const struct column *cols, const struct row *r)
{
	out_room(r->o);
	for (int i = 0; cols[i].name; i++) {
		if (i)
			*r->o->at++ = ',';
		cols[i].put(r);
	}
	end_row(r->o);
}
