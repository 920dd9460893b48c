/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_readers.c - files on disk into chunks: bounds and order of the walk, what an intake
 * says of a file, and that readers bring the same whatever their number. Run under
 * ThreadSanitizer too.
 */
#include "daemon/work/readers.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "tests/check.h"

#define SHARDS 3

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/fundwatch-test-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
	struct path_list l = { 0 };
	struct err e;
	(void)state;
	if (input_files_find(folder, &l, &e))
		for (uint32_t i = 0; i < l.n; i++)
			unlink(l.path[i]);
	path_list_fini(&l);
	return rmdir(folder);
}

/* Path of a file of the folder; valid until the fourth next call. */
static const char *in_folder(const char *name)
{
	static char path[4][160];
	static unsigned at;
	char *out = path[at++ % 4];
	snprintf(out, sizeof path[0], "%s/%s", folder, name);
	return out;
}

static void write_file(const char *name, const char *text)
{
	struct err e;
	if (!file_write(in_folder(name), str_of(text), &e))
		fail_msg("%s", e.text);
}

/* All but `less` bytes of it. */
static void cut_file(const char *name, size_t less)
{
	struct stat st;
	CHECK_INT(stat(in_folder(name), &st), 0);
	CHECK_INT(truncate(in_folder(name), st.st_size - (off_t)less), 0);
}

static void write_gz(const char *name, const char *text, size_t cut)
{
	gzFile z = gzopen(in_folder(name), "wb");
	CHECK(z && gzwrite(z, text, (unsigned)strlen(text)) > 0);
	CHECK_INT(gzclose(z), Z_OK);
	if (cut > 0)
		CHECK_INT(truncate(in_folder(name), (off_t)cut), 0);
}

static void reading_is_bounded(void **state)
{
	(void)state;
	struct buf b;
	struct err e;
	buf_init(&b, 0);
	write_file("a.txt", "12345");
	CHECK(file_read(in_folder("a.txt"), 5, &b, &e));
	CHECK_STR(buf_str(&b), "12345");
	CHECK(!file_read(in_folder("a.txt"), 4, &b, &e));
	CHECK_INT(e.code, ERR_LIMIT);
	CHECK(!file_read(in_folder("none.txt"), 4, &b, &e));
	CHECK_INT(e.code, ERR_WORLD);
	CHECK(!file_read(folder, 4, &b, &e));
	CHECK(strstr(e.text, folder));
	buf_fini(&b);
}

static void walks_are_sorted(void **state)
{
	(void)state;
	struct path_list l = { 0 };
	struct err e;
	write_file("b.rules", "");
	write_file("a.rules", "");
	write_file(".hidden.rules", "");
	write_file("c.csv", "");
	CHECK(rule_files_find(folder, &l, &e));
	CHECK_INT(l.n, 2);
	assert_string_equal(path_base(l.path[0]), "a.rules");
	assert_string_equal(path_base(l.path[1]), "b.rules");
	path_list_fini(&l);
	CHECK(input_files_find(folder, &l, &e));
	CHECK_INT(l.n, 3);
	path_list_fini(&l);
	CHECK(!input_files_find(in_folder("nowhere"), &l, &e));
	unlink(in_folder("a.rules"));
	unlink(in_folder("b.rules"));
	unlink(in_folder(".hidden.rules"));
	CHECK(!rule_files_find(folder, &l, &e));
	path_list_fini(&l);
}

#define FEE_HEAD                                                                                \
	"feedetl_sn,mdtrt_id,fixmedins_code,psn_no,fee_ocur_time,cnt,det_item_fee_sumamt,vali_" \
	"flag,remark\n"

/* A fee extract of n lines; every tenth has no count, every `bad`-th a wrong date. */
static char *fee_text(unsigned n, unsigned bad, unsigned first)
{
	struct buf b;
	buf_init(&b, 0);
	buf_adds(&b, FEE_HEAD);
	for (unsigned i = first; i < first + n; i++)
		buf_addf(&b, "%u,M%u,H1,P%u,%s 09:00:00,%s,10.50,1,note\n", i, i, i % 97,
			 bad && i % bad == 0 ? "2026-13-01" : "2026-03-01", i % 10 ? "1" : "");
	return buf_take(&b, NULL);
}

static void an_intake_tells_what_it_read(void **state)
{
	(void)state;
	struct feed *feed = feed_default();
	struct err e = { 0 };
	struct chunk_ref *c;
	char digest[DIGEST_HEX];
	uint64_t rows = 0;
	char *text = fee_text(100, 50, 1);
	write_file("fee_list_d.csv", text);
	struct intake *in = intake_open(in_folder("fee_list_d.csv"), feed, NULL, 7, &e);
	if (!in)
		fail_msg("%s", e.text);
	CHECK_INT(intake_size(in), strlen(text));
	intake_keep_digest(in);
	while (intake_next(in, &c, &e) && c) {
		CHECK_INT(chunk_ref_intake(c), 7);
		rows += chunk_ref_chunk(c)->table[STREAM_FEE].n;
		chunk_ref_put(c);
	}
	CHECK_INT(e.code, ERR_NONE);
	CHECK_INT(rows, 98);
	CHECK_INT(intake_bytes_read(in), strlen(text));
	const struct tally *t = intake_tally(in);
	CHECK_INT(t->records[STREAM_FEE], 98);
	CHECK_INT(t->rejects, 2);
	CHECK_INT(t->n_reason, 1);
	CHECK_INT(t->reason[0].n, 2);
	CHECK_INT(t->reason[0].line, 51);
	CHECK_INT(t->field[FIELD_fee_cnt].rows, 98);
	CHECK_INT(t->field[FIELD_fee_cnt].missing, 8);
	CHECK_INT(t->field[FIELD_fee_det_item_fee_sumamt].sum, 98 * 10500000);
	assert_string_equal(intake_unknown_column(in, 0), "remark");
	assert_null(intake_unknown_column(in, 1));
	intake_digest(in, digest);
	CHECK_INT(strlen(digest), 32);
	intake_close(in);
	xfree(text);
	feed_free(feed);
}

static void hopeless_files_do_not_open(void **state)
{
	(void)state;
	struct feed *feed = feed_default();
	struct err e = { 0 };
	write_file("fee_list_d.csv", "");
	assert_null(intake_open(in_folder("fee_list_d.csv"), feed, NULL, 1, &e));
	CHECK(strstr(e.text, "empty"));
	write_file("letter.txt", "dear all\n");
	assert_null(intake_open(in_folder("letter.txt"), feed, NULL, 1, &e));
	assert_null(intake_open(in_folder("fee_list_d_2.csv"), feed, NULL, 1, &e));
	CHECK_INT(e.code, ERR_WORLD);
	feed_free(feed);
}

struct seen {
	uint64_t rows, rejects;
	unsigned failed;
	uint64_t lines;    /* of the first file's fee lines, in order, with their digests */
	struct buf refused; /* its rejects in order */
	uint64_t in_shard[SHARDS], last[SHARDS]; /* rows; the first file's last line */
	struct decode_stats stats; /* of the first file, as what follows */
	struct err e;
};

static void see_rows(struct seen *s, const struct chunk *c)
{
	for (uint32_t i = 0; i < c->table[STREAM_FEE].n; i++) {
		const struct source *src = &c->table[STREAM_FEE].src[i];
		s->lines = hash_join(hash_join(s->lines, src->line), src->digest);
		s->lines = hash_join(s->lines, src->offset);
	}
	for (uint32_t i = 0; i < c->n_reject; i++)
		buf_addf(&s->refused, "%llu " STR_FMT "\n",
			 (unsigned long long)c->reject[i].line, STR_ARG(c->reject[i].sentence));
}

static bool see_chunk(void *ctx, struct chunk_ref *c, struct err *e)
{
	struct seen *s = ctx;
	const struct chunk *k = chunk_ref_chunk(c);
	(void)e;
	s->rows += k->table[STREAM_FEE].n;
	if (chunk_ref_intake(c) == 0)
		see_rows(s, k);
	return true;
}

/* Without a lock: ThreadSanitizer tells when a shard has two threads at once. */
static void see_shard(void *ctx, struct chunk_ref *c, uint32_t shard)
{
	struct seen *s = ctx;
	uint32_t n;
	const uint32_t *row = chunk_ref_rows(c, STREAM_FEE, shard, &n);
	const struct source *src = chunk_ref_chunk(c)->table[STREAM_FEE].src;
	s->in_shard[shard] += n;
	for (uint32_t i = 0; chunk_ref_intake(c) == 0 && i < n; i++) {
		CHECK(src[row[i]].line > s->last[shard]);
		s->last[shard] = src[row[i]].line;
	}
}

/* `piece`: bytes of a piece of a file that several threads decode. */
static void read_all(const struct path_list *files, const struct feed *feed, uint32_t threads,
		     size_t piece, struct seen *s)
{
	const struct readers_conf conf = { .files = files, .feed = feed, .threads = threads,
					   .shards = SHARDS, .piece = piece };
	const struct readers_sink sink = { see_chunk, see_shard, s };
	struct err e = { 0 };
	uint64_t bytes, total, rows;
	struct readers *r = readers_new(&conf, &e);
	if (!r)
		fail_msg("%s", e.text);
	*s = (struct seen){ 0 };
	buf_init(&s->refused, 0);
	if (!readers_run(r, &sink, &e))
		fail_msg("%s", e.text);
	CHECK_INT(s->in_shard[0] + s->in_shard[1] + s->in_shard[2], s->rows);
	for (uint32_t i = 0; i < files->n; i++)
		s->failed += readers_file(r, i)->failed;
	s->rejects = readers_tally(r)->rejects;
	s->stats = readers_file(r, 0)->stats;
	s->e = readers_file(r, 0)->e;
	CHECK_INT(readers_tally(r)->records[STREAM_FEE], s->rows);
	readers_progress(r, &bytes, &total, &rows);
	CHECK_INT(rows, s->rows + s->rejects);
	CHECK(s->failed > 0 || total == 0 || bytes == total);
	readers_free(r);
}

static void any_number_of_readers_brings_the_same(void **state)
{
	(void)state;
	struct feed *feed = feed_default();
	struct path_list files = { 0 };
	struct seen first = { 0 };
	char *big = fee_text(40000, 7, 1), *small = fee_text(300, 0, 50000);
	write_file("fee_list_d_1.csv", big);
	write_gz("fee_list_d_2.csv.gz", big, 0);
	write_file("fee_list_d_3.csv", small);
	path_list_add(&files, in_folder("fee_list_d_1.csv"));
	path_list_add(&files, in_folder("fee_list_d_2.csv.gz"));
	path_list_add(&files, in_folder("fee_list_d_3.csv"));
	for (uint32_t i = 0; i < 10; i++) {
		static const size_t piece[] = { 0, 999, 100000 };
		uint32_t threads = i % 5;
		struct seen s;
		read_all(&files, feed, threads, piece[i % 3], &s);
		CHECK_INT(s.failed, 0);
		CHECK_INT(s.rows + s.rejects, 80300);
		CHECK_INT(s.rejects, 2 * (40000 / 7));
		if (i == 0)
			first = s;
		CHECK(s.lines == first.lines);
		assert_string_equal(buf_cstr(&s.refused), buf_cstr(&first.refused));
		if (i > 0)
			buf_fini(&s.refused);
	}
	buf_fini(&first.refused);
	path_list_fini(&files);
	xfree(big);
	xfree(small);
	feed_free(feed);
}

static void a_broken_file_is_told_and_stops_no_other(void **state)
{
	(void)state;
	struct feed *feed = feed_default();
	struct path_list files = { 0 };
	char *big = fee_text(40000, 0, 1), *small = fee_text(300, 0, 50000);
	write_gz("fee_list_d_2.csv.gz", big, 50000);
	write_file("fee_list_d_3.csv", small);
	path_list_add(&files, in_folder("fee_list_d_2.csv.gz"));
	path_list_add(&files, in_folder("fee_list_d_3.csv"));
	uint64_t rows = 0, lines = 0;
	for (uint32_t threads = 0; threads <= 3; threads++) {
		struct seen s;
		read_all(&files, feed, threads, 5000, &s);
		CHECK_INT(s.failed, 1);
		CHECK(s.rows > 300);
		CHECK(threads == 0 || (s.rows == rows && s.lines == lines));
		rows = s.rows;
		lines = s.lines;
		buf_fini(&s.refused);
	}
	path_list_fini(&files);
	xfree(big);
	xfree(small);
	feed_free(feed);
}

/* ---- what may be wrong behind the part that is read first ---- */

/* Lines behind those of a text of ASCII that is longer than the first block of a file. */
static void add_odd(struct buf *b, unsigned kind)
{
	static const char *const note[] = {
		"note", "\xe5\xa4\xb4\xe5\xad\xa2", "\xcd\xb7\xe6\xdf", "\xe5\xa4\xb4\xff",
		"\"a,\nb\n\nc\"", "\"open", "x\"y", "", "\xc4\xa3", /* one character either way */
	};
	for (unsigned i = 0; i < 3000; i++) {
		unsigned which = kind < 4 ? kind : kind == 4 ? i % 5 : i % 9;
		buf_addf(b, "%u,M%u,H1,P%u,2026-03-01 09:00:00,1,10.50,1,%s%s", i, i, i % 97,
			 i % 50 ? "note" : note[which], i % 31 ? "\n" : "\r\n");
	}
}

static void add_long_line(struct buf *b, size_t n, bool ended)
{
	buf_adds(b, "1,M1,");
	buf_fill(b, 'x', n);
	buf_adds(b, ended ? "\n2,M2,H1,P1,2026-03-01 09:00:00,1,10.50,1,note\n" : "");
}

/* As one thread reads them, whatever the threads and parts. */
static void read_alike(const struct path_list *files, const struct feed *feed, size_t least)
{
	static const size_t piece[] = { 700, 9000, 200000 };
	struct seen first, s;
	read_all(files, feed, 0, 0, &first);
	for (unsigned i = 0; i < 3; i++) {
		if (piece[i] < least)
			continue;
		read_all(files, feed, 2 + i % 2, piece[i], &s);
		CHECK_INT(s.failed, first.failed);
		assert_string_equal(s.e.text, first.e.text);
		CHECK(s.lines == first.lines);
		assert_string_equal(buf_cstr(&s.refused), buf_cstr(&first.refused));
		CHECK(memcmp(&s.stats, &first.stats, sizeof s.stats) == 0);
		buf_fini(&s.refused);
	}
	buf_fini(&first.refused);
}

/* A text's beginning, by which its character set is known before others read on, or is not. */
static void add_begin(struct buf *b, const char *text, enum feed_charset known)
{
	size_t header = (size_t)(strchr(text, '\n') - text) + 1;
	if (known == CHARSET_UTF8)
		buf_adds(b, "\xef\xbb\xbf");
	buf_add(b, text, header);
	if (known == CHARSET_GB18030)
		buf_adds(b, "1,M0,H1,P1,2026-03-01 09:00:00,1,10.50,1,\xcd\xb7\xe6\xdf\n");
	buf_adds(b, text + header);
}

static void odd_text_is_read_as_by_one_thread(void **state)
{
	(void)state;
	struct feed *feed = feed_default();
	struct path_list plain = { 0 }, zipped = { 0 };
	char *text = fee_text(6000, 0, 1);
	path_list_add(&plain, in_folder("fee_list_d_1.csv"));
	path_list_add(&zipped, in_folder("fee_list_d_1.csv.gz"));
	for (unsigned i = 0; i < 14; i++) {
		struct buf b;
		unsigned kind = i < 9 ? i : i < 12 ? i - 7 : i - 8;
		buf_init(&b, 0);
		add_begin(&b, text, i >= 12 ? CHARSET_GB18030 : kind == 1 || i >= 9 ? CHARSET_UTF8 :
				    CHARSET_AUTO);
		if (kind >= 6)
			add_long_line(&b, kind == 6 ? 300000 : 5 << 20, kind != 8);
		else
			add_odd(&b, kind);
		b.n -= kind % 2; /* the last line is not ended */
		b.p[b.n] = '\0';
		write_file("fee_list_d_1.csv", buf_cstr(&b));
		read_alike(&plain, feed, kind < 6 ? 0 : 9000);
		write_gz("fee_list_d_1.csv.gz", buf_cstr(&b), 0);
		if (kind % 2)
			cut_file("fee_list_d_1.csv.gz", 20 * kind);
		read_alike(&zipped, feed, 9000);
		buf_fini(&b);
	}
	path_list_fini(&plain);
	path_list_fini(&zipped);
	xfree(text);
	feed_free(feed);
}

/* Who finds nothing behind the end may do so after the last line, which is held until the end since
 * none follows its text, was converted. */
static void converted_text_without_a_last_line_end(void **state)
{
	(void)state;
	struct feed *feed = feed_default();
	struct path_list files = { 0 };
	char *text = fee_text(5000, 0, 1);
	struct buf b;
	buf_init(&b, 0);
	buf_adds(&b, text);
	buf_adds(&b, "1,M1,H1,P1,2026-03-01 09:00:00,1,10.50,1,\xcd\xb7\xe6\xdf");
	write_file("fee_list_d_1.csv", buf_cstr(&b));
	path_list_add(&files, in_folder("fee_list_d_1.csv"));
	for (unsigned i = 0; i < 200; i++) {
		struct seen s;
		read_all(&files, feed, 4, 1000, &s);
		CHECK_INT(s.failed, 0);
		CHECK_INT(s.rows, 5001);
		buf_fini(&s.refused);
	}
	buf_fini(&b);
	path_list_fini(&files);
	xfree(text);
	feed_free(feed);
}

/* A damaged byte in the middle: what is good before it, and where it was noticed. */
static void damaged_gzip_is_told_as_by_one_thread(void **state)
{
	(void)state;
	struct feed *feed = feed_default();
	struct path_list files = { 0 };
	char *text = fee_text(20000, 11, 1);
	struct buf b;
	struct err e;
	path_list_add(&files, in_folder("fee_list_d_1.csv.gz"));
	for (unsigned i = 1; i < 8; i += 2) {
		write_gz("fee_list_d_1.csv.gz", text, 0);
		buf_init(&b, 0);
		CHECK(file_read(in_folder("fee_list_d_1.csv.gz"), 1 << 26, &b, &e));
		b.p[b.n / 8 * i] ^= 0x55;
		CHECK(file_write(in_folder("fee_list_d_1.csv.gz"), buf_str(&b), &e));
		read_alike(&files, feed, 9000);
		buf_fini(&b);
	}
	path_list_fini(&files);
	xfree(text);
	feed_free(feed);
}

/* Twenty files that flow, have stretches, are small, are none, are broken, are no CSV. */
static void write_many(struct path_list *files, const char *text, const char *lines)
{
	char name[64];
	for (unsigned i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "fee_list_d_%u.%s%s", i, i % 5 == 3 ? "ndjson" : "csv",
			 i % 5 == 0 ? ".gz" : "");
		if (i % 5 == 0)
			write_gz(name, text, i == 5 ? 20000 : 0);
		else
			write_file(name, i % 5 == 3 ? lines : i % 5 == 4 ? "" : text);
		path_list_add(files, in_folder(name));
	}
}

static void many_files_of_all_kinds_by_many_threads(void **state)
{
	(void)state;
	struct feed *feed = feed_default();
	struct path_list files = { 0 };
	struct seen first, s;
	struct buf lines;
	char *text = fee_text(4000, 9, 1);
	buf_init(&lines, 0);
	for (unsigned i = 0; i < 2000; i++)
		buf_addf(&lines, "{\"feedetl_sn\":\"%u\",\"mdtrt_id\":\"M%u\",\"psn_no\":\"P1\","
			 "\"fixmedins_code\":\"H1\",\"fee_ocur_time\":\"2026-03-01 09:00:00\"}\n",
			 i, i);
	write_many(&files, text, buf_cstr(&lines));
	read_all(&files, feed, 1, 0, &first);
	CHECK_INT(first.failed, 5);
	for (uint32_t threads = 0; threads <= 8; threads++) {
		read_all(&files, feed, threads, threads % 2 ? 20000 : 3000, &s);
		CHECK_INT(s.failed, first.failed);
		CHECK_INT(s.rows, first.rows);
		CHECK_INT(s.rejects, first.rejects);
		CHECK(s.lines == first.lines);
		assert_string_equal(buf_cstr(&s.refused), buf_cstr(&first.refused));
		buf_fini(&s.refused);
	}
	buf_fini(&first.refused);
	buf_fini(&lines);
	path_list_fini(&files);
	xfree(text);
	feed_free(feed);
}

static bool refuse_chunk(void *ctx, struct chunk_ref *c, struct err *e)
{
	(void)ctx;
	(void)c;
	return err_set(e, ERR_WORLD, "enough");
}

static void stopping_early_loses_nothing_but_rows(void **state)
{
	(void)state;
	struct feed *feed = feed_default();
	struct path_list files = { 0 };
	struct err e;
	char *big = fee_text(60000, 0, 1);
	write_file("fee_list_d_1.csv", big);
	write_gz("fee_list_d_2.csv.gz", big, 0);
	path_list_add(&files, in_folder("fee_list_d_1.csv"));
	path_list_add(&files, in_folder("fee_list_d_2.csv.gz"));
	for (uint32_t i = 0; i < 9; i++) {
		const struct readers_conf conf = { .files = &files, .feed = feed,
						   .threads = i % 3, .shards = 2,
						   .piece = i < 3 ? 0 : i < 6 ? 3000 : 200000 };
		const struct readers_sink sink = { .chunk = refuse_chunk };
		struct readers *r = readers_new(&conf, &e);
		CHECK(r && !readers_run(r, &sink, &e));
		CHECK(strstr(e.text, "enough"));
		readers_free(r);
	}
	path_list_fini(&files);
	xfree(big);
	feed_free(feed);
}

static void *write_pipe(void *text)
{
	FILE *f = fopen(in_folder("fee_list_d.csv"), "wb");
	CHECK(f && fwrite(text, 1, strlen(text), f) == strlen(text));
	CHECK_INT(fclose(f), 0);
	return NULL;
}

static void a_pipe_is_read_like_a_file(void **state)
{
	(void)state;
	struct feed *feed = feed_default();
	struct path_list files = { 0 };
	char *text = fee_text(5000, 9, 1);
	CHECK_INT(mkfifo(in_folder("fee_list_d.csv"), 0600), 0);
	path_list_add(&files, in_folder("fee_list_d.csv"));
	for (uint32_t threads = 0; threads <= 2; threads++) {
		const struct readers_conf conf = { .files = &files, .feed = feed,
						   .threads = threads, .shards = 1, .piece = 9000 };
		struct seen s = { 0 };
		const struct readers_sink sink = { .chunk = see_chunk, .ctx = &s };
		struct err e = { 0 };
		pthread_t writer;
		CHECK_INT(pthread_create(&writer, NULL, write_pipe, text), 0);
		struct readers *r = readers_new(&conf, &e);
		CHECK(r && readers_run(r, &sink, &e));
		CHECK_INT(pthread_join(writer, NULL), 0);
		CHECK_INT(s.rows + readers_tally(r)->rejects, 5000);
		buf_fini(&s.refused);
		CHECK(!readers_file(r, 0)->failed);
		readers_free(r);
	}
	unlink(in_folder("fee_list_d.csv"));
	path_list_fini(&files);
	xfree(text);
	feed_free(feed);
}

/* A bit of one, a bit of the other: who waits for one must not keep the other waiting. */
static void *write_two_pipes(void *text)
{
	FILE *a = fopen(in_folder("fee_list_d_1.csv"), "wb");
	FILE *b = fopen(in_folder("fee_list_d_2.csv"), "wb");
	size_t n = strlen(text), some;
	CHECK(a && b);
	for (size_t at = 0; at < n; at += some) {
		some = n - at < 5000 ? n - at : 5000;
		CHECK_INT(fwrite((char *)text + at, 1, some, a), some);
		CHECK_INT(fwrite((char *)text + at, 1, some, b), some);
		CHECK(fflush(a) == 0 && fflush(b) == 0);
	}
	CHECK(fclose(a) == 0 && fclose(b) == 0);
	return NULL;
}

static void two_pipes_are_read_side_by_side(void **state)
{
	(void)state;
	struct feed *feed = feed_default();
	struct path_list files = { 0 };
	char *text = fee_text(20000, 9, 1);
	for (unsigned i = 1; i < 3; i++) {
		char name[32];
		snprintf(name, sizeof name, "fee_list_d_%u.csv", i);
		CHECK_INT(mkfifo(in_folder(name), 0600), 0);
		path_list_add(&files, in_folder(name));
	}
	for (uint32_t threads = 2; threads <= 4; threads++) {
		pthread_t writer;
		struct seen s;
		CHECK_INT(pthread_create(&writer, NULL, write_two_pipes, text), 0);
		read_all(&files, feed, threads, 200000, &s);
		CHECK_INT(pthread_join(writer, NULL), 0);
		CHECK_INT(s.rows + s.rejects, 40000);
		buf_fini(&s.refused);
	}
	unlink(files.path[0]);
	unlink(files.path[1]);
	path_list_fini(&files);
	xfree(text);
	feed_free(feed);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, drop_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(reading_is_bounded),
		IN_FOLDER(walks_are_sorted),
		IN_FOLDER(an_intake_tells_what_it_read),
		IN_FOLDER(hopeless_files_do_not_open),
		IN_FOLDER(any_number_of_readers_brings_the_same),
		IN_FOLDER(a_broken_file_is_told_and_stops_no_other),
		IN_FOLDER(odd_text_is_read_as_by_one_thread),
		IN_FOLDER(converted_text_without_a_last_line_end),
		IN_FOLDER(damaged_gzip_is_told_as_by_one_thread),
		IN_FOLDER(many_files_of_all_kinds_by_many_threads),
		IN_FOLDER(stopping_early_loses_nothing_but_rows),
		IN_FOLDER(a_pipe_is_read_like_a_file),
		IN_FOLDER(two_pipes_are_read_side_by_side),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
