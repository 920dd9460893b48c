/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_decode_part.c - a text decoded in pieces by parts under a lead gives the same records,
 * rejects and counts as one decoder: any pieces, with quoted cells over their ends, wrong
 * quotes, refused rows and keys that come back.
 */
#include "tests/decoding.h"

#include "lib/base/mem.h"

#define PARTS 3u

static const char feed_text[] =
	"name: t\n"
	"extract_date: 2026-01-01\n"
	"files:\n"
	"  - match: \"*\"\n"
	"    streams:\n"
	"      - stream: facility\n"
	"        strict: true\n"
	"        once_per: [h]\n"
	"        columns: { h: fixmedins_code, begndate: begndate }\n"
	"      - stream: encounter\n"
	"        strict: true\n"
	"        once_per: [h, m]\n"
	"        columns: { h: fixmedins_code, m: mdtrt_id, p: psn_no, b: begntime, t: begntime }\n"
	"      - stream: fee\n"
	"        columns: { h: fixmedins_code, m: mdtrt_id, p: psn_no, t: fee_ocur_time }\n";

static struct feed *make_feed(void)
{
	struct err e;
	struct feed *f = feed_parse(str_of(feed_text), "t.yaml", &e);
	if (!f)
		fail_msg("%s", e.text);
	return f;
}

/* What came out: records in any order, rejects in theirs, counts. */
struct result {
	struct buf records, rejects;
	struct decode_stats stats;
	bool good;
	struct err e;
};

static void take_chunk(struct result *r, struct chunk *c)
{
	uint32_t n = c->n_reject;
	for (unsigned s = 0; s < STREAM_STORED; s++)
		for (uint32_t i = 1; i < c->table[s].n; i++)
			CHECK(c->table[s].src[i - 1].line < c->table[s].src[i].line);
	c->n_reject = 0;
	decoding_dump(&r->records, c);
	c->n_reject = n;
	for (uint32_t i = 0; i < n; i++) {
		const struct reject *one = &c->reject[i];
		buf_addf(&r->rejects, "%llu %s %u " STR_FMT "|" STR_FMT "|" STR_FMT "\n",
			 (unsigned long long)one->line, one->reason, one->column,
			 STR_ARG(one->field), STR_ARG(one->sentence), STR_ARG(one->raw));
	}
	chunk_free(c);
}

static int by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void sort_lines(struct buf *b)
{
	struct str *line = xcalloc(b->n + 1, sizeof *line), rest = buf_str(b);
	struct buf out;
	size_t n = 0;
	buf_init(&out, 0);
	for (int64_t at; (at = str_chr(rest, '\n')) >= 0;) {
		line[n++] = str_sub(rest, 0, (size_t)at);
		rest = str_sub(rest, (size_t)at + 1, rest.n);
	}
	qsort(line, n, sizeof *line, by_bytes);
	for (size_t i = 0; i < n; i++)
		buf_addf(&out, STR_FMT "\n", STR_ARG(line[i]));
	xfree(line);
	buf_fini(b);
	*b = out;
}

static void result_init(struct result *r)
{
	*r = (struct result){ .good = true };
	buf_init(&r->records, 0);
	buf_init(&r->rejects, 0);
}

static void result_fini(struct result *r)
{
	buf_fini(&r->records);
	buf_fini(&r->rejects);
}

/* The text `step` bytes at a time. */
static struct result decode_plainly(const struct feed *feed, struct str text, size_t step)
{
	struct result r;
	struct chunk *c;
	result_init(&r);
	struct decoder *d = decoder_new(feed, "x.csv", NULL, &r.e);
	for (size_t at = 0, n; at < text.n && r.good; at += n) {
		n = text.n - at < step ? text.n - at : step;
		r.good = decoder_push(d, text.p + at, n, &r.e);
	}
	r.good = r.good && decoder_finish(d, &r.e);
	while ((c = decoder_take(d)))
		take_chunk(&r, c);
	r.stats = *decoder_stats(d);
	decoder_free(d);
	return r;
}

/* ---- in pieces ---- */

struct given {
	struct buf text;
	bool suspect;
};

static bool give(void *ctx, const char *p, size_t n, bool suspect, struct err *e)
{
	struct given *g = ctx;
	(void)e;
	buf_add(&g->text, p, n);
	g->suspect |= suspect;
	return true;
}

static void admit(struct result *r, struct decoder *lead, struct decoder *part,
		  const struct text_piece *t)
{
	struct chunk *chunk[512], *c;
	uint32_t n = 0;
	struct piece_claims *claims = decoder_piece(part, t);
	while (claims && n < 512 && (c = decoder_take(part)))
		chunk[n++] = c;
	if (claims && !decoder_inside(lead) && decoder_admit(lead, claims, chunk, n)) {
		for (uint32_t i = 0; i < n; i++)
			take_chunk(r, chunk[i]);
	} else {
		for (uint32_t i = 0; i < n; i++)
			chunk_free(chunk[i]);
		decoder_again(lead, t);
		while ((c = decoder_take_again(lead)))
			take_chunk(r, c);
	}
	piece_claims_free(claims);
}

/* A piece's end: `most` bytes or fewer, behind a line end where there is one. */
static size_t cut(struct str text, size_t at, size_t most)
{
	size_t end = at + most < text.n ? at + most : text.n;
	for (size_t i = end; i > at; i--)
		if (text.p[i - 1] == '\n')
			return i;
	return end;
}

static struct result decode_in_pieces(const struct feed *feed, struct str text, size_t most,
				      uint64_t *seed)
{
	struct result r;
	struct given g = { .suspect = false };
	struct decoder *part[PARTS] = { NULL };
	result_init(&r);
	buf_init(&g.text, 0);
	struct decoder *lead = decoder_new(feed, "x.csv", NULL, &r.e);
	decoder_divert(lead, give, &g);
	r.good = decoder_push(lead, text.p, text.n, &r.e) && decoder_finish(lead, &r.e);
	struct str rows = buf_str(&g.text);
	struct text_piece t = { .suspect = g.suspect };
	for (size_t at = 0; at < rows.n; at += t.n) {
		uint64_t k = check_random(seed);
		t.p = rows.p + at;
		t.n = cut(rows, at, 1 + k % most) - at;
		if (!part[k % PARTS])
			part[k % PARTS] = decoder_part(lead);
		admit(&r, lead, part[k % PARTS], &t);
	}
	struct chunk *c;
	if (rows.n)
		decoder_end_pieces(lead);
	while ((c = rows.n ? decoder_take_again(lead) : decoder_take(lead)))
		take_chunk(&r, c);
	r.stats = *decoder_stats(lead);
	for (unsigned i = 0; i < PARTS; i++)
		decoder_free(part[i]);
	decoder_free(lead);
	buf_fini(&g.text);
	return r;
}

static void compare_results(struct result *a, struct result *b)
{
	sort_lines(&a->records);
	sort_lines(&b->records);
	CHECK_INT(b->good, a->good);
	CHECK(str_eq(buf_str(&a->records), buf_str(&b->records)));
	CHECK(str_eq(buf_str(&a->rejects), buf_str(&b->rejects)));
	CHECK(memcmp(&a->stats, &b->stats, sizeof a->stats) == 0);
	result_fini(a);
	result_fini(b);
}

static void compare(const struct feed *feed, struct str text, uint64_t *seed)
{
	struct result a = decode_plainly(feed, text, SIZE_MAX);
	struct result b = decode_in_pieces(feed, text, 400, seed);
	compare_results(&a, &b);
}

/* ---- texts ---- */

/* A row of one of twelve visits from `visit` on. */
static void add_row(struct buf *b, uint64_t *seed, unsigned visit, bool nasty)
{
	static const char *const odd[] = { "\"a\nb\"", "\"open", "x\"y", "\"a,\"\"b\"\"\"", "\xff",
					   "\"\n\n\"", "" };
	uint64_t r = check_random(seed), wild = nasty ? check_random(seed) : 1;
	const char *note = wild % 5 ? "n" : odd[wild / 5 % 7];
	buf_addf(b, "%llu,H%llu,M%llu,P%llu,%s,2026-01-%02llu,%s,%s%s",
		 (unsigned long long)(r >> 40), (unsigned long long)(r % 3),
		 (unsigned long long)(r / 3 % 12 + visit), (unsigned long long)(r / 36 % 5),
		 nasty && r % 11 == 0 ? "2026-02-30" : "2026-01-01",
		 (unsigned long long)(r / 7 % 31 + 1), nasty && r % 13 == 0 ? "x" : "1.5", note,
		 nasty && r % 17 == 0 ? "\r\n" : "\n");
	if (nasty && r % 29 == 0)
		buf_addc(b, '\n');
}

static void random_texts(void **state)
{
	struct feed *feed = make_feed();
	uint64_t seed = 5;
	(void)state;
	for (unsigned round = 0; round < 1500; round++) {
		struct buf b;
		unsigned rows = (unsigned)(check_random(&seed) % 60);
		buf_init(&b, 0);
		buf_adds(&b, "feedetl_sn,h,m,p,b,t,cnt,note\n");
		for (unsigned i = 0; i < rows; i++)
			add_row(&b, &seed, 0, round % 3 != 0);
		if (b.n && round % 7 == 0)
			b.n--; /* the last line is not ended */
		compare(feed, buf_str(&b), &seed);
		buf_fini(&b);
	}
	feed_free(feed);
}

/* Long texts with few bad rows: encounters and facilities are made many runs at a time, and one
 * that cannot be has its window given again. In steps of a few bytes each row stands alone. */
static void rare_faults(void **state)
{
	struct feed *feed = make_feed();
	uint64_t seed = 17, step;
	(void)state;
	for (unsigned round = 0; round < 24; round++) {
		struct buf b;
		buf_init(&b, 0);
		buf_adds(&b, "feedetl_sn,h,m,p,b,t,cnt,note\n");
		for (unsigned i = 0; i < 3000; i++)
			add_row(&b, &seed, i / 8,
				check_random(&seed) % (10u << round / 3) == 0);
		step = 1 + check_random(&seed) % (1u << (6 + round % 13));
		struct result a = decode_plainly(feed, buf_str(&b), 61);
		struct result whole = decode_plainly(feed, buf_str(&b), SIZE_MAX);
		struct result again = decode_plainly(feed, buf_str(&b), 61);
		struct result stepwise = decode_plainly(feed, buf_str(&b), step);
		struct result third = decode_plainly(feed, buf_str(&b), 61);
		struct result pieces = decode_in_pieces(feed, buf_str(&b), 100000, &seed);
		compare_results(&a, &whole);
		compare_results(&again, &stepwise);
		compare_results(&third, &pieces);
		buf_fini(&b);
	}
	feed_free(feed);
}

static void headers_alone(void **state)
{
	static const char *const text[] = {
		"", "\n", "feedetl_sn,h,m,p,b,t,cnt\n", "feedetl_sn,h,m,p,b,t,cnt",
		"feedetl_sn,h,h\n1,2,3\n", "a,b\n1,2\n",
		"\"feedetl_sn\",h,m,p,b,t,\"cnt\"\n\n\n",
	};
	struct feed *feed = make_feed();
	uint64_t seed = 9;
	(void)state;
	for (unsigned i = 0; i < sizeof text / sizeof text[0]; i++)
		compare(feed, str_of(text[i]), &seed);
	feed_free(feed);
}

/* Once it is known what a line is whatever stands elsewhere, parts find that out by themselves. */
static void parts_convert_what_is_known(void **state)
{
	static const struct {
		const char *row;
		bool known;
	} is[] = {
		{ "1,H1,M1,P1,2026-01-01,2026-01-01,1,note\n", false },
		{ "1,H1,M1,P1,2026-01-01,2026-01-01,1,\xe5\xa4\xb4\xe5\xad\xa2\n", true },
		{ "1,H1,M1,P1,2026-01-01,2026-01-01,1,\xcd\xb7\xe6\xdf\n", true },
	};
	struct feed *feed = make_feed();
	(void)state;
	for (unsigned i = 0; i < sizeof is / sizeof is[0]; i++) {
		struct given g = { .suspect = false };
		struct buf text, held;
		struct err e;
		struct decoder *lead = decoder_new(feed, "x.csv", NULL, &e);
		buf_init(&g.text, 0);
		buf_init(&text, 0);
		buf_init(&held, 0);
		buf_addf(&text, "feedetl_sn,h,m,p,b,t,cnt,note\n%s2,H", is[i].row);
		decoder_divert(lead, give, &g);
		CHECK(decoder_push(lead, text.p, text.n, &e));
		CHECK(decoder_plain(lead, &held));
		CHECK_STR(buf_str(&held), "2,H");
		CHECK_INT(decoder_takes_raw(lead, STR("\xcd\xb7\n").p, 3), is[i].known);
		CHECK(!decoder_takes_raw(lead, STR("\xcd\xb7").p, 2));
		decoder_free(lead);
		buf_fini(&g.text);
		buf_fini(&text);
		buf_fini(&held);
	}
	feed_free(feed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_texts),
		cmocka_unit_test(parts_convert_what_is_known),
		cmocka_unit_test(rare_faults),
		cmocka_unit_test(headers_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
