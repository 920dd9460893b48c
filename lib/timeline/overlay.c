/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * overlay.c - records told piece by piece: versions that say only a part.
 *
 * A message says what has changed: where it is silent the versions before it count. A full
 * row (of an extract) is silent about nothing. So each cell has the value of the greatest
 * version that speaks of it, whatever came first; only rows that messages wrote to carry
 * stamps. Versions of different persons do not mix: each person's make a row of their own,
 * chained under one identity, and all but that with the greatest version are hidden.
 */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/timeline/intake.h"

/* ---- what a version says ---- */

static bool speaks(const struct mover *m, uint32_t src)
{
	if (!m->col)
		return false;
	switch ((enum pack)m->cell.pack) {
	case PACK_DEC:
	case PACK_TIME:
		return ((const int64_t *)m->col)[src] != MISSING_I64;
	case PACK_DATE:
		return ((const int32_t *)m->col)[src] != MISSING_I32;
	default:
		return ((const uint32_t *)m->col)[src] != MISSING_CODE;
	}
}

static bool speaks_of_validity(const struct intake *in, uint32_t src)
{
	return in->col_valid && in->col_valid[src] != MISSING_CODE;
}

static bool advance(struct stamp *old, struct stamp v)
{
	if (!version_after(v.revision, v.digest, old->revision, old->digest))
		return false;
	*old = v;
	return true;
}

static void overlay(struct intake *in, uint32_t at, const struct pending *p)
{
	const struct source *src = &in->c->table[in->stream].src[p->src];
	struct row *r = store_row(in->st, at);
	struct stamp *stamp = store_stamps(in->st, at), v = { src->revision, src->digest };
	bool part = intake_is_message(in, p->src);

	for (uint32_t i = 0; i < in->n_mover; i++) {
		if ((!part || speaks(&in->mover[i], p->src)) && advance(&stamp[i], v))
			intake_move_cell(in, &in->mover[i], r, p->src, false);
	}
	if ((!part || speaks_of_validity(in, p->src)) && advance(&stamp[in->n_mover], v))
		r->flags = (uint16_t)((r->flags & ~(uint32_t)ROW_RETRACTED) |
				      (intake_flags(in, p) & ROW_RETRACTED));
	if (!version_after(v.revision, v.digest, unpack_time(&in->st->spill, r->revision),
			   r->digest))
		return;
	r->revision = pack_time(&in->st->spill, r->revision, v.revision);
	if (r->digest == v.digest) /* sent again */
		return;
	r->digest = v.digest;
	r->ref = in->ref;
	r->line = src->line < UINT32_MAX ? (uint32_t)src->line : UINT32_MAX;
}

/* The first version of a row is a part: cells it is silent about have no version yet. */
void overlay_first(struct intake *in, uint32_t at, const struct pending *p)
{
	const struct source *src = &in->c->table[in->stream].src[p->src];
	struct stamp v = { src->revision, src->digest };
	struct stamp *stamp;

	if (!intake_overlaid(in) || !intake_is_message(in, p->src))
		return;
	stamp = store_stamp(in->st, at, (struct stamp){ MISSING_I64, 0 });
	for (uint32_t i = 0; i < in->n_mover; i++) {
		if (speaks(&in->mover[i], p->src))
			stamp[i] = v;
	}
	if (speaks_of_validity(in, p->src))
		stamp[in->n_mover] = v;
}

static void hide(struct intake *in, uint32_t at, bool hidden)
{
	struct row *r = store_row(in->st, at);

	if (hidden == ((r->flags & ROW_HIDDEN) != 0))
		return;
	r->flags ^= ROW_HIDDEN;
	in->st->hidden += hidden ? 1 : UINT64_MAX;
	standing_add(in->t, in->stream, r->place, STANDING_SUPERSEDED, hidden ? 1 : -1);
}

/* A later version into its person's row. */
static void merge(struct intake *in, uint32_t at, const struct pending *p)
{
	const struct source *src = &in->c->table[in->stream].src[p->src];
	struct store *st = in->st;
	struct row *r = store_row(st, at);
	struct stamp now = { unpack_time(&st->spill, r->revision), r->digest };
	bool stamped = store_stamps(st, at) != NULL;

	if (stamped || intake_is_message(in, p->src)) {
		if (!stamped)
			store_stamp(st, at, now);
		overlay(in, at, p);
	} else if (src->digest == now.digest && src->revision > now.revision) {
		r->revision = pack_time(&st->spill, r->revision, src->revision);
	} else if (version_after(src->revision, src->digest, now.revision, now.digest)) {
		hide(in, at, false);
		intake_write(in, at, p, false);
	}
}

/* ---- rows of one identity ---- */

/* Each person's versions make one row; all but that of the greatest version are hidden. */
static uint32_t row_of_person(struct intake *in, uint32_t at, const struct pending *p)
{
	uint64_t next = at;

	do {
		at = (uint32_t)next;
		if (store_row(in->st, at)->subject == p->subject)
			return at;
	} while (map64_get(&in->st->other, at, &next));
	next = store_append(in->st, intake_list(in, p));
	row_set_serial(store_row(in->st, (uint32_t)next),
		       row_serial_kept(store_row(in->st, at)));
	intake_write(in, (uint32_t)next, p, true);
	overlay_first(in, (uint32_t)next, p);
	hide(in, (uint32_t)next, true);
	map64_put(&in->st->other, at, next);
	intake_note(in, p->place, p->subject, (uint32_t)next, 1);
	return (uint32_t)next;
}

static bool row_after(const struct store *st, uint32_t a, uint32_t b)
{
	const struct row *ra = store_row(st, a), *rb = store_row(st, b);

	return version_after(unpack_time(&st->spill, ra->revision), ra->digest,
			     unpack_time(&st->spill, rb->revision), rb->digest);
}

/* `mine` comes to the head of the chain of its identity. */
static void lead(struct intake *in, uint32_t head, uint32_t mine, const struct pending *p,
		 size_t slot)
{
	struct map64 *other = &in->st->other;
	uint64_t before = head, next;

	while (map64_get(other, before, &next) && next != mine)
		before = next;
	if (map64_get(other, mine, &next))
		map64_put(other, before, next);
	else
		map64_del(other, before);
	map64_put(other, mine, head);
	intake_found(in, p, slot, mine);
	hide(in, head, true);
	hide(in, mine, false);
	subject_mark(in->t, store_row(in->st, head)->subject);
}

static void count_part(struct intake *in, const struct row *r, const struct pending *p)
{
	struct store *st = in->st;
	const struct source *src = &in->c->table[in->stream].src[p->src];
	uint64_t key = hash_join(p->hash, src->digest);

	bool again = src->digest == r->digest || map64_get(&st->old, key, NULL);

	st->resent += again;
	st->superseded += !again;
	standing_add(in->t, in->stream, p->place,
		     again ? STANDING_RESENT : STANDING_SUPERSEDED, 1);
	map64_put(&st->old, key, 1);
	map64_put(&st->old, hash_join(p->hash, r->digest), 1);
}

void overlay_add(struct intake *in, uint32_t head, const struct pending *p,
			     size_t slot)
{
	struct store *st = in->st;
	uint32_t rows = st->n, at = row_of_person(in, head, p);
	struct row *r = store_row(st, at);
	uint64_t digest = r->digest;
	uint32_t revision = r->revision;
	bool was_hidden = r->flags & ROW_HIDDEN;

	if (st->n == rows) { /* it had a row already */
		count_part(in, r, p);
		merge(in, at, p);
		hide(in, at, at != head || (was_hidden && r->digest == digest));
		subject_mark(in->t, p->subject);
		if (r->digest != digest || r->revision != revision)
			intake_note(in, p->place, p->subject, at, 1);
	}
	if (at != head && row_after(st, at, head))
		lead(in, head, at, p, slot);
}
