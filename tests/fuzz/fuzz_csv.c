/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_csv.c - any bytes behind a good header: quotes, charsets, numbers, dates.
 */
#include <string.h>

#include "lib/base/mem.h"
#include "tests/fuzz/fuzz_decode.h"

static const char header[] = "feedetl_sn,mdtrt_id,fixmedins_code,psn_no,fee_ocur_time,"
			     "med_list_codg,cnt,pric,hilist_name\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t head = sizeof(header) - 1;
	uint8_t *text = xmalloc(head + size);
	memcpy(text, header, head);
	memcpy(text + head, data, size);
	fuzz_both_ways("fee_list_d.csv", text, head + size);
	fuzz_both_ways("setl_d.csv", data, size);
	xfree(text);
	return 0;
}
