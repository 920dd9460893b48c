/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rulefolder.c - reading rule files from the source tree.
 */
#include "tests/support/rulefolder.h"

#include <dirent.h>

#include "tests/check.h"

static const char *full(const char *path)
{
	static char name[1200];
	const char *root = getenv("FUNDWATCH_SOURCE_DIR");

	snprintf(name, sizeof name, "%s/%s", root != NULL ? root : ".", path);
	return name;
}

bool source_file(const char *path, struct buf *out)
{
	FILE *f = fopen(full(path), "rb");
	char chunk[4096];
	size_t n;

	if (f == NULL)
		return false;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(out, chunk, n);
	fclose(f);
	return true;
}

void source_write(const char *path, struct str text)
{
	FILE *f = fopen(full(path), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	fclose(f);
}

static int is_rules(const struct dirent *d)
{
	return d->d_name[0] != '.' && str_ends(str_of(d->d_name), STR(".rules"));
}

void rulefolder_open(struct rulefolder *f, const char *folder)
{
	struct dirent **list;
	int n = scandir(full(folder), &list, is_rules, alphasort);

	f->n = 0;
	assert_true(n >= 0 && n <= FOLDER_MAX);
	for (int i = 0; i < n; i++) {
		char *name = xmalloc(1000);

		snprintf(name, 1000, "%s/%s", folder, list[i]->d_name);
		buf_init(&f->held[f->n], 0);
		assert_true(source_file(name, &f->held[f->n]));
		f->text[f->n].name = name;
		f->text[f->n].text = buf_str(&f->held[f->n]);
		f->n++;
		free(list[i]);
	}
	free(list);
}

void rulefolder_close(struct rulefolder *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		xfree((void *)f->text[i].name);
		buf_fini(&f->held[i]);
	}
	f->n = 0;
}

void rulefolder_set(struct rulefolder *f, uint32_t i, struct str text)
{
	struct buf copy;

	buf_init(&copy, 0);
	buf_addstr(&copy, text);
	buf_fini(&f->held[i]);
	f->held[i] = copy;
	f->text[i].text = buf_str(&f->held[i]);
}

static bool load(void *ctx, const char *path, struct buf *out, struct err *e)
{
	(void)ctx;
	return source_file(path, out) || err_set(e, ERR_WORLD, "%s", path);
}

struct ruleset *rulefolder_compile(const struct rulefolder *f, struct diag_list *d)
{
	static const struct loader loader = { load, NULL };

	return ruleset_compile(f->text, f->n, &loader, NULL, d);
}
