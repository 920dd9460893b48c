/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ingest.c - record versions in: find the identity, keep the greatest revision.
 *
 * Rows are taken in groups: first places and hashes of a group, with what they will touch
 * prefetched, then the rows one by one, then the cells of the new ones column by column. Fee
 * lines come by the visit instead: lines.c.
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
		v = narrow ? intake_code(in, narrow[src]) : MISSING_CODE;
	row_set_u32(r, m->cell.off, v);
}

/* A message's line cannot name its settlement yet: it keeps its charging batch instead, and
 * gather joins by it. (A line of an extract without settlement is not settled.) */
static uint32_t batch_cell(struct intake *in, struct row *r, uint32_t src)
{
	unsigned off = layout_cell(&in->st->layout, FIELD_fee_setl_id).off;

	if (row_u32(r, off) != MISSING_CODE)
		return 0;
	row_set_u32(r, off, in->col_batch ? intake_code(in, in->col_batch[src]) : MISSING_CODE);
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

uint32_t intake_line_flags(const struct intake *in, uint32_t src)
{
	uint32_t flags = 0;

	if (in->col_refused && in->two && in->col_refused[src] == in->two)
		flags |= ROW_REFUSED;
	if (is_negative(in->col_negative[0], src) || is_negative(in->col_negative[1], src))
		flags |= ROW_NEGATIVE;
	return flags;
}

uint32_t intake_flags(const struct intake *in, const struct pending *p)
{
	uint32_t flags = p->standin ? ROW_STANDIN : 0, src = p->src;

	if (in->col_valid && in->zero && in->col_valid[src] == in->zero)
		flags |= ROW_RETRACTED | (is_sweep(in, p->serial) ? ROW_SWEEP : 0);
	if (in->col_refund && in->one && in->col_refund[src] == in->one)
		flags |= ROW_REFUNDED;
	if (in->stream != STREAM_SETTLEMENT)
		return flags | intake_line_flags(in, src);
	return flags | (is_mirror(in, src) ? ROW_NEGATIVE : 0);
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
	side_entry(&in->st->stand, row, intake_code(in, stand), first);
	side_entry(&in->st->link, row, intake_code(in, link), first);
	return link != MISSING_CODE ? ROW_LINKED : 0;
}

/* Fill row number `at` with the version p. */
void intake_write(struct intake *in, uint32_t at, const struct pending *p, bool first)
{
	struct row *r = store_edit(in->st, at);
	const struct source *src = &in->c->table[in->stream].src[p->src];

	r->digest = src->digest;
	r->subject = p->subject;
	r->place = p->place;
	r->revision = pack_time(&in->st->spill, first ? 0 : r->revision, src->revision);
	r->ref = in->ref;
	r->line = intake_line(src);
	r->flags = (uint16_t)(intake_flags(in, p) | side_tables(in, at, p->src, first));
	for (uint32_t i = 0; i < in->n_mover; i++)
		intake_move_cell(in, &in->mover[i], r, p->src, first);
	if (in->stream == STREAM_SETTLEMENT && intake_is_message(in, p->src))
		r->flags |= ROW_JOINS;
	if (in->stream == STREAM_FEE && intake_is_message(in, p->src))
		r->flags |= (uint16_t)batch_cell(in, r, p->src);
	if (p->subject == UINT32_MAX)
		in->t->all_dirty = true;
	else
		subject_mark(in->t, p->subject);
	if (r->flags & (ROW_NEGATIVE | ROW_REFUNDED) && p->subject != UINT32_MAX)
		in->t->subject[p->subject].flags |= SUBJECT_REVERSES;
	store_done(in->st);
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

void intake_note(struct intake *in, uint32_t place, uint32_t subject, uint32_t row, uint32_t n)
{
	struct timeline *t = in->t;
	struct place *v;

	if (in->plan->places != PLACES_VISIT)
		return;
	v = &t->places[PLACES_VISIT].v[place];
	if (v->subject == UINT32_MAX)
		v->subject = subject;
	if (v->subject != subject)
		note_shared(t, v, (uint64_t)place << 32 | subject);
	for (uint32_t i = 0; v->flags & VISIT_CONTESTED && i < n; i++)
		fresh_push(t, in->stream, row + i);
}

static void add_first(struct intake *in, const struct pending *p, size_t slot)
{
	uint32_t at = store_append(in->st, intake_list(in, p));

	row_set_serial(store_edit(in->st, at),
		       serials_keep(&in->st->serials, p->serial, p->packed));
	store_done(in->st);
	intake_write(in, at, p, true);
	overlay_first(in, at, p);
	intake_found(in, p, slot, at);
	intake_note(in, p->place, p->subject, at, 1);
}

/* The record now belongs to somebody else: leave a hole, append there. */
static void move_row(struct intake *in, uint32_t at, const struct pending *p, size_t slot)
{
	uint32_t to = store_append(in->st, intake_list(in, p));
	struct row *old = store_edit(in->st, at);
	struct serial serial = row_serial_kept(old);

	subject_mark(in->t, old->subject);
	old->flags = ROW_DEAD;
	store_done(in->st);
	row_set_serial(store_edit(in->st, to), serial);
	store_done(in->st);
	map64_del(&in->st->link, at);
	map64_del(&in->st->stand, at);
	intake_write(in, to, p, true);
	intake_found(in, p, slot, to);
	intake_note(in, p->place, p->subject, to, 1);
}

static void un_hide(struct intake *in, const struct row *r)
{
	in->st->hidden--;
	standing_add(in->t, in->stream, r->place, STANDING_SUPERSEDED, -1);
}

static void replace(struct intake *in, uint32_t at, const struct pending *p, size_t slot)
{
	struct row_room room;
	const struct row *r = store_see(in->st, at, &room);

	if (r->flags & ROW_HIDDEN)
		un_hide(in, r);
	if (r->subject != p->subject) {
		move_row(in, at, p, slot);
		return;
	}
	intake_write(in, at, p, false);
	intake_note(in, p->place, p->subject, at, 1);
}

/* ---- the greatest version ---- */

static void newer(struct store *st, uint32_t at, int64_t revision)
{
	struct row *r = store_edit(st, at);

	r->revision = pack_time(&st->spill, r->revision, revision);
	store_done(st);
}

static void add_version(struct intake *in, uint32_t at, const struct pending *p, size_t slot)
{
	struct store *st = in->st;
	struct row_room room;
	const struct row *r = store_see(st, at, &room);
	const struct source *src = &in->c->table[in->stream].src[p->src];
	int64_t rev = unpack_time(&st->spill, r->revision);
	bool later = version_after(src->revision, src->digest, rev, r->digest);
	uint64_t lost = hash_join(p->hash, src->digest);

	if (src->digest == r->digest) {
		st->resent++;
		standing_add(in->t, in->stream, p->place, STANDING_RESENT, 1);
		if (later) {
			newer(st, at, src->revision);
			intake_note(in, p->place, p->subject, at, 1);
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

uint32_t intake_place(struct intake *in, uint32_t src)
{
	uint32_t a = in->col_a ? in->col_a[src] : MISSING_CODE;
	uint32_t b = in->col_b ? in->col_b[src] : MISSING_CODE;
	struct places *places = &in->t->places[in->plan->places];
	uint32_t before = places->n;

	if (in->last_place != UINT32_MAX && a == in->last_a && b == in->last_b)
		return in->last_place;
	in->last_a = a;
	in->last_b = b;
	in->last_place = places_at(in->t, in->plan->places, intake_code(in, a),
				   intake_code(in, b));
	if (places->n > before && in->plan->places == PLACES_VISIT)
		places->v[in->last_place].subject = UINT32_MAX;
	return in->last_place;
}

uint32_t intake_owner(struct intake *in, uint32_t src)
{
	uint32_t key = in->col_key ? in->col_key[src] : MISSING_CODE;

	if (in->plan->list == LIST_NONE)
		return UINT32_MAX;
	return subject_at(in->t, in->plan->subject, intake_code(in, key));
}

void intake_prepare(struct intake *in, struct pending *p, uint32_t src)
{
	struct str serial;

	p->src = src;
	p->serial_at = (uint32_t)in->scratch.n;
	serial = row_serial(in->c, in->stream, src, &in->scratch, &p->standin);
	p->composed = in->scratch.n > p->serial_at;
	p->packed = serials_pack(&in->st->serials, serial);
	p->serial = serial; /* stored in two parts, so not to be read back as one at once */
}

void intake_take(struct intake *in, struct pending *p)
{
	size_t slot;
	uint32_t at;

	if (p->composed) /* the scratch may have moved */
		p->serial.p = in->scratch.p + p->serial_at;
	at = intake_find(in, p, &slot);
	in->st->records++;
	if (at == ROW_NONE)
		add_first(in, p, slot);
	else if (intake_overlaid(in))
		overlay_add(in, at, p, slot);
	else
		add_version(in, at, p, slot);
}

static uint64_t prepare(struct intake *in, struct pending *p, uint32_t src)
{
	p->place = intake_place(in, src);
	p->subject = intake_owner(in, src);
	intake_prepare(in, p, src);
	if (is_indexed(in->stream)) {
		p->hash = identity_of(p->place, p->serial);
		store_prefetch(in->st, p->hash);
	}
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
	for (uint32_t i = 0; i < n; i++) {
		uint32_t src = row ? row[from + i] : from + i;

		intake_fetch(in, src);
		if (in->col_own)
			__builtin_prefetch(dict_text(in->c->dict, in->col_own[src]).p);
	}
	for (uint32_t i = 0; i < n; i++)
		intake_fetch_known(in, row ? row[from + i] : from + i);
	for (uint32_t i = 0; i < n; i++)
		bytes += prepare(in, &in->group[i], row ? row[from + i] : from + i) + 5;
	for (uint32_t i = 0; in->st->block_bits && i < n; i++)
		prefetch_row(in, &in->group[i]);
	if (!store_room(in->st, n, bytes, e))
		return false;
	if (is_indexed(in->stream))
		store_index_reserve(in->st, n); /* so that what is fetched ahead stays */
	for (uint32_t i = 0; i < n; i++)
		intake_take(in, &in->group[i]);
	return true;
}

static bool take_groups(struct intake *in, const uint32_t *row, uint32_t n, struct err *e)
{
	bool ok = true;

	for (uint32_t i = 0; ok && i < n; i += INTAKE_GROUP)
		ok = take_group(in, row, i, n - i < INTAKE_GROUP ? n - i : INTAKE_GROUP, e);
	return ok;
}

bool timeline_add(struct timeline *t, const struct chunk *c, enum stream s,
		  const uint32_t *row, uint32_t n, uint32_t ref, struct err *e)
{
	bool ok;

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
	if (s == STREAM_FEE)
		lines_find(t->intake, row, n);
	intake_translate(t->intake, row, n);
	ok = s == STREAM_FEE ? lines_take(t->intake, e) : take_groups(t->intake, row, n, e);
	store_rest(t->intake->st);
	for (uint32_t i = 0; t->all_dirty && i < t->n_subject; i++)
		subject_mark(t, i);
	t->all_dirty = false;
	return ok;
}
