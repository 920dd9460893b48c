/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_json.c - any bytes as interface messages and as NDJSON rows.
 */
#include "tests/fuzz/fuzz_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_both_ways("messages.json", data, size);
	fuzz_both_ways("fee_list_d.ndjson", data, size);
	return 0;
}
