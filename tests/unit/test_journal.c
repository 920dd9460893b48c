/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/journal/journal.h"

#include "tests/check.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/journal/archive.h"
#include "daemon/journal/read.h"
#include "daemon/host/log.h"
#include "daemon/work/queue.h"
#include "lib/base/mem.h"

static char home[64], dir[96], archive[96];
static struct queue *heard;
static struct journal *journal;

static void told(void *ctx, const struct journal_notice *n)
{
	(void)ctx;
	assert_true(queue_put(heard, n, NULL));
}

static struct journal_conf conf_of(uint64_t bound, uint64_t segment)
{
	return (struct journal_conf){ dir, archive, bound, segment, told, NULL, NULL };
}

static void open_journal(uint64_t bound, uint64_t segment)
{
	struct err e;
	struct journal_conf c = conf_of(bound, segment);
	journal = journal_open(&c, &e);
	if (!journal)
		fail_msg("%s", e.text);
}

static void reopen(void)
{
	journal_close(journal);
	open_journal(1 << 20, 1 << 16);
}

static struct journal_input input(const char *name, const char *key)
{
	return (struct journal_input){ "http", name, "default", "f1", key, "H1", 20000 };
}

/* Hands a body in; what is told is in *n. */
static void put(const char *name, const char *key, const char *bytes, size_t size,
		struct journal_notice *n)
{
	struct err e;
	struct journal_input in = input(name, key);
	struct journal_ticket *t = journal_begin(journal, &in, heard, &e);
	assert_non_null(t);
	for (size_t at = 0; at < size; at += 100000)
		assert_true(journal_append(t, bytes + at, size - at < 100000 ? size - at : 100000,
					   &e));
	journal_end(t);
	assert_true(queue_get(heard, n));
	assert_ptr_equal(n->tag, heard);
}

static uint64_t put_text(const char *name, const char *text)
{
	struct journal_notice n;
	put(name, "", text, strlen(text), &n);
	assert_int_equal(n.answer, JOURNAL_DURABLE);
	uint64_t number = n.item->number;
	journal_item_free(n.item);
	return number;
}

static void check_bytes(const struct journal_item *it, const char *bytes, size_t size)
{
	struct err e;
	char *got = xmalloc(size + 1);
	int fd = journal_item_fd(journal, it, &e);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, got, size + 1), (ssize_t)size);
	assert_memory_equal(got, bytes, size);
	assert_int_equal(close(fd), 0);
	xfree(got);
}

static char *path_of(const char *folder, const char *name)
{
	static char path[4][512];
	static int turn;
	turn = (turn + 1) % 4;
	(void)snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
	return path[turn];
}

static char *segment_path(uint64_t number)
{
	char name[SEGMENT_NAME];
	segment_name(number, name);
	return path_of(dir, name);
}

static bool verify(struct journal_found *f, struct err *e)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	bool ok = journal_read(fd, NULL, NULL, f, e);
	(void)close(fd);
	return ok;
}

static void items_come_back_until_they_are_done(void **state)
{
	struct journal_notice n;
	struct journal_item *it;
	char *large = xmalloc(700000);
	(void)state;
	for (int i = 0; i < 700000; i++)
		large[i] = (char)(i * 7 + i / 256);
	open_journal(1 << 20, 1 << 16);
	assert_int_equal(put_text("a.csv", "one"), 1);
	put("b.csv", "", large, 700000, &n);
	assert_int_equal(n.answer, JOURNAL_DURABLE);
	assert_int_equal(n.item->number, 2);
	check_bytes(n.item, large, 700000);
	journal_item_free(n.item);
	assert_int_equal(put_text("c.csv", ""), 3);

	reopen();
	it = journal_replay(journal);
	assert_int_equal(it->number, 1);
	assert_string_equal(it->in.name, "a.csv");
	assert_string_equal(it->in.scope, "H1");
	assert_int_equal(it->in.extract_date, 20000);
	check_bytes(it, "one", 3);
	journal_done(journal, it);
	journal_item_free(it);

	reopen();
	it = journal_recheck(journal); /* done, and its segment is still there */
	assert_int_equal(it->number, 1);
	check_bytes(it, "one", 3);
	journal_item_free(it);
	assert_null(journal_recheck(journal));
	it = journal_replay(journal);
	assert_int_equal(it->number, 2);
	check_bytes(it, large, 700000);
	journal_item_free(it);
	it = journal_replay(journal);
	assert_int_equal(it->number, 3);
	journal_item_free(it);
	assert_null(journal_replay(journal));
	assert_int_equal(put_text("d.csv", "four"), 4);
	xfree(large);
}

static void a_whole_file_is_taken(void **state)
{
	struct err e;
	struct journal_notice n;
	struct journal_input in = { "spool", "x.csv", "default", "f1", NULL, NULL, 0 };
	(void)state;
	open_journal(1 << 20, 1 << 16);
	FILE *f = fopen(path_of(home, "x.csv"), "w");
	(void)fputs("a,b\n1,2\n", f);
	assert_int_equal(fclose(f), 0);
	for (int i = 0; i < 2; i++) {
		assert_true(journal_file(journal, &in, open(path_of(home, "x.csv"), O_RDONLY), i,
					 &n, &e));
		assert_true(queue_get(heard, &n));
		assert_int_equal(n.answer, i ? JOURNAL_KNOWN : JOURNAL_DURABLE);
		assert_int_equal(n.item->number, 1);
		assert_string_equal(n.item->in.key, "");
		check_bytes(n.item, "a,b\n1,2\n", 8);
		journal_item_free(n.item);
	}
	struct journal_stats st;
	journal_stats_get(journal, &st);
	assert_int_equal(st.items, 1);
	assert_int_equal(st.bytes, 8);
}

static void the_same_key_with_other_bytes_is_a_conflict(void **state)
{
	struct journal_notice n;
	static const enum journal_answer want[] = { JOURNAL_DURABLE, JOURNAL_KNOWN,
						    JOURNAL_CONFLICT };
	static const char *const text[] = { "one", "one", "two" };
	(void)state;
	open_journal(1 << 20, 1 << 16);
	for (int i = 0; i < 3; i++) {
		put(i == 1 ? "other name" : "a.csv", "msg1", text[i], 3, &n);
		assert_int_equal(n.answer, want[i]);
		assert_int_equal(n.item->number, 1);
		journal_item_free(n.item);
	}
}

static void a_full_journal_turns_away_until_something_is_done(void **state)
{
	struct err e;
	struct journal_notice n;
	struct journal_input in = input("b.csv", "");
	char bytes[600] = { 0 };
	(void)state;
	open_journal(1000, 1 << 16);
	put("a.csv", "", bytes, 600, &n);
	struct journal_ticket *t = journal_begin(journal, &in, NULL, &e);
	assert_non_null(t);
	assert_false(journal_append(t, bytes, 600, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	journal_drop(t);
	journal_done(journal, n.item);
	journal_item_free(n.item);
	put("b.csv", "", bytes, 600, &n);
	assert_int_equal(n.answer, JOURNAL_DURABLE);
	assert_int_equal(n.item->number, 2);
	journal_item_free(n.item);
}

static void what_is_dropped_leaves_nothing(void **state)
{
	struct err e;
	struct journal_stats st;
	struct journal_input in = input("a.csv", "");
	char *bytes = xcalloc(600000, 1);
	(void)state;
	open_journal(1 << 20, 1 << 16);
	struct journal_ticket *t = journal_begin(journal, &in, NULL, &e);
	assert_true(journal_append(t, bytes, 600000, &e));
	journal_drop(t);
	journal_stats_get(journal, &st);
	assert_int_equal(st.items, 0);
	assert_int_equal(st.bytes, 0);
	reopen();
	assert_null(journal_replay(journal));
	DIR *d = opendir(path_of(archive, "incoming"));
	unsigned n = 0;
	while (readdir(d))
		n++;
	(void)closedir(d);
	assert_int_equal(n, 2);
	xfree(bytes);
}

static void segments_go_when_all_in_them_is_done(void **state)
{
	struct journal_item *it[40];
	struct journal_found f;
	struct err e;
	(void)state;
	open_journal(1 << 20, 2000);
	for (int i = 0; i < 40; i++) {
		struct journal_notice n;
		char text[200];
		int size = snprintf(text, sizeof text, "%0150d", i);
		put("a.csv", "", text, (size_t)size, &n);
		it[i] = n.item;
	}
	assert_true(verify(&f, &e));
	assert_true(f.segments > 4);
	for (int i = 1; i < 40; i++) /* the first stays: nothing may go */
		journal_done(journal, it[i]);
	reopen();
	assert_true(verify(&f, &e));
	assert_int_equal(f.first, 1);
	assert_int_equal(f.next, 41);
	journal_done(journal, it[0]);
	reopen();
	journal_close(journal);
	journal = NULL;
	assert_true(verify(&f, &e));
	assert_true(f.first > 4);
	assert_int_equal(f.next, 41);
	for (int i = 0; i < 40; i++)
		journal_item_free(it[i]);
}

static void bytes_missing_from_the_archive_are_put_back(void **state)
{
	struct err e;
	struct archive a;
	(void)state;
	open_journal(1 << 20, 1 << 16);
	assert_int_equal(put_text("a.csv", "one"), 1);
	journal_close(journal);
	struct digest d;
	char digest[DIGEST_HEX];
	digest_init(&d);
	digest_add(&d, "one", 3);
	digest_hex(&d, digest);
	assert_true(archive_open(&a, archive, false, &e));
	assert_true(archive_check(&a, digest, &e));
	assert_true(archive_remove(&a, digest, &e));
	archive_close(&a);
	open_journal(1 << 20, 1 << 16);
	struct journal_item *it = journal_replay(journal);
	check_bytes(it, "one", 3);
	journal_item_free(it);
}

/* The same bytes come again after a purge that was cut short, and after a whole one. */
static void what_a_purge_took_is_kept_when_it_comes_again(void **state)
{
	struct err e;
	struct archive a;
	struct journal_notice n;
	struct journal_stats st;
	char *large = xcalloc(300000, 1);
	(void)state;
	open_journal(1 << 20, 1 << 16);
	put("a.csv", "", large, 300000, &n);
	journal_done(journal, n.item);
	assert_true(archive_open(&a, archive, false, &e));
	assert_true(archive_aside(&a, n.item->digest, &e));
	assert_true(archive_is_aside(&a, n.item->digest));
	reopen(); /* the purge was cut short: it is back */
	check_bytes(n.item, large, 300000);
	assert_true(archive_aside(&a, n.item->digest, &e));
	assert_true(archive_remove(&a, n.item->digest, &e));
	assert_int_equal(archive_size(&a, n.item->digest), -1);
	journal_item_free(n.item);
	put("a.csv", "", large, 300000, &n); /* copied anew */
	assert_int_equal(n.answer, JOURNAL_DURABLE);
	check_bytes(n.item, large, 300000);
	journal_item_free(n.item);
	journal_stats_get(journal, &st);
	assert_int_equal(st.items, 1);
	archive_close(&a);
	xfree(large);
}

/* ---- damage ---- */

static void flip_all(const char *path)
{
	struct stat st;
	struct journal_found f;
	struct err e;
	unsigned char byte;
	int fd = open(path, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			assert_int_equal(pread(fd, &byte, 1, at), 1);
			byte ^= (unsigned char)bit;
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
			if (verify(&f, &e))
				fail_msg("%s: bit %u of byte %lld was flipped unseen", path, bit,
					 (long long)at);
			byte ^= (unsigned char)bit;
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
	}
	(void)close(fd);
	assert_true(verify(&f, &e));
}

static void every_flipped_bit_is_found(void **state)
{
	struct err e;
	struct journal_conf c = conf_of(1 << 20, 600);
	(void)state;
	open_journal(1 << 20, 300);
	for (int i = 0; i < 4; i++) {
		char text[32];
		(void)snprintf(text, sizeof text, "text %d", i);
		(void)put_text("a.csv", text);
	}
	journal_close(journal);
	journal = NULL;
	flip_all(segment_path(1));
	flip_all(segment_path(2));
	flip_all(path_of(dir, "position"));

	/* And it is not opened, with the place in the sentence. */
	int fd = open(segment_path(1), O_RDWR);
	unsigned char byte;
	assert_int_equal(pread(fd, &byte, 1, 100), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 100), 1);
	(void)close(fd);
	assert_null(journal_open(&c, &e));
	assert_non_null(strstr(e.text, "segment 0000000000000001 is damaged at offset 64"));
}

static void a_torn_tail_is_cut_and_nothing_else(void **state)
{
	struct journal_found f;
	struct err e;
	struct stat st;
	(void)state;
	open_journal(1 << 20, 1 << 16);
	(void)put_text("a.csv", "one");
	(void)put_text("b.csv", "two");
	journal_close(journal);
	assert_int_equal(stat(segment_path(1), &st), 0);
	FILE *seg = fopen(segment_path(1), "a");
	(void)fputs("half an entry that nobody was told of", seg);
	assert_int_equal(fclose(seg), 0);
	assert_true(verify(&f, &e));
	assert_int_equal(f.torn, 37);
	assert_int_equal(f.end.offset, st.st_size);
	open_journal(1 << 20, 1 << 16);
	assert_int_equal(put_text("c.csv", "three"), 3);
	reopen();
	for (uint64_t i = 1; i <= 3; i++) {
		struct journal_item *it = journal_replay(journal);
		assert_int_equal(it->number, i);
		journal_item_free(it);
	}
	journal_close(journal);
	journal = NULL;
	assert_true(verify(&f, &e));
	assert_int_equal(f.torn, 0);

	/* What was synced must be there. */
	assert_int_equal(truncate(segment_path(1), st.st_size), 0);
	assert_false(verify(&f, &e));
	assert_non_null(strstr(e.text, "its end is missing"));
	assert_int_equal(unlink(segment_path(1)), 0);
	assert_false(verify(&f, &e));
	assert_non_null(strstr(e.text, "is missing"));
}

static void a_second_writer_is_refused(void **state)
{
	struct err e;
	struct journal_conf c = conf_of(1000, 1000);
	(void)state;
	open_journal(1 << 20, 1 << 16);
	assert_null(journal_open(&c, &e));
	assert_int_equal(e.code, ERR_CONF);
}

/* ---- a folder for each ---- */

static int setup(void **state)
{
	(void)state;
	(void)snprintf(home, sizeof home, "/tmp/fundwatch-journal-XXXXXX");
	if (!mkdtemp(home))
		return -1;
	(void)snprintf(dir, sizeof dir, "%s/journal", home);
	(void)snprintf(archive, sizeof archive, "%s/archive", home);
	heard = queue_new(sizeof(struct journal_notice), 64);
	return 0;
}

static int teardown(void **state)
{
	char command[160];
	(void)state;
	journal_close(journal);
	journal = NULL;
	queue_free(heard);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", home);
	return system(command);
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(items_come_back_until_they_are_done),
		STORY(a_whole_file_is_taken),
		STORY(the_same_key_with_other_bytes_is_a_conflict),
		STORY(a_full_journal_turns_away_until_something_is_done),
		STORY(what_is_dropped_leaves_nothing),
		STORY(segments_go_when_all_in_them_is_done),
		STORY(bytes_missing_from_the_archive_are_put_back),
		STORY(what_a_purge_took_is_kept_when_it_comes_again),
		STORY(every_flipped_bit_is_found),
		STORY(a_torn_tail_is_cut_and_nothing_else),
		STORY(a_second_writer_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
