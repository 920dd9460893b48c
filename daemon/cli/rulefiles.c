/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rulefiles.c - walking over rule files, and what changed in one.
 */
#include "daemon/cli/rulefiles.h"

#include "lib/base/mem.h"

static bool each_file(const struct path_list *files, struct err *e,
		      bool (*one)(void *ctx, const char *path, struct str text), void *ctx)
{
	struct buf b;
	bool ok = true, more = true;

	buf_init(&b, 0);
	for (uint32_t i = 0; ok && more && i < files->n; i++) {
		ok = file_read(files->path[i], RULE_FILE_MAX, &b, e);
		if (ok)
			more = one(ctx, files->path[i], buf_str(&b));
	}
	buf_fini(&b);
	return ok;
}

enum cli_exit rulefiles_each(const struct cli *c, int n, char *const *path,
			     bool (*one)(void *ctx, const char *path, struct str text), void *ctx)
{
	struct path_list files = { 0 };
	struct err e = { 0 };
	bool ok = true;

	for (int i = 0; ok && i < n; i++)
		ok = rule_files_find(path[i], &files, &e);
	if (n == 0)
		ok = rule_files_find("rules", &files, &e);
	ok = ok && each_file(&files, &e, one, ctx);
	path_list_fini(&files);
	return ok ? CLI_OK : cli_err(c, &e);
}

struct lines {
	struct str *v;
	uint32_t n, cap;
};

static struct lines lines_of(struct str text)
{
	struct lines l = { NULL, 0, 0 };

	while (text.n > 0) {
		int64_t nl = str_chr(text, '\n');
		struct str one = nl < 0 ? text : str_sub(text, 0, (size_t)nl);

		GROW(l.v, l.cap, l.n + 1);
		l.v[l.n++] = one;
		text = nl < 0 ? (struct str){ NULL, 0 } : str_sub(text, (size_t)nl + 1, text.n);
	}
	return l;
}

/* How far ahead the next line that both have stands: enough for what tools here rewrite. */
static bool meet(const struct lines *a, uint32_t i, const struct lines *b, uint32_t j,
		 uint32_t *da, uint32_t *db)
{
	for (uint32_t sum = 1; sum < 400; sum++)
		for (uint32_t x = 0; x <= sum; x++) {
			uint32_t y = sum - x;

			if (i + x < a->n && j + y < b->n && str_eq(a->v[i + x], b->v[j + y])) {
				*da = x;
				*db = y;
				return true;
			}
		}
	*da = a->n - i;
	*db = b->n - j;
	return false;
}

static void put_lines(struct buf *out, char sign, const struct lines *l, uint32_t from, uint32_t n)
{
	for (uint32_t i = from; i < from + n; i++)
		buf_addf(out, "%c" STR_FMT "\n", sign, STR_ARG(l->v[i]));
}

void rulefile_diff(struct buf *out, const char *path, struct str before, struct str after)
{
	struct lines a = lines_of(before), b = lines_of(after);
	uint32_t i = 0, j = 0, da, db;

	buf_addf(out, "--- %s\n+++ %s\n", path, path);
	while (i < a.n || j < b.n) {
		if (i < a.n && j < b.n && str_eq(a.v[i], b.v[j])) {
			i++;
			j++;
			continue;
		}
		meet(&a, i, &b, j, &da, &db);
		buf_addf(out, "@@ -%u,%u +%u,%u @@\n", i + 1, da, j + 1, db);
		put_lines(out, '-', &a, i, da);
		put_lines(out, '+', &b, j, db);
		i += da;
		j += db;
	}
	xfree(a.v);
	xfree(b.v);
}
