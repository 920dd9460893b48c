/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sweep.c - rows taken back many at once, by messages that name no single row.
 *
 *   2205, 2302   lines of a visit that name no settlement: all of them (serial "0000"), or
 *                those of one charging batch ("0000/batch")
 *   3507         stock rows of a facility's batch number and kind ("3507/kind")
 *
 * A sweep is itself a retracted row with a revision: it takes back what is not newer than
 * it, whichever came first; of the same second the sweep counts as later.
 */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/timeline/gather.h"

enum { PART_SEPARATOR = 0x1f, INFNO = 4 };

/* Times may be negative: order kept in unsigned numbers. */
static uint64_t ordered(int64_t revision)
{
	return (uint64_t)revision ^ UINT64_C(1) << 63;
}

static uint64_t revision_of(const struct gather *g, enum stream s, const struct row *r)
{
	return ordered(unpack_time(&g->t->store[s].spill, r->revision));
}

static uint64_t line_key(uint32_t place, uint32_t batch)
{
	return (uint64_t)place << 32 | batch;
}

/* The second part of a stock row's serial: "3505<sep>batch<sep>...". */
static uint64_t stock_key(struct str serial, char kind)
{
	int64_t from = str_chr(serial, PART_SEPARATOR) + 1;
	struct str rest = str_sub(serial, (size_t)from, serial.n - (size_t)from);
	int64_t end = str_chr(rest, PART_SEPARATOR);

	return hash_join(hash_str(str_sub(rest, 0, end < 0 ? rest.n : (size_t)end)),
			 (uint64_t)(unsigned char)kind);
}

/* What 3507 calls the kind of a transaction: 1 count, 2 change, 3 purchase, 4 sale. */
static char stock_kind(struct str serial)
{
	static const char kind[] = "123344"; /* of 3501 .. 3506 */

	if (serial.n < INFNO || memcmp(serial.p, "350", 3) != 0 || serial.p[3] < '1' ||
	    serial.p[3] > '6')
		return 0;
	return kind[serial.p[3] - '1'];
}

void sweep_note(struct gather *g, enum stream s, const struct row *r)
{
	char room[SERIAL_ROOM];
	struct str serial = store_serial(&g->t->store[s], r, room);
	uint64_t revision = revision_of(g, s, r), key;
	bool fresh;

	if (s == STREAM_STOCK)
		key = stock_key(serial, serial.n > INFNO + 1 ? serial.p[INFNO + 1] : 0);
	else if (serial.n == INFNO)
		key = line_key(r->place, MISSING_CODE);
	else
		key = line_key(r->place, row_u32(r, g->fee_setl.off));
	uint64_t *latest = map64_at(&g->swept, key, &fresh);
	if (fresh || revision > *latest)
		*latest = revision;
}

static bool is_swept(const struct gather *g, uint64_t key, uint64_t revision)
{
	uint64_t latest;

	return map64_get(&g->swept, key, &latest) && revision <= latest;
}

static bool line_is_swept(const struct gather *g, const struct row *r)
{
	uint64_t revision = revision_of(g, STREAM_FEE, r);
	uint32_t cell = row_u32(r, g->fee_setl.off);

	if (cell && !(r->flags & ROW_JOINS))
		return false; /* it names its settlement: no message takes it back */
	return is_swept(g, line_key(r->place, MISSING_CODE), revision) ||
	       (cell && is_swept(g, line_key(r->place, cell), revision));
}

static bool stock_is_swept(const struct gather *g, const struct row *r)
{
	char room[SERIAL_ROOM];
	struct str serial = store_serial(&g->t->store[STREAM_STOCK], r, room);
	char kind = stock_kind(serial);

	return kind && is_swept(g, stock_key(serial, kind), revision_of(g, STREAM_STOCK, r));
}

void gather_sweep(struct gather *g, struct gather_stats *gs)
{
	struct items *items = &g->items[STREAM_FEE];
	enum stream s = STREAM_FEE;

	if (!map64_count(&g->swept))
		return;
	if (g->items[STREAM_STOCK].n) { /* a subject has lines or stock, not both */
		s = STREAM_STOCK;
		items = &g->items[s];
	}
	for (uint32_t i = 0; i < items->n; i++) {
		const struct row *r = items->v[i].row;

		if (!(s == STREAM_FEE ? line_is_swept(g, r) : stock_is_swept(g, r)))
			continue;
		items->v[i].state = ITEM_RETRACTED;
		if (gs)
			gs->retracted[s]++;
	}
}
