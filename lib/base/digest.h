/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * digest.h - 128-bit content digests (XXH3) for "is this the same thing".
 *
 * Not cryptographic: it tells versions apart, it does not prove who wrote them.
 * digest_addstr() and digest_u64() put lengths in, so ("ab","c") and ("a","bc") differ.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/str.h"

#define DIGEST_HEX 33 /* 32 hex digits and a NUL */

struct digest {
	_Alignas(64) unsigned char state[640]; /* XXH3 streaming state */
};

void digest_init(struct digest *d);
void digest_add(struct digest *d, const void *p, size_t n); /* raw bytes, no length */
void digest_addstr(struct digest *d, struct str s);         /* length, then bytes */
void digest_u64(struct digest *d, uint64_t v);              /* eight bytes, little endian */

/* The digest so far; adding may go on afterwards. */
void digest_hex(const struct digest *d, char out[DIGEST_HEX]);
void digest_raw(const struct digest *d, uint64_t out[2]); /* high half first */
