/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_diagnostics.c - what users read when a rule file is wrong, pinned.
 *
 * Every errors/WORD[.case].rules must give the error WORD and no rule set, every
 * warnings/WORD[.case].rules a rule set and the warning WORD; what is printed must equal
 * the .zh.out and .en.out beside it. `test_diagnostics --update` writes them anew: the diff
 * is the review.
 */
#include <dirent.h>
#include <unistd.h>

#include "lib/base/civil.h"
#include "lib/finding/witness.h"
#include "lib/rule/ruleset.h"
#include "tests/check.h"

static bool update;
static char folder[512];

static bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char chunk[4096];
	size_t n;

	if (f == NULL)
		return false;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(out, chunk, n);
	fclose(f);
	return true;
}

static bool load(void *ctx, const char *path, struct buf *out, struct err *e)
{
	char full[1200];

	(void)ctx;
	snprintf(full, sizeof full, "%s/%s", folder, path);
	return read_file(full, out) || err_set(e, ERR_WORLD, "%s", path);
}

static void write_file(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(buf_cstr(b), 1, b->n, f), b->n);
	fclose(f);
}

static void compare(const char *stem, const char *lang, const struct buf *got)
{
	char path[1200];
	struct buf want;

	snprintf(path, sizeof path, "%s/%s.%s.out", folder, stem, lang);
	if (update) {
		write_file(path, got);
		return;
	}
	buf_init(&want, 0);
	if (!read_file(path, &want))
		fail_msg("%s is missing; run with --update", path);
	if (!str_eq(buf_str(&want), buf_str(got)))
		fail_msg("%s differs; found:\n%s", path, buf_cstr(got));
	buf_fini(&want);
}

/* Warnings about conditions and rules are given once the engine agrees. */
static void try_warnings(const struct ruleset *rs, struct diag_list *d)
{
	struct overlaps v;
	struct arena a;
	struct err e;

	arena_init(&a);
	doubts_try(rs, d);
	assert_true(rules_overlap(rs, &a, &v, &e));
	overlaps_tell(rs, &v, d);
	diag_sort(d);
	arena_fini(&a);
}

/* The diagnostics of one file in one language; whether the file's own word is among them. */
static bool run(const char *stem, const struct buf *text, bool english, bool errors)
{
	struct loader loader = { load, NULL };
	struct rule_text one;
	struct diag_list d;
	struct ruleset *rs;
	struct buf out;
	char name[320];
	bool found = false;

	snprintf(name, sizeof name, "%s.rules", stem);
	one = (struct rule_text){ name, buf_str(text) };
	diag_init(&d, english);
	d.today = civil_days(2026, 3, 1);
	rs = ruleset_compile(&one, 1, &loader, NULL, &d);
	if ((rs == NULL) != errors)
		fail_msg("%s: %u errors", name, d.errors);
	if (rs != NULL)
		try_warnings(rs, &d);
	buf_init(&out, 0);
	diag_print(&d, &out);
	compare(stem, english ? "en" : "zh", &out);
	for (uint32_t i = 0; i < d.n; i++)
		found |= strncmp(stem, diag_word(d.diag[i].code), strcspn(stem, ".")) == 0 &&
			 strlen(diag_word(d.diag[i].code)) == strcspn(stem, ".");
	buf_fini(&out);
	ruleset_free(rs);
	diag_fini(&d);
	return found;
}

static void one_file(const char *file, bool errors)
{
	char path[1200], stem[300];
	struct buf text;

	snprintf(path, sizeof path, "%s/%s", folder, file);
	snprintf(stem, sizeof stem, "%.*s", (int)(strlen(file) - strlen(".rules")), file);
	buf_init(&text, 0);
	assert_true(read_file(path, &text));
	for (int english = 0; english < 2; english++)
		if (!run(stem, &text, english != 0, errors))
			fail_msg("%s does not give its own word", file);
	buf_fini(&text);
}

static int is_rules(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 6 && strcmp(d->d_name + n - 6, ".rules") == 0;
}

static void all_files(const char *kind, bool errors, int least)
{
	const char *root = getenv("FUNDWATCH_SOURCE_DIR");
	struct dirent **list;
	int n;

	snprintf(folder, sizeof folder, "%s/tests/golden/%s", root != NULL ? root : ".", kind);
	n = scandir(folder, &list, is_rules, alphasort);
	assert_true(n >= least);
	for (int i = 0; i < n; i++) {
		one_file(list[i]->d_name, errors);
		free(list[i]);
	}
	free(list);
	print_message("%s: %d files\n", kind, n);
}

static void errors(void **state)
{
	(void)state;
	all_files("errors", true, 150);
}

static void warnings(void **state)
{
	(void)state;
	all_files("warnings", false, 50);
}

/* Every code has a golden file of its own, but for the bounds nobody can write down and what only
 * the database's ledger knows (tests/e2e/test_admin_edits.py). */
static void every_code_is_pinned(void **state)
{
	static const char *const unpinned[] = { "too-many", "exception-unused" };
	const char *root = getenv("FUNDWATCH_SOURCE_DIR");

	(void)state;
	for (unsigned c = 0; c < DIAG_COUNT; c++) {
		const char *word = diag_word((enum diag_code)c);
		bool error = diag_severity((enum diag_code)c) == SEVERITY_ERROR, found = false;
		struct dirent **list;
		int n;

		snprintf(folder, sizeof folder, "%s/tests/golden/%s", root != NULL ? root : ".",
			 error ? "errors" : "warnings");
		n = scandir(folder, &list, is_rules, alphasort);
		for (int i = 0; i < n; i++) {
			found |= strncmp(list[i]->d_name, word, strlen(word)) == 0 &&
				 list[i]->d_name[strlen(word)] == '.';
			free(list[i]);
		}
		free(list);
		for (size_t i = 0; i < sizeof unpinned / sizeof *unpinned; i++)
			found |= strcmp(word, unpinned[i]) == 0;
		if (!found)
			fail_msg("no golden file for %s", word);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors),
		cmocka_unit_test(warnings),
		cmocka_unit_test(every_code_is_pinned),
	};

	update = argc > 1 && strcmp(argv[1], "--update") == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
