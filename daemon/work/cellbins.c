/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/work/cellbins.h"

#include <malloc.h>
#include <string.h>

#include "daemon/work/temp.h"
#include "lib/base/mem.h"

#define BINS 256u
#define WAITING_BYTES ((size_t)512 << 10)
#define HELD_TIMES 8u    /* cells held take about so many times their bytes on disk */
#define PILE_TIMES 2u    /* additions may be so many times the sums before they are added up */

struct piece {
	uint64_t at, bytes;      /* with its frame */
	int sign;
};

struct bin {
	struct piece *piece;
	uint32_t n, cap;
	uint64_t bytes;
};

/* A file and what of it belongs to which bin. */
struct store {
	struct temp_file file;
	struct buf waiting;
	struct bin bin[BINS];
};

struct cellbins {
	const struct plan *plan;
	char *dir;
	uint64_t memory;
	struct store store;
	uint64_t summed;         /* bytes after additions were added up last */
	uint32_t ranges;
	int sign;                /* of the pieces that are being added */
	struct store *to;        /* they go here */
	struct err e;
	bool failed;
};

/* ---- one file ---- */

static bool store_open(struct store *s, const char *dir, struct err *e)
{
	memset(s, 0, sizeof *s);
	buf_init(&s->waiting, 0);
	return temp_open(&s->file, dir, e);
}

static void store_close(struct store *s)
{
	for (uint32_t i = 0; i < BINS; i++)
		xfree(s->bin[i].piece);
	buf_fini(&s->waiting);
	temp_close(&s->file);
}

static bool store_flush(struct store *s, struct err *e)
{
	if (!temp_add(&s->file, buf_str(&s->waiting), e))
		return false;
	buf_reset(&s->waiting);
	return true;
}

static void take_piece(void *ctx, uint32_t bin, struct str bytes)
{
	struct cellbins *b = ctx;
	struct store *s = b->to;
	struct bin *to = &s->bin[bin];
	uint64_t at = s->file.bytes + s->waiting.n;
	if (b->failed)
		return;
	temp_frame(&s->waiting, bytes);
	GROW(to->piece, to->cap, to->n + 1);
	to->piece[to->n] = (struct piece){ .at = at, .sign = b->sign };
	to->piece[to->n].bytes = s->file.bytes + s->waiting.n - at;
	to->bytes += to->piece[to->n++].bytes;
	b->failed = s->waiting.n >= WAITING_BYTES && !store_flush(s, &b->e);
}

/* ---- life ---- */

struct cellbins *cellbins_new(const struct plan *p, const char *dir, uint64_t memory,
			      struct err *e)
{
	struct cellbins *b = xcalloc(1, sizeof *b);
	b->plan = p;
	b->dir = xstrdup(dir);
	b->memory = memory;
	if (store_open(&b->store, dir, e))
		return b;
	cellbins_free(b);
	return NULL;
}

void cellbins_free(struct cellbins *b)
{
	if (!b)
		return;
	store_close(&b->store);
	xfree(b->dir);
	xfree(b);
}

void cellbins_add(struct cellbins *b, const struct judge *j, int sign)
{
	b->sign = sign;
	b->to = &b->store;
	judge_cut_cells(j, BINS, take_piece, b);
}

static void replace_store(struct cellbins *b, struct store *with)
{
	store_close(&b->store);
	b->store = *with;
	b->summed = b->store.file.bytes + b->store.waiting.n;
}

void cellbins_clear(struct cellbins *b, const struct plan *p)
{
	struct store none;
	b->plan = p;
	if (!store_open(&none, b->dir, &b->e))
		b->failed = true;
	replace_store(b, &none);
}

/* ---- judging ---- */

static bool join_bin(struct cellbins *b, const struct bin *from, struct cells *into, struct err *e)
{
	bool ok = true;
	for (uint32_t i = 0; ok && i < from->n; i++) {
		const struct piece *p = &from->piece[i];
		struct temp_reader r;
		struct str bytes;
		temp_reader_init(&r, &b->store.file, p->at, p->at + p->bytes);
		ok = temp_next(&r, &bytes, e) && cells_join(into, bytes, p->sign, e);
		temp_reader_fini(&r);
	}
	return ok;
}

/* Neighbouring bins from `from` on that fit; one at least. */
static uint32_t range_end(const struct cellbins *b, uint32_t from)
{
	uint64_t bytes = b->store.bin[from].bytes;
	uint32_t to = from + 1;
	for (; to < BINS; to++) {
		bytes += b->store.bin[to].bytes;
		if (bytes * HELD_TIMES > b->memory)
			break;
	}
	return to;
}

static bool judge_range(struct cellbins *b, uint32_t from, uint32_t to, struct verdict *v,
			struct account *account, struct err *e)
{
	struct cells *cells = cells_new(b->plan, false);
	bool ok = true;
	for (uint32_t i = from; ok && i < to; i++)
		ok = join_bin(b, &b->store.bin[i], cells, e);
	if (ok) {
		verdict_range(v, cells, account);
		b->ranges++;
	}
	if (ok && b->to)
		cells_cut(cells, BINS, take_piece, b);
	cells_free(cells);
	(void)malloc_trim(0);
	return ok;
}

/* The first judging sees what is there as the sums. */
static bool is_piled(struct cellbins *b)
{
	if (b->summed == 0)
		b->summed = b->store.file.bytes;
	return b->store.file.bytes > (PILE_TIMES + 1) * b->summed;
}

bool cellbins_judge(struct cellbins *b, struct verdict *v, struct account *account, struct err *e)
{
	struct store sums;
	bool ok = !b->failed && store_flush(&b->store, e), add_up = is_piled(b);
	if (b->failed)
		*e = b->e;
	if (ok && add_up)
		ok = store_open(&sums, b->dir, e);
	b->to = ok && add_up ? &sums : NULL;
	b->sign = 1;
	b->ranges = 0;
	for (uint32_t at = 0, end; ok && at < BINS; at = end) {
		end = range_end(b, at);
		ok = judge_range(b, at, end, v, account, e);
	}
	if (b->to)
		replace_store(b, &sums);
	if (ok && b->failed)
		*e = b->e;
	return ok && !b->failed;
}

uint64_t cellbins_bytes(const struct cellbins *b)
{
	return b->store.file.bytes + b->store.waiting.n;
}

uint32_t cellbins_ranges(const struct cellbins *b)
{
	return b->ranges;
}
