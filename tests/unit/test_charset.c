/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_charset.c - UTF-8 and GB18030, declared and found out, whole and in pieces.
 */
#include "tests/check.h"

#include <iconv.h>

#include "lib/base/buf.h"
#include "lib/record/charset.h"

/* Suspect pieces show as <...>. */
static bool collect(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	(void)e;
	if (suspect)
		buf_addc(ctx, '<');
	buf_add(ctx, p, n);
	if (suspect)
		buf_addc(ctx, '>');
	return true;
}

static bool run(enum feed_charset declared, struct str text, size_t step, struct buf *out,
		struct err *e)
{
	struct charset *cs = charset_new(declared, 1000);
	struct flow to = { collect, out };
	bool good = true;
	buf_reset(out);
	for (size_t at = 0; good && at < text.n; at += step)
		good = charset_push(cs, text.p + at, text.n - at < step ? text.n - at : step, to,
				    e);
	good = good && charset_finish(cs, to, e);
	charset_free(cs);
	return good;
}

static void check(enum feed_charset declared, struct str text, const char *want)
{
	static const size_t steps[] = { 1000000, 1, 2, 3, 5 };
	for (unsigned i = 0; i < 5; i++) {
		struct err e;
		struct buf out;
		buf_init(&out, 0);
		CHECK(run(declared, text, steps[i], &out, &e));
		CHECK_STR(buf_str(&out), want);
		buf_fini(&out);
	}
}

static struct buf gb(const char *utf8)
{
	struct buf out;
	char block[4096];
	char *in = (char *)utf8, *to = block;
	size_t n = strlen(utf8), left = sizeof(block);
	iconv_t cd = iconv_open("GB18030", "UTF-8");
	CHECK(cd != (iconv_t)-1);
	CHECK(iconv(cd, &in, &n, &to, &left) != (size_t)-1);
	iconv_close(cd);
	buf_init(&out, 0);
	buf_add(&out, block, sizeof(block) - left);
	return out;
}

static const char *const chinese =
	"psn_no,名称\n1,阿莫西林胶囊\n2,plain\n3,血清肌酐测定𠮷€\n4,床位费·Ⅱ\n";

static void utf8_passes(void **state)
{
	(void)state;
	check(CHARSET_AUTO, str_of(chinese), chinese);
	check(CHARSET_UTF8, str_of(chinese), chinese);
	check(CHARSET_AUTO, str_of("only ascii\nx"), "only ascii\nx");
	check(CHARSET_AUTO, STR(""), "");
}

static void gb18030_is_found_and_converted(void **state)
{
	(void)state;
	struct buf text = gb(chinese);
	check(CHARSET_AUTO, buf_str(&text), chinese);
	check(CHARSET_GB18030, buf_str(&text), chinese);
	buf_fini(&text);
}

/* A line as the converter has it when it gets the whole of it, or suspect. */
static void add_converted(struct buf *want, struct str line)
{
	char block[4096];
	char *in = (char *)line.p, *to = block;
	size_t n = line.n, left = sizeof(block);
	iconv_t cd = iconv_open("UTF-8", "GB18030");
	bool good = iconv(cd, &in, &n, &to, &left) != (size_t)-1 && n == 0;
	iconv_close(cd);
	if (good) {
		buf_add(want, block, sizeof(block) - left);
	} else {
		buf_addc(want, '<');
		buf_addstr(want, line);
		buf_addc(want, '>');
	}
}

/* Characters of one, two and four bytes, ASCII of all lengths between them, and here and there one
 * cut short or none at all. */
static void add_random_line(struct buf *line, uint64_t *seed)
{
	static const char *const part[] = { "\xcd\xb7", "\xe6\xdf", "\x81\x40", "\xfe\x7e",
					    "\x95\x32\x82\x36", "\xa2\xe3", "\x81\x30\x81\x30",
					    "\x80", "\xff", "\xcd", "\x81\x30", "\x81\x30\x81" };
	unsigned parts = (unsigned)(check_random(seed) % 12);
	buf_reset(line);
	for (unsigned i = 0; i < parts; i++) {
		uint64_t r = check_random(seed);
		if (r % 3 == 0)
			buf_fill(line, (char)('0' + r / 3 % 60), r / 300 % 40);
		else
			buf_adds(line, part[r / 3 % (r % 7 ? 7 : 12)]);
	}
	buf_addc(line, '\n');
}

static void all_that_converts_is_converted(void **state)
{
	uint64_t seed = 3;
	struct buf text, want, line, out;
	struct err e;
	(void)state;
	buf_init(&text, 0);
	buf_init(&want, 0);
	buf_init(&line, 0);
	buf_init(&out, 0);
	for (unsigned round = 0; round < 400; round++) {
		buf_reset(&text);
		buf_reset(&want);
		buf_adds(&text, "\xcd\xb7\n");
		add_converted(&want, buf_str(&text));
		for (unsigned i = 0; i < 1 + round % 30; i++) {
			add_random_line(&line, &seed);
			buf_addstr(&text, buf_str(&line));
			add_converted(&want, buf_str(&line));
		}
		CHECK(run(CHARSET_GB18030, buf_str(&text), 1 + check_random(&seed) % 2000, &out,
			  &e));
		CHECK_STR(buf_str(&out), buf_cstr(&want));
	}
	buf_fini(&text);
	buf_fini(&want);
	buf_fini(&line);
	buf_fini(&out);
}

static void a_mark_is_dropped(void **state)
{
	(void)state;
	check(CHARSET_AUTO, STR("\xef\xbb\xbf" "a,b\n"), "a,b\n");
	check(CHARSET_UTF8, STR("\xef\xbb\xbf"), "");
	struct err e;
	struct buf out;
	buf_init(&out, 0);
	CHECK(!run(CHARSET_AUTO, STR("\xff\xfe" "a"), 1, &out, &e));
	CHECK(strstr(e.text, "UTF-16"));
	buf_fini(&out);
}

/* A line cut inside a character is damage, not another character set. */
static void one_broken_line(void **state)
{
	(void)state;
	check(CHARSET_AUTO, STR("1,阿莫西林\n2,阿莫西\xe6\x9e\n3,胶囊\n"),
	      "1,阿莫西林\n<2,阿莫西\xe6\x9e\n>3,胶囊\n");
	check(CHARSET_UTF8, STR("1,阿莫\n2,\xb0\xa2\n"), "1,阿莫\n<2,\xb0\xa2\n>");
}

/* A GB18030 part in a file that began as UTF-8 is still read. */
static void mixed_lines(void **state)
{
	(void)state;
	struct buf text, part = gb("2,血清肌酐测定\n");
	buf_init(&text, 0);
	buf_adds(&text, "1,阿莫西林胶囊\n");
	buf_addstr(&text, buf_str(&part));
	buf_adds(&text, "3,床位费\n");
	check(CHARSET_AUTO, buf_str(&text), "1,阿莫西林胶囊\n2,血清肌酐测定\n3,床位费\n");
	buf_fini(&text);
	buf_fini(&part);
	part = gb("1,血清肌酐测定\n2,ascii\n");
	buf_init(&text, 0);
	for (unsigned i = 0; i < 3; i++) {
		buf_addstr(&text, buf_str(&part));
		buf_adds(&text, "3,床位费与诊察费\n");
	}
	check(CHARSET_AUTO, buf_str(&text), "1,血清肌酐测定\n2,ascii\n3,床位费与诊察费\n"
					    "1,血清肌酐测定\n2,ascii\n3,床位费与诊察费\n"
					    "1,血清肌酐测定\n2,ascii\n3,床位费与诊察费\n");
	buf_fini(&text);
	buf_fini(&part);
}

static void wrong_throughout(void **state)
{
	(void)state;
	struct err e;
	struct buf out, line = gb("1,血清肌酐测定\n"), text;
	buf_init(&out, 0);
	buf_init(&text, 0);
	for (unsigned i = 0; i < 20; i++)
		buf_addstr(&text, buf_str(&line));
	CHECK(!run(CHARSET_UTF8, buf_str(&text), 100, &out, &e));
	CHECK(strstr(e.text, "UTF-8"));
	buf_fini(&out);
	buf_fini(&text);
	buf_fini(&line);
}

static void lines_longer_than_allowed(void **state)
{
	(void)state;
	struct err e;
	struct buf text, out;
	buf_init(&text, 0);
	buf_init(&out, 0);
	buf_fill(&text, 'x', 5000);
	buf_adds(&text, "\n中文\n");
	CHECK(run(CHARSET_AUTO, buf_str(&text), 100, &out, &e));
	CHECK(str_starts(buf_str(&out), STR("<xxx")));
	CHECK(str_ends(buf_str(&out), STR("中文\n")));
	buf_fini(&text);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_passes), cmocka_unit_test(gb18030_is_found_and_converted),
		cmocka_unit_test(a_mark_is_dropped), cmocka_unit_test(one_broken_line),
		cmocka_unit_test(mixed_lines), cmocka_unit_test(wrong_throughout),
		cmocka_unit_test(lines_longer_than_allowed),
		cmocka_unit_test(all_that_converts_is_converted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
