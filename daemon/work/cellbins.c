/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/work/cellbins.h"

#include <malloc.h>

#include "daemon/work/binfile.h"
#include "lib/base/mem.h"

#define BINS 256u
#define HELD_TIMES 8u    /* cells held take about so many times their bytes on disk */
#define PILE_TIMES 3u    /* the file may be so many times its sums before it is added up */

struct cellbins {
	const struct plan *plan;
	char *dir;
	uint64_t memory;
	struct binfile *file;
	uint64_t summed;         /* bytes when the additions were first judged, or added up last */
	uint32_t ranges;
	struct err e;            /* of cellbins_clear */
	bool failed;
};

struct cellbins *cellbins_new(const struct plan *p, const char *dir, uint64_t memory,
			      struct err *e)
{
	struct cellbins *b = xcalloc(1, sizeof *b);
	b->plan = p;
	b->dir = xstrdup(dir);
	b->memory = memory;
	b->file = binfile_new(dir, BINS, e);
	if (b->file)
		return b;
	cellbins_free(b);
	return NULL;
}

void cellbins_free(struct cellbins *b)
{
	if (!b)
		return;
	binfile_free(b->file);
	xfree(b->dir);
	xfree(b);
}

void cellbins_clear(struct cellbins *b, const struct plan *p)
{
	struct binfile *none = binfile_new(b->dir, BINS, &b->e);
	b->plan = p;
	b->summed = 0;
	b->failed = !none;
	if (!none)
		return;
	binfile_free(b->file);
	b->file = none;
}

/* ---- adding ---- */

struct adding {
	struct binfile *to;
	int sign;
};

static void take_piece(void *ctx, uint32_t bin, struct str bytes)
{
	const struct adding *a = ctx;
	binfile_put(a->to, bin, a->sign, bytes);
}

void cellbins_add(struct cellbins *b, const struct judge *j, int sign)
{
	struct adding a = { b->file, sign };
	judge_cut_cells(j, BINS, take_piece, &a);
}

/* ---- judging ---- */

struct judging {
	struct cellbins *b;
	struct verdict *v;
	struct account *account;
	struct binfile *sums;    /* to be put there, or NULL */
};

static bool join_piece(void *ctx, int sign, struct str bytes, struct err *e)
{
	return cells_join(ctx, bytes, sign, e);
}

/* Neighbouring bins from `from` on that fit; one at least. */
static uint32_t range_end(const struct cellbins *b, uint32_t from)
{
	uint64_t bytes = binfile_bin_bytes(b->file, from);
	uint32_t to = from + 1;
	for (; to < BINS; to++) {
		bytes += binfile_bin_bytes(b->file, to);
		if (bytes * HELD_TIMES > b->memory)
			break;
	}
	return to;
}

static bool judge_range(struct judging *x, uint32_t from, uint32_t to, struct err *e)
{
	struct cells *cells = cells_new(x->b->plan, false);
	struct adding a = { x->sums, 1 };
	bool ok = true;
	for (uint32_t i = from; ok && i < to; i++)
		ok = binfile_each(x->b->file, i, join_piece, cells, e);
	if (ok) {
		verdict_range(x->v, cells, x->account);
		x->b->ranges++;
	}
	if (ok && x->sums)
		cells_cut(cells, BINS, take_piece, &a);
	cells_free(cells);
	(void)malloc_trim(0);
	return ok;
}

/* The first judging sees what is there as the sums. */
static bool is_piled(struct cellbins *b)
{
	if (b->summed == 0)
		b->summed = binfile_bytes(b->file);
	return binfile_bytes(b->file) > PILE_TIMES * b->summed;
}

static bool judge_ranges(struct judging *x, struct err *e)
{
	bool ok = true;
	x->b->ranges = 0;
	for (uint32_t at = 0, end; ok && at < BINS; at = end) {
		end = range_end(x->b, at);
		ok = judge_range(x, at, end, e);
	}
	return ok && (!x->sums || binfile_end(x->sums, e));
}

bool cellbins_judge(struct cellbins *b, struct verdict *v, struct account *account, struct err *e)
{
	struct judging x = { b, v, account, NULL };
	bool add_up = is_piled(b);
	if (b->failed)
		*e = b->e;
	if (b->failed || !binfile_end(b->file, e) ||
	    (add_up && !(x.sums = binfile_new(b->dir, BINS, e))))
		return false;
	if (!judge_ranges(&x, e)) {
		binfile_free(x.sums);
		return false;
	}
	if (x.sums) {
		binfile_free(b->file);
		b->file = x.sums;
		b->summed = binfile_bytes(b->file);
	}
	return true;
}

uint64_t cellbins_bytes(const struct cellbins *b)
{
	return binfile_bytes(b->file);
}

uint32_t cellbins_ranges(const struct cellbins *b)
{
	return b->ranges;
}
