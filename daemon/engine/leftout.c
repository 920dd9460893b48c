/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * leftout.c - the visits that lie below the horizon, eight bytes each.
 *
 * A record of such a visit may be of a day above it: a correction of its day, a diagnosis that
 * has none, a line that came to the visit later. What it belongs to must be there then (late.c).
 * Hashes of the visits' numbers, in order, and where those of the same first bits begin. Two visits
 * of one hash bring somebody back for nothing; nothing else comes of it.
 */
#include "daemon/engine/state.h"

#include <inttypes.h>

#include "daemon/host/log.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/base/sort.h"

enum { FIRST_BITS = 16, FIRSTS = 1 << FIRST_BITS };

struct left_out {
	uint64_t *hash; /* ascending */
	uint32_t n, cap;
	uint32_t first[FIRSTS + 1]; /* in hash, by the first bits */
};

static unsigned first_bits(uint64_t hash)
{
	return (unsigned)(hash >> (64 - FIRST_BITS));
}

struct left_out *left_out_new(void)
{
	return xcalloc(1, sizeof(struct left_out));
}

void left_out_add(struct left_out *l, uint64_t visit)
{
	GROW(l->hash, l->cap, l->n + 1);
	l->hash[l->n++] = visit;
}

static void add(void *ctx, struct str visit)
{
	left_out_add(ctx, hash_str(visit));
}

static void drop_repeated(struct left_out *l)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < l->n; i++)
		if (n == 0 || l->hash[i] != l->hash[n - 1])
			l->hash[n++] = l->hash[i];
	l->n = n;
}

void left_out_end(struct left_out *l)
{
	uint64_t *scratch = xmalloc((l->n + 1) * sizeof *scratch);
	sort_u64(l->hash, l->n, scratch);
	xfree(scratch);
	drop_repeated(l);
	for (uint32_t i = 0; i < l->n; i++)
		l->first[first_bits(l->hash[i]) + 1] = i + 1;
	for (uint32_t k = 1; k <= FIRSTS; k++)
		if (l->first[k] < l->first[k - 1])
			l->first[k] = l->first[k - 1];
}

void engine_left_out_drop(struct engine *en)
{
	if (en->left_out)
		xfree(en->left_out->hash);
	xfree(en->left_out);
	en->left_out = NULL;
}

bool engine_left_out_read(struct engine *en, struct db *db, struct err *e)
{
	if (en->floor == MISSING_I32)
		return true;
	if (!en->left_out) {
		en->left_out = left_out_new();
		if (!restore_left_out(db, en->floor, add, en->left_out, e))
			return err_wrap(e, "finding the visits that are not kept");
		left_out_end(en->left_out);
	}
	log_info("horizon", "%" PRIu32 " older visits are not in memory; a record of one of them "
		 "brings its person back", en->left_out->n);
	return true;
}

bool engine_left_out(const struct engine *en, uint64_t visit)
{
	const struct left_out *l = en->left_out;
	if (!l)
		return false;
	uint32_t from = l->first[first_bits(visit)], to = l->first[first_bits(visit) + 1];
	while (from < to) {
		uint32_t half = from + (to - from) / 2;
		if (l->hash[half] == visit)
			return true;
		if (l->hash[half] < visit)
			from = half + 1;
		else
			to = half;
	}
	return false;
}
