-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Record versions as they came, one table a stream; written from
-- lib/record/fields.def by tests/unit/test_schema --write.
-- identity: which rows are the same record (lib/record/identity.h);
-- digest: of the row's known content (XXH3-64, unsigned bits);
-- NAME_live: the winning version of each record that is still valid. Reversals
-- are paired when timelines are gathered, not here.

-- 追溯码 (trace_d)
CREATE TABLE fundwatch.trace (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	trac_chg_type text,
	fixmedins_code text,
	psn_no text,
	mdtrt_id text,
	setl_id text,
	drug_trac_codg text,
	trac_time timestamp without time zone,
	feedetl_sn text,
	med_list_codg text,
	pric numeric(20,6),
	trdn_flag text,
	vali_flag text,
	updt_time timestamp without time zone,
	inf_time timestamp without time zone
) PARTITION BY RANGE (trac_time);
CREATE TABLE fundwatch.trace_other PARTITION OF fundwatch.trace DEFAULT;
CREATE INDEX trace_lookup ON fundwatch.trace (mdtrt_id);
CREATE VIEW fundwatch.trace_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.trace
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';

-- 检查检验 (report_d)
CREATE TABLE fundwatch.report (
	identity uuid NOT NULL,
	intake_id bigint NOT NULL,
	line bigint NOT NULL,
	digest bigint NOT NULL,
	revision timestamp without time zone,
	rpotc_no text,
	fixmedins_code text,
	psn_no text,
	mdtrt_id text,
	rpt_date timestamp without time zone,
	exam_date timestamp without time zone,
	med_list_codg text,
	exam_item_name text,
	inhosp_exam_item_code text,
	exam_item_detl_code text,
	exam_rslt_abn text,
	exam_ccls text,
	appy_no text,
	bilg_dr_codg text,
	vali_flag text,
	updt_time timestamp without time zone,
	inf_time timestamp without time zone
) PARTITION BY RANGE (rpt_date);
CREATE TABLE fundwatch.report_other PARTITION OF fundwatch.report DEFAULT;
CREATE INDEX report_lookup ON fundwatch.report (mdtrt_id);
CREATE VIEW fundwatch.report_live AS
SELECT * FROM (
	SELECT DISTINCT ON (identity) * FROM fundwatch.report
	ORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, digest DESC
) winner
WHERE vali_flag IS DISTINCT FROM '0';
