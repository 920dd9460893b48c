/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * random.h - a small seeded generator: one case number, one case, on every machine.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t s;
};

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = (r->s += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* 0 .. n-1 */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(rng_next(r) % n);
}

static inline bool rng_percent(struct rng *r, uint32_t p)
{
	return rng_below(r, 100) < p;
}

/* One of the elements of an array. */
#define RNG_PICK(r, a) ((a)[rng_below((r), (uint32_t)(sizeof(a) / sizeof *(a)))])
