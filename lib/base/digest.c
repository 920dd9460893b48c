/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * digest.c - XXH3 128-bit streaming inside the caller's struct.
 */
#include "lib/base/digest.h"

#include <assert.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static_assert(sizeof(XXH3_state_t) <= sizeof((struct digest *)0)->state, "state fits");
static_assert(_Alignof(XXH3_state_t) <= _Alignof(struct digest), "state is aligned");

static XXH3_state_t *state_of(struct digest *d)
{
	return (XXH3_state_t *)(void *)d->state;
}

void digest_init(struct digest *d)
{
	XXH3_INITSTATE(state_of(d));
	XXH3_128bits_reset(state_of(d));
}

void digest_add(struct digest *d, const void *p, size_t n)
{
	if (n)
		XXH3_128bits_update(state_of(d), p, n);
}

void digest_addstr(struct digest *d, struct str s)
{
	digest_u64(d, s.n);
	digest_add(d, s.p, s.n);
}

void digest_u64(struct digest *d, uint64_t v)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(v >> (8 * i));
	digest_add(d, bytes, sizeof bytes);
}

void digest_raw(const struct digest *d, uint64_t out[2])
{
	XXH128_hash_t h = XXH3_128bits_digest((const XXH3_state_t *)(const void *)d->state);

	out[0] = h.high64;
	out[1] = h.low64;
}

void digest_hex(const struct digest *d, char out[DIGEST_HEX])
{
	uint64_t half[2];

	digest_raw(d, half);
	for (int i = 0; i < 32; i++)
		out[i] = "0123456789abcdef"[half[i / 16] >> (60 - 4 * (i % 16)) & 0xF];
	out[32] = '\0';
}
