/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feed_counts.c - decode files by a feed and print what came out, for comparing with
 * counts that somebody else made.
 *
 *   feed_counts FEED.yaml FILE...
 *   rows N / rejects N / STREAM N / STREAM.field.sum N / STREAM.field.known N
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/dec.h"
#include "lib/record/decode.h"

static int64_t sum[FIELD_COUNT];
static uint64_t known[FIELD_COUNT];
static uint64_t rows, rejects, records[STREAM_STORED];

static bool is_missing(const struct chunk *c, enum field f, uint32_t r)
{
	switch (type_width(field_get(f)->type)) {
	case WIDTH_I64:
		return chunk_i64(c, f, r) == MISSING_I64;
	case WIDTH_I32:
		return chunk_i32(c, f, r) == MISSING_I32;
	default:
		return chunk_code(c, f, r) == MISSING_CODE;
	}
}

static void add_chunk(const struct chunk *c)
{
	for (uint32_t i = 0; i < c->n_reject; i++)
		fprintf(stderr, "line %llu: " STR_FMT "\n",
			(unsigned long long)c->reject[i].line, STR_ARG(c->reject[i].sentence));
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		enum field f = (enum field)i;
		const struct field_info *info = field_get(f);
		if (info->index >= stream_stored_width(info->stream))
			continue;
		for (uint32_t r = 0; r < c->table[info->stream].n; r++) {
			if (is_missing(c, f, r))
				continue;
			known[f]++;
			if (info->type == TYPE_MONEY)
				sum[f] += chunk_i64(c, f, r);
		}
	}
}

static void drain(struct decoder *d)
{
	struct chunk *c;
	while ((c = decoder_take(d))) {
		add_chunk(c);
		chunk_free(c);
	}
}

static bool add_file(const struct feed *feed, const char *path, struct err *e)
{
	static char block[1 << 16];
	FILE *in = fopen(path, "rb");
	if (!in)
		return err_set(e, ERR_WORLD, "cannot open");
	struct decoder *d = decoder_new(feed, path, NULL, e);
	bool good = d != NULL;
	size_t n;
	while (good && (n = fread(block, 1, sizeof(block), in)) > 0) {
		good = decoder_push(d, block, n, e);
		drain(d);
	}
	good = good && decoder_finish(d, e);
	if (d) {
		drain(d);
		const struct decode_stats *s = decoder_stats(d);
		rows += s->rows;
		rejects += s->rejects;
		for (unsigned i = 0; i < STREAM_STORED; i++)
			records[i] += s->records[i];
	}
	decoder_free(d);
	fclose(in);
	return good;
}

static void print_counts(void)
{
	printf("rows %llu\nrejects %llu\n", (unsigned long long)rows, (unsigned long long)rejects);
	for (unsigned s = 0; s < STREAM_STORED; s++)
		if (records[s])
			printf("%s %llu\n", stream_name((enum stream)s),
			       (unsigned long long)records[s]);
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		const struct field_info *info = field_get((enum field)f);
		if (!known[f])
			continue;
		printf("%s.%s.known %llu\n", stream_name(info->stream), info->name,
		       (unsigned long long)known[f]);
		if (info->type != TYPE_MONEY)
			continue;
		struct buf text;
		buf_init(&text, 0);
		dec_add(&text, sum[f], MONEY_SCALE, 2);
		printf("%s.%s.sum %s\n", stream_name(info->stream), info->name, buf_cstr(&text));
		buf_fini(&text);
	}
}

int main(int argc, char **argv)
{
	static char text[1 << 20];
	struct err e;
	FILE *in = argc > 2 ? fopen(argv[1], "rb") : NULL;
	if (!in) {
		fprintf(stderr, "usage: feed_counts FEED.yaml FILE...\n");
		return 2;
	}
	size_t n = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	struct feed *feed = feed_parse(str_make(text, n), argv[1], &e);
	bool good = feed != NULL;
	for (int i = 2; good && i < argc; i++)
		good = add_file(feed, argv[i], &e);
	if (good)
		print_counts();
	else
		fprintf(stderr, "%s\n", e.text);
	feed_free(feed);
	return good ? 0 : 1;
}
