/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_feed.c - any text as a feed; what it takes must be usable.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/record/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char text[] = "a,b,mdtrt_id,psn_no,fixmedins_code\n1,2,3,4,5\n";
	struct err e;
	struct feed *f = feed_parse(str_make((const char *)data, size), "fuzz", &e);
	if (!f) {
		if (e.code == ERR_NONE || e.text[0] == 0)
			abort();
		return 0;
	}
	struct decoder *d = decoder_new(f, "x.csv", NULL, &e);
	if (d && decoder_push(d, text, strlen(text), &e))
		(void)!decoder_finish(d, &e);
	decoder_free(d);
	feed_free(f);
	return 0;
}
