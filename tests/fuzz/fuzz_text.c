/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_text.c - the readers of the base on any bytes: what they accept, they must be
 * able to write and read back to the same value.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/base/civil.h"
#include "lib/base/dec.h"
#include "lib/base/near.h"
#include "lib/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void number(struct buf *b, struct str s)
{
	for (int scale = 0; scale <= DEC_MAX_SCALE; scale += 6) {
		int64_t v, back;

		if (!dec_parse(s, scale, &v))
			continue;
		buf_reset(b);
		dec_add(b, v, scale, 0);
		must(dec_parse(buf_str(b), scale, &back) && back == v);
	}
}

static void stamp(struct buf *b, struct str s)
{
	int64_t secs, back;
	int32_t day;

	if (!civil_parse_time(s, &secs))
		return;
	must(civil_parse_date(s, &day) && day == civil_day_of(secs));
	buf_reset(b);
	civil_add_time(b, secs);
	if (civil_year(day) >= CIVIL_YEAR_MIN && civil_year(day) <= CIVIL_YEAR_MAX)
		must(civil_parse_time(buf_str(b), &back) && back == secs);
}

static void text(struct buf *b, struct str s)
{
	buf_reset(b);
	buf_json(b, s);
	must(utf8_valid(b->p, b->n));
	must(utf8_fit(s, utf8_cells(s)) == s.n);
	must(near_distance(s, s) == 0);
	buf_reset(b);
	buf_csv(b, s);
	must(b->n >= s.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_make((const char *)data, size);
	struct buf b;

	buf_init(&b, 0);
	number(&b, s);
	stamp(&b, s);
	text(&b, s);
	buf_fini(&b);
	return 0;
}
