/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unpack.c - the loops of unpack.h. What lies in the spill is put in afterwards: it is rare.
 */
#include "lib/timeline/unpack.h"

#include "lib/base/simd.h"

void unpack_cells(uint32_t *restrict out, const struct row *const *row, unsigned off, uint32_t n)
{
	uint32_t i = 0;

	for (; i + 4 <= n; i += 4) {
		out[i] = row_u32(row[i], off);
		out[i + 1] = row_u32(row[i + 1], off);
		out[i + 2] = row_u32(row[i + 2], off);
		out[i + 3] = row_u32(row[i + 3], off);
	}
	for (; i < n; i++)
		out[i] = row_u32(row[i], off);
}

/* True when some are in the spill. */
KERNEL static bool decs(int64_t *restrict out, const uint32_t *restrict p, uint32_t n)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < n; i++) {
		int32_t mantissa = (int32_t)(p[i] << 2) >> 2;
		int32_t unit = p[i] >> 30 == 0 ? 1 : p[i] >> 30 == 1 ? 100 : 10000;
		int64_t v = (int64_t)mantissa * unit;

		most = p[i] > most ? p[i] : most;
		out[i] = p[i] == PACK_DEC_MISSING ? MISSING_I64 : v;
	}
	return most >= PACK_DEC_SPILL;
}

KERNEL static bool times(int64_t *restrict out, const uint32_t *restrict p, uint32_t n)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < n; i++) {
		most = p[i] > most ? p[i] : most;
		out[i] = p[i] ? PACK_TIME_BASE + (int64_t)p[i] : MISSING_I64;
	}
	return most >= PACK_TIME_SPILL;
}

void unpack_decs(int64_t *restrict out, const uint32_t *restrict p, uint32_t n,
		 const struct spill *spill)
{
	bool beside = decs(out, p, n);

	for (uint32_t i = 0; beside && i < n; i++)
		out[i] = unpack_dec(spill, p[i]);
}

void unpack_times(int64_t *restrict out, const uint32_t *restrict p, uint32_t n,
		  const struct spill *spill)
{
	bool beside = times(out, p, n);

	for (uint32_t i = 0; beside && i < n; i++)
		out[i] = unpack_time(spill, p[i]);
}

KERNEL bool unpack_positive(uint8_t *restrict out, const uint32_t *restrict p, uint32_t n)
{
	uint32_t odd = 0;

	for (uint32_t i = 0; i < n; i++) {
		out[i] = (int32_t)(p[i] << 2) > 0;
		odd |= (uint32_t)(p[i] >= PACK_DEC_SPILL) | (uint32_t)(p[i] == PACK_DEC_MISSING);
	}
	return odd;
}
