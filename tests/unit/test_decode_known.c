/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_decode_known.c - texts that come again, texts that never do, and columns that change from
 * one to the other: over many chunks each row has the texts of its line.
 */
#include "tests/check.h"

#include "lib/base/buf.h"
#include "lib/record/decode.h"

enum { CHUNKS = 24, ROWS = CHUNKS * 16384 };

static const char feed_text[] =
	"name: t\ndescription: t\nformat: csv\nextract_date: 2026-01-01\n"
	"files:\n  - match: \"*\"\n"
	"    streams:\n"
	"      - stream: fee\n        strict: true\n"
	"        columns: { h: fixmedins_code, m: mdtrt_id, p: psn_no, s: setl_id,\n"
	"                   a: med_list_codg, b: med_list_codg, d: bilg_dr_code,\n"
	"                   n: feedetl_sn, t: fee_ocur_time }\n";

enum { H, M, P, S, A, B, D, N, COLUMNS };

/* Which texts a line has: of a few, of its own, or now this and now that. */
static void cell(char *out, size_t size, unsigned row, unsigned column)
{
	unsigned chunk = row / 16384, own = row / 3;
	switch (column) {
	case H: snprintf(out, size, "H%011u", row % 7 + (row / 4) % 600); break;
	case M: /* of its own; in some chunks by turns */
		snprintf(out, size, "M%011u", chunk % 8 < 6 ? own : row % 100);
		break;
	case P: snprintf(out, size, "P%025u", chunk < 8 ? own : own % 50); break;
	case S: snprintf(out, size, row % 11 ? "S%08u" : "", own); break;
	case A: snprintf(out, size, own % 3 ? "XA%09u" : "", row * 7 % 4000); break;
	case B: snprintf(out, size, row % 5 ? "XB%09u" : "NULL", row % 90); break;
	case N: snprintf(out, size, "%u", row); break;
	default: /* known, then never again, then of another kind */
		snprintf(out, size, "%0*u", chunk % 3 == 2 ? 33 : 9,
			 chunk < 8 ? row % 3000 : chunk < 16 ? row : chunk);
	}
}

static void line(struct buf *out, unsigned row)
{
	char text[64];
	for (unsigned k = 0; k < COLUMNS; k++) {
		cell(text, sizeof(text), row, k);
		buf_adds(out, text);
		buf_addc(out, ',');
	}
	buf_adds(out, "2026-03-01\n");
}

static void check_text(const struct chunk *c, enum field f, uint32_t r, unsigned row,
		       unsigned column)
{
	char text[64];
	struct str got = chunk_text(c, f, r);
	cell(text, sizeof(text), row, column);
	if (column == A && !*text)
		cell(text, sizeof(text), row, B);
	if (strcmp(text, "NULL") == 0)
		*text = '\0';
	if (!str_eq(got, str_of(text)) || (got.n == 0) != (chunk_code(c, f, r) == 0))
		fail_msg("row %u, column %u: " STR_FMT ", not %s", row, column, STR_ARG(got),
			 text);
}

static unsigned check_chunks(struct decoder *d, unsigned row)
{
	for (struct chunk *c; (c = decoder_take(d));) {
		CHECK_INT(c->n_reject, 0);
		for (uint32_t r = 0; r < c->table[STREAM_FEE].n; r++, row++) {
			check_text(c, FIELD_fee_fixmedins_code, r, row, H);
			check_text(c, FIELD_fee_mdtrt_id, r, row, M);
			check_text(c, FIELD_fee_psn_no, r, row, P);
			check_text(c, FIELD_fee_setl_id, r, row, S);
			check_text(c, FIELD_fee_med_list_codg, r, row, A);
			check_text(c, FIELD_fee_bilg_dr_code, r, row, D);
			check_text(c, FIELD_fee_feedetl_sn, r, row, N);
		}
		chunk_free(c);
	}
	return row;
}

/* Lines of a feed, and who looks at what becomes of them. */
struct sample {
	const char *feed, *header;
	unsigned rows;
	void (*line)(struct buf *out, unsigned row);
	unsigned (*check)(struct decoder *d, unsigned row); /* chunks from `row` on; rows then */
};

static void check_sample(const struct sample *s)
{
	struct err e;
	struct feed *feed = feed_parse(str_of(s->feed), "t.yaml", &e);
	if (!feed)
		fail_msg("%s", e.text);
	struct decoder *d = decoder_new(feed, "x.csv", NULL, &e);
	struct buf text;
	unsigned seen = 0;
	CHECK(d);
	buf_init(&text, 0);
	buf_adds(&text, s->header);
	for (unsigned row = 0; row < s->rows; row++) {
		s->line(&text, row);
		if (text.n < 100000)
			continue;
		CHECK(decoder_push(d, text.p, text.n, &e));
		buf_reset(&text);
		seen = s->check(d, seen);
	}
	CHECK(decoder_push(d, text.p, text.n, &e) && decoder_finish(d, &e));
	CHECK_INT(s->check(d, seen), s->rows);
	buf_fini(&text);
	decoder_free(d);
	feed_free(feed);
}

static void each_row_has_its_texts(void **state)
{
	(void)state;
	check_sample(&(struct sample){ feed_text, "h,m,p,s,a,b,d,n,t\n", ROWS, line,
				       check_chunks });
}

/* ---- numbers, times, dates and serials that are not always there ---- */

enum { VALUE_ROWS = 40000 };

static const char value_feed[] =
	"name: v\ndescription: v\nformat: csv\nextract_date: 2026-01-01\n"
	"files:\n  - match: \"*\"\n"
	"    streams:\n"
	"      - stream: encounter\n        strict: true\n        once_per: [m]\n"
	"        columns: { h: fixmedins_code, m: mdtrt_id, p: psn_no, t: begntime,\n"
	"                   u: endtime, b: brdy, e: dscg_way }\n"
	"      - stream: fee\n        strict: true\n"
	"        columns: { h: fixmedins_code, m: mdtrt_id, p: psn_no, t: fee_ocur_time,\n"
	"                   k: bkkp_sn, n: feedetl_sn, q: cnt, u: updt_time }\n"
	"        compose: { inscp_amt: \"{q}\", rxno: \"{b}-{e}\" }\n";

static bool has(unsigned row, unsigned each)
{
	return row % each != 0 && row / 1000 % each != 1;
}

static const char *if_has(unsigned row, unsigned each, const char *text)
{
	return has(row, each) ? text : row % 2 ? " NULL" : "";
}

static void value_line(struct buf *out, unsigned row)
{
	buf_addf(out, "H1,M%u,P1,2026-03-01 08:00,%s,%s,%s,K%u,%s,%s\n", row / 2,
		 if_has(row, 5, "2026-03-02 09:00"), if_has(row, 3, "1990-01-01"),
		 if_has(row, 7, "1"), row, if_has(row, 4, "N01"), if_has(row, 9, "2.5"));
}

static void check_fee(const struct chunk *c, uint32_t r, unsigned row)
{
	int64_t cnt = chunk_i64(c, FIELD_fee_cnt, r), amt = chunk_i64(c, FIELD_fee_inscp_amt, r);
	bool time = chunk_i64(c, FIELD_fee_updt_time, r) != MISSING_I64;
	CHECK_INT(cnt, has(row, 9) ? 25000 : MISSING_I64);
	CHECK_INT(amt, has(row, 9) ? 2500000 : MISSING_I64);
	CHECK_INT(time, has(row, 5));
	CHECK_INT(chunk_code(c, FIELD_fee_feedetl_sn, r) != MISSING_CODE, has(row, 4));
	CHECK_INT(chunk_code(c, FIELD_fee_rxno, r) != MISSING_CODE, has(row, 3) || has(row, 7));
}

static void check_encounter(const struct chunk *c, uint32_t r, unsigned row)
{
	bool time = chunk_i64(c, FIELD_encounter_endtime, r) != MISSING_I64;
	bool date = chunk_i32(c, FIELD_encounter_brdy, r) != MISSING_I32;
	CHECK_INT(time, has(row, 5));
	CHECK_INT(date, has(row, 3));
	CHECK_INT(chunk_code(c, FIELD_encounter_dscg_way, r) != MISSING_CODE, has(row, 7));
}

/* Chunks are filled again, so that what a row has not is what another one had. */
static unsigned check_values(struct decoder *d, unsigned row)
{
	for (struct chunk *c; (c = decoder_take(d));) {
		CHECK_INT(c->n_reject, 0);
		CHECK_INT(c->table[STREAM_FEE].n, c->rows);
		for (uint32_t r = 0; r < c->rows; r++)
			check_fee(c, r, row + r);
		for (uint32_t r = 0; r < c->table[STREAM_ENCOUNTER].n; r++)
			check_encounter(c, r,
					(unsigned)c->table[STREAM_ENCOUNTER].src[r].line - 2);
		row += (unsigned)c->rows;
		decoder_give(d, c);
	}
	return row;
}

static void each_row_has_its_values(void **state)
{
	(void)state;
	check_sample(&(struct sample){ value_feed, "h,m,p,t,u,b,e,k,n,q\n", VALUE_ROWS, value_line,
				       check_values });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_has_its_texts),
		cmocka_unit_test(each_row_has_its_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
