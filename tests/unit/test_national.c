/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_national.c - interface messages: what each gives, and what cannot be read.
 */
#include "tests/check.h"

#include "tests/decoding.h"

static struct feed *feed;

static int make_feed(void **state)
{
	(void)state;
	feed = feed_default();
	return 0;
}

static int drop_feed(void **state)
{
	(void)state;
	feed_free(feed);
	return 0;
}

#define ENVELOPE(no) "{\"infno\":\"" no "\",\"msgid\":\"H1-0001\",\"inf_time\":" \
	"\"2026-03-01 10:00:00\",\"fixmedins_code\":\"H1\",\"insuplc_admdvs\":\"330100\"," \
	"\"infcode\":0,"

static void fee_details(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("2204")
		   "\"input\":{\"feedetail\":["
		   "{\"feedetl_sn\":\"1\",\"mdtrt_id\":\"M1\",\"psn_no\":\"P1\","
		   "\"chrg_bchno\":\"B1\","
		   "\"fee_ocur_time\":\"2026-03-01 09:00:00\",\"med_list_codg\":\"X1\","
		   "\"det_item_fee_sumamt\":12.30,\"cnt\":2,\"pric\":6.15,\"bilg_dr_codg\":\"D1\"},"
		   "{\"feedetl_sn\":\"2\",\"mdtrt_id\":\"M1\",\"psn_no\":\"P1\","
		   "\"fee_ocur_time\":\"2026-03-01 09:00:00\",\"cnt\":\"x\"}]},"
		   "\"output\":{\"result\":[{\"feedetl_sn\":\"2\",\"inscp_scp_amt\":9},"
		   "{\"feedetl_sn\":\"1\",\"inscp_scp_amt\":10.00,\"chrgitm_lv\":\"02\"}]}}\n",
		   "1 fee feedetl_sn=1 mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 "
		   "fee_ocur_time=2026-03-01 09:00:00 med_list_codg=X1 chrgitm_lv=02 cnt=2 "
		   "pric=6.15 "
		   "det_item_fee_sumamt=12.3 inscp_amt=10 chrg_bchno=B1 insu_admdvs=330100 "
		   "bilg_dr_code=D1 inf_time=2026-03-01 10:00:00\n"
		   "1 !bad-number 0 cnt\n");
}

static void inpatient_return_line(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("2301")
		   "\"input\":{\"feedetail\":[{\"feedetl_sn\":\"9\",\"init_feedetl_sn\":\"1\","
		   "\"mdtrt_id\":\"M1\",\"psn_no\":\"P1\",\"fee_ocur_time\":\"2026-03-02\","
		   "\"cnt\":-1,\"drord_no\":\"O1\"}]}}",
		   "1 fee feedetl_sn=9 mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 "
		   "fee_ocur_time=2026-03-02 00:00:00 init_feedetl_sn=1 cnt=-1 rx_drord_no=O1 "
		   "insu_admdvs=330100 inf_time=2026-03-01 10:00:00\n");
}

static void settlements(void **state)
{
	(void)state;
	static const char *const want =
		"1 settlement setl_id=S1 mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 "
		"setl_time=2026-03-01 09:59:59 med_type=11 insutype=310 gend=2 "
		"insu_admdvs=330100 medfee_sumamt=12.3 fund_pay_sumamt=8 psn_pay=4.3 chrg_bchno=B1 "
		"inf_time=2026-03-01 10:00:00\n";
	static const char *const body =
		"\"input\":{\"data\":{\"mdtrt_id\":\"M1\",\"psn_no\":\"P1\",\"chrg_bchno\":\"B1\","
		"\"medfee_sumamt\":\"12.30\"}},\"output\":{\"setlinfo\":{\"setl_id\":\"S1\","
		"\"setl_time\":\"2026-03-01 09:59:59\",\"med_type\":\"11\",\"gend\":\"2\","
		"\"insutype\":310,\"fund_pay_sumamt\":8,\"psn_part_amt\":4.3},"
		"\"setldetail\":[]}}\n";
	char text[2048];
	snprintf(text, sizeof(text), "%s%s", ENVELOPE("2207"), body);
	CHECK_DUMP(feed, "a.json", text, want);
	snprintf(text, sizeof(text), "%s%s", ENVELOPE("2304"), body);
	CHECK_DUMP(feed, "a.json", text, want);
}

/* The mirror of a cancelled settlement points back to it. */
static void cancelled_settlement(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("2208")
		   "\"input\":{\"data\":{\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\","
		   "\"psn_no\":\"P1\"}},"
		   "\"output\":{\"setlinfo\":{\"setl_id\":\"S2\",\"fund_pay_sumamt\":-8}}}",
		   "1 settlement setl_id=S2 mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 "
		   "setl_time=2026-03-01 10:00:00 init_setl_id=S1 insu_admdvs=330100 "
		   "fund_pay_sumamt=-8 refd_setl_flag=1 inf_time=2026-03-01 10:00:00\n");
}

/* Without a mirror in the answer the settlement itself is told to be taken back. */
static void cancelled_without_mirror(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("2305")
		   "\"input\":{\"data\":{\"setl_id\":\"S1\",\"mdtrt_id\":\"M1\","
		   "\"psn_no\":\"P1\"}}}",
		   "1 settlement setl_id=S1 mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 "
		   "setl_time=2026-03-01 10:00:00 insu_admdvs=330100 "
		   "refd_setl_flag=1 inf_time=2026-03-01 10:00:00\n");
}

/* Lines taken back: one, a charging batch, all of the visit. */
static void cancelled_lines(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("2302") "\"input\":{\"data\":["
		   "{\"feedetl_sn\":\"7\",\"mdtrt_id\":\"M1\",\"psn_no\":\"P1\"},"
		   "{\"feedetl_sn\":\"0000\",\"mdtrt_id\":\"M2\",\"psn_no\":\"P1\"}]}}\n"
		   ENVELOPE("2205") "\"input\":{\"data\":{\"mdtrt_id\":\"M1\","
		   "\"chrg_bchno\":\"B7\",\"psn_no\":\"P1\"}}}\n"
		   ENVELOPE("2205") "\"input\":{\"data\":{\"mdtrt_id\":\"M1\","
		   "\"chrg_bchno\":\"0000\",\"psn_no\":\"P1\"}}}\n",
#define GONE "fixmedins_code=H1 psn_no=P1 fee_ocur_time=2026-03-01 10:00:00 "
#define GONE_END "insu_admdvs=330100 vali_flag=0 inf_time=2026-03-01 10:00:00\n"
		   "1 fee feedetl_sn=7 mdtrt_id=M1 " GONE GONE_END
		   "1 fee feedetl_sn=0000 mdtrt_id=M2 " GONE GONE_END
		   "2 fee feedetl_sn=0000/B7 mdtrt_id=M1 " GONE "chrg_bchno=B7 " GONE_END
		   "3 fee feedetl_sn=0000 mdtrt_id=M1 " GONE "chrg_bchno=0000 " GONE_END);
}

/* Registration and admission taken back; back in hospital. */
static void cancelled_visits(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("2202") "\"input\":{\"data\":{\"mdtrt_id\":\"M1\","
		   "\"psn_no\":\"P1\"}}}\n"
		   ENVELOPE("2404") "\"input\":{\"data\":{\"mdtrt_id\":\"M2\","
		   "\"psn_no\":\"P1\"}}}\n"
		   ENVELOPE("2405") "\"input\":{\"data\":{\"mdtrt_id\":\"M3\","
		   "\"psn_no\":\"P1\"}}}\n",
		   "1 encounter mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 insu_admdvs=330100 "
		   "vali_flag=0 inf_time=2026-03-01 10:00:00\n"
		   "2 encounter mdtrt_id=M2 fixmedins_code=H1 psn_no=P1 insu_admdvs=330100 "
		   "vali_flag=0 inf_time=2026-03-01 10:00:00\n"
		   "3 encounter mdtrt_id=M3 fixmedins_code=H1 psn_no=P1 insu_admdvs=330100 "
		   "inhosp_stas=1 inf_time=2026-03-01 10:00:00\n");
}

static void admission(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("2401") "\"input\":{\"mdtrtinfo\":{\"psn_no\":\"P1\","
		   "\"begntime\":\"2026-03-01 08:00:00\",\"med_type\":\"21\","
		   "\"adm_dept_codg\":\"A01\"},\"diseinfo\":[{\"diag_type\":\"1\","
		   "\"diag_code\":\"I10\"}]},"
		   "\"output\":{\"result\":{\"mdtrt_id\":\"M1\"}}}",
		   "1 encounter mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 begntime=2026-03-01 "
		   "08:00:00 med_type=21 insu_admdvs=330100 adm_dept_codg=A01 "
		   "inf_time=2026-03-01 10:00:00\n"
		   "1 diagnosis mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 diag_type=1 diag_code=I10 "
		   "inf_time=2026-03-01 10:00:00\n");
}

static void stock(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("3501") "\"input\":{\"invinfo\":{\"med_list_codg\":\"X1\","
		   "\"fixmedins_bchno\":\"B1\",\"invdate\":\"2026-03-01\","
		   "\"inv_cnt\":5}}}\n"
		   ENVELOPE("3503") "\"input\":{\"purcinfo\":{\"med_list_codg\":\"X1\","
		   "\"fixmedins_bchno\":\"B2\",\"purc_retn_cnt\":50,\"finl_trns_pric\":1.5,"
		   "\"purc_retn_stoin_time\":\"2026-03-01 09:00:00\"}}}\n"
		   ENVELOPE("3505") "\"input\":{\"selinfo\":[{\"med_list_codg\":\"X1\","
		   "\"fixmedins_bchno\":\"B3\",\"sel_retn_cnt\":2,\"setl_id\":\"S1\","
		   "\"sel_retn_time\":\"2026-03-01 09:30:00\",\"mdtrt_sn\":\"M1\"}]}}\n"
		   ENVELOPE("3507") "\"input\":{\"data\":{\"fixmedins_bchno\":\"B3\","
		   "\"inv_data_type\":\"4\"}}}\n"
		   ENVELOPE("3507") "\"input\":{\"data\":{\"fixmedins_bchno\":\"B3\"}}}\n",
#define STOCK_END " inf_time=2026-03-01 10:00:00\n"
		   "1 stock infno=3501 fixmedins_code=H1 med_list_codg=X1 fixmedins_bchno=B1 "
		   "inv_chg_time=2026-03-01 00:00:00 cnt=5" STOCK_END
		   "2 stock infno=3503 fixmedins_code=H1 med_list_codg=X1 fixmedins_bchno=B2 "
		   "inv_chg_time=2026-03-01 09:00:00 cnt=50 pric=1.5" STOCK_END
		   "3 stock infno=3505 fixmedins_code=H1 med_list_codg=X1 fixmedins_bchno=B3 "
		   "inv_chg_time=2026-03-01 09:30:00 mdtrt_id=M1 setl_id=S1 cnt=2" STOCK_END
		   "4 stock infno=3507/4 fixmedins_code=H1 fixmedins_bchno=B3 "
		   "inv_chg_time=2026-03-01 10:00:00 vali_flag=0" STOCK_END
		   "5 !bad-message 0 \n");
}

/* Each code of a sale is a record, and so is each that comes back; a sale that nobody settles
 * is stock alone. */
static void trace_codes(void **state)
{
	(void)state;
#define SOLD "\"fixmedins_bchno\":\"B3\",\"sel_retn_cnt\":2,\"trdn_flag\":\"0\"," \
	"\"sel_retn_time\":\"2026-03-01 09:30:00\",\"mdtrt_sn\":\"M1\""
#define SALE_OF " setl_id=S1 drug_trac_codg="
#define TRACE_END " trac_time=2026-03-01 09:30:00"
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("3505") "\"input\":{\"selinfo\":{" SOLD ",\"psn_no\":\"P1\","
		   "\"setl_id\":\"S1\",\"finl_trns_pric\":9.5,\"drugtracinfo\":["
		   "{\"drug_trac_codg\":\"81\"},{\"drug_trac_codg\":\"82\"}]}}}\n"
		   ENVELOPE("3506A") "\"input\":{\"selinfo\":[{" SOLD ",\"psn_no\":\"P1\","
		   "\"setl_id\":\"S1\",\"drugtracinfo\":[\"81\"]}]}}\n"
		   ENVELOPE("3505") "\"input\":{\"selinfo\":{" SOLD ",\"drugtracinfo\":["
		   "{\"drug_trac_codg\":\"83\"}]}}}\n"
		   ENVELOPE("3505") "\"input\":{\"selinfo\":{" SOLD ",\"setl_id\":\"S1\","
		   "\"psn_no\":\"P1\",\"drug_trac_codg\":\"84\"}}}\n",
#define STOCK_OF(no) " stock infno=" no " fixmedins_code=H1 fixmedins_bchno=B3 " \
	"inv_chg_time=2026-03-01 09:30:00 mdtrt_id=M1"
#define OF_P1 " fixmedins_code=H1 psn_no=P1 mdtrt_id=M1"
		   "1 trace trac_chg_type=1" OF_P1 SALE_OF "81" TRACE_END " pric=9.5 trdn_flag=0"
		   STOCK_END
		   "1 trace trac_chg_type=1" OF_P1 SALE_OF "82" TRACE_END " pric=9.5 trdn_flag=0"
		   STOCK_END
		   "2 trace trac_chg_type=2" OF_P1 SALE_OF "81" TRACE_END " trdn_flag=0" STOCK_END
		   "4 trace trac_chg_type=1" OF_P1 SALE_OF "84" TRACE_END " trdn_flag=0"
		   STOCK_END
		   "1" STOCK_OF("3505") " setl_id=S1 psn_no=P1 cnt=2 pric=9.5 trdn_flag=0" STOCK_END
		   "2" STOCK_OF("3506") " setl_id=S1 psn_no=P1 cnt=2 trdn_flag=0" STOCK_END
		   "3" STOCK_OF("3505") " cnt=2 trdn_flag=0" STOCK_END
		   "4" STOCK_OF("3505") " setl_id=S1 psn_no=P1 cnt=2 trdn_flag=0 "
		   "drug_trac_codg=84" STOCK_END);
}

static void trace_codes_of_lines(void **state)
{
	(void)state;
#define LINE_OF(cnt) "\"input\":{\"feedetail\":[{\"feedetl_sn\":\"1\",\"mdtrt_id\":\"M1\"," \
	"\"psn_no\":\"P1\",\"fee_ocur_time\":\"2026-03-01 09:30:00\",\"cnt\":" cnt "," \
	"\"drugtracinfo\":[{\"drug_trac_codg\":\"81\"}]}]}}\n"
#define FEE_OF(cnt) " fee feedetl_sn=1 mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 " \
	"fee_ocur_time=2026-03-01 09:30:00 cnt=" cnt " insu_admdvs=330100" STOCK_END
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("2204") LINE_OF("1") ENVELOPE("2301") LINE_OF("-1"),
		   "1" FEE_OF("1") "2" FEE_OF("-1")
		   "1 trace trac_chg_type=1" OF_P1 " drug_trac_codg=81" TRACE_END
		   " feedetl_sn=1" STOCK_END
		   "2 trace trac_chg_type=2" OF_P1 " drug_trac_codg=81" TRACE_END
		   " feedetl_sn=1" STOCK_END);
}

/* One row a report, with the result of its items taken together. */
static void results(void **state)
{
	(void)state;
#define LAB(items) ENVELOPE("4502") "\"input\":{\"labinfo\":{\"mdtrt_id\":\"M1\"," \
	"\"psn_no\":\"P1\",\"rpotc_no\":\"R1\",\"exam_item_code\":\"0025\"," \
	"\"rpt_date\":\"2026-03-01\",\"vali_flag\":\"1\"},\"iteminfo\":[" items "]}}\n"
#define DETAIL(flag) "{\"exam_item_detl_code\":\"D\",\"exam_rslt_abn\":\"" flag "\"}"
#define REPORT "report rpotc_no=R1 fixmedins_code=H1 psn_no=P1 mdtrt_id=M1 " \
	"rpt_date=2026-03-01 00:00:00 med_list_codg="
#define REPORT_END " vali_flag=1 inf_time=2026-03-01 10:00:00\n"
	CHECK_DUMP(feed, "a.json",
		   LAB(DETAIL("0") "," DETAIL("0")) LAB(DETAIL("0") "," DETAIL("H"))
		   LAB(DETAIL("0") "," DETAIL("")) LAB("")
		   ENVELOPE("4501") "\"input\":{\"examinfo\":{\"mdtrt_id\":\"M1\","
		   "\"psn_no\":\"P1\",\"rpotc_no\":\"R1\",\"rpt_date\":\"2026-03-01\","
		   "\"exam_rslt_poit_flag\":\"0\",\"vali_flag\":\"1\"},\"iteminfo\":["
		   "{\"exam_item_code\":\"0021\"},{\"exam_item_code\":\"0022\"}]}}\n",
		   "1 " REPORT "0025 exam_rslt_abn=0" REPORT_END
		   "2 " REPORT "0025 exam_rslt_abn=H" REPORT_END
		   "3 " REPORT "0025" REPORT_END
		   "4 " REPORT "0025" REPORT_END
		   "5 " REPORT "0021 exam_rslt_abn=0" REPORT_END
		   "5 " REPORT "0022 exam_rslt_abn=0" REPORT_END);
}

static void discharge(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("2402")
		   "\"input\":{\"dscginfo\":{\"mdtrt_id\":\"M1\",\"psn_no\":\"P1\","
		   "\"insutype\":\"390\","
		   "\"endtime\":\"2026-03-09 11:00:00\",\"dscg_way\":\"1\"},\"diseinfo\":["
		   "{\"diag_type\":\"1\",\"diag_code\":\"I10.x00\",\"maindiag_flag\":\"1\"}]}}",
		   "1 encounter mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 endtime=2026-03-09 "
		   "11:00:00 "
		   "insutype=390 insu_admdvs=330100 dscg_way=1 inhosp_stas=0 "
		   "inf_time=2026-03-01 10:00:00\n"
		   "1 diagnosis mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 diag_type=1 "
		   "maindiag_flag=1 "
		   "diag_code=I10.x00 inf_time=2026-03-01 10:00:00\n");
}

/* One message of a pharmacy is visit, settlement and lines. */
static void pharmacy(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "a.json",
		   ENVELOPE("2102")
		   "\"input\":{\"druginfo\":{\"psn_no\":\"P1\",\"begntime\":\"2026-03-01 "
		   "09:50:00\","
		   "\"medfee_sumamt\":30,\"med_type\":\"41\"},"
		   "\"drugdetail\":[{\"feedetl_sn\":\"1\","
		   "\"fee_ocur_time\":\"2026-03-01 09:55:00\",\"med_list_codg\":\"X1\",\"cnt\":3,"
		   "\"pric\":10,\"det_item_fee_sumamt\":30}]},"
		   "\"output\":{\"setlinfo\":{\"setl_id\":\"S1\","
		   "\"mdtrt_id\":\"M1\",\"setl_time\":\"2026-03-01 10:00:00\","
		   "\"fund_pay_sumamt\":20,"
		   "\"inscp_scp_amt\":30},\"detlcutinfo\":[{\"feedetl_sn\":\"1\","
		   "\"inscp_scp_amt\":25}]}}",
		   "1 encounter mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 begntime=2026-03-01 "
		   "09:50:00 "
		   "med_type=41 insu_admdvs=330100 inf_time=2026-03-01 10:00:00\n"
		   "1 settlement setl_id=S1 mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 "
		   "setl_time=2026-03-01 10:00:00 med_type=41 insu_admdvs=330100 medfee_sumamt=30 "
		   "inscp_amt=30 fund_pay_sumamt=20 inf_time=2026-03-01 10:00:00\n"
		   "1 fee feedetl_sn=1 mdtrt_id=M1 setl_id=S1 fixmedins_code=H1 psn_no=P1 "
		   "fee_ocur_time=2026-03-01 09:55:00 med_type=41 med_list_codg=X1 cnt=3 pric=10 "
		   "det_item_fee_sumamt=30 inscp_amt=25 insu_admdvs=330100 "
		   "inf_time=2026-03-01 10:00:00\n");
}

static void what_cannot_be_read(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "a.json",
		   "{\"infno\":\"9999\",\"input\":{}}\n"
		   "{\"x\":1}\n"
		   ENVELOPE("2204") "\"input\":{\"feedetail\":\"oops\"}}\n"
		   ENVELOPE("2207") "\"input\":{\"data\":{\"mdtrt_id\":\"M1\","
		   "\"psn_no\":\"P1\"}}}\n"
		   "{\"infno\":\"2204\",\"infcode\":-1,\"input\":{\"feedetail\":[{}]}}\n"
		   "{\"infno\":\n",
		   "1 !unknown-message 0 \n2 !unknown-message 0 \n3 !bad-message 0 \n"
		   "4 !missing-required 0 setl_id\n6 !bad-json 0 \n");
}

/* A file of one array, pretty-printed, in single bytes. */
static void arrays_and_pieces(void **state)
{
	(void)state;
	const char *text = "[\n  " ENVELOPE("2301") "\n  "
	"\"input\":{\"feedetail\":[\n{\"feedetl_sn\":1,"
		"\"mdtrt_id\":\"M1\",\"psn_no\":\"P1\",\"fee_ocur_time\":\"2026-03-02\"}]}},\n  "
		ENVELOPE("2301") "\"input\":{\"feedetail\":[{\"feedetl_sn\":2,"
		"\"mdtrt_id\":\"M1\",\"psn_no\":\"P1\",\"fee_ocur_time\":\"2026-03-02\"}]}}\n]\n";
	struct decoding whole = decode_text(feed, "a.json", text);
	struct decoding bytes = decode_bytes(feed, "a.json", text, strlen(text), 1);
	CHECK(whole.good && bytes.good);
	CHECK_INT(whole.stats.records[STREAM_FEE], 2);
	CHECK(str_eq(buf_str(&whole.dump), buf_str(&bytes.dump)));
	decoding_fini(&whole);
	decoding_fini(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fee_details), cmocka_unit_test(inpatient_return_line),
		cmocka_unit_test(settlements), cmocka_unit_test(cancelled_settlement),
		cmocka_unit_test(cancelled_without_mirror), cmocka_unit_test(cancelled_lines),
		cmocka_unit_test(cancelled_visits), cmocka_unit_test(admission),
		cmocka_unit_test(stock),
		cmocka_unit_test(trace_codes),
		cmocka_unit_test(trace_codes_of_lines),
		cmocka_unit_test(results),
		cmocka_unit_test(discharge), cmocka_unit_test(pharmacy),
		cmocka_unit_test(what_cannot_be_read), cmocka_unit_test(arrays_and_pieces),
	};
	return cmocka_run_group_tests(tests, make_feed, drop_feed);
}
