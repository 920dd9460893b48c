/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check.h - what every cmocka test needs, in the order cmocka wants it.
 *
 * CHECK_STR compares a struct str with a C string; check_random() is a seeded
 * generator, so that a property that fails once fails again.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/str.h"

#define CHECK(cond) assert_true(cond)
#define CHECK_INT(got, want)                                                             \
	do {                                                                             \
		int64_t got_ = (int64_t)(got), want_ = (int64_t)(want);                  \
		if (got_ != want_)                                                       \
			fail_msg("%s is %lld, not %lld", #got, (long long)got_,          \
				 (long long)want_);                                      \
	} while (0)
#define CHECK_STR(got, want)                                                             \
	do {                                                                             \
		struct str got_ = (got);                                                 \
		if (!str_eq(got_, str_of(want)))                                         \
			fail_msg("%s is \"" STR_FMT "\", not \"%s\"", #got,              \
				 STR_ARG(got_), (want));                                 \
	} while (0)

/* splitmix64: any state is a good seed. */
static inline uint64_t check_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}
