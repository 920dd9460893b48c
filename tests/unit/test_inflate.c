/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_inflate.c - plain, one member, many members, and every way to break off.
 */
#include "tests/check.h"

#include <zlib.h>

#include "lib/base/buf.h"
#include "lib/record/gzip.h"
#include "lib/record/inflate.h"

static const struct gzip_engine *const engines[] = {
#ifdef FUNDWATCH_ISAL
	&gzip_isal,
#endif
	&gzip_zlib,
};
enum { ENGINES = sizeof engines / sizeof *engines };

static bool collect(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	(void)suspect;
	(void)e;
	buf_add(ctx, p, n);
	return true;
}

static void member(struct buf *out, const char *text, size_t n)
{
	z_stream z = { 0 };
	unsigned char block[4096];
	CHECK_INT(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)text;
	z.avail_in = (uInt)n;
	int rc;
	do {
		z.next_out = block;
		z.avail_out = sizeof(block);
		rc = deflate(&z, Z_FINISH);
		buf_add(out, block, sizeof(block) - z.avail_out);
	} while (rc == Z_OK);
	deflateEnd(&z);
}

static bool run_by(const struct gzip_engine *engine, const char *p, size_t n, size_t step,
		   struct buf *out, struct err *e)
{
	struct inflate *in = inflate_new_by(engine);
	struct flow to = { collect, out };
	bool good = true;
	buf_reset(out);
	for (size_t at = 0; good && at < n; at += step)
		good = inflate_push(in, p + at, n - at < step ? n - at : step, to, e);
	good = good && inflate_finish(in, to, e);
	inflate_free(in);
	return good;
}

/* All engines; they must agree. */
static bool run(const char *p, size_t n, size_t step, struct buf *out, struct err *e)
{
	bool good = run_by(engines[0], p, n, step, out, e);
	for (unsigned i = 1; i < ENGINES; i++) {
		struct buf other;
		struct err why;
		buf_init(&other, 0);
		CHECK(run_by(engines[i], p, n, step, &other, &why) == good);
		CHECK(str_eq(buf_str(&other), buf_str(out)));
		CHECK(good || str_eq(str_sub(str_of(why.text), 0, 11),
				     str_sub(str_of(e->text), 0, 11)));
		buf_fini(&other);
	}
	return good;
}

static void plain_passes(void **state)
{
	(void)state;
	struct err e;
	struct buf out;
	buf_init(&out, 0);
	static const char *const texts[] = { "", "a", "ab", "\x1f", "\x1fz plain" };
	for (unsigned i = 0; i < 5; i++)
		for (size_t step = 1; step < 4; step++) {
			CHECK(run(texts[i], strlen(texts[i]), step, &out, &e));
			CHECK_STR(buf_str(&out), texts[i]);
		}
	buf_fini(&out);
}

static void members_follow_one_another(void **state)
{
	(void)state;
	struct err e;
	struct buf gz, out;
	buf_init(&gz, 0);
	buf_init(&out, 0);
	member(&gz, "one ", 4);
	member(&gz, "", 0);
	buf_fill(&gz, 0, 3);
	member(&gz, "two", 3);
	buf_fill(&gz, 0, 10);
	for (size_t step = 1; step < 100; step += 3) {
		CHECK(run(gz.p, gz.n, step, &out, &e));
		CHECK_STR(buf_str(&out), "one two");
	}
	buf_fini(&gz);
	buf_fini(&out);
}

/* Cut anywhere inside a member: an error that says where, and the text before it is a prefix. */
static void truncated_at_every_byte(void **state)
{
	(void)state;
	struct err e;
	struct buf gz, out;
	const char *text = "a,b,c\n1,2,3\n4,5,6\n7,8,9\n";
	buf_init(&gz, 0);
	buf_init(&out, 0);
	member(&gz, text, strlen(text));
	for (size_t n = 2; n < gz.n; n++) {
		CHECK(!run(gz.p, n, 5, &out, &e));
		CHECK(strstr(e.text, "不完整"));
		CHECK(str_starts(str_of(text), buf_str(&out)));
	}
	CHECK(run(gz.p, gz.n, 5, &out, &e));
	buf_fini(&gz);
	buf_fini(&out);
}

static void damaged(void **state)
{
	(void)state;
	struct err e;
	struct buf gz, out;
	buf_init(&gz, 0);
	buf_init(&out, 0);
	member(&gz, "some text that is long enough to matter", 39);
	gz.p[gz.n - 6] ^= 1; /* the checksum */
	CHECK(!run(gz.p, gz.n, 1000, &out, &e));
	CHECK(strstr(e.text, "损坏"));
	gz.p[gz.n - 6] ^= 1;
	buf_adds(&gz, "junk");
	CHECK(!run(gz.p, gz.n, 1000, &out, &e));
	CHECK_STR(buf_str(&out), "some text that is long enough to matter");
	buf_fini(&gz);
	buf_fini(&out);
}

static void large_and_small_blocks_agree(void **state)
{
	(void)state;
	struct err e;
	struct buf text, gz, out;
	uint64_t seed = 3;
	buf_init(&text, 0);
	buf_init(&gz, 0);
	buf_init(&out, 0);
	for (unsigned i = 0; i < 200000; i++)
		buf_addf(&text, "%llx,", (unsigned long long)(check_random(&seed) % 5000));
	member(&gz, text.p, text.n);
	for (size_t step = 1; step < gz.n; step *= 17) {
		CHECK(run(gz.p, gz.n, step, &out, &e));
		CHECK(str_eq(buf_str(&out), buf_str(&text)));
	}
	buf_fini(&text);
	buf_fini(&gz);
	buf_fini(&out);
}

/* Members of all sizes, compressed well and not at all, cut into pieces at random. */
static void engines_agree(void **state)
{
	(void)state;
	struct err e;
	struct buf text, gz, out;
	uint64_t seed = 11;
	buf_init(&text, 0);
	buf_init(&gz, 0);
	buf_init(&out, 0);
	for (unsigned round = 0; round < 60; round++) {
		buf_reset(&text);
		buf_reset(&gz);
		for (uint64_t i = check_random(&seed) % 5 + 1; i > 0; i--) {
			size_t from = text.n, n = check_random(&seed) % (1u << (round % 18 + 1));
			uint64_t kinds = check_random(&seed) % 2 ? 3 : 255;
			while (text.n - from < n)
				buf_addc(&text, (char)(check_random(&seed) % kinds));
			member(&gz, text.p ? text.p + from : "", n);
			buf_fill(&gz, 0, check_random(&seed) % 3);
		}
		CHECK(run(gz.p, gz.n, check_random(&seed) % gz.n + 1, &out, &e));
		CHECK(str_eq(buf_str(&out), buf_str(&text)));
	}
	buf_fini(&text);
	buf_fini(&gz);
	buf_fini(&out);
}

/* A flipped bit anywhere is noticed by all or by none; what was given out is a prefix or more. */
static void damage_is_noticed_alike(void **state)
{
	(void)state;
	struct buf gz, a, b;
	uint64_t seed = 5;
	buf_init(&gz, 0);
	buf_init(&a, 0);
	buf_init(&b, 0);
	for (unsigned round = 0; round < 400; round++) {
		char text[300];
		struct err e;
		for (unsigned i = 0; i < sizeof text; i++)
			text[i] = (char)('a' + check_random(&seed) % 9);
		buf_reset(&gz);
		member(&gz, text, sizeof text);
		/* behind the header: of its unused bits and times each library thinks its own */
		gz.p[10 + check_random(&seed) % (gz.n - 10)] ^=
			(char)(1u << check_random(&seed) % 8);
		bool good = run_by(engines[0], gz.p, gz.n, 64, &a, &e);
		for (unsigned i = 1; i < ENGINES; i++)
			CHECK(run_by(engines[i], gz.p, gz.n, 64, &b, &e) == good);
	}
	buf_fini(&gz);
	buf_fini(&a);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_passes), cmocka_unit_test(members_follow_one_another),
		cmocka_unit_test(truncated_at_every_byte), cmocka_unit_test(damaged),
		cmocka_unit_test(large_and_small_blocks_agree),
		cmocka_unit_test(engines_agree), cmocka_unit_test(damage_is_noticed_alike),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
