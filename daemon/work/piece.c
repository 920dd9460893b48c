/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * piece.c - one stretch of text, its chunks, and what may be wrong with it.
 *
 * Rows that the lead may take back are few; they are counted and scattered when that is known,
 * by who settles, everything else by who decodes.
 */
#include "daemon/work/piece.h"

#include <assert.h>
#include <string.h>

#include "lib/base/mem.h"

#define BEHIND 2048u /* read behind a stretch at once: its last line ends there, as a rule */
#define LINE_HELD (DECODE_LINE_MAX + BEHIND) /* of a longer line no more is held */
#define BLOCK (256u << 10)

struct piece {
	uint32_t file;
	struct intake *in;
	struct buf text;
	struct text_piece t;
	bool held;               /* chunks come as they are */
	bool plain;              /* as the file has it: not yet looked at by the lead */
	bool whole;              /* when plain: its last line does not go on behind it */
	uint64_t open;           /* there in the file its settler reads on; 0 = nowhere */
	enum charset_kind kind;  /* when plain */
	bool failed;             /* `e` says why it could not be read */
	struct err e;
	struct piece_claims *claims;
	struct chunk **chunk;
	struct chunk_ref **ref;
	uint32_t n, cap, cap_ref;
	uint64_t rows;
	struct tally tally;
};

struct piece *piece_new(void)
{
	struct piece *p = xcalloc(1, sizeof *p);
	buf_init(&p->text, 0);
	tally_init(&p->tally);
	return p;
}

void piece_give_back(struct piece *p, struct decoder *to)
{
	for (uint32_t i = 0; i < p->n; i++) {
		struct chunk *c = chunk_ref_release(p->ref[i]);
		if (c)
			decoder_give(to, c);
	}
	p->n = 0;
	piece_drop(p);
}

void piece_drop(struct piece *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		chunk_ref_put(p->ref[i]);
	p->n = 0;
	piece_claims_free(p->claims);
	p->claims = NULL;
}

void piece_free(struct piece *p)
{
	if (!p)
		return;
	piece_drop(p);
	buf_fini(&p->text);
	tally_fini(&p->tally);
	xfree(p->chunk);
	xfree(p->ref);
	xfree(p);
}

static void forget_counts(struct piece *p)
{
	tally_fini(&p->tally);
	tally_init(&p->tally);
	p->rows = 0;
}

void piece_begin(struct piece *p, uint32_t file, struct intake *in)
{
	piece_drop(p);
	forget_counts(p);
	buf_reset(&p->text);
	p->file = file;
	p->in = in;
	p->held = p->plain = p->failed = false;
	p->open = 0;
	p->kind = CHARSET_KIND_ASCII;
	p->t = (struct text_piece){ .p = "" };
}

void piece_refuse(struct piece *p)
{
	piece_drop(p);
	forget_counts(p);
}

bool piece_take(void *piece, const char *text, size_t n, bool suspect, struct err *e)
{
	struct piece *p = piece;
	(void)e;
	buf_add(&p->text, text, n);
	p->t.suspect |= suspect;
	p->t.p = p->text.p;
	p->t.n = p->text.n;
	return true;
}

static void keep_chunk(struct piece *p, struct chunk_ref *ref, struct chunk *c)
{
	GROW(p->chunk, p->cap, p->n + 1u);
	GROW(p->ref, p->cap_ref, p->n + 1u);
	p->chunk[p->n] = c;
	p->ref[p->n++] = ref;
}

/* One that needs neither decoding nor settling. */
static void hold_chunk(struct piece *p, struct chunk_ref *take_chunk)
{
	p->held = true;
	p->rows = chunk_ref_chunk(take_chunk)->rows;
	keep_chunk(p, take_chunk, NULL);
}

size_t piece_size(const struct piece *p)
{
	return p->t.n;
}

bool piece_collect(void *pushed, const char *text, size_t n, bool suspect, struct err *e)
{
	struct pushed *to = pushed;
	(void)e;
	buf_add(&to->text, text, n);
	to->suspect |= suspect;
	return true;
}

/* ---- text from the file ---- */

/* Behind the first line end of text[from..); SIZE_MAX when there is none. */
static size_t next_line(const struct buf *text, size_t from)
{
	const char *nl = from < text->n ? memchr(text->p + from, '\n', text->n - from) : NULL;
	return nl ? (size_t)(nl - text->p) + 1 : SIZE_MAX;
}

/* Up to n more bytes of the file, which lie behind those had from `at`. False at its end. */
static bool read_more(struct piece *p, uint64_t at, size_t n)
{
	size_t before = p->text.n;
	GROW(p->text.p, p->text.cap, before + n);
	size_t got = intake_read_at(p->in, at + before, p->text.p + before, n, &p->e);
	p->failed = got == SIZE_MAX;
	p->text.n += p->failed ? 0 : got;
	return got == n;
}

bool piece_read(struct piece *p, uint64_t at, uint64_t size, bool first)
{
	/* The byte before tells whether a line begins at once. */
	uint64_t from = first ? at : at - 1;
	size_t length = (size_t)(at + size - from);
	bool more = read_more(p, from, length + BEHIND);
	size_t begin = first ? 0 : next_line(&p->text, 0), end = begin;
	p->plain = p->whole = true;
	if (begin >= length || begin > p->text.n) /* no line begins here */
		return more || p->text.n > length;
	while ((end = next_line(&p->text, length - 1)) == SIZE_MAX && more &&
	       p->text.n < length + LINE_HELD)
		more = read_more(p, from, p->text.n);
	p->whole = end != SIZE_MAX || !more;
	p->open = p->whole ? 0 : from + p->text.n;
	more |= end != SIZE_MAX;
	if (end == SIZE_MAX)
		end = p->text.n;
	p->t.p = p->text.p + begin;
	p->t.n = end - begin;
	return more;
}

/* ---- text that is read one piece after the other ---- */

/* Bytes up to and with the last line end behind `from`, or else `before`. */
static size_t last_line(const struct buf *text, size_t from, size_t before)
{
	const char *nl = from < text->n ? memrchr(text->p + from, '\n', text->n - from) : NULL;
	return nl ? (size_t)(nl - text->p) + 1 : before;
}

bool piece_read_on(struct piece *p, size_t size, struct text_rest *rest, struct err *e)
{
	struct buf *text = &p->text;
	size_t lines = 0, seen, room = size + 2 * BLOCK;
	bool more, overlong;
	GROW(text->p, text->cap, room);
	buf_addstr(text, buf_str(&rest->line));
	do {
		seen = text->n;
		more = intake_text(p->in, text, e);
		lines = last_line(text, seen, lines);
		overlong = lines == 0 && (rest->overlong || text->n > DECODE_LINE_MAX);
	} while (more && (text->n < size || (lines == 0 && !overlong)));
	bool all = overlong || text->n - lines > DECODE_LINE_MAX;
	p->plain = true;
	p->whole = !all || lines == text->n;
	if (!more && e->code == ERR_NONE)
		p->whole = all = true;
	buf_reset(&rest->line);
	if (!all)
		buf_add(&rest->line, text->p + lines, text->n - lines);
	rest->overlong = !p->whole;
	p->t.p = text->p;
	p->t.n = all ? text->n : lines;
	return more;
}

bool piece_fill(struct piece *p, size_t size, struct err *e)
{
	struct chunk_ref *chunk = NULL;
	bool more = true;
	while (more && !chunk && p->t.n < size)
		if (!intake_some(p->in, &chunk, &more, e))
			return false;
	if (chunk)
		hold_chunk(p, chunk);
	return more;
}

/* ---- chunks ---- */

static void add_chunk(struct piece *p, struct chunk *c, uint32_t shards)
{
	keep_chunk(p, chunk_ref_new(c, p->file), c);
	chunk_ref_scatter(p->ref[p->n - 1], shards);
	p->rows += c->rows;
}

void piece_decode(struct piece *p, struct decoder **part, uint32_t *part_file, uint32_t shards)
{
	struct decoder *lead = intake_decoder(p->in);
	uint32_t sure = ~decoder_once_streams(lead);
	if (p->held)
		chunk_ref_scatter(p->ref[0], shards);
	if (p->plain)
		p->kind = p->whole ? charset_kind(p->t.p, p->t.n) : CHARSET_KIND_OTHER;
	p->t.raw = p->kind == CHARSET_KIND_OTHER && p->whole &&
		   decoder_takes_raw(lead, p->t.p, p->t.n);
	if (p->t.n == 0 || (p->kind == CHARSET_KIND_OTHER && !p->t.raw)) /* the lead has to */
		return;
	if (*part && *part_file != p->file) {
		decoder_free(*part);
		*part = NULL;
	}
	if (!*part)
		*part = decoder_part(lead);
	*part_file = p->file;
	p->claims = decoder_piece(*part, &p->t);
	for (struct chunk *c; (c = decoder_take(*part));) {
		add_chunk(p, c, shards);
		tally_streams(&p->tally, c, sure);
	}
}

/* ---- made good ---- */

/* Rows of a stream may have been taken back: scatter it anew where they were. */
static bool admit(struct piece *p, struct decoder *lead)
{
	if (!p->claims || decoder_inside(lead))
		return false;
	uint32_t (*before)[STREAM_STORED] = xcalloc(p->n, sizeof *before);
	for (uint32_t i = 0; i < p->n; i++)
		for (int s = 0; s < STREAM_STORED; s++)
			before[i][s] = p->chunk[i]->table[s].n;
	bool good = decoder_admit(lead, p->claims, p->chunk, p->n);
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
		add_chunk(p, c, shards);
		tally_chunk(&p->tally, c, p->file);
	}
}

/* What the lead has given away since this was called last. */
static void again_pushed(struct decoder *lead, struct pushed *pushed)
{
	struct text_piece t = { .p = pushed->text.p, .n = pushed->text.n,
				.suspect = pushed->suspect };
	if (t.n > 0)
		decoder_again(lead, &t);
	buf_reset(&pushed->text);
	pushed->suspect = false;
}

/* The rest of a line too long to be held. */
static bool push_open(struct piece *p, struct decoder *lead, struct pushed *pushed, struct err *e)
{
	size_t nl = SIZE_MAX, n = BLOCK;
	bool good = true;
	for (uint64_t at = p->open; good && nl == SIZE_MAX && n == BLOCK; at += n) {
		buf_reset(&p->text);
		GROW(p->text.p, p->text.cap, BLOCK);
		n = intake_read_at(p->in, at, p->text.p, BLOCK, e);
		if (n == SIZE_MAX)
			return false;
		p->text.n = n;
		nl = next_line(&p->text, 0);
		good = decoder_push(lead, p->text.p, nl == SIZE_MAX ? n : nl, e);
		again_pushed(lead, pushed);
	}
	return good;
}

/* Text that is not as it stands in the file goes through the lead's stages. */
static bool push_again(struct piece *p, struct decoder *lead, struct pushed *pushed,
		       struct err *e)
{
	bool good = decoder_push_text(lead, p->t.p, p->t.n, e);
	again_pushed(lead, pushed);
	return good && (p->open == 0 || push_open(p, lead, pushed, e));
}

/* As a part has decoded it; else the lead does, text that does not pass through all its stages. */
bool piece_settle(struct piece *p, uint32_t shards, struct pushed *pushed, struct err *e)
{
	struct decoder *lead = intake_decoder(p->in);
	if (p->held || (p->t.n == 0 && !p->failed))
		return true;
	bool good = !p->failed;
	bool passes = !p->plain || (good && !p->t.raw && decoder_passes(lead, p->kind, p->t.n));
	if (good && (passes || p->t.raw) && admit(p, lead)) {
		for (uint32_t i = 0; i < p->n; i++) {
			tally_streams(&p->tally, p->chunk[i], decoder_once_streams(lead));
			tally_rejects(&p->tally, p->chunk[i], p->file);
		}
		return true;
	}
	piece_refuse(p);
	if (p->failed)
		*e = p->e;
	else if (!passes)
		good = push_again(p, lead, pushed, e);
	else
		decoder_again(lead, &p->t);
	keep_again(p, lead, shards);
	return good;
}

void piece_last(struct piece *p, uint32_t shards, struct pushed *pushed)
{
	struct decoder *lead = intake_decoder(p->in);
	again_pushed(lead, pushed);
	decoder_end_pieces(lead);
	keep_again(p, lead, shards);
}

uint64_t piece_sums(struct piece *p, struct tally *sums)
{
	tally_add(sums, &p->tally);
	return p->rows;
}

struct chunk_ref *piece_chunk_at(const struct piece *p, uint32_t i)
{
	return i < p->n ? p->ref[i] : NULL;
}

uint32_t piece_file(const struct piece *p)
{
	return p->file;
}

struct intake *piece_intake(const struct piece *p)
{
	return p->in;
}
