/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record_out.c - raw lines of record versions, read input by input and shown.
 */
#include "daemon/cli/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/words.h"
#include "daemon/work/rawline.h"
#include "lib/base/mem.h"

void versions_init(struct versions *v)
{
	*v = (struct versions){ .n = 0 };
	arena_init(&v->arena);
}

void versions_fini(struct versions *v)
{
	arena_fini(&v->arena);
	xfree(v->v);
}

void versions_add(struct versions *v, const char *const text[RECORD_TEXTS])
{
	GROW(v->v, v->cap, v->n + 1);
	struct version *to = &v->v[v->n++];
	*to = (struct version){ .why = "not read" };
	for (unsigned i = 0; i < RECORD_TEXTS; i++)
		to->text[i] = arena_str(&v->arena, str_of(text[i]));
}

/* ---- reading ---- */

static uint64_t line_of(const struct version *v)
{
	return strtoull(v->text[RECORD_LINE].p, NULL, 10);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static const char *keep_why(struct versions *v, const char *why)
{
	return arena_str(&v->arena, str_of(why)).p;
}

static struct str *keep_texts(struct versions *v, const struct str *from, uint32_t n)
{
	struct str *to = arena_array(&v->arena, n + 1u, sizeof *to);
	for (uint32_t i = 0; i < n; i++)
		to[i] = arena_str(&v->arena, from[i]);
	return to;
}

static void take_line(struct versions *v, struct version *to, const struct rawlines *r)
{
	uint64_t line = line_of(to);
	for (uint32_t i = 0; i < r->n; i++) {
		const struct rawline *l = &r->line[i];
		if (l->line != line || !l->found)
			continue;
		to->why = NULL;
		to->charset = r->charset;
		to->offset = l->offset;
		to->raw = arena_str(&v->arena, l->raw);
		to->n_cell = l->n_cell < r->n_head ? l->n_cell : r->n_head;
		to->name = keep_texts(v, r->head, to->n_cell);
		to->cell = keep_texts(v, l->cell, to->n_cell);
		return;
	}
	to->why = "the input has no record at that line";
}

/* The versions of one intake, which the first at `from` names. */
static void read_intake(struct versions *v, uint32_t from, const struct archive *a,
			const struct feeds *feeds)
{
	struct version *first = &v->v[from];
	struct str intake = first->text[RECORD_INTAKE];
	struct rawlines r = { .n = 0 };
	struct err e;
	uint64_t *line = xcalloc(v->n + 1u, sizeof *line);
	uint32_t n = 0;
	for (uint32_t i = from; i < v->n; i++) {
		if (str_eq(v->v[i].text[RECORD_INTAKE], intake))
			line[n++] = line_of(&v->v[i]);
	}
	qsort(line, n, sizeof *line, by_number);
	int fd = archive_fd(a, first->text[RECORD_DIGEST].p, &e);
	const struct named_feed *nf = feeds_of_item(feeds, first->text[RECORD_FEED_NAME].p,
						    first->text[RECORD_FILE].p, &e);
	bool ok = fd >= 0 && nf &&
		  rawlines_read(fd, nf->feed, first->text[RECORD_FILE].p, line, n, &r, &e);
	const char *why = ok ? NULL : keep_why(v, e.text);
	for (uint32_t i = from; i < v->n; i++) {
		if (!str_eq(v->v[i].text[RECORD_INTAKE], intake))
			continue;
		v->v[i].why = why;
		if (ok)
			take_line(v, &v->v[i], &r);
	}
	if (fd >= 0) {
		(void)close(fd);
		rawlines_fini(&r);
	}
	xfree(line);
}

void versions_read(struct versions *v, const struct archive *a,
		   const struct feeds *feeds)
{
	struct err ignored;
	for (uint32_t i = 0; i < v->n; i++) {
		struct version *one = &v->v[i];
		bool seen = false;
		const struct named_feed *nf = feeds_of_item(feeds, one->text[RECORD_FEED_NAME].p,
							    one->text[RECORD_FILE].p, &ignored);
		one->other_feed = !nf || !str_eq(one->text[RECORD_FEED], str_of(nf->digest));
		for (uint32_t k = 0; k < i && !seen; k++)
			seen = str_eq(v->v[k].text[RECORD_INTAKE], one->text[RECORD_INTAKE]);
		if (seen)
			continue;
		if (str_eq(one->text[RECORD_ARCHIVE], STR("kept")) && a->dir >= 0)
			read_intake(v, i, a, feeds);
	}
	for (uint32_t i = 0; i < v->n; i++) {
		if (str_eq(v->v[i].text[RECORD_ARCHIVE], STR("purged")))
			v->v[i].why = "the input was purged";
		else if (!str_eq(v->v[i].text[RECORD_ARCHIVE], STR("kept")))
			v->v[i].why = "the input came before there was an archive";
		else if (a->dir < 0)
			v->v[i].why = "the archive is not there: --archive says where it is";
	}
}

/* ---- showing ---- */

static void version_text(const struct version *v, const struct cli *c, struct buf *b)
{
	buf_addf(b, cli_text(c, "  版本 %s  第 %s 次收件 %s 第 %s 行",
			     "  revision %s  intake %s, %s line %s"),
		 v->text[RECORD_REVISION].n ? v->text[RECORD_REVISION].p : "-",
		 v->text[RECORD_INTAKE].p, v->text[RECORD_FILE].p, v->text[RECORD_LINE].p);
	if (v->why) {
		buf_addf(b, cli_text(c, "\n    没有原始行：%s\n", "\n    no raw line: %s\n"), v->why);
		return;
	}
	buf_addf(b, cli_text(c, "，偏移 %" PRIu64 "，%s\n    %.*s\n", ", offset %" PRIu64 ", %s\n    %.*s\n"),
		 v->offset, v->charset, (int)v->raw.n, v->raw.p);
	for (uint32_t i = 0; i < v->n_cell; i++)
		if (v->cell[i].n)
			buf_addf(b, "      " STR_FMT " = " STR_FMT "\n", STR_ARG(v->name[i]),
				 STR_ARG(v->cell[i]));
	if (v->other_feed)
		buf_adds(b, cli_text(c, "    （收件时用的是另一份数据源说明）\n",
				     "    (it was read with another feed file)\n"));
}

static bool same_record(const struct version *a, const struct version *b)
{
	return str_eq(a->text[RECORD_STREAM], b->text[RECORD_STREAM]) &&
	       str_eq(a->text[RECORD_IDENTITY], b->text[RECORD_IDENTITY]);
}

static void head_text(const struct version *v, const struct cli *c, struct buf *b)
{
	enum stream s = stream_find(v->text[RECORD_STREAM]);
	buf_addf(b, cli_text(c, "%s %s，机构 %s，就诊 %s（%s）\n", "%s %s, facility %s, visit %s (%s)\n"),
		 word_stream(c, s), v->text[RECORD_SERIAL].p, v->text[RECORD_FACILITY].p,
		 v->text[RECORD_VISIT].p, v->text[RECORD_IDENTITY].p);
}

static void member(struct buf *b, const char *name, struct str s)
{
	buf_addf(b, ",\"%s\":", name);
	buf_json(b, s);
}

static void version_json(const struct version *v, struct buf *b)
{
	buf_addf(b, "{\"intake\":%s,\"line\":%s", v->text[RECORD_INTAKE].p, v->text[RECORD_LINE].p);
	member(b, "revision", v->text[RECORD_REVISION]);
	member(b, "file", v->text[RECORD_FILE]);
	member(b, "digest", v->text[RECORD_DIGEST]);
	if (v->why) {
		member(b, "why", str_of(v->why));
		buf_adds(b, ",\"raw\":null}");
		return;
	}
	buf_addf(b, ",\"offset\":%" PRIu64 ",\"charset\":\"%s\",\"other_feed\":%s", v->offset,
		 v->charset, v->other_feed ? "true" : "false");
	member(b, "raw", v->raw);
	buf_adds(b, ",\"columns\":[");
	for (uint32_t i = 0; i < v->n_cell; i++) {
		buf_adds(b, i ? ",[" : "[");
		buf_json(b, v->name[i]);
		buf_addc(b, ',');
		buf_json(b, v->cell[i]);
		buf_addc(b, ']');
	}
	buf_adds(b, "]}");
}

static void head_json(const struct version *v, struct buf *b)
{
	buf_adds(b, "{\"stream\":");
	buf_json(b, v->text[RECORD_STREAM]);
	member(b, "identity", v->text[RECORD_IDENTITY]);
	member(b, "record", v->text[RECORD_SERIAL]);
	member(b, "fixmedins_code", v->text[RECORD_FACILITY]);
	member(b, "mdtrt_id", v->text[RECORD_VISIT]);
	buf_adds(b, ",\"versions\":[");
}

/* Versions of one record stand together, the one in force first. */
void versions_print(const struct versions *v, const struct cli *c, struct buf *b)
{
	buf_adds(b, c->json ? "{\"records\":[" : "");
	for (uint32_t i = 0; i < v->n; i++) {
		bool fresh = i == 0 || !same_record(&v->v[i - 1], &v->v[i]);
		if (c->json) {
			if (fresh) {
				buf_adds(b, i ? "]}," : "");
				head_json(&v->v[i], b);
			}
			buf_adds(b, fresh ? "" : ",");
			version_json(&v->v[i], b);
			continue;
		}
		if (fresh)
			head_text(&v->v[i], c, b);
		version_text(&v->v[i], c, b);
	}
	buf_adds(b, c->json ? "]}]}\n" : "");
}
