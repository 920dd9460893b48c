/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_timeline_known.c - chunks of more decoders than a timeline remembers, in turn: what it
 * shows is what it shows when every chunk's texts are told anew.
 */
#include "tests/check.h"

#include "lib/record/column.h"
#include "lib/record/known.h"
#include "lib/timeline/timeline.h"
#include "tests/support/dump.h"

enum { DECODERS = 40, ROUNDS = 4, LINES = 24, VISITS = 4 };

static struct timeline *plain, *taught;

static struct str text_of(char *room, size_t size, const char *kind, unsigned i)
{
	return str_make(room, (size_t)snprintf(room, size, "%s%06u", kind, i));
}

static void set(struct chunk *c, struct known *k, enum field f, uint32_t row, struct str text)
{
	const struct field_info *info = field_get(f);

	if (k)
		(void)known_codes(k, &text, 1,
				  (uint32_t *)column_make(c, info->stream, info->index,
							  info->type) + row);
	else
		chunk_set_text(c, f, row, text);
}

static void encounter(struct chunk *c, struct known *k, unsigned visit)
{
	char room[32];
	struct err e;
	uint32_t r = chunk_row(c, STREAM_ENCOUNTER);

	set(c, NULL, FIELD_encounter_mdtrt_id, r, text_of(room, sizeof room, "M", visit));
	set(c, NULL, FIELD_encounter_psn_no, r, text_of(room, sizeof room, "P", visit % 7));
	set(c, k, FIELD_encounter_fixmedins_code, r, text_of(room, sizeof room, "H", visit % 5));
	chunk_set_i64(c, FIELD_encounter_begntime, r, visit);
	CHECK(chunk_row_done(c, STREAM_ENCOUNTER, 1, &e));
}

static void line(struct chunk *c, struct known *k, unsigned visit, unsigned number)
{
	char room[32];
	struct err e;
	uint32_t r = chunk_row(c, STREAM_FEE);

	set(c, NULL, FIELD_fee_mdtrt_id, r, text_of(room, sizeof room, "M", visit));
	set(c, NULL, FIELD_fee_psn_no, r, text_of(room, sizeof room, "P", visit % 7));
	set(c, k, FIELD_fee_fixmedins_code, r, text_of(room, sizeof room, "H", visit % 5));
	set(c, k, FIELD_fee_med_list_codg, r,
	    text_of(room, sizeof room, "XA", number * 7 % 300));
	set(c, k, FIELD_fee_medins_list_codg, r, text_of(room, sizeof room, "name ", number % 90));
	set(c, NULL, FIELD_fee_feedetl_sn, r, text_of(room, sizeof room, "D", number));
	chunk_set_i64(c, FIELD_fee_fee_ocur_time, r, number);
	CHECK(chunk_row_done(c, STREAM_FEE, 1, &e));
}

static struct chunk *chunk_of(struct known *k, unsigned number)
{
	struct chunk *c = k ? known_begin(k, NULL) : chunk_new();

	for (unsigned i = 0; i < VISITS; i++)
		encounter(c, k, number * VISITS + i);
	for (unsigned i = 0; i < LINES; i++)
		line(c, k, number * VISITS + i * VISITS / LINES, number * LINES + i);
	return c;
}

/* Some rows of one stream, then the other, then the rest: codes stay between calls. */
static void take(struct timeline *t, const struct chunk *c)
{
	static const uint32_t first[] = { 1, 3 }, second[] = { 0, 2 };
	struct err e;

	CHECK(timeline_add(t, c, STREAM_ENCOUNTER, first, 2, 1, &e));
	CHECK(timeline_add(t, c, STREAM_FEE, NULL, 0, 1, &e));
	CHECK(timeline_add(t, c, STREAM_ENCOUNTER, second, 2, 1, &e));
}

static void same_as_without(void **state)
{
	struct known *known[DECODERS];
	struct buf a, b;
	(void)state;

	plain = timeline_new(NULL);
	taught = timeline_new(NULL);
	for (unsigned i = 0; i < DECODERS; i++)
		known[i] = known_new();
	for (unsigned i = 0; i < DECODERS * ROUNDS; i++) {
		struct chunk *c = chunk_of(NULL, i);
		struct chunk *k = chunk_of(known[i * 7 % DECODERS], i);

		take(plain, c);
		take(taught, k);
		CHECK(k->n_known > 0 || dict_below(k->dict) > 0);
		chunk_free(c);
		chunk_free(k);
	}
	buf_init(&a, 0);
	buf_init(&b, 0);
	dump_timelines(&plain, 1, &a);
	dump_timelines(&taught, 1, &b);
	CHECK(a.n > DECODERS * ROUNDS * LINES && str_eq(buf_str(&a), buf_str(&b)));
	buf_fini(&a);
	buf_fini(&b);
	for (unsigned i = 0; i < DECODERS; i++)
		known_free(known[i]);
	timeline_free(plain);
	timeline_free(taught);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_as_without) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
