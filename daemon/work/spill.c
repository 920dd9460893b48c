/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spill.c - pieces into files, and who was seen where.
 *
 * A visit is told by 54 bits of a hash beside 10 bits of its part. Two visits of the same
 * hash are taken for one in several parts: their rows are compared for nothing, no more.
 */
#include "daemon/work/spill.h"

#include <string.h>

#include "daemon/work/temp.h"
#include "lib/base/hash.h"
#include "lib/base/map.h"
#include "lib/base/mem.h"
#include "lib/timeline/slab.h"
#include "lib/timeline/timeline.h"

#define PART_BITS 10u
#define PIECE_MOST ((size_t)16 << 20)
#define PART_MASK ((UINT64_C(1) << PART_BITS) - 1)

_Static_assert(SLAB_PARTS_MAX <= 1u << PART_BITS, "a part has its bits beside the hash");

struct part_file {
	struct temp_file file;
	struct buf waiting;
};

/* Open addressing; an entry is hash | part + 1. */
struct seen {
	uint64_t *slot;
	size_t slots, used;
};

/* One of the parts a visit was seen in. */
struct sight {
	uint32_t part, next;     /* next: of the same visit + 1 */
};

struct spill {
	char *dir;
	struct slicer *slicer;
	uint32_t parts;
	struct part_file *file;  /* [parts + 1]: the last is everybody's */
	size_t buffer, piece;    /* bytes that wait before they are written: of all, of one */
	struct seen seen;
	uint64_t visits;         /* seen in all */
	struct map64 contested;  /* hash of a visit in several parts -> its last sight */
	struct sight *sight;
	uint32_t n_sight, cap_sight;
	struct part_file *shared; /* [groups] */
	uint32_t groups;
	struct err e;            /* of writing inside of a callback */
	bool failed;
};

static void file_fini(struct part_file *f)
{
	temp_close(&f->file);
	buf_fini(&f->waiting);
}

static bool make_files(struct part_file *f, uint32_t n, const char *dir, struct err *e)
{
	bool ok = true;
	for (uint32_t i = 0; i < n; i++) {
		f[i].file.fd = -1;
		ok = ok && temp_open(&f[i].file, dir, e);
		buf_init(&f[i].waiting, SIZE_MAX / 2);
	}
	return ok;
}

static size_t piece_of(size_t buffer, uint32_t files)
{
	return buffer / files < PIECE_MOST ? buffer / files : PIECE_MOST;
}

struct spill *spill_new(const char *dir, uint32_t parts, size_t buffer, struct err *e)
{
	struct spill *s = xcalloc(1, sizeof *s);
	s->dir = xstrdup(dir);
	s->parts = parts;
	s->buffer = buffer;
	s->slicer = slicer_new(parts);
	s->piece = piece_of(buffer, parts + 1);
	s->file = xcalloc(parts + 1u, sizeof *s->file);
	map64_init(&s->contested);
	if (make_files(s->file, parts + 1, dir, e))
		return s;
	spill_free(s);
	return NULL;
}

void spill_free(struct spill *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i <= s->parts; i++)
		file_fini(&s->file[i]);
	for (uint32_t i = 0; i < s->groups; i++)
		file_fini(&s->shared[i]);
	slicer_free(s->slicer);
	map64_fini(&s->contested);
	xfree(s->seen.slot);
	xfree(s->sight);
	xfree(s->shared);
	xfree(s->file);
	xfree(s->dir);
	xfree(s);
}

/* ---- writing ---- */

static bool flush(struct part_file *f, struct err *e)
{
	if (!temp_add(&f->file, buf_str(&f->waiting), e))
		return false;
	buf_fini(&f->waiting);
	buf_init(&f->waiting, SIZE_MAX / 2);
	return true;
}

static void take_piece(void *ctx, uint32_t part, struct str piece)
{
	struct spill *s = ctx;
	struct part_file *f = &s->file[part == SLAB_EVERYBODY ? s->parts : part];
	temp_frame(&f->waiting, piece);
	if (f->waiting.n >= s->piece && !s->failed)
		s->failed = !flush(f, &s->e);
}

/* ---- visits ---- */

static void seen_grow(struct seen *v)
{
	size_t old = v->slots;
	uint64_t *from = v->slot;
	v->slots = old ? old * 2 : 1024;
	v->slot = xcalloc(v->slots, sizeof *v->slot);
	for (size_t i = 0; i < old; i++) {
		size_t at = (size_t)(from[i] >> PART_BITS) & (v->slots - 1);
		if (!from[i])
			continue;
		while (v->slot[at])
			at = (at + 1) & (v->slots - 1);
		v->slot[at] = from[i];
	}
	xfree(from);
}

/* Notes a visit and tells the part that had it first. */
static uint32_t seen_first(struct seen *v, uint64_t hash, uint32_t part)
{
	uint64_t visit = hash & ~PART_MASK;
	size_t at;
	if (v->used >= v->slots / 4 * 3)
		seen_grow(v);
	at = (size_t)(hash >> PART_BITS) & (v->slots - 1);
	for (; v->slot[at]; at = (at + 1) & (v->slots - 1))
		if ((v->slot[at] & ~PART_MASK) == visit)
			return (uint32_t)(v->slot[at] & PART_MASK);
	v->slot[at] = visit | part;
	v->used++;
	return part;
}

/* One more part of a visit, unless it is known. */
static void add_sight(struct spill *s, uint64_t *last, uint32_t part)
{
	for (uint32_t i = (uint32_t)*last; i > 0; i = s->sight[i - 1].next)
		if (s->sight[i - 1].part == part)
			return;
	GROW(s->sight, s->cap_sight, s->n_sight + 1);
	s->sight[s->n_sight++] = (struct sight){ part, (uint32_t)*last };
	*last = s->n_sight;
}

struct visit_key {
	enum field facility, visit;
};

/* What stands for a visit in this file; never 0 above the part's bits by chance alone. */
static uint64_t visit_hash(const struct chunk *c, const struct visit_key *k, uint32_t row)
{
	uint64_t h = k->facility == FIELD_NONE ? 1 : hash_str(chunk_text(c, k->facility, row));
	h = hash_join(h, hash_str(chunk_text(c, k->visit, row)));
	return h | UINT64_C(1) << 63;
}

static void note_visits(struct spill *s, const struct chunk *c, enum stream stream)
{
	struct visit_key key, *k = &key;
	uint32_t last = MISSING_CODE, last_at = MISSING_CODE, last_part = 0;
	if (!timeline_visit_fields(stream, &key.facility, &key.visit))
		return;
	for (uint32_t i = 0; i < c->table[stream].n; i++) {
		uint32_t code = chunk_code(c, k->visit, i);
		uint32_t at = k->facility == FIELD_NONE ? 0 : chunk_code(c, k->facility, i);
		uint32_t part = timeline_shard(c, stream, i, s->parts);
		if (code != MISSING_CODE && code == last && at == last_at &&
		    part == last_part)
			continue;
		last = code;
		last_at = at;
		last_part = part;
		uint64_t h = visit_hash(c, k, i), *sights;
		uint32_t first = seen_first(&s->seen, h, part);
		if (first == part)
			continue;
		sights = map64_at(&s->contested, h & ~PART_MASK, NULL);
		add_sight(s, sights, first);
		add_sight(s, sights, part);
	}
}

void spill_note(struct spill *s, const struct chunk *c)
{
	for (int k = 0; s->parts > 1 && k < STREAM_STORED; k++)
		note_visits(s, c, (enum stream)k);
	s->visits = s->seen.used;
}

bool spill_add(struct spill *s, const struct chunk *c, uint32_t intake, struct err *e)
{
	slicer_cut(s->slicer, c, intake, take_piece, s);
	spill_note(s, c);
	if (s->failed)
		*e = s->e;
	return !s->failed;
}

bool spill_flush(struct spill *s, struct err *e)
{
	for (uint32_t i = 0; i <= s->parts; i++)
		if (!flush(&s->file[i], e))
			return false;
	return true;
}

bool spill_end(struct spill *s, struct err *e)
{
	if (!spill_flush(s, e))
		return false;
	xfree(s->seen.slot);
	s->seen = (struct seen){ 0 };
	slicer_free(s->slicer);
	s->slicer = slicer_new(1);
	return true;
}

/* ---- reading ---- */

static bool each_chunk(const struct part_file *f, spill_chunk_fn *fn, void *ctx, struct err *e)
{
	struct temp_reader r;
	struct str bytes;
	bool ok;
	temp_reader_init(&r, &f->file, 0, f->file.bytes);
	while ((ok = temp_next(&r, &bytes, e)) && bytes.p) {
		struct slab_piece piece;
		struct chunk *c = NULL;
		ok = slab_piece_open(&piece, bytes.p, bytes.n, e) &&
		     (c = slab_piece_chunk(&piece, e)) &&
		     fn(ctx, c, piece.intake, e);
		if (!ok)
			break;
	}
	temp_reader_fini(&r);
	return ok;
}

struct reading {
	spill_fn *fn;
	void *ctx;
};

static bool give_chunk(void *ctx, struct chunk *take_chunk, uint32_t intake, struct err *e)
{
	const struct reading *r = ctx;
	(void)e;
	r->fn(r->ctx, chunk_ref_new(take_chunk, intake));
	return true;
}

bool spill_read(const struct spill *s, uint32_t part, spill_fn *fn, void *ctx, struct err *e)
{
	struct reading r = { fn, ctx };
	return each_chunk(&s->file[s->parts], give_chunk, &r, e) &&
	       each_chunk(&s->file[part], give_chunk, &r, e);
}

bool spill_chunks(const struct spill *s, uint32_t part, spill_chunk_fn *fn, void *ctx,
		  struct err *e)
{
	return each_chunk(&s->file[part == SPILL_EVERYBODY ? s->parts : part], fn, ctx, e);
}

/* ---- visits in several parts ---- */

bool spill_visit(const struct spill *s, const struct chunk *c, enum stream k, uint32_t row,
		 uint64_t *visit)
{
	struct visit_key key;
	if (map64_count(&s->contested) == 0 ||
	    !timeline_visit_fields(k, &key.facility, &key.visit))
		return false;
	*visit = visit_hash(c, &key, row) & ~PART_MASK;
	return map64_get(&s->contested, *visit, NULL);
}

void spill_visit_parts(const struct spill *s, uint64_t visit, uint8_t *part)
{
	uint64_t sight = 0;
	(void)map64_get(&s->contested, visit, &sight);
	for (; sight > 0; sight = s->sight[sight - 1].next)
		part[s->sight[sight - 1].part] = 1;
}

/* The rows of one chunk each group must see. */
struct picking {
	struct spill *s;
	uint32_t part;           /* the rows' own */
	struct slicer_rows (*rows)[STREAM_STORED]; /* [groups] */
	bool *any;               /* [groups] */
};

uint32_t spill_group(const struct spill *s, uint32_t part)
{
	return (uint32_t)((uint64_t)part * s->groups / s->parts);
}

/* Once for every group with another part of the visit. */
static void pick_row(struct picking *p, enum stream k, uint32_t row, uint32_t sight)
{
	for (; sight > 0; sight = p->s->sight[sight - 1].next) {
		uint32_t group = spill_group(p->s, p->s->sight[sight - 1].part);
		struct slicer_rows *to = &p->rows[group][k];
		if (p->s->sight[sight - 1].part == p->part ||
		    (to->n > 0 && to->row[to->n - 1] == row))
			continue;
		GROW(to->row, to->cap, to->n + 1);
		to->row[to->n++] = row;
		p->any[group] = true;
	}
}

static bool write_picked(struct picking *p, const struct chunk *c, uint32_t intake, struct err *e)
{
	bool ok = true;
	for (uint32_t g = 0; g < p->s->groups; g++) {
		struct part_file *f = &p->s->shared[g];
		if (p->any[g])
			temp_frame(&f->waiting, slicer_pick(p->s->slicer, c, intake, p->rows[g]));
		if (f->waiting.n >= p->s->piece)
			ok = ok && flush(f, e);
		for (unsigned k = 0; k < STREAM_STORED; k++)
			p->rows[g][k].n = 0;
		p->any[g] = false;
	}
	return ok;
}

static bool pick_chunk(void *ctx, struct chunk *take_chunk, uint32_t intake, struct err *e)
{
	struct picking *p = ctx;
	uint64_t visit, sight;
	for (int k = 0; k < STREAM_STORED; k++)
		for (uint32_t r = 0; r < take_chunk->table[k].n; r++)
			if (spill_visit(p->s, take_chunk, (enum stream)k, r, &visit) &&
			    map64_get(&p->s->contested, visit, &sight))
				pick_row(p, (enum stream)k, r, (uint32_t)sight);
	bool ok = write_picked(p, take_chunk, intake, e);
	chunk_free(take_chunk);
	return ok;
}

bool spill_share(struct spill *s, uint32_t groups, struct err *e)
{
	struct picking p = { .s = s };
	for (uint32_t g = 0; g < s->groups; g++)
		file_fini(&s->shared[g]);
	xfree(s->shared);
	s->groups = groups < s->parts ? groups : s->parts;
	s->piece = piece_of(s->buffer, s->groups);
	s->shared = xcalloc(s->groups, sizeof *s->shared);
	if (!make_files(s->shared, s->groups, s->dir, e))
		return false;
	p.rows = xcalloc(s->groups, sizeof *p.rows);
	p.any = xcalloc(s->groups, sizeof *p.any);
	bool ok = true;
	for (; ok && p.part < s->parts && map64_count(&s->contested) > 0; p.part++)
		ok = each_chunk(&s->file[p.part], pick_chunk, &p, e);
	for (uint32_t g = 0; g < s->groups; g++) {
		ok = ok && flush(&s->shared[g], e);
		for (unsigned k = 0; k < STREAM_STORED; k++)
			xfree(p.rows[g][k].row);
	}
	xfree(p.rows);
	xfree(p.any);
	return ok;
}

bool spill_read_shared(const struct spill *s, uint32_t group, spill_fn *fn, void *ctx,
		       struct err *e)
{
	struct reading r = { fn, ctx };
	return each_chunk(&s->shared[group], give_chunk, &r, e);
}

uint64_t spill_bytes(const struct spill *s)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i <= s->parts; i++)
		sum += s->file[i].file.bytes + s->file[i].waiting.n;
	return sum;
}

/* Each visit in several parts is told to these; visits have about the same number of bytes. */
uint64_t spill_shared_bytes(const struct spill *s)
{
	uint64_t visits = s->visits ? s->visits : 1;
	return spill_bytes(s) / visits * s->n_sight;
}
