/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findrun.c - findings as bytes, and a heap of runs by their first finding.
 */
#include "daemon/work/findrun.h"

#include <string.h>

#include "daemon/work/temp.h"
#include "lib/base/mem.h"

#define WAITING_BYTES ((size_t)256 << 10)

struct run {
	uint64_t from, to;       /* bytes of the file */
	struct temp_reader reader;
	struct arena arena;      /* of the finding at hand */
	struct finding f;
};

struct findruns {
	const struct ruleset *rs;
	struct temp_file file;
	struct buf waiting, one;
	struct run *run;
	uint32_t n, cap;
	uint32_t *heap, n_heap;  /* numbers of runs */
};

struct findruns *findruns_new(const char *dir, const struct ruleset *rs, struct err *e)
{
	struct findruns *r = xcalloc(1, sizeof *r);
	r->rs = rs;
	buf_init(&r->waiting, SIZE_MAX / 2);
	buf_init(&r->one, 0);
	if (temp_open(&r->file, dir, e))
		return r;
	findruns_free(r);
	return NULL;
}

void findruns_free(struct findruns *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->n; i++) {
		arena_fini(&r->run[i].arena);
		temp_reader_fini(&r->run[i].reader);
	}
	temp_close(&r->file);
	buf_fini(&r->waiting);
	buf_fini(&r->one);
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
	if (!temp_add(&r->file, buf_str(&r->waiting), e))
		return false;
	buf_reset(&r->waiting);
	return true;
}

void findruns_begin(struct findruns *r)
{
	uint64_t at = r->file.bytes + r->waiting.n;
	GROW(r->run, r->cap, r->n + 1);
	r->run[r->n] = (struct run){ .from = at, .to = at };
	arena_init(&r->run[r->n++].arena);
}

bool findruns_add(struct findruns *r, const struct finding *f, struct err *e)
{
	buf_reset(&r->one);
	put_finding(&r->one, f);
	temp_frame(&r->waiting, buf_str(&r->one));
	r->run[r->n - 1].to = r->file.bytes + r->waiting.n;
	return r->waiting.n < WAITING_BYTES || flush(r, e);
}

/* ---- reading ---- */

static void get(struct str *from, void *to, size_t n)
{
	memcpy(to, from->p, n);
	from->p += n;
	from->n -= (uint32_t)n;
}

static struct str get_text(struct str *from)
{
	struct str s;
	get(from, &s.n, sizeof s.n);
	s.p = from->p;
	from->p += s.n;
	from->n -= s.n;
	return s;
}

static struct str *get_texts(struct run *x, struct str *from, uint32_t n)
{
	struct str *s = arena_array(&x->arena, n + 1u, sizeof *s);
	for (uint32_t i = 0; i < n; i++)
		s[i] = get_text(from);
	return s;
}

/* What put_finding wrote: the frame's checksum says that it is whole. */
static void get_finding(const struct findruns *r, struct run *x, struct str from)
{
	struct finding *f = &x->f;
	get(&from, f, sizeof *f);
	f->rule = r->rs->rule[f->rule_index].id;
	f->digest = str_of(r->rs->rule[f->rule_index].digest);
	f->subject = get_text(&from);
	f->key_name = get_texts(x, &from, f->n_key);
	f->key_value = get_texts(x, &from, f->n_key);
	f->observed = get_text(&from);
	f->limit = get_text(&from);
	f->sentence = get_text(&from);
	f->except_owner = get_text(&from);
	f->except_reason = get_text(&from);
	f->except_cells = get_text(&from);
	f->psn_no = get_text(&from);
	f->fixmedins_code = get_text(&from);
	f->record = arena_array(&x->arena, f->n_record + 1u, sizeof *f->record);
	for (uint32_t i = 0; i < f->n_record; i++) {
		get(&from, &f->record[i], sizeof f->record[i]);
		f->record[i].fixmedins_code = get_text(&from);
		f->record[i].mdtrt_id = get_text(&from);
		f->record[i].id = get_text(&from);
	}
}

/* The run's next finding into x->f; *there false at its end. */
static bool next_finding(const struct findruns *r, struct run *x, bool *there, struct err *e)
{
	struct str frame;
	if (!temp_next(&x->reader, &frame, e))
		return false;
	*there = frame.p != NULL;
	arena_reset(&x->arena);
	if (*there)
		get_finding(r, x, frame);
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

static bool fill_heap(struct findruns *r, struct err *e)
{
	r->heap = xcalloc(r->n + 1u, sizeof *r->heap);
	for (uint32_t i = 0; i < r->n; i++) {
		struct run *x = &r->run[i];
		bool there;
		temp_reader_init(&x->reader, &r->file, x->from, x->to);
		if (!next_finding(r, x, &there, e))
			return false;
		if (there)
			r->heap[r->n_heap++] = i;
	}
	for (uint32_t i = r->n_heap; i-- > 0;)
		sink_down(r, i);
	return true;
}

bool findruns_tell(struct findruns *r, void (*fn)(void *ctx, const struct finding *f), void *ctx,
		   struct err *e)
{
	bool ok = flush(r, e) && fill_heap(r, e);
	while (ok && r->n_heap > 0) {
		struct run *x = &r->run[r->heap[0]];
		bool there;
		fn(ctx, &x->f);
		ok = next_finding(r, x, &there, e);
		if (ok && !there)
			r->heap[0] = r->heap[--r->n_heap];
		sink_down(r, 0);
	}
	return ok;
}
