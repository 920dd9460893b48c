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

static void each_row_has_its_texts(void **state)
{
	(void)state;
	struct err e;
	struct feed *feed = feed_parse(str_of(feed_text), "t.yaml", &e);
	if (!feed)
		fail_msg("%s", e.text);
	struct decoder *d = decoder_new(feed, "x.csv", NULL, &e);
	struct buf text;
	unsigned seen = 0;
	CHECK(d);
	buf_init(&text, 0);
	buf_adds(&text, "h,m,p,s,a,b,d,n,t\n");
	for (unsigned row = 0; row < ROWS; row++) {
		line(&text, row);
		if (text.n < 100000)
			continue;
		CHECK(decoder_push(d, text.p, text.n, &e));
		buf_reset(&text);
		seen = check_chunks(d, seen);
	}
	CHECK(decoder_push(d, text.p, text.n, &e) && decoder_finish(d, &e));
	CHECK_INT(check_chunks(d, seen), ROWS);
	buf_fini(&text);
	decoder_free(d);
	feed_free(feed);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_row_has_its_texts) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
