/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ingest.c - record versions in: find the identity, keep the greatest revision.
 *
 * Per call the chunk's codes are translated once per distinct value, all together and before
 * the rows. Rows are taken in groups: first places and hashes of a group, with what they will
 * touch prefetched, then the rows one by one, then the cells of the new ones column by column.
 * Digests of versions that lost are remembered, so that a version sent again is told from a
 * new one whatever came between: the counts depend on the set of versions alone.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/timeline/intake.h"

enum { PART_SEPARATOR = 0x1f };

void intake_free(struct intake *in)
{
	if (!in)
		return;
	xfree(in->code_of);
	xfree(in->owner_of);
	xfree(in->fresh);
	xfree(in->fresh_code);
	xfree(in->mover);
	buf_fini(&in->scratch);
	xfree(in);
}

/* ---- identity ---- */

static bool add_part(struct buf *out, const struct chunk *c, enum field f, uint32_t row)
{
	int64_t v;

	if (field_get(f)->type == TYPE_DATE) {
		int32_t day = chunk_i32(c, f, row);

		if (day != MISSING_I32)
			civil_add_date(out, day);
		return day != MISSING_I32;
	}
	if (type_width(field_get(f)->type) == WIDTH_U32) {
		buf_addstr(out, chunk_text(c, f, row));
		return chunk_code(c, f, row) != MISSING_CODE;
	}
	v = chunk_i64(c, f, row);
	if (v != MISSING_I64)
		buf_addi(out, v);
	return v != MISSING_I64;
}

/* A serial made of parts; of the content's digest when there is none at all. */
static struct str compose_serial(const struct chunk *c, enum stream s, uint32_t row,
				 struct buf *scratch)
{
	const struct stream_plan *plan = stream_plan(s);
	size_t from = scratch->n;
	bool any = plan->own[0] == FIELD_NONE && plan->part[0] == FIELD_NONE;

	for (unsigned i = 0; plan->part[i] != FIELD_NONE; i++) {
		if (i)
			buf_addc(scratch, PART_SEPARATOR);
		any |= add_part(scratch, c, plan->part[i], row);
	}
	if (!any)
		buf_addf(scratch, "#%016llx", (unsigned long long)c->table[s].src[row].digest);
	return str_sub(buf_str(scratch), from, scratch->n - from);
}

struct str row_serial(const struct chunk *c, enum stream s, uint32_t row, struct buf *scratch,
		      bool *standin)
{
	const struct stream_plan *plan = stream_plan(s);

	for (unsigned i = 0; i < 2 && plan->own[i] != FIELD_NONE; i++) {
		*standin = i > 0;
		if (chunk_code(c, plan->own[i], row) != MISSING_CODE)
			return chunk_text(c, plan->own[i], row);
	}
	*standin = true;
	return compose_serial(c, s, row, scratch);
}

uint64_t identity_of(uint32_t place, struct str serial)
{
	return hash_join(hash_str(serial), place);
}

/* ---- one call's translation of the chunk ---- */

static const void *column_of(const struct chunk *c, enum field f)
{
	if (f == FIELD_NONE)
		return NULL;
	return c->table[field_get(f)->stream].col[field_get(f)->index];
}

/* The code must have been collected: intake_translate. */
static inline uint32_t shard_code(const struct intake *in, uint32_t code)
{
	return in->code_of[code];
}

static void collect_codes(struct intake *in, const uint32_t *col, const uint32_t *row, uint32_t n)
{
	uint32_t *mark = in->code_of, last = MISSING_CODE;

	for (uint32_t i = 0; col && i < n; i++) {
		uint32_t code = col[row ? row[i] : i];

		if (code == last || mark[code])
			continue;
		last = code;
		if (code == MISSING_CODE)
			continue;
		mark[code] = UINT32_MAX;
		GROW(in->fresh, in->cap_fresh, in->n_fresh + 1);
		in->fresh[in->n_fresh++] = code;
	}
}

/* Every code the rows will ask for, translated together. */
static void translate_codes(struct intake *in, const uint32_t *row, uint32_t n)
{
	const uint32_t *beside[INTAKE_CODED] = { in->col_a, in->col_b, in->col_key, in->col_link,
						 in->col_batch, in->col_stand[0],
						 in->col_stand[1] };

	in->n_fresh = 0;
	for (uint32_t i = 0; i < INTAKE_CODED; i++)
		collect_codes(in, beside[i], row, n);
	for (uint32_t i = 0; i < in->n_mover; i++) {
		if (in->mover[i].cell.pack == PACK_CODE)
			collect_codes(in, in->mover[i].col, row, n);
	}
	GROW(in->fresh_code, in->cap_fresh_code, in->n_fresh);
	dict_translate(in->t->dict, in->c->dict, in->fresh, in->n_fresh, in->fresh_code);
	for (uint32_t i = 0; i < in->n_fresh; i++)
		in->code_of[in->fresh[i]] = in->fresh_code[i];
}

static void begin_columns(struct intake *in)
{
	const struct chunk *c = in->c;
	bool fee = in->stream == STREAM_FEE, setl = in->stream == STREAM_SETTLEMENT;

	in->col_a = column_of(c, in->plan->a);
	in->col_b = column_of(c, in->plan->b);
	in->col_key = column_of(c, in->plan->subject_key);
	in->col_valid = column_of(c, in->plan->valid);
	in->col_link = column_of(c, in->plan->link);
	in->col_refund = setl ? column_of(c, FIELD_settlement_refd_setl_flag) : NULL;
	in->col_refused = fee ? column_of(c, FIELD_fee_hosp_appr_flag) : NULL;
	in->col_batch = fee ? column_of(c, FIELD_fee_chrg_bchno) : NULL;
	in->col_message = fee ? column_of(c, FIELD_fee_inf_time) :
			  setl ? column_of(c, FIELD_settlement_inf_time) :
			  intake_overlaid(in) ? column_of(c, FIELD_encounter_inf_time) : NULL;
	in->col_update = fee ? column_of(c, FIELD_fee_updt_time) :
			 setl ? column_of(c, FIELD_settlement_updt_time) :
			 intake_overlaid(in) ? column_of(c, FIELD_encounter_updt_time) : NULL;
	in->col_item = fee ? column_of(c, FIELD_fee_med_list_codg) : NULL;
	in->col_stand[0] = fee ? column_of(c, FIELD_fee_hilist_code) : NULL;
	in->col_stand[1] = fee ? column_of(c, FIELD_fee_medins_list_codg) : NULL;
	in->col_negative[0] = setl ? column_of(c, FIELD_settlement_medfee_sumamt) :
			      fee ? column_of(c, FIELD_fee_cnt) : NULL;
	in->col_negative[1] = setl ? column_of(c, FIELD_settlement_fund_pay_sumamt) :
			      fee ? column_of(c, FIELD_fee_det_item_fee_sumamt) : NULL;
	in->zero = dict_find(c->dict, STR("0"));
	in->one = dict_find(c->dict, STR("1"));
	in->two = dict_find(c->dict, STR("2"));
}

static void begin_movers(struct intake *in)
{
	const struct layout *l = &in->st->layout;

	in->n_mover = 0;
	GROW(in->mover, in->cap_mover, l->n_kept + 1);
	for (uint32_t i = 0; i < l->n_kept; i++) {
		struct mover *m = &in->mover[in->n_mover++];

		m->cell = layout_cell(l, l->kept[i]);
		m->col = column_of(in->c, l->kept[i]);
	}
}

/* Grows an array by code; all of it stays zero. */
static void room_for_codes(uint32_t **array, uint32_t *cap, uint32_t n)
{
	uint32_t before = *cap;

	GROW(*array, *cap, n);
	memset(*array + before, 0, (*cap - before) * sizeof **array);
}

static void intake_begin(struct intake *in, const struct chunk *c, enum stream s, uint32_t ref)
{
	uint32_t codes = dict_count(c->dict) + 1;

	in->c = c;
	in->stream = s;
	in->plan = stream_plan(s);
	in->st = &in->t->store[s];
	in->ref = ref;
	in->last_place = UINT32_MAX;
	room_for_codes(&in->code_of, &in->cap_code, codes);
	room_for_codes(&in->owner_of, &in->cap_owner, codes);
	begin_columns(in);
	begin_movers(in);
}

/* What the call has put into the arrays by code is taken out again, which is less than all. */
static void intake_end(struct intake *in)
{
	for (uint32_t i = 0; i < in->n_fresh; i++) {
		in->code_of[in->fresh[i]] = 0;
		in->owner_of[in->fresh[i]] = 0;
	}
	in->owner_of[MISSING_CODE] = 0;
}

/* ---- cells ---- */

void intake_move_cell(struct intake *in, const struct mover *m, struct row *r, uint32_t src,
		      bool first)
{
	bool dec = m->cell.pack == PACK_DEC;
	uint32_t old = first ? (dec ? PACK_DEC_MISSING : 0) : row_u32(r, m->cell.off);
	const int64_t *wide = m->col;
	const uint32_t *narrow = m->col;
	uint32_t v;

	if (dec)
		v = pack_dec(&in->st->spill, old, wide ? wide[src] : MISSING_I64);
	else if (m->cell.pack == PACK_TIME)
		v = pack_time(&in->st->spill, old, wide ? wide[src] : MISSING_I64);
	else if (m->cell.pack == PACK_DATE)
		v = narrow ? narrow[src] : (uint32_t)MISSING_I32;
	else
		v = narrow ? shard_code(in, narrow[src]) : MISSING_CODE;
	row_set_u32(r, m->cell.off, v);
}

static void move_cells(struct intake *in, struct row *r, uint32_t src)
{
	for (uint32_t i = 0; i < in->n_mover; i++)
		intake_move_cell(in, &in->mover[i], r, src, false);
}

/* One column of the new rows of a group. */
static void move_column(struct intake *in, const struct mover *m, uint8_t *const *cell)
{
	struct spill *spill = &in->st->spill;
	const int64_t *wide = m->col;
	const uint32_t *narrow = m->col;
	uint32_t v;

	for (uint32_t i = 0; i < in->n_moving; i++) {
		uint32_t src = in->moving[i].src;

		if (m->cell.pack == PACK_DEC)
			v = pack_dec(spill, PACK_DEC_MISSING, wide ? wide[src] : MISSING_I64);
		else if (m->cell.pack == PACK_TIME)
			v = pack_time(spill, 0, wide ? wide[src] : MISSING_I64);
		else if (m->cell.pack == PACK_DATE)
			v = narrow ? narrow[src] : (uint32_t)MISSING_I32;
		else
			v = narrow ? shard_code(in, narrow[src]) : MISSING_CODE;
		__builtin_memcpy(cell[i] + m->cell.off, &v, sizeof v);
	}
}

void intake_settle(struct intake *in)
{
	uint8_t *cell[INTAKE_GROUP];

	for (uint32_t i = 0; i < in->n_moving; i++)
		cell[i] = (uint8_t *)store_row(in->st, in->moving[i].at);
	for (uint32_t i = 0; i < in->n_mover; i++)
		move_column(in, &in->mover[i], cell);
	in->n_moving = 0;
}

/* A message's line cannot name its settlement yet: it keeps its charging batch instead, and
 * gather joins by it. (A line of an extract without settlement is not settled.) */
static uint32_t batch_cell(struct intake *in, struct row *r, uint32_t src)
{
	unsigned off = layout_cell(&in->st->layout, FIELD_fee_setl_id).off;

	if (row_u32(r, off) != MISSING_CODE)
		return 0;
	row_set_u32(r, off, in->col_batch ? shard_code(in, in->col_batch[src]) : MISSING_CODE);
	return ROW_JOINS;
}

static bool is_negative(const int64_t *col, uint32_t src)
{
	return col && col[src] < 0 && col[src] != MISSING_I64;
}

/* A settlement that takes another back: negative, or, without sums, linked and flagged. */
static bool is_mirror(const struct intake *in, uint32_t src)
{
	const int64_t *sum = in->col_negative[0], *fund = in->col_negative[1];

	if (sum && sum[src] != MISSING_I64)
		return sum[src] < 0;
	if (fund && fund[src] != MISSING_I64)
		return fund[src] < 0;
	return in->col_link && in->col_link[src] != MISSING_CODE && in->col_refund && in->one &&
	       in->col_refund[src] == in->one;
}

/* Retractions by message that name no row of their own: see sweep.c. */
static bool is_sweep(const struct intake *in, struct str serial)
{
	if (in->stream == STREAM_FEE)
		return str_eq(serial, STR("0000")) || str_starts(serial, STR("0000/"));
	return in->stream == STREAM_STOCK && str_starts(serial, STR("3507"));
}

uint32_t intake_flags(const struct intake *in, const struct pending *p)
{
	uint32_t flags = p->standin ? ROW_STANDIN : 0, src = p->src;

	if (in->col_valid && in->zero && in->col_valid[src] == in->zero)
		flags |= ROW_RETRACTED | (is_sweep(in, p->serial) ? ROW_SWEEP : 0);
	if (in->col_refund && in->one && in->col_refund[src] == in->one)
		flags |= ROW_REFUNDED;
	if (in->col_refused && in->two && in->col_refused[src] == in->two)
		flags |= ROW_REFUSED;
	if (in->stream == STREAM_SETTLEMENT ? is_mirror(in, src) :
	    is_negative(in->col_negative[0], src) || is_negative(in->col_negative[1], src))
		flags |= ROW_NEGATIVE;
	return flags;
}

/* Links and stand-in items are rare: they lie beside the rows. */
static void side_entry(struct map64 *map, uint32_t row, uint32_t code, bool first)
{
	if (code != MISSING_CODE)
		map64_put(map, row, code);
	else if (!first)
		map64_del(map, row);
}

static uint32_t side_tables(struct intake *in, uint32_t row, uint32_t src, bool first)
{
	uint32_t link = in->col_link ? in->col_link[src] : MISSING_CODE, stand = MISSING_CODE;

	if (in->stream == STREAM_FEE && (!in->col_item || in->col_item[src] == MISSING_CODE)) {
		for (int i = 0; i < 2 && stand == MISSING_CODE; i++)
			stand = in->col_stand[i] ? in->col_stand[i][src] : MISSING_CODE;
	}
	side_entry(&in->st->stand, row, shard_code(in, stand), first);
	side_entry(&in->st->link, row, shard_code(in, link), first);
	return link != MISSING_CODE ? ROW_LINKED : 0;
}

/* Fill row number `at` with the version p. */
void intake_write(struct intake *in, uint32_t at, const struct pending *p, bool first)
{
	struct row *r = store_row(in->st, at);
	const struct source *src = &in->c->table[in->stream].src[p->src];

	r->digest = src->digest;
	r->subject = p->subject;
	r->place = p->place;
	r->revision = pack_time(&in->st->spill, first ? 0 : r->revision, src->revision);
	r->ref = in->ref;
	r->line = src->line < UINT32_MAX ? (uint32_t)src->line : UINT32_MAX;
	r->flags = (uint16_t)(intake_flags(in, p) | side_tables(in, at, p->src, first));
	if (first && in->n_moving < INTAKE_GROUP)
		in->moving[in->n_moving++] = (struct moving){ at, p->src };
	else
		move_cells(in, r, p->src);
	if (in->stream == STREAM_SETTLEMENT && intake_is_message(in, p->src))
		r->flags |= ROW_JOINS;
	if (in->stream == STREAM_FEE && intake_is_message(in, p->src)) {
		intake_settle(in);
		r->flags |= (uint16_t)batch_cell(in, r, p->src);
	}
	if (p->subject == UINT32_MAX)
		in->t->all_dirty = true;
	else
		subject_mark(in->t, p->subject);
	if (r->flags & (ROW_NEGATIVE | ROW_REFUNDED) && p->subject != UINT32_MAX)
		in->t->subject[p->subject].flags |= SUBJECT_REVERSES;
}

/* ---- versions ---- */

void fresh_push(struct timeline *t, enum stream s, uint32_t row)
{
	GROW(t->fresh, t->cap_fresh, t->n_fresh + 1);
	t->fresh[t->n_fresh++] = (struct row_at){ s, row };
}

struct list *intake_list(struct intake *in, const struct pending *p)
{
	if (in->plan->list == LIST_NONE)
		return &in->t->places[in->plan->places].v[p->place].list;
	return subject_list(&in->t->subject[p->subject], in->stream);
}

static void note_shared(struct timeline *t, struct place *v, uint64_t entry)
{
	v->flags |= VISIT_SEVERAL;
	if (t->n_shared > 0 && t->shared[t->n_shared - 1] == entry)
		return;
	GROW(t->shared, t->cap_shared, t->n_shared + 1);
	t->shared[t->n_shared++] = entry;
}

/* Remember who has rows in the visit; rows of contested visits go to the next reconciling. */
void intake_note(struct intake *in, const struct pending *p, uint32_t row)
{
	struct timeline *t = in->t;
	struct place *v;

	if (in->plan->places != PLACES_VISIT)
		return;
	v = &t->places[PLACES_VISIT].v[p->place];
	if (v->subject == UINT32_MAX)
		v->subject = p->subject;
	if (v->subject != p->subject)
		note_shared(t, v, (uint64_t)p->place << 32 | p->subject);
	if (v->flags & VISIT_CONTESTED)
		fresh_push(t, in->stream, row);
}

static void add_first(struct intake *in, const struct pending *p, size_t slot)
{
	uint32_t at = store_append(in->st, intake_list(in, p));
	struct row *r = store_row(in->st, at);

	row_set_serial(r, serials_keep(&in->st->serials, p->serial, p->packed));
	intake_write(in, at, p, true);
	overlay_first(in, at, p);
	intake_found(in, p, slot, at);
	intake_note(in, p, at);
}

/* The record now belongs to somebody else: leave a hole, append there. */
static void move_row(struct intake *in, uint32_t at, const struct pending *p, size_t slot)
{
	uint32_t to = store_append(in->st, intake_list(in, p));
	struct row *old = store_row(in->st, at), *r = store_row(in->st, to);

	subject_mark(in->t, old->subject);
	row_set_serial(r, row_serial_kept(old));
	old->flags = ROW_DEAD;
	map64_del(&in->st->link, at);
	map64_del(&in->st->stand, at);
	intake_write(in, to, p, true);
	intake_found(in, p, slot, to);
	intake_note(in, p, to);
}

static void un_hide(struct intake *in, const struct row *r)
{
	in->st->hidden--;
	standing_add(in->t, in->stream, r->place, STANDING_SUPERSEDED, -1);
}

static void replace(struct intake *in, uint32_t at, const struct pending *p, size_t slot)
{
	struct row *r = store_row(in->st, at);

	if (r->flags & ROW_HIDDEN)
		un_hide(in, r);
	if (r->subject != p->subject) {
		move_row(in, at, p, slot);
		return;
	}
	intake_write(in, at, p, false);
	intake_note(in, p, at);
}

/* ---- the greatest version ---- */

static void add_version(struct intake *in, uint32_t at, const struct pending *p, size_t slot)
{
	struct store *st = in->st;
	struct row *r = store_row(st, at);
	const struct source *src = &in->c->table[in->stream].src[p->src];
	int64_t rev = unpack_time(&st->spill, r->revision);
	bool later = version_after(src->revision, src->digest, rev, r->digest);
	uint64_t lost = hash_join(p->hash, src->digest);

	if (src->digest == r->digest) {
		st->resent++;
		standing_add(in->t, in->stream, p->place, STANDING_RESENT, 1);
		if (later) {
			r->revision = pack_time(&st->spill, r->revision, src->revision);
			intake_note(in, p, at);
		}
		return;
	}
	bool again = map64_get(&st->old, lost, NULL);
	st->resent += again;
	st->superseded += !again;
	standing_add(in->t, in->stream, p->place,
		     again ? STANDING_RESENT : STANDING_SUPERSEDED, 1);
	if (later) {
		map64_put(&st->old, hash_join(p->hash, r->digest), 1);
		map64_del(&st->old, lost);
		replace(in, at, p, slot);
	} else {
		map64_put(&st->old, lost, 1);
	}
}

/* ---- groups ---- */

static uint32_t find_place(struct intake *in, uint32_t src)
{
	uint32_t a = in->col_a ? in->col_a[src] : MISSING_CODE;
	uint32_t b = in->col_b ? in->col_b[src] : MISSING_CODE;
	struct places *places = &in->t->places[in->plan->places];
	uint32_t before = places->n;

	if (in->last_place != UINT32_MAX && a == in->last_a && b == in->last_b)
		return in->last_place;
	in->last_a = a;
	in->last_b = b;
	in->last_place = places_at(places, shard_code(in, a), shard_code(in, b));
	if (places->n > before && in->plan->places == PLACES_VISIT)
		places->v[in->last_place].subject = UINT32_MAX;
	return in->last_place;
}

static uint32_t find_owner(struct intake *in, uint32_t src)
{
	uint32_t key = in->col_key ? in->col_key[src] : MISSING_CODE;

	if (in->plan->list == LIST_NONE)
		return UINT32_MAX;
	if (!in->owner_of[key])
		in->owner_of[key] = subject_at(in->t, in->plan->subject, shard_code(in, key)) + 1;
	return in->owner_of[key] - 1;
}

static uint64_t prepare(struct intake *in, struct pending *p, uint32_t src)
{
	p->src = src;
	p->place = find_place(in, src);
	p->subject = find_owner(in, src);
	p->serial_at = (uint32_t)in->scratch.n;
	p->serial = row_serial(in->c, in->stream, src, &in->scratch, &p->standin);
	p->composed = in->scratch.n > p->serial_at;
	p->packed = serials_pack(&in->st->serials, p->serial);
	if (in->stream != STREAM_FEE) {
		p->hash = identity_of(p->place, p->serial);
		store_prefetch(in->st, p->hash);
	}
	if (p->subject != UINT32_MAX)
		__builtin_prefetch(&in->t->subject[p->subject], 1);
	return p->serial.n;
}

/* Where the row will be appended, now that its list has come. */
static void prefetch_row(struct intake *in, const struct pending *p)
{
	const struct list *list = intake_list(in, p);

	if (list->tail)
		__builtin_prefetch(store_row(in->st, (list->tail - 1) << in->st->block_bits), 1);
}

static bool take_group(struct intake *in, const uint32_t *row, uint32_t from, uint32_t n,
		       struct err *e)
{
	uint64_t bytes = 0;

	buf_reset(&in->scratch);
	for (uint32_t i = 0; i < n; i++)
		bytes += prepare(in, &in->group[i], row ? row[from + i] : from + i) + 5;
	for (uint32_t i = 0; i < n; i++)
		prefetch_row(in, &in->group[i]);
	if (!store_room(in->st, n, bytes, e))
		return false;
	if (in->stream != STREAM_FEE)
		store_index_reserve(in->st, n); /* so that what is fetched ahead stays */
	for (uint32_t i = 0; i < n; i++) {
		struct pending *p = &in->group[i];
		size_t slot;
		uint32_t at;

		if (p->composed) /* the scratch may have moved */
			p->serial.p = in->scratch.p + p->serial_at;
		at = intake_find(in, p, &slot);
		in->st->records++;
		if (at == ROW_NONE) {
			add_first(in, p, slot);
			continue;
		}
		intake_settle(in);
		if (intake_overlaid(in))
			overlay_add(in, at, p, slot);
		else
			add_version(in, at, p, slot);
		intake_settle(in);
	}
	intake_settle(in);
	return true;
}

bool timeline_add(struct timeline *t, const struct chunk *c, enum stream s,
		  const uint32_t *row, uint32_t n, uint32_t ref, struct err *e)
{
	bool ok = true;

	assert(s < STREAM_STORED);
	if (!row)
		n = c->table[s].n;
	if (n == 0)
		return true;
	if (!t->intake) {
		t->intake = xcalloc(1, sizeof *t->intake);
		t->intake->t = t;
		buf_init(&t->intake->scratch, 0);
	}
	intake_begin(t->intake, c, s, ref);
	translate_codes(t->intake, row, n);
	for (uint32_t i = 0; ok && i < n; i += INTAKE_GROUP)
		ok = take_group(t->intake, row, i, n - i < INTAKE_GROUP ? n - i : INTAKE_GROUP, e);
	intake_end(t->intake);
	for (uint32_t i = 0; t->all_dirty && i < t->n_subject; i++)
		subject_mark(t, i);
	t->all_dirty = false;
	return ok;
}
