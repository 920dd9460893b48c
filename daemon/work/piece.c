/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * piece.c - one stretch of text, its chunks, and the word between two threads.
 *
 * Rows that the lead may take back are few; they are counted and scattered when that is known,
 * by the settling thread, everything else by the decoding one.
 */
#include "daemon/work/piece.h"

#include <assert.h>

#include "daemon/work/queue.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/record/index.h"

struct piece {
	uint32_t file;
	struct intake *in;
	struct buf text;
	struct text_piece t;
	struct queue *done; /* one message: the decoding thread is through with it */
	struct piece_claims *claims;
	struct chunk **chunk;
	struct chunk_ref **ref;
	uint32_t n, cap, cap_ref, next;
	uint64_t rows;
	struct tally tally;
};

struct piece *piece_new(void)
{
	struct piece *p = xcalloc(1, sizeof *p);
	buf_init(&p->text, 0);
	p->done = queue_new(1, 1);
	tally_init(&p->tally);
	return p;
}

static void drop_chunks(struct piece *p)
{
	while (p->next < p->n)
		chunk_ref_put(p->ref[p->next++]);
	p->n = p->next = 0;
}

void piece_free(struct piece *p)
{
	if (!p)
		return;
	drop_chunks(p);
	piece_claims_free(p->claims);
	buf_fini(&p->text);
	queue_free(p->done);
	tally_fini(&p->tally);
	xfree(p->chunk);
	xfree(p->ref);
	xfree(p);
}

void piece_begin(struct piece *p, uint32_t file, struct intake *in, uint64_t lines,
		 uint64_t bytes)
{
	drop_chunks(p);
	piece_claims_free(p->claims);
	p->claims = NULL;
	buf_reset(&p->text);
	tally_fini(&p->tally);
	tally_init(&p->tally);
	p->file = file;
	p->in = in;
	p->rows = 0;
	p->t = (struct text_piece){ .lines = lines, .bytes = bytes };
}

void piece_add(struct piece *p, const char *text, size_t n, bool suspect)
{
	buf_add(&p->text, text, n);
	p->t.suspect |= suspect;
}

size_t piece_size(const struct piece *p)
{
	return p->text.n;
}

bool piece_suspect(const struct piece *p)
{
	return p->t.suspect;
}

void piece_end(const struct piece *p, uint64_t *lines, uint64_t *bytes)
{
	*lines = p->t.lines + text_lines(p->text.p, p->text.n);
	*bytes = p->t.bytes + p->text.n;
}

static void keep_chunk(struct piece *p, struct chunk *c, uint32_t shards)
{
	GROW(p->chunk, p->cap, p->n + 1u);
	GROW(p->ref, p->cap_ref, p->n + 1u);
	p->chunk[p->n] = c;
	p->ref[p->n] = chunk_ref_new(c, p->file);
	chunk_ref_scatter(p->ref[p->n++], shards);
	p->rows += c->rows;
}

void piece_decode(struct piece *p, struct decoder **part, uint32_t *part_file, uint32_t shards)
{
	struct decoder *lead = intake_decoder(p->in);
	uint32_t sure = ~decoder_once_streams(lead);
	if (*part && *part_file != p->file) {
		decoder_free(*part);
		*part = NULL;
	}
	if (!*part)
		*part = decoder_part(lead);
	*part_file = p->file;
	p->t.p = p->text.p;
	p->t.n = p->text.n;
	p->claims = decoder_piece(*part, &p->t);
	for (struct chunk *c; (c = decoder_take(*part));) {
		keep_chunk(p, c, shards);
		tally_streams(&p->tally, c, sure);
		tally_rejects(&p->tally, c, p->file);
	}
	bool told = queue_put(p->done, "", NULL);
	assert(told); /* nobody closes it */
	(void)told;
}

/* Rows of a stream may have been taken back: scatter it anew where they were. */
static bool admit(struct piece *p, struct decoder *lead)
{
	uint32_t (*before)[STREAM_STORED] = xcalloc(p->n, sizeof *before);
	bool good = p->claims && !decoder_inside(lead);
	for (uint32_t i = 0; i < p->n; i++)
		for (int s = 0; s < STREAM_STORED; s++)
			before[i][s] = p->chunk[i]->table[s].n;
	good = good && decoder_admit(lead, p->claims, p->chunk, p->n);
	for (uint32_t i = 0; good && i < p->n; i++)
		for (int s = 0; s < STREAM_STORED; s++)
			if (p->chunk[i]->table[s].n != before[i][s])
				chunk_ref_scatter_again(p->ref[i], (enum stream)s);
	xfree(before);
	return good;
}

static void keep_again(struct piece *p, struct decoder *lead, uint32_t shards)
{
	for (struct chunk *c; (c = decoder_take_again(lead));) {
		keep_chunk(p, c, shards);
		tally_chunk(&p->tally, c, p->file);
	}
}

static void decode_again(struct piece *p, struct decoder *lead, uint32_t shards)
{
	drop_chunks(p);
	tally_fini(&p->tally);
	tally_init(&p->tally);
	p->rows = 0;
	decoder_again(lead, &p->t);
	keep_again(p, lead, shards);
}

uint64_t piece_settle(struct piece *p, uint32_t shards, struct tally *sums)
{
	struct decoder *lead = intake_decoder(p->in);
	char word;
	bool done = queue_get(p->done, &word);
	assert(done);
	(void)done;
	if (admit(p, lead))
		for (uint32_t i = 0; i < p->n; i++)
			tally_streams(&p->tally, p->chunk[i], decoder_once_streams(lead));
	else
		decode_again(p, lead, shards);
	tally_add(sums, &p->tally);
	return p->rows;
}

struct chunk_ref *piece_take(struct piece *p)
{
	return p->next < p->n ? p->ref[p->next++] : NULL;
}

uint64_t piece_last(struct piece *p, uint32_t file, struct intake *in, uint32_t shards,
		    struct tally *sums)
{
	struct decoder *lead = intake_decoder(in);
	piece_begin(p, file, in, 0, 0);
	decoder_end_pieces(lead);
	keep_again(p, lead, shards);
	tally_add(sums, &p->tally);
	return p->rows;
}
