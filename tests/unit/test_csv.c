/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_csv.c - quoting, line ends and broken lines, whole and byte by byte.
 */
#include "tests/check.h"

#include "lib/base/buf.h"
#include "lib/record/csv.h"
#include "lib/record/decode.h"

static void show_row(struct buf *out, const struct csv_row *row)
{
	buf_addf(out, "%llu@%llu", (unsigned long long)row->line,
		 (unsigned long long)row->offset);
	if (row->why != REJECT_NONE) {
		buf_addf(out, "!%s:%u\n", reject_word(row->why), row->column);
		return;
	}
	for (uint32_t i = 0; i < row->cells.n; i++)
		buf_addf(out, "[" STR_FMT "]", STR_ARG(cell_at(&row->cells, i)));
	buf_addc(out, '\n');
}

static bool show(void *ctx, const struct csv_row *row, unsigned n, struct err *e)
{
	(void)e;
	for (unsigned i = 0; i < n; i++)
		show_row(ctx, &row[i]);
	return true;
}

static void run(struct buf *out, const char *text, size_t n, unsigned width, size_t step,
		bool suspect)
{
	struct err e;
	struct csv *csv = csv_new(',', show, out);
	csv_width(csv, width);
	for (size_t at = 0; at < n; at += step) {
		size_t k = n - at < step ? n - at : step;
		CHECK(csv_push(csv, text + at, k, suspect, &e));
	}
	CHECK(csv_finish(csv, &e));
	csv_free(csv);
}

static void check(const char *text, size_t n, unsigned width, const char *want)
{
	static const size_t steps[] = { 1000000, 1, 2, 3, 7 };
	for (unsigned i = 0; i < 5; i++) {
		struct buf out;
		buf_init(&out, 0);
		run(&out, text, n, width, steps[i], true);
		CHECK_STR(buf_str(&out), want);
		buf_fini(&out);
	}
}

#define CSV(text, width, want) check(text, sizeof(text) - 1, width, want)

static void plain_lines(void **state)
{
	(void)state;
	CSV("a,b,c\n1,,3\n", 0, "1@0[a][b][c]\n2@6[1][][3]\n");
	CSV("a,b\r\n1,2\r\n", 0, "1@0[a][b]\n2@5[1][2]\n");
	CSV("a,b\n1,2", 0, "1@0[a][b]\n2@4[1][2]\n");
	CSV("\n\na\n\n", 0, "3@2[a]\n");
	CSV("0123456789abcdef0,x,0123456789abcdefg,,,,,,,,,,,,,,,,,\n", 0,
	    "1@0[0123456789abcdef0][x][0123456789abcdefg][][][][][][][][][][][][][][][][][]\n");
}

static void quoted_cells(void **state)
{
	(void)state;
	CSV("\"a,b\",c\n", 0, "1@0[a,b][c]\n");
	CSV("\"a\"\"b\",\"\"\n", 0, "1@0[a\"b][]\n");
	CSV("\"a\nb\",c\nd,e\n", 0, "1@0[a\nb][c]\n3@8[d][e]\n");
	CSV("\"a\r\nb\"\r\nd\r\n", 0, "1@0[a\r\nb]\n3@8[d]\n");
	CSV("x,\"a\"", 0, "1@0[x][a]\n");
	CSV("\"\"\"\"\n", 0, "1@0[\"]\n");
	CSV("a,\"b\"\r", 0, "1@0[a][b]\n");
}

/* One bad quote costs one line. */
static void broken_quotes(void **state)
{
	(void)state;
	CSV("a,b\"c\n1,2\n", 0, "1@0!stray-quote:2\n2@6[1][2]\n");
	CSV("\"a\"b,c\n1,2\n", 0, "1@0!stray-quote:1\n2@7[1][2]\n");
	CSV("a,\"b\n1,2\n3,4\n", 2, "1@0!open-quote:2\n2@5[1][2]\n3@9[3][4]\n");
	CSV("a,\"b\n1,2\nc,\"d\n3,4\n", 2,
	    "1@0!open-quote:2\n2@5[1][2]\n3@9!open-quote:2\n4@14[3][4]\n");
	CSV("a,\"b\n1,2\nc\",d,e\n3,4\n", 2,
	    "1@0!open-quote:0\n2@5[1][2]\n3@9!stray-quote:1\n4@16[3][4]\n");
}

static void wrong_numbers_of_columns(void **state)
{
	(void)state;
	CSV("a,b,c\n1,2\n1,2,3\n1,2,3,4\n1,2,3,,\n", 3,
	    "1@0[a][b][c]\n2@6!bad-columns:0\n3@10[1][2][3]\n4@16!bad-columns:0\n"
	    "5@24[1][2][3]\n");
}

/* Lines with quotes are taken the quick way when they are usual and nothing is suspect: the rows
 * are those of the careful way. */
static void quick_or_careful(void **state)
{
	static const char *const cell[] = { "a", "", "bc", "\"d\"", "\"e,f\"", "\"\"", "\"g,,\"",
					    "\"h\"\"i\"", "j\"", "\"k", "\"l\"m", "\"n\r\"" };
	static const char *const end[] = { "\n", "\r\n", "\n\n", ",\n", "\"\n" };
	uint64_t seed = 3;
	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct buf text, quick, careful;
		unsigned cells = round % 2 ? 7 : 12;
		uint64_t lines = 1 + check_random(&seed) % 9;
		buf_init(&text, 0);
		buf_init(&quick, 0);
		buf_init(&careful, 0);
		for (uint64_t line = 0; line < lines; line++) {
			for (unsigned i = 0; i < 4; i++)
				buf_addf(&text, "%s%s", i ? "," : "",
					 cell[check_random(&seed) % cells]);
			buf_adds(&text, end[check_random(&seed) % (round % 3 ? 2 : 5)]);
		}
		run(&quick, text.p, text.n, 4, 1 + check_random(&seed) % 200, false);
		run(&careful, text.p, text.n, 4, 1000000, true);
		CHECK(str_eq(buf_str(&quick), buf_str(&careful)));
		buf_fini(&text);
		buf_fini(&quick);
		buf_fini(&careful);
	}
}

/* More cells than there is room for at first, and more than there may be. */
static void many_cells(void **state)
{
	static const unsigned counts[] = { 496, 511, 512, 513, 700, 4095, 4096, 4097, 5000 };
	(void)state;
	for (unsigned k = 0; k < sizeof counts / sizeof *counts; k++) {
		struct buf text, want;
		buf_init(&text, 0);
		buf_init(&want, 0);
		for (unsigned line = 0; line < 2; line++) {
			buf_addf(&want, "%u@%u", line + 1, (unsigned)text.n);
			for (unsigned i = 0; i < counts[k]; i++) {
				buf_addf(&text, i ? ",%u" : "%u", i % 7 * i);
				if (counts[k] <= 4096)
					buf_addf(&want, "[%u]", i % 7 * i);
			}
			buf_addc(&text, '\n');
			buf_adds(&want, counts[k] <= 4096 ? "\n" : "!bad-columns:0\n");
		}
		check(text.p, text.n, 0, buf_cstr(&want));
		buf_fini(&text);
		buf_fini(&want);
	}
}

static void wrong_bytes(void **state)
{
	(void)state;
	CSV("a,\0b\nc,\xff\n\xe4\xb8\xad,d\n", 0,
	    "1@0!bad-byte:0\n2@5!bad-charset:2\n3@9[\xe4\xb8\xad][d]\n");
}

/* A line of 100 MB is refused without being kept. */
static void endless_line(void **state)
{
	(void)state;
	struct err e;
	struct buf out;
	buf_init(&out, 0);
	struct csv *csv = csv_new(',', show, &out);
	static char block[1 << 16];
	memset(block, 'x', sizeof(block));
	CHECK(csv_push(csv, "a\n", 2, false, &e));
	for (unsigned i = 0; i < 1600; i++)
		CHECK(csv_push(csv, block, sizeof(block), false, &e));
	CHECK(csv_push(csv, "\nb\n", 3, false, &e));
	CHECK(csv_finish(csv, &e));
	CHECK_STR(buf_str(&out), "1@0[a]\n2@2!line-too-long:0\n3@104857603[b]\n");
	csv_free(csv);
	buf_fini(&out);
}

/* A quote that is never closed does not swallow the rest of a large file. */
static void open_quote_in_a_long_file(void **state)
{
	(void)state;
	struct buf text, out;
	buf_init(&text, 0);
	buf_init(&out, 0);
	buf_adds(&text, "1,\"x\n");
	for (unsigned i = 0; i < 40000; i++)
		buf_adds(&text, "2,y\n");
	run(&out, text.p, text.n, 2, 4096, true);
	CHECK(str_starts(buf_str(&out), STR("1@0!open-quote:2\n2@5[2][y]\n")));
	CHECK(str_ends(buf_str(&out), STR("40001@160001[2][y]\n")));
	buf_fini(&text);
	buf_fini(&out);
}

/* A record that stays open is looked at once, however small the pushes: a quadratic way would take
 * minutes for these. What comes out is what one push gives. */
static void open_quote_line_by_line(void **state)
{
	enum { LINES = 60000 };
	static const size_t steps[] = { 1 << 24, 5, 1 };
	struct buf text, out[3];
	(void)state;
	buf_init(&text, 0);
	for (unsigned i = 0; i < LINES; i++) /* one opens every 64 KiB */
		buf_adds(&text, i % 13000 ? "\xff\"\"\n" : "1,\"x\n");
	buf_adds(&text, "2,y\"\n3,z\n");
	for (unsigned i = 0; i < 3; i++) {
		buf_init(&out[i], 0);
		run(&out[i], text.p, text.n, 2, steps[i], true);
		CHECK_STR(buf_str(&out[i]), buf_cstr(&out[0]));
	}
	CHECK(strstr(buf_cstr(&out[0]), "[3][z]\n"));
	for (unsigned i = 0; i < 3; i++)
		buf_fini(&out[i]);
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_lines), cmocka_unit_test(quoted_cells),
		cmocka_unit_test(broken_quotes), cmocka_unit_test(wrong_numbers_of_columns),
		cmocka_unit_test(quick_or_careful),
		cmocka_unit_test(many_cells), cmocka_unit_test(wrong_bytes),
		cmocka_unit_test(endless_line),
		cmocka_unit_test(open_quote_in_a_long_file),
		cmocka_unit_test(open_quote_line_by_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
