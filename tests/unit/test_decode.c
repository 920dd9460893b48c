/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_decode.c - files as they arrive: forms, broken lines, pieces of any size.
 */
#include "tests/check.h"

#include <iconv.h>
#include <zlib.h>

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

#define HEAD "feedetl_sn,mdtrt_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,cnt,pric\n"
#define FEE(line, sn, time) line " fee feedetl_sn=" sn " mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 " \
	"fee_ocur_time=2026-03-01 " time

static void date_forms_and_missing(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "fee_list_d.csv",
		   HEAD "1,M1,H1,P1,2026-03-01 09:30:00,X,1,2.50\n"
			"2,M1,H1,P1,2026/3/1 9:30,NULL,\\N,\n"
			"3,M1,H1,P1,20260301, X ,null,-0.000001\n"
			"4,M1,H1,P1,20260301093000,X,1.0000,2\n"
			"5,M1,H1,P1,2026-03-01T09:30:00.0,X,,\n",
		   FEE("2", "1", "09:30:00 med_list_codg=X cnt=1 pric=2.5\n")
		   FEE("3", "2", "09:30:00\n")
		   FEE("4", "3", "00:00:00 med_list_codg=X pric=-0.000001\n")
		   FEE("5", "4", "09:30:00 med_list_codg=X cnt=1 pric=2\n")
		   FEE("6", "5", "09:30:00 med_list_codg=X\n"));
}

static void any_order_any_case_unknown_counted(void **state)
{
	(void)state;
	struct decoding d = decode_text(feed, "fee_list_d.csv",
		"PRIC,extra,Psn_No,FEEDETL_SN,mdtrt_id,crter_name,fixmedins_code,"
		"fee_ocur_time,age\n"
		"1,a,P1,1,M1,Someone,H1,2026-03-01,3\n"
		"1,,P1,2,M1,,H1,2026-03-01,3\n");
	CHECK(d.good);
	CHECK_INT(d.stats.unknown_columns, 1);
	CHECK_INT(d.stats.unknown_values, 1);
	CHECK_INT(d.stats.records[STREAM_FEE], 2);
	CHECK_STR(str_of(d.unknown), "extra");
	CHECK_STR(buf_str(&d.dump), FEE("2", "1", "00:00:00 pric=1\n")
				    FEE("3", "2", "00:00:00 pric=1\n"));
	decoding_fini(&d);
}

/* Rejects have line, column and reason; every good line between them is kept. */
static void bad_lines(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "fee_list_d.csv",
		   HEAD "1,M1,H1,P1,2026-03-01,X,1,x\n"
			"2,M1,H1,P1,2026-13-01,X,1,1\n"
			"3,M1,H1,,2026-03-01,X,1,1\n"
			",M1,H1,P1,2026-03-01,X,1,1\n"
			"5,M1,H1,P1,2026-03-01,X,1\n"
			"6,M1,H1,P1,2026-03-01,X,1,1,9\n"
			"7,M1,H1,P1,2026-03-01,X\"Y,1,1\n"
			"8,M1,H1,P1,2026-03-01,\"X,1,1\n"
			"9,M1,H1,P1,2026-03-01,X,1,1,,\n"
			"10,M1,H1,P1,2026-03-01,\"a \"\"b\"\", c\nd\",1e3,1\n"
			"11,M1,H1,P1,2026-03-01,\"a\nb\",1,1",
		   FEE("10", "9", "00:00:00 med_list_codg=X cnt=1 pric=1\n")
		   FEE("13", "11", "00:00:00 med_list_codg=a\nb cnt=1 pric=1\n")
		   "2 !bad-number 8 pric\n3 !bad-time 5 fee_ocur_time\n"
		   "4 !missing-required 4 psn_no\n5 !missing-required 1 feedetl_sn\n"
		   "6 !bad-columns 0 \n7 !bad-columns 0 \n8 !stray-quote 6 med_list_codg\n"
		   "9 !open-quote 6 med_list_codg\n11 !bad-number 7 cnt\n");
}

static void rejects_show_the_line(void **state)
{
	(void)state;
	struct err e;
	struct decoder *d = decoder_new(feed, "fee_list_d.csv", NULL, &e);
	const char *text = HEAD "1,M1,H1,P1,2026-03-01,X,一,2\r\n";
	CHECK(decoder_push(d, text, strlen(text), &e));
	CHECK(decoder_finish(d, &e));
	struct chunk *c = decoder_take(d);
	CHECK_INT(c->n_reject, 1);
	CHECK_INT(c->rows, 1);
	CHECK_INT(c->reject[0].stream, STREAM_FEE);
	CHECK_STR(c->reject[0].raw, "1,M1,H1,P1,2026-03-01,X,一,2");
	CHECK(str_find(c->reject[0].sentence, STR("数量（cnt）的值「一」")) == 0);
	chunk_free(c);
	decoder_free(d);
}

static void nothing_to_read(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "fee_list_d.csv", "", "");
	CHECK_DUMP(feed, "fee_list_d.csv", "\r\n \n", "");
	CHECK_DUMP(feed, "fee_list_d.csv", HEAD, "");
	struct err e;
	CHECK(!decoder_new(feed, "notes.txt", NULL, &e));
	CHECK(strstr(e.text, "notes.txt"));
}

/* ---- the same records through every door ---- */

/* One row in `bad` has a number that is none. */
static void lines(struct buf *out, unsigned n, unsigned bad)
{
	buf_adds(out, "feedetl_sn,mdtrt_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,"
		      "hilist_name,cnt,pric\n");
	uint64_t seed = 5;
	for (unsigned i = 0; i < n; i++) {
		static const char *const names[] = { "阿莫西林胶囊", "\"床位费,Ⅱ\"", "x",
						     "\"a\"\"中\nb\"", "" };
		uint64_t r = check_random(&seed);
		buf_addf(out, "%u,M%u,H1,P%u,2026-03-%02u 09:%02u,C%llu,%s,%s,%u.%02u\n", i, i / 9,
			 i / 20, 1 + i % 28, i % 60, (unsigned long long)(r % 50), names[r % 5],
			 r % bad ? "1" : "bad", i % 300, i % 100);
	}
}

static struct buf squeezed(const struct buf *text, size_t member)
{
	struct buf out;
	static unsigned char block[1 << 16];
	buf_init(&out, 0);
	for (size_t at = 0; at < text->n; at += member) {
		z_stream z = { 0 };
		size_t n = text->n - at < member ? text->n - at : member;
		CHECK_INT(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
		z.next_in = (unsigned char *)text->p + at;
		z.avail_in = (uInt)n;
		int rc = Z_OK;
		while (rc == Z_OK) {
			z.next_out = block;
			z.avail_out = sizeof(block);
			rc = deflate(&z, Z_FINISH);
			buf_add(&out, block, sizeof(block) - z.avail_out);
		}
		deflateEnd(&z);
	}
	return out;
}

static struct buf in_gb18030(const struct buf *text)
{
	struct buf out;
	iconv_t cd = iconv_open("GB18030", "UTF-8");
	size_t left = text->n * 2, n = text->n;
	char *block = malloc(left), *in = text->p, *to = block;
	CHECK(iconv(cd, &in, &n, &to, &left) != (size_t)-1);
	iconv_close(cd);
	buf_init(&out, 0);
	buf_add(&out, block, (size_t)(to - block));
	free(block);
	return out;
}

static void same(const struct decoding *want, const char *name, const struct buf *bytes,
		 size_t step)
{
	struct decoding d = decode_bytes(feed, name, bytes->p, bytes->n, step);
	CHECK(d.good);
	CHECK_INT(d.chunks, want->chunks);
	CHECK_INT(d.stats.rows, want->stats.rows);
	CHECK_INT(d.stats.rejects, want->stats.rejects);
	CHECK(str_eq(buf_str(&d.dump), buf_str(&want->dump)));
	decoding_fini(&d);
}

static void pieces_compression_and_charset_do_not_matter(void **state)
{
	(void)state;
	struct buf text, gz, members, gb;
	buf_init(&text, 0);
	lines(&text, 40000, 97);
	gz = squeezed(&text, text.n);
	members = squeezed(&text, 10007);
	gb = in_gb18030(&text);
	struct decoding want = decode_bytes(feed, "fee_list_d.csv", text.p, text.n, 0);
	CHECK(want.good);
	CHECK_INT(want.chunks, 3);
	CHECK_INT(want.stats.rows, 40000);
	CHECK(want.stats.rejects > 100);
	same(&want, "fee_list_d.csv", &text, 1);
	same(&want, "fee_list_d.csv", &text, 4093);
	same(&want, "fee_list_d.csv.gz", &gz, 0);
	same(&want, "fee_list_d.csv.gz", &gz, 11);
	same(&want, "fee_list_d.csv.gz", &members, 1000);
	same(&want, "fee_list_d.csv", &gb, 0);
	same(&want, "fee_list_d.csv", &gb, 777);
	decoding_fini(&want);
	buf_fini(&text);
	buf_fini(&gz);
	buf_fini(&members);
	buf_fini(&gb);
}

/* Cut anywhere, a gzip file fails, and what was given out is the beginning of the whole. */
static void truncated_gzip(void **state)
{
	(void)state;
	struct buf text, gz;
	buf_init(&text, 0);
	lines(&text, 30, UINT32_MAX);
	gz = squeezed(&text, 300);
	struct decoding want = decode_bytes(feed, "fee_list_d.csv", text.p, text.n, 0);
	unsigned failed = 0;
	for (size_t n = 2; n < gz.n; n++) {
		struct decoding d = decode_bytes(feed, "fee_list_d.csv.gz", gz.p, n, 0);
		failed += !d.good;
		if (!d.good) /* cut between members it is a whole gzip file, only shorter */
			CHECK(str_starts(buf_str(&want.dump), buf_str(&d.dump)));
		decoding_fini(&d);
	}
	CHECK(failed > gz.n / 2);
	decoding_fini(&want);
	buf_fini(&text);
	buf_fini(&gz);
}

static void ndjson_rows(void **state)
{
	(void)state;
	const char *text =
		"{\"feedetl_sn\":33010020260301000012345,\"mdtrt_id\":\"M1\",\"fixmedins_code\":"
		"\"H1\",\"psn_no\":\"P1\",\"fee_ocur_time\":\"2026-03-01\",\"cnt\":0.10,"
		"\"pric\":12.300000,\"list_type\":\"耗材\",\"odd\":{\"x\":1}}\n"
		"{\"feedetl_sn\":\"2\",\"mdtrt_id\":\"M1\",\"fixmedins_code\":\"H1\",\"psn_no\":"
		"\"P1\",\"fee_ocur_time\":\"2026-03-01\",\"cnt\":[1]}\n"
		"{\"feedetl_sn\":3}\n"
		"not json\n";
	struct decoding d = decode_text(feed, "fee_list_d.ndjson", text);
	CHECK(d.good);
	CHECK_STR(buf_str(&d.dump),
		  "1 fee feedetl_sn=33010020260301000012345 mdtrt_id=M1 fixmedins_code=H1 "
		  "psn_no=P1 fee_ocur_time=2026-03-01 00:00:00 list_type=301 cnt=0.1 pric=12.3\n"
		  "2 !bad-value 0 cnt\n3 !missing-required 0 mdtrt_id\n4 !not-object 0 \n");
	CHECK_INT(d.stats.unknown_columns, 1);
	CHECK_INT(d.stats.unknown_values, 1);
	decoding_fini(&d);
}

/* Texts the caller does not want are not kept; identity, time and state are, and numbers, so
 * that a row with a bad one is refused whatever the rules read. */
static void only_wanted_fields(void **state)
{
	(void)state;
	struct err e;
	uint8_t wanted[(FIELD_COUNT + 7) / 8] = { 0 };
	wanted[FIELD_fee_cnt / 8] |= (uint8_t)(1u << (FIELD_fee_cnt % 8));
	struct decoder *d = decoder_new(feed, "fee_list_d.csv", wanted, &e);
	const char *text = "feedetl_sn,mdtrt_id,fixmedins_code,psn_no,fee_ocur_time,cnt,pric,"
			   "prodname,vali_flag\n"
			   "1,M1,H1,P1,2026-03-01,2,1.5,name,1\n"
			   "2,M1,H1,P1,2026-03-01,2,not a number,name,1\n";
	CHECK(decoder_push(d, text, strlen(text), &e));
	CHECK(decoder_finish(d, &e));
	struct chunk *c = decoder_take(d);
	CHECK_INT(c->n_reject, 1);
	CHECK_STR(str_of(c->reject[0].reason), "bad-number");
	CHECK_INT(chunk_i64(c, FIELD_fee_cnt, 0), 20000);
	CHECK_STR(chunk_text(c, FIELD_fee_vali_flag, 0), "1");
	CHECK(c->table[STREAM_FEE].col[field_get(FIELD_fee_prodname)->index] == NULL);
	CHECK_INT(decoder_stats(d)->unknown_columns, 0);
	chunk_free(c);
	decoder_free(d);
}

static void sources_point_into_the_text(void **state)
{
	(void)state;
	struct err e;
	struct decoder *d = decoder_new(feed, "fee_list_d.csv", NULL, &e);
	const char *text = "\xef\xbb\xbf" HEAD "1,M1,H1,P1,2026-03-01,X,1,2\r\n"
			   "2,M1,H1,P1,2026-03-01,\"a\nb\",1,2\n3,M1,H1,P1,2026-03-01,X,1,2\n";
	CHECK(decoder_push(d, text, strlen(text), &e));
	CHECK(decoder_finish(d, &e));
	struct chunk *c = decoder_take(d);
	const struct source *src = c->table[STREAM_FEE].src;
	CHECK_INT(src[0].line, 2);
	CHECK_INT(src[1].line, 3);
	CHECK_INT(src[2].line, 5);
	for (unsigned i = 0; i < 3; i++)
		CHECK(text[3 + src[i].offset] == (char)('1' + i));
	CHECK_INT(src[1].length, strlen("2,M1,H1,P1,2026-03-01,\"a\nb\",1,2"));
	CHECK(src[0].digest && src[0].digest != src[2].digest);
	chunk_free(c);
	decoder_free(d);
}

/* Several cells of a settlement: a missing time is taken from the end date. */
static void settlement_time(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "setl_d.csv",
		   "setl_id,mdtrt_id,fixmedins_code,psn_no,setl_time,enddate,fund_pay_sumamt\n"
		   "S1,M1,H1,P1,,2026-03-02,10\nS2,M1,H1,P1,2026-03-03 10:00,2026-03-02,-10\n"
		   "S3,M1,H1,P1,,,1\n",
		   "2 settlement setl_id=S1 mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 "
		   "setl_time=2026-03-02 00:00:00 enddate=2026-03-02 fund_pay_sumamt=10\n"
		   "3 settlement setl_id=S2 mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 "
		   "setl_time=2026-03-03 10:00:00 enddate=2026-03-02 fund_pay_sumamt=-10\n"
		   "4 !missing-required 5 setl_time\n");
}

/* Rows made together: those that have a time keep it. */
static void settlement_times_together(void **state)
{
	(void)state;
	CHECK_DUMP(feed, "setl_d.csv",
		   "setl_id,mdtrt_id,fixmedins_code,psn_no,setl_time,enddate\n"
		   "S1,M1,H1,P1,2026-03-03 10:00,2026-03-02\nS2,M2,H1,P1,NULL,2026-03-02\n"
		   "S3,M2,H1,P1,2026-03-03 11:00,2026-03-02\n",
		   "2 settlement setl_id=S1 mdtrt_id=M1 fixmedins_code=H1 psn_no=P1 "
		   "setl_time=2026-03-03 10:00:00 enddate=2026-03-02\n"
		   "3 settlement setl_id=S2 mdtrt_id=M2 fixmedins_code=H1 psn_no=P1 "
		   "setl_time=2026-03-02 00:00:00 enddate=2026-03-02\n"
		   "4 settlement setl_id=S3 mdtrt_id=M2 fixmedins_code=H1 psn_no=P1 "
		   "setl_time=2026-03-03 11:00:00 enddate=2026-03-02\n");
}

/* The first reject's sentence. */
static void check_sentence(bool english, const char *want)
{
	static const char text[] = "feedetl_sn,mdtrt_id,fixmedins_code,psn_no,fee_ocur_time,cnt\n"
		"1,M1,H1,P1,2026-03-01,x\n";
	struct feed *own = feed_default();
	struct err e = { 0 };
	struct decoder *d = decoder_new(own, "fee_list_d.csv", NULL, &e);
	CHECK(d != NULL);
	decoder_english(d, english);
	CHECK(decoder_push(d, text, sizeof(text) - 1, &e) && decoder_finish(d, &e));
	struct chunk *c = decoder_take(d);
	CHECK(c && c->n_reject == 1);
	CHECK(str_starts(c->reject[0].sentence, str_of(want)));
	chunk_free(c);
	decoder_free(d);
	feed_free(own);
}

static void sentences_in_two_languages(void **state)
{
	(void)state;
	check_sentence(false, "数量（cnt）的值「x」不是可识别的数");
	check_sentence(true, "cnt \"x\": not a number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(date_forms_and_missing),
		cmocka_unit_test(any_order_any_case_unknown_counted),
		cmocka_unit_test(bad_lines), cmocka_unit_test(rejects_show_the_line),
		cmocka_unit_test(nothing_to_read),
		cmocka_unit_test(pieces_compression_and_charset_do_not_matter),
		cmocka_unit_test(truncated_gzip), cmocka_unit_test(ndjson_rows),
		cmocka_unit_test(only_wanted_fields),
		cmocka_unit_test(sources_point_into_the_text), cmocka_unit_test(settlement_time),
		cmocka_unit_test(settlement_times_together),
		cmocka_unit_test(sentences_in_two_languages),
	};
	return cmocka_run_group_tests(tests, make_feed, drop_feed);
}
