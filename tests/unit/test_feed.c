/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_feed.c - what a feed file may say, and how it says what is wrong with one.
 */
#include "tests/check.h"

#include "lib/record/feed.h"
#include "tests/decoding.h"
#include "tests/unit/core_headers.h"

static struct feed *feed(const char *text)
{
	struct err e;
	struct feed *f = feed_parse(str_of(text), "t.yaml", &e);
	if (!f)
		fail_msg("%s", e.text);
	return f;
}

static void wrong(const char *text, const char *want)
{
	struct err e;
	struct feed *f = feed_parse(str_of(text), "t.yaml", &e);
	CHECK(!f);
	if (!strstr(e.text, want))
		fail_msg("\"%s\" does not say \"%s\"", e.text, want);
}

static void the_default_takes_core_tables(void **state)
{
	(void)state;
	struct feed *f = feed_default();
	CHECK(feed_takes(f, "fee_list_d_202603.csv"));
	CHECK(feed_takes(f, "/in/FEE_LIST_D.CSV.GZ"));
	CHECK(feed_takes(f, "setl_d.csv"));
	CHECK(feed_takes(f, "messages.json"));
	CHECK(!feed_takes(f, "notes.txt"));
	CHECK_STR(str_of(feed_name(f)), "default");
	feed_free(f);
}

static void visit_classes(void **state)
{
	(void)state;
	struct feed *f = feed_default();
	CHECK_INT(feed_visit_class(f, STR("2101")), VISIT_INPATIENT);
	CHECK_INT(feed_visit_class(f, STR("140101")), VISIT_OUTPATIENT);
	CHECK_INT(feed_visit_class(f, STR("41")), VISIT_PHARMACY);
	CHECK_INT(feed_visit_class(f, STR("71")), VISIT_HOMEBED);
	CHECK_INT(feed_visit_class(f, STR("9107")), VISIT_OTHER);
	feed_free(f);
	f = feed("files: [{ match: 'x', streams: [{ stream: fee }] }]\n"
		 "visit_class: { '1': outpatient, '28': outpatient, '2': inpatient }\n");
	CHECK_INT(feed_visit_class(f, STR("28")), VISIT_OUTPATIENT);
	CHECK_INT(feed_visit_class(f, STR("21")), VISIT_INPATIENT);
	CHECK_INT(feed_visit_class(f, STR("41")), VISIT_OTHER);
	feed_free(f);
}

static void errors_have_places(void **state)
{
	(void)state;
	wrong("", "t.yaml: 空文件");
	wrong("name: x\n", "缺少 files");
	wrong("files:\n  - match: x\n    streems: []\n", "t.yaml:3:5: "
	"未知的键「streems」，是否为「streams」");
	wrong("files: [{ match: x, streams: [{ stream: fees }] }]", "没有可读入的记录种类「fees」");
	wrong("files: [{ match: x, streams: [{ strict: true }] }]", "缺少 stream");
	wrong("files: [{ match: x, streams: [{ stream: fee, columns: { a: cntt } }] }]",
	      "没有字段「cntt」，相近的是 cnt");
	wrong("files: [{ match: x, streams: [{ stream: fee, columns: { a: age } }] }]", "推算");
	wrong("files: [{ match: x, streams: [{ stream: fee, compose: { cnt: '{a' } }] "
	"}]", "花括号");
	wrong("files: [{ match: x, streams: [{ stream: fee, when: { column: a } }] }]", "when");
	wrong("files: [{ streams: [{ stream: fee }] }]", "缺少 match");
	wrong("files: [{ match: x }]", "缺少 streams");
	wrong("charset: latin1\nfiles: [{ match: x, format: national }]", "latin1");
	wrong("extract_date: soon\nfiles: [{ match: x, format: national }]", "soon");
	wrong("name: a\nname: b\nfiles: [{ match: x, format: national }]", "重复");
	wrong("files: [\n", "YAML 语法错误");
	wrong("a: &x [*x]\nfiles: *x\n", "未知的键「a」");
	wrong("- 1\n", "映射");
}

static void all_errors_in_one_go(void **state)
{
	(void)state;
	struct err e;
	CHECK(!feed_parse(STR("nam: x\nfiles:\n  - match: x\n    streams:\n      - stream: fee\n"
			      "        colums: {}\n"), "t.yaml", &e));
	CHECK(strstr(e.text, "t.yaml:1:1"));
	CHECK(strstr(e.text, "t.yaml:6:9"));
}

/* Each column of the real tables fills a field or is known and left out on purpose. */
static void core_tables_hold_nothing_unknown(void **state)
{
	(void)state;
	static const char *const tables[][2] = {
		{ "mdtrt_d.csv", core_mdtrt_d }, { "setl_d.csv", core_setl_d },
		{ "fee_list_d.csv", core_fee_list_d },
		{ "setl_list_diag_d.csv", core_setl_list_diag_d },
		{ "setl_list_oprn_d.csv", core_setl_list_oprn_d },
	};
	struct feed *f = feed_default();
	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct decoding d = decode_text(f, tables[i][0], tables[i][1]);
		if (!d.good)
			fail_msg("%s", d.err.text);
		if (d.stats.unknown_columns)
			fail_msg("%s does not know %s", tables[i][0], d.unknown);
		decoding_fini(&d);
	}
	feed_free(f);
}

/* One wide row, three streams. */
static void a_wide_row(void **state)
{
	(void)state;
	struct feed *f = feed(
		"name: wide\n"
		"extract_date: 2026-04-02\n"
		"files:\n"
		"  - match: '*.csv'\n"
		"    separator: ';'\n"
		"    streams:\n"
		"      - stream: encounter\n"
		"        once_per: [visit]\n"
		"        strict: true\n"
		"        columns: { visit: mdtrt_id, who: psn_no, where: fixmedins_code, "
		"from: begntime }\n"
		"      - stream: fee\n"
		"        when: { column: kind, not: [header] }\n"
		"        columns: { visit: mdtrt_id, who: psn_no, where: fixmedins_code, "
		"day: fee_ocur_time, code: med_list_codg }\n"
		"        constants: { vali_flag: '1' }\n"
		"        values: { med_type: { in: '21', out: '11' } }\n"
		"        defaults: { cnt: '1', fee_ocur_time: '{from}' }\n"
		"        compose: { feedetl_sn: '{visit}-{no}' }\n");
	CHECK_DUMP(f, "x.csv",
		   "visit;who;where;from;kind;no;day;code;med_type;cnt\n"
		   "V1;P1;H1;2026-03-01;line;1;;X;in;\n"
		   "V1;P1;H1;2026-03-01;line;2;2026-03-02;Y;other;3\n"
		   "V2;P2;H1;2026-03-05;header;;;;;\n",
		   "2 encounter mdtrt_id=V1 fixmedins_code=H1 psn_no=P1 begntime=2026-03-01 "
		   "00:00:00\n"
		   "4 encounter mdtrt_id=V2 fixmedins_code=H1 psn_no=P2 begntime=2026-03-05 "
		   "00:00:00\n"
		   "2 fee feedetl_sn=V1-1 mdtrt_id=V1 fixmedins_code=H1 psn_no=P1 "
		   "fee_ocur_time=2026-03-01 00:00:00 med_type=21 med_list_codg=X cnt=1 "
		   "vali_flag=1\n"
		   "3 fee feedetl_sn=V1-2 mdtrt_id=V1 fixmedins_code=H1 psn_no=P1 "
		   "fee_ocur_time=2026-03-02 00:00:00 med_type=other med_list_codg=Y cnt=3 "
		   "vali_flag=1\n");
	feed_free(f);
}

/* A key is used up only by a row that was taken. */
static void once_per_waits_for_a_good_row(void **state)
{
	(void)state;
	struct feed *f = feed(
		"files:\n"
		"  - match: '*'\n"
		"    streams:\n"
		"      - { stream: encounter, once_per: [mdtrt_id] }\n"
		"      - stream: fee\n");
	CHECK_DUMP(f, "x",
		   "mdtrt_id,psn_no,fixmedins_code,begntime,fee_ocur_time,feedetl_sn,cnt\n"
		   "M1,P1,H1,2026-03-01,2026-03-01,1,x\n"
		   "M1,P1,H1,2026-03-01,2026-03-01,2,1\n",
		   "3 encounter mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 begntime=2026-03-01 "
		   "00:00:00\n"
		   "3 fee feedetl_sn=2 mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 "
		   "fee_ocur_time=2026-03-01 00:00:00 cnt=1\n"
		   "2 !bad-number 7 cnt\n");
	feed_free(f);
}

static void headers_that_cannot_do(void **state)
{
	(void)state;
	struct feed *f = feed("files: [{ match: '*', streams: [{ stream: fee, when: { "
	"column: k, is: a } }] }]");
	struct decoding d = decode_text(f, "x", "mdtrt_id\n1\n");
	CHECK(!d.good && strstr(d.err.text, "「k」"));
	decoding_fini(&d);
	d = decode_text(f, "x", "mdtrt_id,k\n1,a\n");
	CHECK(!d.good && strstr(d.err.text, "fixmedins_code"));
	decoding_fini(&d);
	d = decode_text(f, "x", "mdtrt_id,MDTRT_ID\n1,a\n");
	CHECK(!d.good && strstr(d.err.text, "两次"));
	decoding_fini(&d);
	feed_free(f);
}

static void rows_for_a_stream(void **state)
{
	(void)state;
	static const char *const text = "files: [{ match: '*', streams: [{ stream: stock, "
		"columns: { n: cnt }, unsigned: [cnt] }, { stream: trace, filled: [code, who], "
		"columns: { code: drug_trac_codg, who: psn_no, inv_chg_time: trac_time } }] }]";
	struct feed *f = feed(text);
	struct decoding d = decode_text(f, "a.csv",
		"infno,fixmedins_code,fixmedins_bchno,inv_chg_time,mdtrt_id,n,code,who\n"
		"3505,H1,B1,2026-03-01,M1,-2,81,P1\n3505,H1,B2,2026-03-01,M1,2,82,\n");
	CHECK_INT(d.stats.records[STREAM_STOCK], 2);
	CHECK_INT(d.stats.records[STREAM_TRACE], 1);
	CHECK_INT(d.stats.rejects, 0);
	CHECK(!strstr(buf_cstr(&d.dump), "cnt=-2"));
	decoding_fini(&d);
	d = decode_text(f, "a.csv", "infno,fixmedins_code,fixmedins_bchno,inv_chg_time\n"
			"3505,H1,B1,2026-03-01\n"); /* nothing to fill a trace with */
	CHECK(d.good);
	CHECK_INT(d.stats.records[STREAM_STOCK], 1);
	CHECK_INT(d.stats.records[STREAM_TRACE], 0);
	decoding_fini(&d);
	feed_free(f);
	wrong("files: [{ match: '*', streams: [{ stream: stock, unsigned: [memo] }] }]", "不是数");
	wrong("files: [{ match: '*', streams: [{ stream: stock, unsigned: [nothing] }] }]",
	      "没有字段");
}

/* conf/feeds/default.yaml says the same as the built-in feed. */
static void the_written_default_is_the_built_in(void **state)
{
	(void)state;
	static const char *const names[] = {
		"mdtrt_d.csv", "setl_d.csv", "fee_list_d.csv", "setl_list_diag_d.csv",
		"setl_list_oprn_d.csv", "stock_d.csv", "3501.csv", "3505_202603.csv",
		"person_d.csv", "facility_d.csv", "practitioner_d.csv", "item_d.csv",
		"x.json", "x.ndjson", "x.jsonl", "other.csv",
	};
	static const char *const row =
		"mdtrt_id,psn_no,fixmedins_code,begntime,fee_ocur_time,feedetl_sn,setl_id,enddate,"
		"diag_code,oprn_oprt_code,fixmedins_bchno,inv_chg_time,dr_code,med_list_codg\n"
		"M1,P1,H1,2026-03-01,2026-03-01,1,S1,2026-03-02,I10,00.1,B1,2026-03-01,D1,X\n";
	char path[4096], *text = calloc(1, 1 << 20);
	const char *root = getenv("FUNDWATCH_SOURCE_DIR");
	snprintf(path, sizeof(path), "%s/conf/feeds/default.yaml", root ? root : ".");
	FILE *in = fopen(path, "rb");
	CHECK(in);
	CHECK(fread(text, 1, (1 << 20) - 1, in) > 0);
	fclose(in);
	struct feed *written = feed(text), *built_in = feed_default();
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK_INT(feed_takes(written, names[i]), feed_takes(built_in, names[i]));
		struct decoding a = decode_text(written, names[i], row);
		struct decoding b = decode_text(built_in, names[i], row);
		CHECK_INT(a.good, b.good);
		CHECK(str_eq(buf_str(&a.dump), buf_str(&b.dump)));
		decoding_fini(&a);
		decoding_fini(&b);
	}
	for (unsigned i = 0; i < 100; i++) {
		char code[8];
		snprintf(code, sizeof(code), "%02u", i);
		CHECK_INT(feed_visit_class(written, str_of(code)),
			  feed_visit_class(built_in, str_of(code)));
	}
	feed_free(written);
	feed_free(built_in);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_takes_core_tables), cmocka_unit_test(visit_classes),
		cmocka_unit_test(errors_have_places), cmocka_unit_test(all_errors_in_one_go),
		cmocka_unit_test(core_tables_hold_nothing_unknown),
		cmocka_unit_test(a_wide_row), cmocka_unit_test(once_per_waits_for_a_good_row),
		cmocka_unit_test(headers_that_cannot_do),
		cmocka_unit_test(rows_for_a_stream),
		cmocka_unit_test(the_written_default_is_the_built_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
