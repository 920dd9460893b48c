/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_csv.c - any bytes behind a good header: quotes, charsets, numbers, dates; whole, byte by
 * byte, and cut into pieces that parts decode under a lead.
 */
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "tests/fuzz/fuzz_decode.h"

static const char header[] = "feedetl_sn,mdtrt_id,fixmedins_code,psn_no,fee_ocur_time,"
			     "med_list_codg,cnt,pric,hilist_name\n";

static const char keyed[] = "name: k\nfiles:\n  - match: \"*\"\n    streams:\n"
			    "      - stream: person\n        once_per: [psn_no]\n"
			    "      - stream: fee\n";

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

static void take(struct fuzzed *f, struct chunk *c)
{
	fuzz_chunk(f, c);
	chunk_free(c);
}

static void one_piece(struct fuzzed *f, struct decoder *lead, struct decoder *part,
		      const struct text_piece *t)
{
	struct chunk *chunk[64], *c;
	uint32_t n = 0;
	struct piece_claims *claims = decoder_piece(part, t);
	while (claims && n < 64 && (c = decoder_take(part)))
		chunk[n++] = c;
	bool good = claims && !decoder_inside(lead) && decoder_admit(lead, claims, chunk, n);
	for (uint32_t i = 0; i < n; i++) {
		if (good)
			fuzz_chunk(f, chunk[i]);
		chunk_free(chunk[i]);
	}
	piece_claims_free(claims);
	if (good)
		return;
	decoder_again(lead, t);
	while ((c = decoder_take_again(lead)))
		take(f, c);
}

static void all_pieces(struct fuzzed *f, struct decoder *lead, const struct given *g, size_t most)
{
	struct decoder *part = decoder_part(lead);
	struct text_piece t = { .suspect = g->suspect };
	for (size_t at = 0; at < g->text.n; at += t.n) {
		t.p = g->text.p + at;
		t.n = g->text.n - at < most ? g->text.n - at : most;
		const char *nl = memchr(t.p + t.n - 1, '\n', g->text.n - at - t.n + 1);
		t.n = nl ? (size_t)(nl - t.p) + 1 : g->text.n - at;
		one_piece(f, lead, part, &t);
	}
	decoder_end_pieces(lead);
	for (struct chunk *c; (c = decoder_take_again(lead));)
		take(f, c);
	decoder_free(part);
}

static void fuzz_pieces(const uint8_t *p, size_t n)
{
	static struct feed *feed;
	struct err e;
	struct given g = { .suspect = false };
	struct fuzzed whole, f = { .good = true };
	if (!feed)
		feed = feed_parse(str_of(keyed), "k.yaml", &e);
	fuzz_must(feed != NULL);
	whole = fuzz_run(feed, "x.csv", p, n, 0);
	buf_init(&g.text, 0);
	struct decoder *lead = decoder_new(feed, "x.csv", NULL, &e);
	decoder_divert(lead, give, &g);
	f.good = decoder_push(lead, p, n, &e) && decoder_finish(lead, &e);
	if (decoder_diverts(lead))
		all_pieces(&f, lead, &g, 1 + p[n - 1] % 200u);
	for (struct chunk *c; (c = decoder_take(lead));)
		take(&f, c);
	fuzz_must(f.good == whole.good && f.sum == whole.sum && f.rows == whole.rows);
	fuzz_must(f.rejects == whole.rejects && f.records == whole.records);
	decoder_free(lead);
	buf_fini(&g.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t head = sizeof(header) - 1;
	uint8_t *text = xmalloc(head + size);
	memcpy(text, header, head);
	memcpy(text + head, data, size);
	fuzz_both_ways("fee_list_d.csv", text, head + size);
	fuzz_both_ways("setl_d.csv", data, size);
	if (size % 4 == 0) /* dear: the memory of a key for each decoder */
		fuzz_pieces(text, head + size);
	xfree(text);
	return 0;
}
