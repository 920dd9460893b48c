/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines.c - fee lines in, by runs: neighbours of one person and visit.
 *
 * Whose a line is, and where, is found once a run. Lines that are new because their serials
 * follow the greatest of the visit, and say nothing out of the ordinary, go into the person's
 * block column by column; any other goes the way of single rows (ingest.c), in between.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/simd.h"
#include "lib/timeline/intake.h"

enum { AHEAD = 4 }; /* runs fetched before their turn */

static_assert(SERIAL_RUN >= BLOCK_ROWS, "serials of a block are packed together");

/* ---- runs ---- */

static inline uint32_t code_at(const uint32_t *col, uint32_t src)
{
	return col ? col[src] : MISSING_CODE;
}

static inline bool same(const uint32_t *col, uint32_t a, uint32_t b)
{
	return !col || col[a] == col[b];
}

/* How many of row[0..n), or, without rows, of src .. src + n, are neighbours of one visit. */
static uint32_t run_length(const struct intake *in, const uint32_t *row, uint32_t src, uint32_t n)
{
	const uint32_t *a = in->col_a, *b = in->col_b, *key = in->col_key;
	uint32_t i = 1;

	while (i < n && (!row || row[i] == src + i) && same(b, src, src + i) &&
	       same(key, src, src + i) && same(a, src, src + i))
		i++;
	return i;
}

void lines_find(struct intake *in, const uint32_t *row, uint32_t n)
{
	in->n_run = 0;
	for (uint32_t i = 0; i < n; i += in->run[in->n_run++].n) {
		uint32_t src = row ? row[i] : i;

		GROW(in->run, in->cap_run, in->n_run + 1);
		GROW(in->run_src, in->cap_run_src, in->n_run + 1);
		in->run_src[in->n_run] = src;
		in->run[in->n_run] = (struct run){
			.src = src,
			.n = run_length(in, row ? row + i : NULL, src, n - i),
		};
	}
}

/* Steps before the turn of run i, where there is one: what its codes are known as, then that,
 * then, if its lines are few, where the block is that they will join, and it. */
static inline __attribute__((always_inline)) void
fetch_run(const struct intake *in, uint32_t i)
{
	if (i < in->n_run)
		intake_fetch(in, in->run[i].src);
}

static inline __attribute__((always_inline)) void
fetch_known(const struct intake *in, uint32_t i)
{
	if (i < in->n_run)
		intake_fetch_known(in, in->run[i].src);
}

static void place_run(struct intake *in, uint32_t i)
{
	struct run *run = &in->run[i];
	uint32_t tail;

	if (i >= in->n_run)
		return;
	run->place = intake_place(in, run->src);
	run->subject = intake_owner(in, run->src);
	tail = in->t->subject[run->subject].list[LIST_FEE].tail;
	if (tail && run->n < STORE_FEW)
		__builtin_prefetch(&in->st->blocks.at[tail - 1]);
}

static inline __attribute__((always_inline)) void
fetch_tail(const struct intake *in, uint32_t i)
{
	uint32_t tail;

	if (i >= in->n_run || in->run[i].n >= STORE_FEW)
		return;
	tail = in->t->subject[in->run[i].subject].list[LIST_FEE].tail;
	if (tail && in->st->blocks.which != tail - 1)
		blocks_fetch(&in->st->blocks, tail - 1);
}

/* ---- what is ordinary ---- */

/* Has a serial and an item of its own, is in force, is linked to nothing and no message's. */
static inline bool is_ordinary(const struct intake *in, uint32_t src)
{
	return in->col_own && in->col_own[src] && in->col_item && in->col_item[src] &&
	       !code_at(in->col_link, src) && !intake_is_message(in, src) &&
	       !(in->col_valid && in->zero && in->col_valid[src] == in->zero);
}

static bool no_other_lines(const struct intake *in, const struct run *run)
{
	const struct place *v = &in->t->places[PLACES_VISIT].v[run->place];

	return !(in->t->subject[run->subject].flags & SUBJECT_INDEXED) &&
	       (v->subject == UINT32_MAX || v->subject == run->subject);
}

/* How many of n lines are ordinary before the first that is not. */
static uint32_t ordinary(const struct intake *in, uint32_t src, uint32_t n)
{
	uint32_t i = 0;

	if (in->plain && in->col_own && in->col_item)
		while (i < n && in->col_own[src + i] && in->col_item[src + i])
			i++;
	else
		while (i < n && is_ordinary(in, src + i))
			i++;
	return i;
}

/* How many lines of the run from `from` on, at most a block's, can be taken together; their
 * serials are in in->serial. */
static uint32_t together(struct intake *in, const struct run *run, uint32_t from, uint32_t most)
{
	uint32_t top = in->t->places[PLACES_VISIT].v[run->place].top, src = run->src + from;
	uint32_t n = ordinary(in, src, most);
	struct serial before;
	struct row_room room;

	if (n == 0)
		return 0;
	if (top)
		before = row_serial_kept(store_see(in->st, top - 1, &room));
	return serials_pack_run(&in->st->serials, in->c->dict, in->col_own + src, n,
				top ? &before : NULL, &in->serial);
}

/* ---- columns ---- */

static void put_codes(const struct intake *in, const uint32_t *col, uint32_t n, uint32_t *to)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = in->code_of[col[i]];
}

static void put_column(struct intake *in, const struct mover *m, uint32_t src, uint32_t n,
		       uint32_t *to)
{
	struct spill *spill = &in->st->spill;
	const int64_t *wide = m->col;
	const uint32_t *narrow = m->col;
	uint32_t blank = in->st->blocks.plan.blank[m->cell.off / 4];

	if (!m->col) {
		for (uint32_t i = 0; i < n; i++)
			to[i] = blank;
	} else if (m->cell.pack == PACK_DEC) {
		pack_decs(spill, to, wide + src, n);
	} else if (m->cell.pack == PACK_TIME) {
		pack_times(spill, to, wide + src, n);
	} else if (m->cell.pack == PACK_DATE) {
		memcpy(to, narrow + src, n * sizeof *to);
	} else {
		put_codes(in, narrow + src, n, to);
	}
}

static void put_all(uint32_t *to, uint32_t n, uint32_t v)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = v;
}

static uint32_t flags_word(uint32_t flags, uint32_t head)
{
	const uint16_t half[2] = { (uint16_t)flags, (uint16_t)head };
	uint32_t word;

	memcpy(&word, half, sizeof word);
	return word;
}

/* Whether some may be negative; missing ones may. */
KERNEL static bool may_be_negative(const int64_t *v, uint32_t n)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i < n; i++)
		all |= (uint64_t)v[i];
	return all >> 63;
}

static bool may_have_flags(const struct intake *in, uint32_t src, uint32_t n)
{
	const int64_t *const *v = in->col_negative;

	return (in->col_refused && in->two) || (v[0] && may_be_negative(v[0] + src, n)) ||
	       (v[1] && may_be_negative(v[1] + src, n));
}

/* Flags, beside them the heads of serials; returns the flags of all. */
static uint32_t put_flags(const struct intake *in, uint32_t src, uint32_t n, uint32_t *to)
{
	bool some = may_have_flags(in, src, n);
	uint32_t any = 0;

	for (uint32_t i = 0; i < n; i++)
		to[i] = flags_word(0, in->serial.head[i]);
	for (uint32_t i = 0; some && i < n; i++) {
		uint32_t flags = intake_line_flags(in, src + i);

		to[i] = flags_word(flags, in->serial.head[i]);
		any |= flags;
	}
	return any;
}

/* Serials, lines and digests of n lines. */
static void put_rows(struct intake *in, uint32_t src, uint32_t n, uint32_t at)
{
	const struct source *from = &in->c->table[STREAM_FEE].src[src];
	struct sheet *s = in->st->blocks.open;
	int64_t revision[BLOCK_ROWS], differ = 0;
	uint32_t *to = s->word[WORD_REVISION] + at;

	for (uint32_t i = 0; i < n; i++) {
		s->digest[at + i] = from[i].digest;
		s->word[WORD_LINE][at + i] = intake_line(&from[i]);
		revision[i] = from[i].revision;
		differ |= revision[i] ^ revision[0];
	}
	pack_times(&in->st->spill, to, revision, differ ? n : 1);
	if (!differ && *to < PACK_TIME_SPILL)
		put_all(to, n, *to);
	else if (!differ) /* each has a place of its own in the spill */
		pack_times(&in->st->spill, to + 1, revision + 1, n - 1);
	memcpy(s->word[WORD_SERIAL] + at, in->serial.number, n * sizeof *in->serial.number);
}

/* n lines of the run, found new together. */
static void put_lines(struct intake *in, const struct run *run, uint32_t src, uint32_t n)
{
	struct subject *who = &in->t->subject[run->subject];
	uint32_t row = store_extend(in->st, subject_list(who, STREAM_FEE), n);
	uint32_t at = row & (BLOCK_ROWS - 1);
	struct sheet *s = in->st->blocks.open;

	put_all(s->word[WORD_SUBJECT] + at, n, run->subject);
	put_all(s->word[WORD_PLACE] + at, n, run->place);
	put_all(s->word[WORD_REF] + at, n, in->ref);
	put_rows(in, src, n, at);
	if (put_flags(in, src, n, s->word[WORD_FLAGS] + at) & ROW_NEGATIVE)
		who->flags |= SUBJECT_REVERSES;
	for (uint32_t i = 0; i < in->n_mover; i++) {
		const struct mover *m = &in->mover[i];

		put_column(in, m, src, n, s->word[m->cell.off / 4] + at);
	}
	in->st->records += n;
	in->t->places[PLACES_VISIT].v[run->place].top = row + n;
	intake_note(in, run->place, run->subject, row, n);
	subject_mark(in->t, run->subject);
}

/* ---- one by one ---- */

static bool take_single(struct intake *in, const struct run *run, uint32_t src, struct err *e)
{
	struct pending *p = &in->group[0];

	buf_reset(&in->scratch);
	p->place = run->place;
	p->subject = run->subject;
	intake_prepare(in, p, src);
	if (!store_room(in->st, 1, p->serial.n + 5u, e))
		return false;
	intake_take(in, p);
	return true;
}

/* As many lines as go into a block, long runs in equal parts. */
static uint32_t part_of(uint32_t left)
{
	uint32_t parts = (left + BLOCK_ROWS - 1) / BLOCK_ROWS;

	return (left + parts - 1) / parts;
}

static bool take_run(struct intake *in, const struct run *run, struct err *e)
{
	uint32_t n;

	for (uint32_t i = 0; i < run->n; i += n) {
		n = no_other_lines(in, run) ? together(in, run, i, part_of(run->n - i)) : 0;
		if (n > 0) {
			if (!store_room(in->st, n, 0, e))
				return false;
			put_lines(in, run, run->src + i, n);
			continue;
		}
		n = 1;
		if (!take_single(in, run, run->src + i, e))
			return false;
	}
	return true;
}

bool lines_take(struct intake *in, struct err *e)
{
	for (uint32_t i = 0; i < 4 * AHEAD; i++)
		fetch_run(in, i);
	for (uint32_t i = 0; i < 3 * AHEAD; i++)
		fetch_known(in, i);
	for (uint32_t i = 0; i < 2 * AHEAD; i++)
		place_run(in, i);
	for (uint32_t i = 0; i < in->n_run; i++) {
		fetch_run(in, i + 4 * AHEAD);
		fetch_known(in, i + 3 * AHEAD);
		place_run(in, i + 2 * AHEAD);
		fetch_tail(in, i + AHEAD);
		if (!take_run(in, &in->run[i], e))
			return false;
	}
	return true;
}
