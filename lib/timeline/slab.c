/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slab.c - chunks cut by part and packed; unpacked again with every bound checked.
 *
 * A column is base, unit and width: value = base + unit x number, number 0 is missing. So a
 * column that says one thing takes no bytes, a day two, an amount mostly two or three rounded
 * up. Texts are coded anew by first use, so that a piece stands alone.
 */
#include "lib/timeline/slab.h"

#include <assert.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/record/column.h"
#include "lib/timeline/timeline.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are written as they lie");

#define SLAB_MAGIC 0x47535746u /* FWSG */
#define PIECE_MAGIC 0x45505746u   /* FWPE */
#define SHORT_TEXT 8u             /* texts up to this are looked up by takers of the chunk */

struct slab_head {
	uint32_t magic, spare;
	int64_t epoch, at;
	uint64_t schema, bytes, rows, hash; /* bytes: with the head; hash: of what follows it */
};

struct piece_head {
	uint32_t magic;
	uint16_t part, streams;
	uint32_t intake, texts;
	uint64_t bytes, rows, text_bytes, schema, hash;
};

struct stream_head {
	uint32_t rows;
	uint16_t stream, columns;
};

/* 0 bytes wide: every value is the base, or, when unit is 0, every value is missing. */
struct column_head {
	uint16_t index;
	uint8_t width, holes;    /* holes: number 0 is missing, others count from 1 */
	uint32_t unit;
	int64_t base;
};

enum { COLUMN_LINE = 0xfff0, COLUMN_DIGEST, COLUMN_REVISION };

struct slicer {
	const struct chunk *c;
	uint32_t intake;
	uint32_t *row[STREAM_STORED];            /* rows by part */
	uint32_t *from[STREAM_STORED];           /* [parts + 2] where each part's rows begin */
	uint32_t parts;
	uint16_t *part;
	uint32_t cap_row[STREAM_STORED], cap_part;
	uint32_t *code, *stamp;                  /* the piece's code of a chunk's code, and when */
	uint32_t cap_code, cap_stamp, now, texts;
	int64_t *value;
	uint32_t cap_value;
	struct buf text, body, piece;
};

/* Of the names and types of all stored fields in their order. */
static uint64_t schema(void)
{
	static uint64_t known;
	uint64_t h = 1;

	if (known)
		return known;
	for (unsigned s = 0; s < STREAM_STORED; s++)
		for (unsigned i = 0; i < stream_stored_width((enum stream)s); i++) {
			const struct field_info *f = field_get(stream_first((enum stream)s) + i);

			h = hash_join(h, hash_str(str_of(f->name)) + f->type);
		}
	return known = h;
}

struct slicer *slicer_new(uint32_t parts)
{
	struct slicer *s = xcalloc(1, sizeof *s);

	assert(parts > 0 && parts <= SLAB_PARTS_MAX);
	s->parts = parts;
	for (unsigned i = 0; i < STREAM_STORED; i++)
		s->from[i] = xcalloc(parts + 2, sizeof *s->from[i]);
	buf_init(&s->text, 0);
	buf_init(&s->body, 0);
	buf_init(&s->piece, 0);
	return s;
}

void slicer_free(struct slicer *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < STREAM_STORED; i++) {
		xfree(s->row[i]);
		xfree(s->from[i]);
	}
	xfree(s->part);
	xfree(s->code);
	xfree(s->stamp);
	xfree(s->value);
	buf_fini(&s->text);
	buf_fini(&s->body);
	buf_fini(&s->piece);
	xfree(s);
}

/* ---- parts ---- */

/* Registers of everybody come last. */
static uint32_t part_of(const struct slicer *s, enum stream k, uint32_t row)
{
	uint32_t part = s->parts > 1 ? timeline_shard(s->c, k, row, s->parts) : 0;

	return part < s->parts ? part : s->parts;
}

/* Counting sort of a stream's rows by part. */
static void sort_rows(struct slicer *s, enum stream k)
{
	uint32_t n = s->c->table[k].n, *from = s->from[k];

	memset(from, 0, (s->parts + 2) * sizeof *from);
	GROW(s->row[k], s->cap_row[k], n);
	GROW(s->part, s->cap_part, n);
	for (uint32_t i = 0; i < n; i++) {
		s->part[i] = (uint16_t)part_of(s, k, i);
		from[s->part[i] + 1]++;
	}
	for (uint32_t p = 0; p <= s->parts; p++)
		from[p + 1] += from[p];
	for (uint32_t i = 0; i < n; i++)
		s->row[k][from[s->part[i]]++] = i;
	for (uint32_t p = s->parts + 1; p > 0; p--)
		from[p] = from[p - 1];
	from[0] = 0;
}

/* ---- columns ---- */

static uint32_t piece_code(struct slicer *s, uint32_t code)
{
	if (s->stamp[code] != s->now) {
		struct str text = dict_text(s->c->dict, code);

		s->stamp[code] = s->now;
		s->code[code] = ++s->texts;
		buf_add(&s->text, &text.n, sizeof text.n);
		buf_addstr(&s->text, text);
	}
	return s->code[code];
}

static void read_column(struct slicer *s, const void *col, enum width w, const uint32_t *row,
			uint32_t n)
{
	const int64_t *i64 = col;
	const int32_t *i32 = col;
	const uint32_t *u32 = col;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t r = row[i];

		if (w == WIDTH_I64)
			s->value[i] = i64[r];
		else if (w == WIDTH_I32)
			s->value[i] = i32[r] == MISSING_I32 ? MISSING_I64 : i32[r];
		else
			s->value[i] = u32[r] ? (int64_t)piece_code(s, u32[r]) : MISSING_I64;
	}
}

/* Least and greatest known value; false when all are missing. */
static bool bounds(const int64_t *v, uint32_t n, int64_t *least, int64_t *most, bool *holes)
{
	*holes = false;
	*least = INT64_MAX;
	*most = MISSING_I64;
	for (uint32_t i = 0; i < n; i++) {
		if (v[i] == MISSING_I64) {
			*holes = true;
			continue;
		}
		if (v[i] < *least)
			*least = v[i];
		if (v[i] > *most)
			*most = v[i];
	}
	return *most != MISSING_I64;
}

/* The greatest of a few units that divides all distances from the base. */
static uint32_t unit_of(const int64_t *v, uint32_t n, int64_t base)
{
	static const uint32_t units[] = { 1000000, 10000, 100 };

	for (size_t k = 0; k < sizeof units / sizeof units[0]; k++) {
		uint32_t i = 0;

		while (i < n && (v[i] == MISSING_I64 ||
				 ((uint64_t)v[i] - (uint64_t)base) % units[k] == 0))
			i++;
		if (i == n)
			return units[k];
	}
	return 1;
}

static uint8_t width_of(uint64_t most)
{
	return most == 0 ? 0 : most <= UINT8_MAX ? 1 : most <= UINT16_MAX ? 2
	     : most <= UINT32_MAX ? 4 : 8;
}

static inline void put_number(char *to, uint64_t number, unsigned width)
{
	switch (width) {
	case 0: break;
	case 1: memcpy(to, &number, 1); break;
	case 2: memcpy(to, &number, 2); break;
	case 4: memcpy(to, &number, 4); break;
	default: memcpy(to, &number, 8); break;
	}
}

static inline uint64_t get_number(const char *from, unsigned width)
{
	uint64_t number = 0;

	switch (width) {
	case 0: break;
	case 1: memcpy(&number, from, 1); break;
	case 2: memcpy(&number, from, 2); break;
	case 4: memcpy(&number, from, 4); break;
	default: memcpy(&number, from, 8); break;
	}
	return number;
}

static void put_numbers(struct slicer *s, const struct column_head *h, uint32_t n)
{
	char *to;

	buf_fill(&s->body, '\0', (size_t)n * h->width);
	to = s->body.p + s->body.n - (size_t)n * h->width;
	for (uint32_t i = 0; i < n; i++, to += h->width) {
		uint64_t number = s->value[i] == MISSING_I64 ? 0
			: ((uint64_t)s->value[i] - (uint64_t)h->base) / h->unit + h->holes;

		put_number(to, number, h->width);
	}
}

/* What lies in s->value[0..n). A column without any value is not written. */
static bool put_column(struct slicer *s, uint16_t index, uint32_t n)
{
	struct column_head h = { .index = index, .unit = 1 };
	int64_t most;
	uint64_t span;
	bool holes;

	if (!bounds(s->value, n, &h.base, &most, &holes))
		return false;
	h.holes = holes;
	span = (uint64_t)most - (uint64_t)h.base;
	if (span > UINT8_MAX)
		h.unit = unit_of(s->value, n, h.base);
	if (span / h.unit == UINT64_MAX && holes) { /* no room for the hole: as they lie */
		h.holes = 0;
		h.base = MISSING_I64;
		span = UINT64_MAX;
	}
	h.width = width_of(span / h.unit + h.holes);
	buf_add(&s->body, &h, sizeof h);
	put_numbers(s, &h, n);
	return true;
}

static void put_sources(struct slicer *s, const struct table *t, const uint32_t *row,
			uint32_t n, uint16_t *columns)
{
	for (uint32_t i = 0; i < n; i++)
		s->value[i] = (int64_t)t->src[row[i]].line;
	*columns = (uint16_t)(*columns + put_column(s, COLUMN_LINE, n));
	for (uint32_t i = 0; i < n; i++)
		s->value[i] = t->src[row[i]].revision;
	*columns = (uint16_t)(*columns + put_column(s, COLUMN_REVISION, n));
	struct column_head h = { .index = COLUMN_DIGEST, .width = 8, .unit = 1 };
	buf_add(&s->body, &h, sizeof h);
	for (uint32_t i = 0; i < n; i++)
		buf_add(&s->body, &t->src[row[i]].digest, 8);
	++*columns;
}

static void put_stream(struct slicer *s, enum stream k, const uint32_t *row, uint32_t n)
{
	const struct table *t = &s->c->table[k];
	struct stream_head h = { .rows = n, .stream = (uint16_t)k };
	size_t at = s->body.n;

	GROW(s->value, s->cap_value, n);
	buf_add(&s->body, &h, sizeof h);
	put_sources(s, t, row, n, &h.columns);
	for (unsigned i = 0; i < stream_stored_width(k); i++) {
		if (!t->col[i])
			continue;
		read_column(s, t->col[i], type_width(field_get(stream_first(k) + i)->type), row,
			    n);
		h.columns = (uint16_t)(h.columns + put_column(s, (uint16_t)i, n));
	}
	memcpy(s->body.p + at, &h, sizeof h);
}

/* ---- pieces ---- */

static void put_piece(struct slicer *s, struct piece_head *h)
{
	h->texts = s->texts;
	h->text_bytes = s->text.n;
	h->bytes = sizeof *h + s->text.n + s->body.n;
	buf_reset(&s->piece);
	buf_add(&s->piece, h, sizeof *h);
	buf_add(&s->piece, s->text.p, s->text.n);
	buf_add(&s->piece, s->body.p, s->body.n);
	h->hash = hash_bytes(s->piece.p + sizeof *h, s->piece.n - sizeof *h);
	memcpy(s->piece.p, h, sizeof *h);
	if (s->piece.failed || s->body.failed || s->text.failed)
		mem_give_up("a piece of a slab beyond 4 GiB");
}

static bool make_piece(struct slicer *s, uint32_t part)
{
	struct piece_head h = { .magic = PIECE_MAGIC,
				.part = (uint16_t)(part < s->parts ? part : SLAB_EVERYBODY),
				.intake = s->intake, .schema = schema() };

	s->texts = 0;
	s->now++;
	buf_reset(&s->text);
	buf_reset(&s->body);
	for (unsigned k = 0; k < STREAM_STORED; k++) {
		uint32_t from = s->from[k][part], n = s->from[k][part + 1] - from;

		if (n == 0)
			continue;
		put_stream(s, (enum stream)k, s->row[k] + from, n);
		h.streams++;
		h.rows += n;
	}
	if (h.rows > 0)
		put_piece(s, &h);
	return h.rows > 0;
}

static void take_chunk(struct slicer *s, const struct chunk *c, uint32_t intake)
{
	uint32_t codes = dict_count(c->dict) + 1, old = s->cap_stamp;

	s->c = c;
	s->intake = intake;
	GROW(s->code, s->cap_code, codes);
	GROW(s->stamp, s->cap_stamp, codes);
	if (s->cap_stamp > old || s->now > UINT32_MAX - 2 * SLAB_PARTS_MAX) {
		memset(s->stamp, 0, s->cap_stamp * sizeof *s->stamp);
		s->now = 0;
	} else {
		s->now++;
	}
}

void slicer_cut(struct slicer *s, const struct chunk *c, uint32_t intake, piece_fn *fn,
		   void *ctx)
{
	take_chunk(s, c, intake);
	for (unsigned k = 0; k < STREAM_STORED; k++)
		sort_rows(s, (enum stream)k);
	for (uint32_t part = 0; part <= s->parts; part++)
		if (make_piece(s, part))
			fn(ctx, part < s->parts ? part : SLAB_EVERYBODY, buf_str(&s->piece));
}

struct str slicer_pick(struct slicer *s, const struct chunk *c, uint32_t intake,
		       const struct slicer_rows *rows)
{
	take_chunk(s, c, intake);
	for (unsigned k = 0; k < STREAM_STORED; k++) {
		GROW(s->row[k], s->cap_row[k], rows[k].n);
		if (rows[k].n > 0)
			memcpy(s->row[k], rows[k].row, rows[k].n * sizeof *rows[k].row);
		s->from[k][0] = 0;
		s->from[k][1] = rows[k].n;
	}
	return make_piece(s, 0) ? buf_str(&s->piece) : (struct str){ 0 };
}

/* ---- slabs ---- */

/* Of the head's own words and what follows it. */
static uint64_t slab_hash(const struct slab_head *h, const void *p, size_t n)
{
	uint64_t body = hash_bytes((const char *)p + sizeof *h, n - sizeof *h);

	return hash_join(hash_join(hash_join(body, (uint64_t)h->epoch), (uint64_t)h->at), h->rows);
}

void slab_begin(struct buf *out, int64_t epoch, int64_t at)
{
	struct slab_head h = { .magic = SLAB_MAGIC, .epoch = epoch, .at = at };

	buf_reset(out);
	buf_add(out, &h, sizeof h);
}

void slab_end(struct buf *out)
{
	struct slab_head h;
	struct slab s = { .p = out->p, .n = out->n };
	struct slab_piece p;
	size_t at = 0;

	memcpy(&h, out->p, sizeof h);
	h.schema = schema();
	h.bytes = out->n;
	while (slab_next(&s, &at, &p))
		h.rows += p.rows;
	h.hash = slab_hash(&h, out->p, out->n);
	memcpy(out->p, &h, sizeof h);
}

bool slab_open(struct slab *s, const void *p, size_t n, struct err *e)
{
	struct slab_head h;

	if (n < sizeof h)
		return err_set(e, ERR_INPUT, "it is shorter than a slab's head");
	memcpy(&h, p, sizeof h);
	if (h.magic != SLAB_MAGIC || h.bytes != n)
		return err_set(e, ERR_INPUT, "it is no whole slab");
	if (h.schema != schema())
		return err_set(e, ERR_INPUT, "it was written with another list of fields");
	if (slab_hash(&h, p, n) != h.hash)
		return err_set(e, ERR_INPUT, "its checksum does not hold");
	*s = (struct slab){ p, n, h.epoch, h.at, h.rows };
	return true;
}

static struct slab_piece piece_of(const char *p, const struct piece_head *h)
{
	return (struct slab_piece){ { p, (uint32_t)h->bytes }, h->part, h->intake, h->rows };
}

bool slab_next(const struct slab *s, size_t *at, struct slab_piece *out)
{
	struct piece_head h;

	if (*at == 0)
		*at = sizeof(struct slab_head);
	if (s->n - *at < sizeof h)
		return false;
	memcpy(&h, s->p + *at, sizeof h);
	if (h.bytes > s->n - *at || h.bytes < sizeof h || h.magic != PIECE_MAGIC)
		return false;
	*out = piece_of(s->p + *at, &h);
	*at += h.bytes;
	return true;
}

bool slab_piece_open(struct slab_piece *out, const void *p, size_t n, struct err *e)
{
	struct piece_head h;

	if (n < sizeof h)
		return err_set(e, ERR_INPUT, "a piece is cut");
	memcpy(&h, p, sizeof h);
	if (h.magic != PIECE_MAGIC || h.bytes > n || h.bytes < sizeof h ||
	    h.bytes > UINT32_MAX || h.schema != schema())
		return err_set(e, ERR_INPUT, "a piece is cut or of another version");
	if (hash_bytes((const char *)p + sizeof h, h.bytes - sizeof h) != h.hash)
		return err_set(e, ERR_INPUT, "a piece's checksum does not hold");
	*out = piece_of(p, &h);
	return true;
}

/* ---- reading ---- */

struct unpack {
	const char *p;           /* what is left of the piece */
	size_t n;
	struct chunk *c;
	uint32_t *code;          /* [texts + 1] the chunk's code of a piece's code */
	uint32_t texts;
};

static bool take(struct unpack *u, void *to, size_t n)
{
	if (u->n < n)
		return false;
	memcpy(to, u->p, n);
	u->p += n;
	u->n -= n;
	return true;
}

/* Short texts are words that takers look up; the rest need not be found again. */
static bool read_texts(struct unpack *u, uint32_t texts)
{
	u->texts = texts;
	u->code = xcalloc(texts + 1u, sizeof *u->code);
	for (uint32_t i = 1; i <= texts; i++) {
		struct str s;

		if (!take(u, &s.n, sizeof s.n) || u->n < s.n)
			return false;
		s.p = u->p;
		u->code[i] = s.n <= SHORT_TEXT ? dict_code(u->c->dict, s)
					       : dict_append(u->c->dict, s);
		u->p += s.n;
		u->n -= s.n;
	}
	return true;
}

static inline int64_t number_at(const char *p, const struct column_head *h)
{
	uint64_t number = get_number(p, h->width);

	if (h->holes && number == 0)
		return MISSING_I64;
	return (int64_t)((uint64_t)h->base + (number - h->holes) * h->unit);
}

static void set_sources(struct source *src, uint32_t n, const char *p, const struct column_head *h)
{
	for (uint32_t i = 0; i < n; i++, p += h->width) {
		int64_t v = number_at(p, h);

		if (h->index == COLUMN_LINE)
			src[i].line = (uint64_t)v;
		else if (h->index == COLUMN_REVISION)
			src[i].revision = v;
		else
			src[i].digest = (uint64_t)v;
	}
}

static bool set_codes(struct unpack *u, uint32_t *to, uint32_t n, const char *p,
		      const struct column_head *h)
{
	for (uint32_t i = 0; i < n; i++, p += h->width) {
		int64_t v = number_at(p, h);

		if (v == MISSING_I64)
			continue;
		if (v < 1 || v > u->texts)
			return false;
		to[i] = u->code[v];
	}
	return true;
}

static bool set_column(struct unpack *u, enum stream s, uint32_t n, const char *p,
		       const struct column_head *h)
{
	enum field f = stream_first(s) + h->index;
	enum width w;
	void *col;

	if (h->index >= stream_stored_width(s) || field_get(f)->role == ROLE_DERIVED)
		return false;
	w = type_width(field_get(f)->type);
	col = column_make(u->c, s, h->index, field_get(f)->type);
	if (w == WIDTH_U32)
		return set_codes(u, col, n, p, h);
	for (uint32_t i = 0; i < n; i++, p += h->width) {
		int64_t v = number_at(p, h);

		if (w == WIDTH_I64)
			((int64_t *)col)[i] = v;
		else
			((int32_t *)col)[i] = v == MISSING_I64 ? MISSING_I32 : (int32_t)v;
	}
	return true;
}

static bool bad_width(unsigned w)
{
	return w > 8 || (w & (w - 1)) != 0;
}

static bool read_stream(struct unpack *u)
{
	struct stream_head h;
	struct column_head col;

	if (!take(u, &h, sizeof h) || h.stream >= STREAM_STORED || h.rows == 0 ||
	    u->c->table[h.stream].n != 0 || h.rows > u->n)
		return false; /* every row has eight bytes of digest at least */
	for (uint32_t i = 0; i < h.rows; i++)
		(void)chunk_row(u->c, (enum stream)h.stream);
	for (uint32_t i = 0; i < h.columns; i++) {
		if (!take(u, &col, sizeof col) || bad_width(col.width) || col.holes > 1 ||
		    u->n / (col.width ? col.width : 1) < (col.width ? h.rows : 0))
			return false;
		if (col.index >= COLUMN_LINE)
			set_sources(u->c->table[h.stream].src, h.rows, u->p, &col);
		else if (!set_column(u, (enum stream)h.stream, h.rows, u->p, &col))
			return false;
		u->p += (size_t)h.rows * col.width;
		u->n -= (size_t)h.rows * col.width;
	}
	return true;
}

struct chunk *slab_piece_chunk(const struct slab_piece *p, struct err *e)
{
	struct piece_head h;
	struct unpack u = { .p = p->bytes.p, .n = p->bytes.n };
	bool ok;

	if (!take(&u, &h, sizeof h))
		h = (struct piece_head){ 0 };
	u.c = chunk_new();
	ok = h.text_bytes <= u.n && h.texts <= h.text_bytes && read_texts(&u, h.texts);
	for (uint32_t i = 0; ok && i < h.streams; i++)
		ok = read_stream(&u);
	u.c->rows = h.rows;
	xfree(u.code);
	if (ok && u.n == 0)
		return u.c;
	chunk_free(u.c);
	(void)err_set(e, ERR_INPUT, "a piece does not hold together");
	return NULL;
}
