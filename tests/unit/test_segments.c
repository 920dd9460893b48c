/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_segments.c - files of epochs put together: the same records, fewer files, and a life
 * that ended in between believed only as far as it is whole.
 */
#include "tests/check.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/store/segments.h"
#include "lib/base/mem.h"
#include "tests/support/rowtext.h"

enum { EPOCHS = 40, MANY = 4 };

static char folder[] = "/tmp/fundwatch-segments-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	return mkdtemp(folder) ? 0 : -1;
}

static uint32_t each_file(bool destroy)
{
	DIR *d = opendir(folder);
	struct dirent *x;
	uint32_t n = 0;

	while ((x = readdir(d))) {
		char path[512];

		if (x->d_name[0] == '.' && x->d_name[1] != 'n')
			continue;
		n++;
		(void)snprintf(path, sizeof path, "%s/%s", folder, x->d_name);
		if (destroy)
			(void)unlink(path);
	}
	(void)closedir(d);
	return n;
}

static int drop_folder(void **state)
{
	(void)state;
	(void)each_file(true);
	return rmdir(folder);
}

static const char no_rules[DIGEST_HEX];

static int64_t instant(int64_t epoch)
{
	return 1000000 * epoch + 7;
}

static void write_epoch(struct segments *g, int64_t number, bool commit)
{
	struct epoch *ep = epoch_new(number, EPOCH_INTAKE, no_rules, instant(number));
	struct buf text;

	buf_init(&text, 0);
	buf_addf(&text, "fee | feedetl_sn | fee_ocur_time | cnt | pric\n"
		 " | F%d | 2026-03-01 | %d | 10\n", (int)number, (int)number);
	epoch_add_chunk(ep, chunk_ref_new(rowtext_chunk(buf_cstr(&text)), (uint32_t)number));
	buf_fini(&text);
	segments_write(g, ep);
	if (commit)
		segments_committed(g, ep);
	epoch_free(ep);
}

struct sums {
	uint64_t rows, intakes;
	int64_t count;
};

static bool take(void *ctx, struct chunk_ref *take_chunk, uint64_t rows)
{
	const struct chunk *c = chunk_ref_chunk(take_chunk);
	struct sums *s = ctx;

	s->rows += rows;
	s->intakes += chunk_ref_intake(take_chunk);
	for (uint32_t i = 0; i < c->table[STREAM_FEE].n; i++)
		s->count += chunk_i64(c, FIELD_fee_cnt, i);
	chunk_ref_put(take_chunk);
	return true;
}

/* What a new life reads of the first n epochs. */
static bool read_back(uint32_t n, struct sums *s)
{
	struct epoch_rows rows[EPOCHS];
	struct err e = { .text = "" };
	struct segments *g = segments_open(folder, &e);

	CHECK(g);
	for (uint32_t i = 0; i < n; i++)
		rows[i] = (struct epoch_rows){ i + 1, instant(i + 1), 1 };
	*s = (struct sums){ 0 };
	bool ok = segments_check(g, rows, n, n, &e) && segments_read(g, take, s, &e);
	segments_close(g);
	return ok;
}

static struct segments *first_life(void)
{
	struct err e = { .text = "" };
	struct segments *g = segments_open(folder, &e);

	CHECK(g);
	CHECK(segments_check(g, NULL, 0, 0, &e));
	segments_compact_at(g, MANY);
	return g;
}

static void few_files_say_the_same(void **state)
{
	struct segments *g = first_life();
	uint32_t most = 0;
	struct sums s;

	(void)state;
	for (int64_t i = 1; i <= EPOCHS; i++) {
		write_epoch(g, i, true);
		if (each_file(false) > most)
			most = each_file(false);
	}
	segments_close(g);
	CHECK(most <= EPOCHS / 2 + 4);
	CHECK(read_back(EPOCHS, &s));
	CHECK_INT(s.rows, EPOCHS);
	CHECK_INT(s.intakes, EPOCHS * (EPOCHS + 1) / 2);
	CHECK_INT(s.count, INT64_C(10000) * EPOCHS * (EPOCHS + 1) / 2);
}

static void what_is_not_committed_stays_apart(void **state)
{
	struct segments *g = first_life();
	struct sums s;

	(void)state;
	for (int64_t i = 1; i < MANY; i++)
		write_epoch(g, i, true);
	write_epoch(g, MANY, false);
	write_epoch(g, MANY + 1, false);
	segments_close(g);
	CHECK(read_back(MANY - 1, &s));
	CHECK_INT(s.rows, MANY - 1);
}

static void what_is_committed_is_put_together_before_it(void **state)
{
	struct segments *g = first_life();
	struct sums s;

	(void)state;
	for (int64_t i = 1; i <= MANY; i++)
		write_epoch(g, i, true);
	write_epoch(g, MANY + 1, false);
	CHECK_INT(each_file(false), 3); /* the base, that it is whole, and the last epoch */
	segments_close(g);
	CHECK(read_back(MANY, &s));
	CHECK_INT(s.rows, MANY);
}

static void a_base_that_lost_a_file_is_not_believed(void **state)
{
	struct segments *g = first_life();
	char path[512];
	struct sums s;

	(void)state;
	for (int64_t i = 1; i <= MANY + 1; i++)
		write_epoch(g, i, true);
	segments_close(g);
	(void)snprintf(path, sizeof path, "%s/base-%d-000001.seg", folder, MANY);
	CHECK_INT(unlink(path), 0);
	CHECK(!read_back(MANY + 1, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(few_files_say_the_same, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(what_is_not_committed_stays_apart, make_folder,
						drop_folder),
		cmocka_unit_test_setup_teardown(what_is_committed_is_put_together_before_it,
						make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(a_base_that_lost_a_file_is_not_believed,
						make_folder, drop_folder),
	};

	return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
