/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * row.c - which records a run of rows makes, and what becomes of rows that cannot be taken.
 *
 * Rows go through the columns together (fill.h); a run with a bad row is taken back.
 */
#include "lib/record/row.h"

#include <assert.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/hash.h"
#include "lib/record/column.h"
#include "lib/record/fill.h"
#include "lib/record/pending.h"
#include "lib/record/repeat.h"

/* What a run has made, so that it can be taken back. */
struct made {
	uint32_t first_undo;  /* keys seen by this run begin there */
	uint32_t first_claim; /* its claims likewise */
	uint64_t matched;     /* bit per row: some stream wanted it */
	bool for_all;         /* all rows may fill all streams */
};

void rower_init(struct rower *r, const struct feed *feed, const struct feed_file *file,
		const uint8_t *wanted, struct decode_stats *stats)
{
	*r = (struct rower){ .revision = feed->revision, .stats = stats,
			     .chunk_rows = DECODE_CHUNK_ROWS, .known = known_new() };
	plan_init(&r->plan, file, wanted);
}

void rower_fini(struct rower *r)
{
	plan_fini(&r->plan);
	chunk_free(r->chunk);
	known_free(r->known);
	pending_fini(r);
	while (r->next_ready < r->n_ready)
		chunk_free(r->ready[r->next_ready++]);
	while (r->n_spare > 0)
		chunk_free(r->spare[--r->n_spare]);
	xfree(r->ready);
	xfree(r->text);
}

/* ---- chunks ---- */

static void open_chunk(struct rower *r, uint64_t line)
{
	if (r->chunk)
		return;
	r->chunk = known_begin(r->known, r->n_spare > 0 ? r->spare[--r->n_spare] : NULL);
	r->chunk->first_line = line;
	plan_new_chunk(&r->plan);
}

void rower_flush(struct rower *r)
{
	if (!r->chunk)
		return;
	GROW(r->ready, r->cap_ready, r->n_ready + 1u);
	r->ready[r->n_ready++] = r->chunk;
	r->chunk = NULL;
}

struct chunk *rower_next(struct rower *r)
{
	if (r->next_ready < r->n_ready)
		return r->ready[r->next_ready++];
	r->next_ready = r->n_ready = 0;
	return NULL;
}

void rower_give(struct rower *r, struct chunk *take_chunk)
{
	if (r->n_spare == ROW_SPARE_MAX) {
		chunk_free(take_chunk);
		return;
	}
	r->spare[r->n_spare++] = take_chunk;
}

static void count_rows(struct rower *r, unsigned n)
{
	r->chunk->rows += n;
	r->stats->rows += n;
	if (r->chunk->rows >= r->chunk_rows && pending_make(r))
		rower_flush(r);
}

static bool is_refused_by_when(const struct entry *en, const struct row_in *in)
{
	const struct feed_when *w = &en->feed->when;
	if (w->column.n == 0)
		return false;
	struct str text = row_cell(in, en->when_column);
	bool found = false;
	for (unsigned i = 0; i < w->n && !found; i++)
		found = str_eq(text, w->is[i]);
	return found == w->negated;
}

static bool is_not_filled(const struct entry *en, const struct row_in *in)
{
	for (unsigned i = 0; i < en->feed->n_filled && !en->absent; i++)
		if (parse_is_missing(row_cell(in, en->filled_column[i])))
			return true;
	return en->absent;
}

/* ---- keys of once_per streams ---- */

/* Notes which texts of a watched column are those of the row before; the last one is kept for the
 * next run. */
static void watch(struct watched *w, const struct row_in *in, unsigned n, const uint8_t *alike)
{
	struct str text[RUN_MAX];
	w->changed = repeat_changed(in, n, alike, w->column, text);
	struct str last = text[63 - __builtin_clzll(w->changed)];
	if (same_text(text[0], (struct str){ w->text, w->n }))
		w->changed &= ~UINT64_C(1);
	w->n = last.n <= CACHE_TEXT ? last.n : UINT32_MAX;
	if (last.n <= CACHE_TEXT)
		bytes_copy(w->text, last.p, last.n);
}

static uint64_t once_key(struct entry *en, const struct row_in *in)
{
	if (en->last_key)
		return en->last_key;
	uint64_t h = 1;
	for (unsigned i = 0; i < en->feed->n_once; i++)
		h = hash_join(h, hash_str(row_cell(in, en->once_column[i])));
	h = h ? h : 1;
	en->last_key = en->watches ? h : 0;
	return h;
}

static uint64_t *seen_slot(const struct entry *en, uint64_t key)
{
	return &en->seen[key & (SEEN_SLOTS - 1u)];
}

bool rower_has_seen(const struct rower *r, const struct claim *c)
{
	return *seen_slot(&r->plan.entry[c->entry], c->key) == c->key;
}

void rower_see(struct rower *r, const struct claim *c)
{
	if (!c->refused)
		*seen_slot(&r->plan.entry[c->entry], c->key) = c->last;
}

void rower_forget(struct rower *r)
{
	struct claims *all = r->claims;
	for (uint32_t i = 0; i < all->n; i++)
		all->claim[i].last = *seen_slot(&r->plan.entry[all->claim[i].entry],
						all->claim[i].key);
	for (uint32_t i = 0; i < all->n; i++)
		*seen_slot(&r->plan.entry[all->claim[i].entry], all->claim[i].key) = 0;
}

/* ---- a run ---- */

static void claim(struct rower *r, uint32_t entry, uint64_t key, uint32_t row)
{
	struct claims *all = r->claims;
	GROW(all->claim, all->cap, all->n + 1u);
	all->claim[all->n++] = (struct claim){
		.key = key, .entry = entry, .chunk = r->n_ready - r->next_ready, .row = row,
	};
}

/* Whether the key has not been seen; then it has been now. `row` is what will be made of it. */
static bool is_first(struct rower *r, struct entry *en, uint64_t key, uint32_t row)
{
	struct window *w = &r->window;
	uint64_t *slot = seen_slot(en, key);
	if (*slot == key)
		return false;
	if (r->claims && *slot == 0)
		claim(r, (uint32_t)(en - r->plan.entry), key, row);
	w->undo[w->n_undo++] = (struct undo){ slot, *slot };
	*slot = key;
	return true;
}

/* Whether every row is for every entry without a condition. */
static bool is_for_all(const struct row_in *in, unsigned n)
{
	uint32_t streams = ROW_ALL_STREAMS;
	for (unsigned i = 0; i < n; i++)
		streams &= in[i].streams;
	return streams == ROW_ALL_STREAMS;
}

/* Bit per row that is for the entry's stream. */
static uint64_t wanted_rows(const struct entry *en, const struct row_in *in, unsigned n)
{
	uint64_t wanted = 0;
	for (unsigned i = 0; i < n; i++) {
		bool wants = in[i].streams >> en->stream & 1 && !is_refused_by_when(en, &in[i]) &&
			     !is_not_filled(en, &in[i]);
		wanted |= (uint64_t)wants << i;
	}
	return wanted;
}

/* Bit per row whose key is not, or may not be, that of the row before. */
static uint64_t changed_keys(const struct plan *p, const struct entry *en)
{
	uint64_t changed = 0;
	for (unsigned i = 0; i < p->n_watched; i++)
		if (en->watches >> i & 1)
			changed |= p->watched[i].changed;
	return en->watches ? changed : ~UINT64_C(0);
}

/* Keys of the rows to be looked at, made before any is looked for: the set is larger than what lies
 * near the processor. */
static void keys_of(struct entry *en, const struct row_in *in, uint64_t rows, uint64_t changed,
		    uint64_t key[RUN_MAX])
{
	for (; rows; rows &= rows - 1) {
		unsigned i = (unsigned)__builtin_ctzll(rows);
		uint64_t up_to = rows ^ (rows - 1);
		if (changed & up_to)
			en->last_key = 0;
		changed &= ~up_to;
		key[i] = once_key(en, &in[i]);
		__builtin_prefetch(seen_slot(en, key[i]), 1);
	}
	if (changed)
		en->last_key = 0;
}

/* Of the wanted rows those whose key comes for the first time. A row with the key of a wanted row
 * before it need not be looked at. */
static uint64_t first_rows(struct rower *r, struct entry *en, const struct row_in *in,
			   uint64_t wanted)
{
	uint64_t changed = changed_keys(&r->plan, en), firsts = 0, key[RUN_MAX];
	uint64_t left = wanted & ~(~changed & wanted << 1);
	uint32_t row = r->chunk->table[en->stream].n + pending_rows(r, en);
	GROW(r->window.undo, r->window.cap_undo, r->window.n_undo + RUN_MAX);
	keys_of(en, in, left, changed, key);
	for (; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		bool first = is_first(r, en, key[i], row);
		firsts |= (uint64_t)first << i;
		row += first;
	}
	return firsts;
}

/* The rows that make a record of the entry's stream. */
static unsigned pick_rows(struct rower *r, struct entry *en, const struct row_in *in, unsigned n,
			  struct made *made, uint8_t *pick)
{
	bool all = made->for_all && en->feed->when.column.n == 0 && en->feed->n_filled == 0;
	uint64_t rows = all ? rows_up_to(n) : wanted_rows(en, in, n);
	unsigned picked = 0;
	made->matched |= rows;
	if (en->seen)
		rows = first_rows(r, en, in, rows);
	for (; rows; rows &= rows - 1)
		pick[picked++] = (uint8_t)__builtin_ctzll(rows);
	return picked;
}

static bool make_records(struct rower *r, const struct row_in *in, unsigned n, struct made *made,
			 struct fault *f)
{
	uint8_t pick[RUN_MAX];
	uint8_t alike[RUN_MAX];
	struct run run = { .in = in, .pick = pick, .rows = n, .alike = alike };
	made->for_all = is_for_all(in, n);
	uint32_t full = pending_full(r, made->for_all);
	repeat_heads(in, n, alike);
	plan_new_run(&r->plan);
	for (unsigned i = 0; i < r->plan.n_watched; i++)
		watch(&r->plan.watched[i], in, n, alike);
	for (unsigned i = 0; i < r->plan.n_entry; i++)
		r->plan.entry[i].made = 0;
	for (unsigned i = 0; i < r->plan.n_entry; i++) {
		struct entry *en = &r->plan.entry[i];
		run.n = pick_rows(r, en, in, n, made, pick);
		en->made = run.n;
		if (run.n == 0)
			continue;
		if (r->window.open && en->waits) {
			pending_add(r, en, &run, full);
			continue;
		}
		run.first = column_add_unwritten(r->chunk, en->stream, run.n, en->written);
		if (!fill_records(r, en, &run, f))
			return false;
	}
	return true;
}

static void take_back(struct rower *r, struct made *made)
{
	for (unsigned i = r->plan.n_entry; i-- > 0;) {
		struct entry *en = &r->plan.entry[i];
		if (r->window.open && en->waits)
			pending_drop(r, en, en->made);
		else
			column_drop_rows(r->chunk, en->stream, en->made);
		en->last_key = 0;
	}
	pending_unsee(r, made->first_undo);
	if (r->claims)
		r->claims->n = made->first_claim;
}

static void keep(struct rower *r, const struct made *made, unsigned n)
{
	for (unsigned i = 0; i < r->plan.n_entry; i++)
		r->stats->records[r->plan.entry[i].stream] += r->plan.entry[i].made;
	r->stats->filtered += n - (unsigned)__builtin_popcountll(made->matched);
}

static void count_unknown(struct rower *r, const struct row_in *in)
{
	const struct plan *p = &r->plan;
	for (uint32_t i = 0; i < p->n_unknown; i++)
		r->stats->unknown_values += !parse_is_missing(row_cell(in, p->unknown[i]));
}

static void refuse(struct rower *r, const struct row_in *in, const struct fault *f)
{
	const struct plan *p = &r->plan;
	struct reject reject = {
		.line = in->line, .stream = f->stream, .reason = reject_word(f->why),
		.raw = in->raw,
		.column = !r->positions || f->column == NO_COLUMN ? 0 : f->column + 1,
	};
	struct buf text;
	buf_init(&text, 0);
	if (f->column < p->n_column)
		reject.field = p->column[f->column];
	if (f->field != FIELD_NONE) {
		if (r->english)
			buf_addf(&text, "%s", field_get(f->field)->name);
		else
			buf_addf(&text, "%s（%s）", field_get(f->field)->title,
				 field_get(f->field)->name);
		if (reject.field.n == 0)
			reject.field = str_of(field_get(f->field)->name);
	}
	if (f->text.n) {
		struct str shown = str_sub(f->text, 0, 60);
		buf_addf(&text, r->english ? " \"" STR_FMT "\"" : "的值「" STR_FMT "」",
			 STR_ARG(shown));
	}
	if (r->english && text.n)
		buf_adds(&text, ": ");
	buf_adds(&text, reject_sentence(f->why, r->english));
	reject.sentence = buf_str(&text);
	chunk_reject(r->chunk, &reject);
	r->stats->rejects++;
	buf_fini(&text);
}

/* The run has a row that cannot be taken. */
static bool give_back(struct rower *r, const struct row_in *in, unsigned n, struct made *made,
		      const struct fault *f)
{
	uint32_t n_claim = r->claims ? r->claims->n : 0;
	take_back(r, made);
	if (n > 1) {
		r->run = f->row;
		return false;
	}
	for (uint32_t i = made->first_claim; i < n_claim; i++)
		r->claims->claim[i].refused = true;
	if (r->claims)
		r->claims->n = n_claim;
	refuse(r, in, f);
	r->run = 1;
	return true;
}

/* The run's records. False: none of them, r->run rows may be good; one row alone is refused. */
static bool take_run(struct rower *r, const struct row_in *in, unsigned n)
{
	struct made made;
	struct fault f;
	open_chunk(r, in->line);
	pending_begin(r, in, n);
	made.first_undo = r->window.n_undo;
	made.first_claim = r->claims ? r->claims->n : 0;
	made.matched = 0;
	if (make_records(r, in, n, &made, &f)) {
		keep(r, &made, n);
		r->run = r->run < RUN_MAX / 2 ? r->run * 2 : RUN_MAX;
	} else if (r->window.open) {
		take_back(r, &made);
		pending_end(r);
		return false;
	} else if (!give_back(r, in, n, &made, &f)) {
		return false;
	}
	for (unsigned i = 0; i < n && r->plan.n_unknown; i++)
		count_unknown(r, &in[i]);
	count_rows(r, n);
	return true;
}

/* A run with a row that cannot be taken is cut before that row, which then stands alone; the runs
 * behind it grow again. So bad rows cost a few rows more, not a run each, where they are many. */
void rower_take(struct rower *r, const struct row_in *in, unsigned n)
{
	while (n > 0 && !r->window.lost) {
		uint64_t room = r->chunk_rows - (r->chunk ? r->chunk->rows : 0);
		unsigned some = n;
		if (r->run == 0)
			r->run = 1;
		if (some > r->run)
			some = r->run;
		if (some > room)
			some = (unsigned)room;
		if (!take_run(r, in, some))
			continue;
		in += some;
		n -= some;
	}
}

bool rower_settle(struct rower *r, uint64_t *line, uint64_t *offset)
{
	struct window *w = &r->window;
	bool good = !w->lost && pending_make(r);
	*line = w->line;
	*offset = w->offset;
	w->lost = false;
	return good;
}

void rower_refuse(struct rower *r, const struct row_in *in, enum reject_reason why,
		  uint32_t column, struct str detail)
{
	struct fault f = { .why = why, .stream = r->plan.entry[0].stream, .field = FIELD_NONE,
			   .column = column ? column - 1 : NO_COLUMN, .text = detail };
	if (r->window.lost)
		return;
	open_chunk(r, in->line);
	refuse(r, in, &f);
	count_rows(r, 1);
}
