/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findrun.c - findings as bytes, and a heap of runs by their first finding.
 */
#include "daemon/work/findrun.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/mem.h"

#define WAITING_BYTES ((size_t)256 << 10)

struct run {
	uint64_t from, to;       /* bytes of the file */
	struct arena arena;      /* of the finding at hand */
	struct finding f;
};

struct findruns {
	const struct ruleset *rs;
	int fd;
	struct buf waiting;
	uint64_t written;
	struct run *run;
	uint32_t n, cap;
	uint32_t *heap, n_heap;  /* numbers of runs */
	const char *map;
};

struct findruns *findruns_new(const char *dir, const struct ruleset *rs, struct err *e)
{
	struct findruns *r = xcalloc(1, sizeof *r);
	r->rs = rs;
	r->fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	buf_init(&r->waiting, SIZE_MAX / 2);
	if (r->fd >= 0)
		return r;
	(void)err_set(e, ERR_WORLD, "no temporary file in %s: %s", dir, strerror(errno));
	findruns_free(r);
	return NULL;
}

void findruns_free(struct findruns *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->n; i++)
		arena_fini(&r->run[i].arena);
	if (r->fd >= 0)
		(void)close(r->fd);
	buf_fini(&r->waiting);
	xfree(r->run);
	xfree(r->heap);
	xfree(r);
}

/* ---- writing ---- */

static void put_text(struct buf *b, struct str s)
{
	buf_add(b, &s.n, sizeof s.n);
	if (s.n)
		buf_addstr(b, s);
}

static void put_texts(struct buf *b, const struct str *s, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		put_text(b, s[i]);
}

/* The struct as it lies, then its texts in the order of its members. */
static void put_finding(struct buf *b, const struct finding *f)
{
	buf_add(b, f, sizeof *f);
	put_text(b, f->subject);
	put_texts(b, f->key_name, f->n_key);
	put_texts(b, f->key_value, f->n_key);
	put_text(b, f->observed);
	put_text(b, f->limit);
	put_text(b, f->sentence);
	put_text(b, f->except_owner);
	put_text(b, f->except_reason);
	put_text(b, f->except_cells);
	put_text(b, f->psn_no);
	put_text(b, f->fixmedins_code);
	for (uint32_t i = 0; i < f->n_record; i++) {
		const struct finding_record *x = &f->record[i];
		buf_add(b, x, sizeof *x);
		put_text(b, x->fixmedins_code);
		put_text(b, x->mdtrt_id);
		put_text(b, x->id);
	}
}

static bool flush(struct findruns *r, struct err *e)
{
	for (size_t at = 0; at < r->waiting.n;) {
		ssize_t n = write(r->fd, r->waiting.p + at, r->waiting.n - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, ERR_WORLD, "temporary file: %s", strerror(errno));
		at += (size_t)n;
	}
	r->written += r->waiting.n;
	buf_reset(&r->waiting);
	return true;
}

void findruns_begin(struct findruns *r)
{
	uint64_t at = r->written + r->waiting.n;
	GROW(r->run, r->cap, r->n + 1);
	r->run[r->n] = (struct run){ .from = at, .to = at };
	arena_init(&r->run[r->n++].arena);
}

bool findruns_add(struct findruns *r, const struct finding *f, struct err *e)
{
	put_finding(&r->waiting, f);
	r->run[r->n - 1].to = r->written + r->waiting.n;
	return r->waiting.n < WAITING_BYTES || flush(r, e);
}

/* ---- reading ---- */

static void get(const struct findruns *r, struct run *x, void *to, size_t n)
{
	memcpy(to, r->map + x->from, n);
	x->from += n;
}

static struct str get_text(const struct findruns *r, struct run *x)
{
	struct str s;
	get(r, x, &s.n, sizeof s.n);
	s.p = r->map + x->from;
	x->from += s.n;
	return s;
}

static struct str *get_texts(const struct findruns *r, struct run *x, uint32_t n)
{
	struct str *s = arena_array(&x->arena, n + 1u, sizeof *s);
	for (uint32_t i = 0; i < n; i++)
		s[i] = get_text(r, x);
	return s;
}

/* The run's next finding into x->f; false at its end. */
static bool next_finding(const struct findruns *r, struct run *x)
{
	struct finding *f = &x->f;
	if (x->from == x->to)
		return false;
	arena_reset(&x->arena);
	get(r, x, f, sizeof *f);
	f->rule = r->rs->rule[f->rule_index].id;
	f->digest = str_of(r->rs->rule[f->rule_index].digest);
	f->subject = get_text(r, x);
	f->key_name = get_texts(r, x, f->n_key);
	f->key_value = get_texts(r, x, f->n_key);
	f->observed = get_text(r, x);
	f->limit = get_text(r, x);
	f->sentence = get_text(r, x);
	f->except_owner = get_text(r, x);
	f->except_reason = get_text(r, x);
	f->except_cells = get_text(r, x);
	f->psn_no = get_text(r, x);
	f->fixmedins_code = get_text(r, x);
	f->record = arena_array(&x->arena, f->n_record + 1u, sizeof *f->record);
	for (uint32_t i = 0; i < f->n_record; i++) {
		get(r, x, &f->record[i], sizeof f->record[i]);
		f->record[i].fixmedins_code = get_text(r, x);
		f->record[i].mdtrt_id = get_text(r, x);
		f->record[i].id = get_text(r, x);
	}
	return true;
}

/* ---- merging ---- */

static bool before(const struct findruns *r, uint32_t a, uint32_t b)
{
	return finding_cmp(&r->run[a].f, &r->run[b].f) < 0;
}

static void sink_down(struct findruns *r, uint32_t at)
{
	for (;;) {
		uint32_t least = at;
		for (uint32_t k = 2 * at + 1; k <= 2 * at + 2 && k < r->n_heap; k++)
			if (before(r, r->heap[k], r->heap[least]))
				least = k;
		if (least == at)
			return;
		uint32_t t = r->heap[at];
		r->heap[at] = r->heap[least];
		r->heap[least] = t;
		at = least;
	}
}

static void merge(struct findruns *r, void (*fn)(void *ctx, const struct finding *f), void *ctx)
{
	r->heap = xcalloc(r->n + 1u, sizeof *r->heap);
	for (uint32_t i = 0; i < r->n; i++)
		if (next_finding(r, &r->run[i]))
			r->heap[r->n_heap++] = i;
	for (uint32_t i = r->n_heap; i-- > 0;)
		sink_down(r, i);
	while (r->n_heap > 0) {
		struct run *x = &r->run[r->heap[0]];
		fn(ctx, &x->f);
		if (!next_finding(r, x))
			r->heap[0] = r->heap[--r->n_heap];
		sink_down(r, 0);
	}
}

bool findruns_tell(struct findruns *r, void (*fn)(void *ctx, const struct finding *f), void *ctx,
		   struct err *e)
{
	if (!flush(r, e))
		return false;
	if (r->written == 0)
		return true;
	void *p = mmap(NULL, r->written, PROT_READ, MAP_SHARED, r->fd, 0);
	if (p == MAP_FAILED)
		return err_set(e, ERR_WORLD, "temporary file: %s", strerror(errno));
	r->map = p;
	merge(r, fn, ctx);
	(void)munmap(p, r->written);
	return true;
}
