/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan_rejects.c - one tmpfile an input, joined into the file asked for.
 */
#include "daemon/cli/scan_rejects.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/work/files.h"
#include "lib/base/mem.h"

struct scan_rejects {
	const char *path;
	const struct path_list *files;
	FILE **part; /* [files->n], NULL = no reject so far */
};

struct scan_rejects *scan_rejects_new(const char *path, const struct path_list *files)
{
	if (!path)
		return NULL;
	struct scan_rejects *r = xcalloc(1, sizeof *r);
	*r = (struct scan_rejects){ path, files, xcalloc(files->n + 1u, sizeof *r->part) };
	return r;
}

static void reject_json(const char *file, const struct reject *x, struct buf *b)
{
	buf_adds(b, "{\"file\":");
	buf_json(b, str_of(file));
	buf_addf(b, ",\"line\":%" PRIu64 ",\"column\":%u,\"stream\":", x->line, x->column);
	buf_json(b, str_of(x->stream < STREAM_COUNT ? stream_name(x->stream) : ""));
	buf_addf(b, ",\"reason\":\"%s\",\"field\":", x->reason);
	buf_json(b, x->field);
	buf_adds(b, ",\"sentence\":");
	buf_json(b, x->sentence);
	buf_adds(b, ",\"raw\":");
	buf_json(b, x->raw);
	buf_adds(b, "}\n");
}

bool scan_rejects_add(struct scan_rejects *r, const struct chunk *c, uint32_t file, struct err *e)
{
	struct buf b;
	if (!r || c->n_reject == 0)
		return true;
	if (!r->part[file])
		r->part[file] = tmpfile();
	if (!r->part[file])
		return err_set(e, ERR_WORLD, "temporary file for rejects: %s", strerror(errno));
	buf_init(&b, 0);
	for (uint32_t i = 0; i < c->n_reject; i++) {
		reject_json(r->files->path[file], &c->reject[i], &b);
		fwrite(buf_cstr(&b), 1, b.n, r->part[file]);
		buf_reset(&b);
	}
	buf_fini(&b);
	return !ferror(r->part[file]) ||
	       err_set(e, ERR_WORLD, "temporary file for rejects: %s", strerror(errno));
}

static bool copy_part(FILE *from, FILE *to)
{
	char block[65536];
	size_t n;
	rewind(from);
	while ((n = fread(block, 1, sizeof block, from)) > 0)
		if (fwrite(block, 1, n, to) != n)
			return false;
	return !ferror(from);
}

static bool join_parts(struct scan_rejects *r, struct err *e)
{
	struct staged s;
	if (!staged_begin(&s, r->path, e))
		return false;
	FILE *to = fopen(s.temp, "we");
	bool ok = to;
	for (uint32_t i = 0; ok && i < r->files->n; i++)
		ok = !r->part[i] || copy_part(r->part[i], to);
	ok = ok && fflush(to) == 0 && staged_sync(fileno(to));
	if (to)
		ok = fclose(to) == 0 && ok;
	ok = ok && staged_keep(&s);
	if (ok)
		return true;
	err_set(e, ERR_WORLD, "%s: %s", r->path, strerror(errno));
	staged_drop(&s);
	return false;
}

bool scan_rejects_close(struct scan_rejects *r, bool keep, struct err *e)
{
	bool ok = true;
	if (!r)
		return true;
	if (keep)
		ok = join_parts(r, e);
	for (uint32_t i = 0; i < r->files->n; i++)
		if (r->part[i])
			fclose(r->part[i]);
	xfree(r->part);
	xfree(r);
	return ok;
}
