-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Record versions as they came, one table a stream; written from
-- lib/record/fields.def by tests/unit/test_schema --write.
-- identity: which rows are the same record (lib/record/identity.h);
-- digest: of the row's known content (XXH3-64, unsigned bits);
-- NAME_live: the winning version of each record that is still valid. Reversals
-- are paired when timelines are gathered, not here.

-- 就诊登记 (mdtrt_d)
CREATE TABLE fundwatch.encounter (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	mdtrt_id text,
	fixmedins_code text,
	psn_no text,
	begntime timestamp without time zone,
	endtime timestamp without time zone,
	med_type text,
	insutype text,
	psn_name text,
	psn_cert_type text,
	certno text,
	gend text,
	brdy date,
	tel text,
	addr text,
	psn_type text,
	sp_psn_type text,
	nwb_flag text,
	insu_admdvs text,
	emp_no text,
	emp_name text,
	pay_loc text,
	fixmedins_name text,
	hosp_lv text,
	fix_blng_admdvs text,
	mdtrt_cert_type text,
	mdtrt_cert_no text,
	refl_old_mdtrt_id text,
	ipt_otp_no text,
	medrcdno text,
	chfpdr_code text,
	chfpdr_name text,
	adm_diag_dscr text,
	adm_dept_codg text,
	adm_dept_name text,
	adm_bed text,
	dscg_maindiag_code text,
	dscg_maindiag_name text,
	dscg_dept_codg text,
	dscg_dept_name text,
	dscg_bed text,
	dscg_way text,
	main_cond_dscr text,
	dise_no text,
	dise_name text,
	oprn_oprt_code text,
	oprn_oprt_name text,
	inhosp_stas text,
	die_date date,
	ipt_days numeric(20,4),
	geso_val bigint,
	birctrl_type text,
	birctrl_matn_date date,
	fetts bigint,
	fetus_cnt bigint,
	matn_type text,
	latechb_flag text,
	pret_flag text,
	cop_flag text,
	ttp_pay_flag text,
	dise_type_code text,
	same_dise_adm_flag text,
	memo text,
	vali_flag text,
	updt_time timestamp without time zone,
	inf_time timestamp without time zone
) PARTITION BY RANGE (begntime);
CREATE TABLE fundwatch.encounter_other PARTITION OF fundwatch.encounter DEFAULT;
CREATE INDEX encounter_lookup ON fundwatch.encounter (mdtrt_id);
CREATE VIEW fundwatch.encounter_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.encounter
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';

-- 结算 (setl_d)
CREATE TABLE fundwatch.settlement (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	setl_id text,
	mdtrt_id text,
	fixmedins_code text,
	psn_no text,
	setl_time timestamp without time zone,
	begndate date,
	enddate date,
	med_type text,
	setl_type text,
	insutype text,
	medins_setl_id text,
	init_setl_id text,
	psn_name text,
	psn_cert_type text,
	certno text,
	gend text,
	brdy date,
	psn_type text,
	sp_psn_type text,
	nwb_flag text,
	insu_admdvs text,
	emp_no text,
	emp_name text,
	pay_loc text,
	fixmedins_name text,
	hosp_lv text,
	fix_blng_admdvs text,
	mdtrt_cert_type text,
	mdtrt_cert_no text,
	clr_type text,
	clr_way text,
	psn_setlway text,
	medfee_sumamt numeric(20,6),
	fulamt_ownpay_amt numeric(20,6),
	overlmt_selfpay numeric(20,6),
	preselfpay_amt numeric(20,6),
	inscp_amt numeric(20,6),
	act_pay_dedc numeric(20,6),
	hifp_pay numeric(20,6),
	pool_prop_selfpay numeric(20,6),
	cvlserv_pay numeric(20,6),
	hifes_pay numeric(20,6),
	hifmi_pay numeric(20,6),
	hifob_pay numeric(20,6),
	maf_pay numeric(20,6),
	othfund_pay numeric(20,6),
	fund_pay_sumamt numeric(20,6),
	psn_pay numeric(20,6),
	acct_pay numeric(20,6),
	cash_payamt numeric(20,6),
	acct_mulaid_pay numeric(20,6),
	chrg_bchno text,
	dise_no text,
	dise_name text,
	invono text,
	manl_reim_rea text,
	mid_setl_flag text,
	memo text,
	refd_setl_flag text,
	vali_flag text,
	updt_time timestamp without time zone,
	inf_time timestamp without time zone
) PARTITION BY RANGE (setl_time);
CREATE TABLE fundwatch.settlement_other PARTITION OF fundwatch.settlement DEFAULT;
CREATE INDEX settlement_lookup ON fundwatch.settlement (mdtrt_id);
CREATE VIEW fundwatch.settlement_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.settlement
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';

-- 费用明细 (fee_list_d)
CREATE TABLE fundwatch.fee (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	bkkp_sn text,
	feedetl_sn text,
	mdtrt_id text,
	setl_id text,
	fixmedins_code text,
	psn_no text,
	fee_ocur_time timestamp without time zone,
	init_feedetl_sn text,
	med_type text,
	med_list_codg text,
	hilist_code text,
	hilist_name text,
	medins_list_codg text,
	medins_list_name text,
	list_type text,
	med_chrgitm_type text,
	chrgitm_lv text,
	cnt numeric(20,4),
	pric numeric(20,6),
	det_item_fee_sumamt numeric(20,6),
	inscp_amt numeric(20,6),
	pric_uplmt_amt numeric(20,6),
	selfpay_prop numeric(20,6),
	fulamt_ownpay_amt numeric(20,6),
	overlmt_selfpay numeric(20,6),
	preselfpay_amt numeric(20,6),
	rx_drord_no text,
	rxno text,
	chrg_bchno text,
	dise_codg text,
	insu_admdvs text,
	pay_loc text,
	fixmedins_name text,
	prodname text,
	spec text,
	dosform_name text,
	bilg_dept_codg text,
	bilg_dept_name text,
	bilg_dr_code text,
	bilg_dr_name text,
	acord_dept_codg text,
	acord_dept_name text,
	acord_dr_code text,
	acord_dr_name text,
	lmt_used_flag text,
	hosp_prep_flag text,
	hosp_appr_flag text,
	tcmdrug_used_way text,
	bas_medn_flag text,
	hi_nego_drug_flag text,
	chld_medc_flag text,
	etip_flag text,
	etip_hosp_code text,
	dscg_tkdrug_flag text,
	matn_fee_flag text,
	drt_reim_flag text,
	rx_circ_flag text,
	reim_prop numeric(20,6),
	oprn_oprt_code text,
	sin_dos_dscr text,
	used_frqu_dscr text,
	prd_days numeric(20,4),
	medc_way_dscr text,
	comb_no text,
	memo text,
	vali_flag text,
	updt_time timestamp without time zone,
	inf_time timestamp without time zone
) PARTITION BY RANGE (fee_ocur_time);
CREATE TABLE fundwatch.fee_other PARTITION OF fundwatch.fee DEFAULT;
CREATE INDEX fee_lookup ON fundwatch.fee (mdtrt_id);
CREATE VIEW fundwatch.fee_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.fee
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';

-- 诊断 (setl_list_diag_d)
CREATE TABLE fundwatch.diagnosis (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	setl_list_diag_id text,
	setl_id text,
	mdtrt_id text,
	fixmedins_code text,
	psn_no text,
	diag_time timestamp without time zone,
	diag_type text,
	diag_srt_no bigint,
	maindiag_flag text,
	diag_code text,
	diag_name text,
	adm_cond_type text,
	diag_dept text,
	dise_dor_no text,
	vali_flag text,
	updt_time timestamp without time zone,
	inf_time timestamp without time zone
) PARTITION BY RANGE (diag_time);
CREATE TABLE fundwatch.diagnosis_other PARTITION OF fundwatch.diagnosis DEFAULT;
CREATE INDEX diagnosis_lookup ON fundwatch.diagnosis (mdtrt_id);
CREATE VIEW fundwatch.diagnosis_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.diagnosis
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';

-- 手术 (setl_list_oprn_d)
CREATE TABLE fundwatch.operation (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	setl_list_oprn_id text,
	setl_id text,
	mdtrt_id text,
	fixmedins_code text,
	psn_no text,
	oprn_oprt_date timestamp without time zone,
	main_oprn_flag text,
	oprn_oprt_code text,
	oprn_oprt_name text,
	anst_way text,
	oper_dr_code text,
	oper_dr_name text,
	anst_dr_code text,
	anst_dr_name text,
	oprn_oprt_begntime timestamp without time zone,
	oprn_oprt_endtime timestamp without time zone,
	anst_begntime timestamp without time zone,
	anst_endtime timestamp without time zone,
	vali_flag text,
	updt_time timestamp without time zone,
	inf_time timestamp without time zone
) PARTITION BY RANGE (oprn_oprt_date);
CREATE TABLE fundwatch.operation_other PARTITION OF fundwatch.operation DEFAULT;
CREATE INDEX operation_lookup ON fundwatch.operation (mdtrt_id);
CREATE VIEW fundwatch.operation_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.operation
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';

-- 进销存 (stock_d)
CREATE TABLE fundwatch.stock (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	infno text,
	fixmedins_code text,
	med_list_codg text,
	fixmedins_bchno text,
	inv_chg_time timestamp without time zone,
	mdtrt_id text,
	setl_id text,
	psn_no text,
	fixmedins_hilist_id text,
	fixmedins_hilist_name text,
	inv_chg_type text,
	cnt numeric(20,4),
	pric numeric(20,6),
	rx_flag text,
	rx_circ_flag text,
	trdn_flag text,
	spler_name text,
	manu_lotnum text,
	prodentp_name text,
	aprvno text,
	manu_date date,
	expy_end date,
	purc_invo_no text,
	rxno text,
	prsc_dr_name text,
	phar_prac_cert_no text,
	rtal_docno text,
	drug_trac_codg text,
	memo text,
	vali_flag text,
	updt_time timestamp without time zone,
	inf_time timestamp without time zone
) PARTITION BY RANGE (inv_chg_time);
CREATE TABLE fundwatch.stock_other PARTITION OF fundwatch.stock DEFAULT;
CREATE INDEX stock_lookup ON fundwatch.stock (infno);
CREATE VIEW fundwatch.stock_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.stock
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';

-- 人员 (person_d)
CREATE TABLE fundwatch.person (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	psn_no text,
	begndate date,
	enddate date,
	psn_name text,
	psn_cert_type text,
	certno text,
	gend text,
	brdy date,
	insutype text,
	psn_type text,
	insu_admdvs text,
	emp_no text,
	emp_name text,
	addr text,
	tel text,
	die_date date,
	vali_flag text,
	updt_time timestamp without time zone
);
CREATE INDEX person_lookup ON fundwatch.person (psn_no);
CREATE VIEW fundwatch.person_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.person
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';

-- 机构 (facility_d)
CREATE TABLE fundwatch.facility (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	fixmedins_code text,
	begndate date,
	enddate date,
	fixmedins_name text,
	fixmedins_type text,
	hosp_lv text,
	fix_blng_admdvs text,
	econ_type text,
	aprv_bed_cnt bigint,
	uscc text,
	addr text,
	vali_flag text,
	updt_time timestamp without time zone
);
CREATE INDEX facility_lookup ON fundwatch.facility (fixmedins_code);
CREATE VIEW fundwatch.facility_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.facility
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';

-- 医师 (practitioner_d)
CREATE TABLE fundwatch.practitioner (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	dr_code text,
	fixmedins_code text,
	begndate date,
	enddate date,
	dr_name text,
	dept_codg text,
	dept_name text,
	dr_profttl text,
	prac_scp text,
	vali_flag text,
	updt_time timestamp without time zone
);
CREATE INDEX practitioner_lookup ON fundwatch.practitioner (dr_code);
CREATE VIEW fundwatch.practitioner_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.practitioner
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';

-- 目录 (item_d)
CREATE TABLE fundwatch.item (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	med_list_codg text,
	fixmedins_code text,
	begndate date,
	enddate date,
	item_name text,
	genname text,
	list_type text,
	med_chrgitm_type text,
	chrgitm_lv text,
	pric_uplmt_amt numeric(20,6),
	selfpay_prop numeric(20,6),
	spec text,
	dosform_name text,
	prodentp_name text,
	convrat numeric(20,4),
	vali_flag text,
	updt_time timestamp without time zone
);
CREATE INDEX item_lookup ON fundwatch.item (med_list_codg);
CREATE VIEW fundwatch.item_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.item
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';
