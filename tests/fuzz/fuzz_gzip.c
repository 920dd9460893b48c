/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_gzip.c - any bytes behind the gzip magic.
 */
#include <string.h>

#include "lib/base/mem.h"
#include "tests/fuzz/fuzz_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t magic[] = { 0x1f, 0x8b, 8, 0 };
	uint8_t *bytes = xmalloc(sizeof(magic) + size);
	memcpy(bytes, magic, sizeof(magic));
	memcpy(bytes + sizeof(magic), data, size);
	fuzz_both_ways("fee_list_d.csv.gz", bytes, sizeof(magic) + size);
	xfree(bytes);
	fuzz_both_ways("fee_list_d.csv.gz", data, size);
	return 0;
}
