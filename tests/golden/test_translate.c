/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_translate.c - rules mean the same in both languages, and there and back again is
 * the file in its usual words.
 *
 * translate/NAME.zh.rules and NAME.en.rules are translations of each other, pinned;
 * `test_translate --update` writes the English ones anew.
 */
#include "lib/rule/format.h"
#include "lib/rule/marks.h"
#include "lib/rule/translate.h"
#include "tests/check.h"
#include "tests/support/rulefolder.h"

static bool update;

/* All texts of the folder in one language; the digest of the set stays. */
static void translate(struct rulefolder *f, bool english, const char *digest)
{
	struct diag_list d, again;
	struct marks marks;
	struct ruleset *rs;

	diag_init(&d, false);
	marks_init(&marks);
	d.marks = &marks;
	rs = rulefolder_compile(f, &d);
	assert_non_null(rs);
	marks_sort(&marks);
	assert_string_equal(rs->digest, digest);
	ruleset_free(rs);
	for (uint32_t i = 0; i < f->n; i++) {
		struct buf b;

		buf_init(&b, 0);
		if (!translate_source(&d, i, english, &b))
			fail_msg("%s: the translation does not parse", f->text[i].name);
		rulefolder_set(f, i, buf_str(&b));
		buf_fini(&b);
	}
	marks_fini(&marks);
	diag_fini(&d);
	diag_init(&again, false);
	rs = rulefolder_compile(f, &again);
	if (rs == NULL) {
		struct buf b;

		buf_init(&b, 0);
		diag_print(&again, &b);
		fail_msg("%s", buf_cstr(&b));
	}
	assert_string_equal(rs->digest, digest);
	ruleset_free(rs);
	diag_fini(&again);
}

static void digest_of(const struct rulefolder *f, char digest[33])
{
	struct diag_list d;
	struct ruleset *rs;

	diag_init(&d, false);
	rs = rulefolder_compile(f, &d);
	assert_non_null(rs);
	memcpy(digest, rs->digest, 33);
	ruleset_free(rs);
	diag_fini(&d);
}

static void same_texts(const struct rulefolder *a, const struct rulefolder *b)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (!str_eq(a->text[i].text, b->text[i].text))
			fail_msg("%s differs:\n" STR_FMT "\n--- from:\n" STR_FMT, a->text[i].name,
				 STR_ARG(a->text[i].text), STR_ARG(b->text[i].text));
}

/* zh, en, zh again and en again: the third is the first, the fourth the second. */
static void there_and_back(const char *folder)
{
	static struct rulefolder a, b, c;
	char digest[33];

	rulefolder_open(&a, folder);
	rulefolder_open(&b, folder);
	rulefolder_open(&c, folder);
	digest_of(&a, digest);
	translate(&a, false, digest);
	translate(&b, true, digest);
	for (uint32_t i = 0; i < b.n; i++)
		rulefolder_set(&c, i, b.text[i].text);
	translate(&b, false, digest);
	same_texts(&b, &a);
	translate(&b, true, digest);
	same_texts(&b, &c);
	print_message("%s: %u files\n", folder, a.n);
	rulefolder_close(&a);
	rulefolder_close(&b);
	rulefolder_close(&c);
}

static void meaning_survives(void **state)
{
	static const char *const folders[] = {
		"rules", "tests/golden/meaning", "tests/cli/data/rules",
	};

	(void)state;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		there_and_back(folders[i]);
}

/* ---- each warning file by itself ---- */

static void of_one_file(const struct rulefolder *all, uint32_t i)
{
	static struct rulefolder one;
	char digest[33];

	one.n = 1;
	one.text[0].name = all->text[i].name;
	buf_init(&one.held[0], 0);
	rulefolder_set(&one, 0, all->text[i].text);
	digest_of(&one, digest);
	translate(&one, true, digest);
	translate(&one, false, digest);
	buf_fini(&one.held[0]);
}

static void warnings_survive_too(void **state)
{
	static struct rulefolder all;

	(void)state;
	rulefolder_open(&all, "tests/golden/warnings");
	for (uint32_t i = 0; i < all.n; i++)
		of_one_file(&all, i);
	rulefolder_close(&all);
}

/* ---- pinned pairs ---- */

static bool is_zh(const char *name)
{
	return str_ends(str_of(name), STR(".zh.rules"));
}

static void pinned(const char *path, struct str got)
{
	struct buf want;

	if (update) {
		source_write(path, got);
		return;
	}
	buf_init(&want, 0);
	if (!source_file(path, &want))
		fail_msg("%s is missing; run with --update", path);
	if (!str_eq(buf_str(&want), got))
		fail_msg("%s differs; found:\n" STR_FMT, path, STR_ARG(got));
	buf_fini(&want);
}

static void one_pair(const struct rulefolder *all, uint32_t i)
{
	static struct rulefolder one;
	const char *name = all->text[i].name;
	char digest[33], path[1000];
	struct buf formatted;

	one.n = 1;
	one.text[0].name = name;
	buf_init(&one.held[0], 0);
	rulefolder_set(&one, 0, all->text[i].text);
	digest_of(&one, digest);
	translate(&one, true, digest);
	snprintf(path, sizeof path, "%.*s.en.rules", (int)(strlen(name) - strlen(".zh.rules")),
			name);
	pinned(path, one.text[0].text);
	translate(&one, false, digest);
	buf_init(&formatted, 0);
	assert_true(format_text(all->text[i].text, &formatted));
	CHECK_STR(one.text[0].text, buf_cstr(&formatted)); /* there and back is fmt */
	buf_fini(&formatted);
	buf_fini(&one.held[0]);
}

static void pairs_are_pinned(void **state)
{
	static struct rulefolder all;
	unsigned n = 0;

	(void)state;
	rulefolder_open(&all, "tests/golden/translate");
	for (uint32_t i = 0; i < all.n; i++)
		if (is_zh(all.text[i].name)) {
			one_pair(&all, i);
			n++;
		}
	rulefolder_close(&all);
	assert_true(n >= 4);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_pinned),
		cmocka_unit_test(warnings_survive_too),
		cmocka_unit_test(meaning_survives),
	};

	update = argc > 1 && strcmp(argv[1], "--update") == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
