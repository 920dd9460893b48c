/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_decode.h - decode any bytes whole and in pieces: both must give the same records
 * and rejects, and every count must add up.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/base/hash.h"
#include "lib/base/utf8.h"
#include "lib/record/decode.h"
#include "lib/record/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzzed {
	uint64_t hash, rows, rejects, records;
	uint64_t sum; /* of records and rejects, whatever their order and chunks */
	bool good;
};

static inline void fuzz_must(bool holds)
{
	if (!holds)
		abort();
}

static inline void fuzz_chunk(struct fuzzed *f, const struct chunk *c)
{
	for (unsigned s = 0; s < STREAM_STORED; s++)
		for (uint32_t r = 0; r < c->table[s].n; r++) {
			struct identity id = identity_hash(c, (enum stream)s, r);
			const struct source *src = &c->table[s].src[r];
			f->hash = hash_join(hash_join(f->hash, id.hi), src->digest);
			f->hash = hash_join(hash_join(f->hash, src->line), src->offset);
			f->sum += hash_join(hash_join(id.hi, src->digest),
					    hash_join(src->line, src->offset));
			f->records++;
		}
	for (uint32_t i = 0; i < c->n_reject; i++) {
		const struct reject *r = &c->reject[i];
		fuzz_must(utf8_valid(r->raw.p, r->raw.n));
		fuzz_must(utf8_valid(r->sentence.p, r->sentence.n));
		f->hash = hash_join(hash_join(f->hash, r->line), hash_str(r->sentence));
		f->sum += hash_join(r->line, hash_str(r->sentence));
		f->rejects++;
	}
	f->rows += c->rows;
}

static inline struct fuzzed fuzz_run(const struct feed *feed, const char *name, const uint8_t *p,
				     size_t n, size_t step)
{
	struct err e;
	struct fuzzed f = { .good = true };
	struct decoder *d = decoder_new(feed, name, NULL, &e);
	struct chunk *c;
	fuzz_must(d != NULL);
	while (n && f.good) {
		size_t k = step && step < n ? step : n;
		f.good = decoder_push(d, p, k, &e);
		p += k;
		n -= k;
	}
	if (f.good)
		f.good = decoder_finish(d, &e);
	while ((c = decoder_take(d))) {
		fuzz_chunk(&f, c);
		chunk_free(c);
	}
	const struct decode_stats *s = decoder_stats(d);
	uint64_t records = 0;
	for (unsigned i = 0; i < STREAM_STORED; i++)
		records += s->records[i];
	fuzz_must(s->rows == f.rows && s->rejects == f.rejects && records == f.records);
	decoder_free(d);
	return f;
}

static inline void fuzz_both_ways(const char *name, const uint8_t *p, size_t n)
{
	static struct feed *feed; /* one for all runs */
	if (!feed)
		feed = feed_default();
	struct fuzzed whole = fuzz_run(feed, name, p, n, 0);
	struct fuzzed parts = fuzz_run(feed, name, p, n, n ? 1 + p[0] % 7 : 1);
	/* How far a damaged container was read before the damage showed depends on the
	 * inflater and on the pieces; of a sound one everything must come out alike. */
	fuzz_must(whole.good == parts.good && (!whole.good || whole.hash == parts.hash));
}
