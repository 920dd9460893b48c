/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_rewrite.c - what fmt and fix make of whole files, pinned.
 *
 * format/NAME.in.rules gives NAME.out.rules, fix/NAME.in.rules likewise after as many rounds as it
 * takes; `test_rewrite --update` writes them anew. Over every golden error and warning file a
 * repair that calls itself sure must not make more errors.
 */
#include "lib/rule/fix.h"
#include "lib/rule/format.h"
#include "tests/check.h"
#include "tests/support/rulefolder.h"

static bool update;

static void pinned(const char *in, struct str got)
{
	char path[1000];
	struct buf want;

	snprintf(path, sizeof path, "%.*s.out.rules", (int)(strlen(in) - strlen(".in.rules")), in);
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

/* Runs `one` over the folder's files with this ending. */
static unsigned each(const char *folder, const char *ending,
		     void (*one)(const char *name, struct str text))
{
	static struct rulefolder all;
	unsigned n = 0;

	rulefolder_open(&all, folder);
	for (uint32_t i = 0; i < all.n; i++) {
		if (!str_ends(str_of(all.text[i].name), str_of(ending)))
			continue;
		one(all.text[i].name, all.text[i].text);
		n++;
	}
	rulefolder_close(&all);
	return n;
}

/* ---- fmt ---- */

static void format_one(const char *name, struct str text)
{
	struct buf b;

	buf_init(&b, 0);
	if (!format_text(text, &b))
		fail_msg("%s does not parse", name);
	pinned(name, buf_str(&b));
	buf_fini(&b);
}

static void formatted_files(void **state)
{
	(void)state;
	assert_true(each("tests/golden/format", ".in.rules", format_one) >= 3);
}

/* ---- fix ---- */

static uint32_t compile(struct diag_list *d, const char *name, struct str text)
{
	static struct rulefolder one;

	one.n = 1;
	one.text[0] = (struct rule_text){ name, text };
	diag_init(d, false);
	ruleset_free(rulefolder_compile(&one, d));
	return d->errors;
}

/* One round; false when nothing was repaired. Errors must not grow in number. */
static bool one_round(const char *name, struct buf *text)
{
	struct diag_list d, after;
	struct buf out;
	uint32_t made;

	buf_init(&out, 0);
	compile(&d, name, buf_str(text));
	made = fix_source(&d, 0, &out, NULL, NULL);
	if (made > 0 && compile(&after, name, buf_str(&out)) > d.errors)
		fail_msg("%s: a sure repair makes more errors:\n%s", name, buf_cstr(&out));
	if (made > 0)
		diag_fini(&after);
	diag_fini(&d);
	buf_fini(text);
	*text = out;
	return made > 0;
}

static void repair(const char *name, struct str text, struct buf *out)
{
	int rounds = 0;

	buf_init(out, 0);
	buf_addstr(out, text);
	while (one_round(name, out))
		if (++rounds > 20)
			fail_msg("%s: repairs never end:\n%s", name, buf_cstr(out));
}

static void fix_one(const char *name, struct str text)
{
	struct buf b;

	repair(name, text, &b);
	pinned(name, buf_str(&b));
	buf_fini(&b);
}

static void fixed_files(void **state)
{
	(void)state;
	assert_true(each("tests/golden/fix", ".in.rules", fix_one) >= 2);
}

static unsigned repaired;

static void fix_any(const char *name, struct str text)
{
	struct buf b;

	repair(name, text, &b);
	repaired += !str_eq(text, buf_str(&b));
	buf_fini(&b);
}

static void repairs_make_nothing_worse(void **state)
{
	(void)state;
	each("tests/golden/errors", ".rules", fix_any);
	each("tests/golden/warnings", ".rules", fix_any);
	print_message("%u files repaired\n", repaired);
	assert_true(repaired >= 10);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formatted_files),
		cmocka_unit_test(fixed_files),
		cmocka_unit_test(repairs_make_nothing_worse),
	};

	update = argc > 1 && strcmp(argv[1], "--update") == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
