/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch.c - columns cut from one arena; clearing a batch is resetting it.
 *
 * Whole timelines differ in size, so columns are not of a fixed length: gather says
 * an upper bound per stream and lowers `n` when it knows better.
 * Knows widths of types, not what the values mean.
 */
#include "lib/batch/batch.h"

#include <assert.h>
#include <string.h>

void batch_init(struct batch *b)
{
	memset(b, 0, sizeof *b);
	arena_init(&b->arena);
}

void batch_fini(struct batch *b)
{
	arena_fini(&b->arena);
	memset(b, 0, sizeof *b);
}

void batch_clear(struct batch *b)
{
	arena_reset(&b->arena);
	memset(b->rows, 0, sizeof b->rows);
	b->n_subjects = 0;
	b->subject = NULL;
	b->dict = NULL;
}

uint32_t batch_rows(const struct batch *b)
{
	uint32_t sum = 0;

	for (int s = 0; s < STREAM_COUNT; s++)
		sum += b->rows[s].n;
	return sum;
}

static const void *column(const struct batch *b, enum field f, enum width w)
{
	const struct field_info *info = field_get(f);
	const struct rows *rows = &b->rows[info->stream];

	assert(type_width(info->type) == w);
	(void)w;
	return rows->col ? rows->col[info->index] : NULL;
}

const int64_t *batch_i64(const struct batch *b, enum field f)
{
	return column(b, f, WIDTH_I64);
}

const int32_t *batch_i32(const struct batch *b, enum field f)
{
	return column(b, f, WIDTH_I32);
}

const uint32_t *batch_code(const struct batch *b, enum field f)
{
	return column(b, f, WIDTH_U32);
}

const uint8_t *batch_flag(const struct batch *b, enum field f)
{
	return column(b, f, WIDTH_U8);
}

static void set_missing(void *col, enum width w, uint32_t n)
{
	if (w == WIDTH_I64) {
		for (uint32_t i = 0; i < n; i++)
			((int64_t *)col)[i] = MISSING_I64;
	} else if (w == WIDTH_I32) {
		for (uint32_t i = 0; i < n; i++)
			((int32_t *)col)[i] = MISSING_I32;
	} else {
		memset(col, w == WIDTH_U8 ? TRUTH_UNKNOWN : 0, (size_t)n * width_bytes(w));
	}
}

static void *room(struct batch *b, size_t n, size_t size)
{
	return arena_room(&b->arena, n ? n : 1, size);
}

void batch_room(struct batch *b, enum stream s, uint32_t n, const uint8_t *wanted)
{
	struct rows *rows = &b->rows[s];
	enum field first = stream_first(s);
	unsigned width = stream_width(s);

	rows->n = n;
	rows->start = arena_array(&b->arena, (size_t)b->n_subjects + 1, sizeof *rows->start);
	rows->row = room(b, n, sizeof *rows->row);
	if (b->versioned)
		rows->version = room(b, n, sizeof *rows->version);
	rows->scope = room(b, n, 1);
	rows->col = arena_array(&b->arena, width, sizeof *rows->col);
	for (unsigned i = 0; i < width; i++) {
		enum field f = (enum field)((unsigned)first + i);

		if (field_wanted(wanted, f))
			rows->col[i] = room(b, n, width_bytes(type_width(field_get(f)->type)));
	}
}

void batch_alloc(struct batch *b, enum stream s, uint32_t n, const uint8_t *wanted)
{
	struct rows *rows = &b->rows[s];

	batch_room(b, s, n, wanted);
	memset(rows->row, 0, n * sizeof *rows->row);
	memset(rows->scope, 0, n);
	if (rows->version)
		memset(rows->version, 0, n * sizeof *rows->version);
	for (unsigned i = 0; i < stream_width(s); i++) {
		enum field f = (enum field)((unsigned)stream_first(s) + i);

		if (rows->col[i])
			set_missing(rows->col[i], type_width(field_get(f)->type), n);
	}
}
