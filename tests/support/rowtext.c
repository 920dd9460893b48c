/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rowtext.c - tables in text to rows of a chunk.
 */
#include "tests/support/rowtext.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/civil.h"

enum { COLUMNS_MAX = 64 };

struct table_text {
	struct chunk *c;
	enum stream stream;          /* STREAM_COUNT: no header yet */
	enum field col[COLUMNS_MAX];
	unsigned n;
	unsigned line;
	int64_t revision;
};

static struct str next_cell(struct str *rest)
{
	int64_t bar = str_chr(*rest, '|');
	struct str cell = bar < 0 ? *rest : str_sub(*rest, 0, (size_t)bar);

	*rest = bar < 0 ? (struct str){ 0 } : str_sub(*rest, (size_t)bar + 1, UINT32_MAX);
	return str_trim(cell);
}

static bool read_header(struct table_text *t, struct str stream, struct str rest, struct err *e)
{
	t->stream = stream_find(stream);
	t->n = 0;
	if (t->stream >= STREAM_STORED)
		return err_set(e, ERR_INPUT, "line %u: no stream " STR_FMT, t->line,
			       STR_ARG(stream));
	while (rest.n) {
		struct str name = next_cell(&rest);

		if (!name.n && !rest.n)
			break;
		if (t->n == COLUMNS_MAX)
			return err_set(e, ERR_INPUT, "line %u: too many columns", t->line);
		t->col[t->n] = field_find(t->stream, name);
		if (t->col[t->n++] == FIELD_NONE)
			return err_set(e, ERR_INPUT, "line %u: no field " STR_FMT, t->line,
				       STR_ARG(name));
	}
	return true;
}

static bool put(struct table_text *t, enum field f, uint32_t r, struct str text, struct err *e)
{
	struct str code = { 0 };

	if (!text.n || str_eq(text, STR("空")))
		return true;
	if (field_coded(field_get(f)))
		code = code_find(field_get(f)->name, text);
	return chunk_parse(t->c, f, r, code.n ? code : text, e);
}

static bool mentioned(const struct table_text *t, enum field f)
{
	for (unsigned i = 0; i < t->n; i++) {
		if (t->col[i] == f)
			return true;
	}
	return false;
}

/* Amount = quantity x price (10^-4 x 10^-6), in-scope amount = amount. */
static void complete_fee(struct table_text *t, uint32_t r)
{
	int64_t cnt = chunk_i64(t->c, FIELD_fee_cnt, r), pric = chunk_i64(t->c, FIELD_fee_pric, r);
	int64_t amount;

	if (!mentioned(t, FIELD_fee_det_item_fee_sumamt) && cnt != MISSING_I64 &&
	    pric != MISSING_I64)
		chunk_set_i64(t->c, FIELD_fee_det_item_fee_sumamt, r,
			      (int64_t)((__int128)cnt * pric / 10000));
	amount = chunk_i64(t->c, FIELD_fee_det_item_fee_sumamt, r);
	if (!mentioned(t, FIELD_fee_inscp_amt) && amount != MISSING_I64)
		chunk_set_i64(t->c, FIELD_fee_inscp_amt, r, amount);
}

static bool read_row(struct table_text *t, struct str rest, struct err *e)
{
	uint32_t r;

	if (t->stream == STREAM_COUNT)
		return err_set(e, ERR_INPUT, "line %u: a row before any header", t->line);
	r = chunk_row(t->c, t->stream);
	t->c->table[t->stream].src[r].line = t->line;
	for (unsigned i = 0; i < stream_stored_width(t->stream); i++) {
		enum field f = (enum field)((unsigned)stream_first(t->stream) + i);

		if (!mentioned(t, f) && !put(t, f, r, str_of(field_get(f)->dflt), e))
			return err_wrap(e, "line %u", t->line);
	}
	for (unsigned i = 0; i < t->n; i++) {
		if (!put(t, t->col[i], r, next_cell(&rest), e))
			return err_wrap(e, "line %u", t->line);
	}
	if (t->stream == STREAM_FEE)
		complete_fee(t, r);
	if (!chunk_row_done(t->c, t->stream, t->revision, e))
		return err_wrap(e, "line %u", t->line);
	t->c->rows++;
	return true;
}

bool rowtext_add(struct chunk *c, const char *text, struct err *e)
{
	struct table_text t = { .c = c, .stream = STREAM_COUNT, .revision = MISSING_I64 };
	struct str rest = str_of(text);

	while (rest.n) {
		int64_t end = str_chr(rest, '\n');
		struct str line = end < 0 ? rest : str_sub(rest, 0, (size_t)end);
		struct str first;

		rest = end < 0 ? (struct str){ 0 } : str_sub(rest, (size_t)end + 1, UINT32_MAX);
		t.line++;
		line = str_trim(line);
		if (!line.n || line.p[0] == '#')
			continue;
		if (str_starts(line, STR("@revision "))) {
			if (!civil_parse_time(str_sub(line, 10, UINT32_MAX), &t.revision))
				return err_set(e, ERR_INPUT, "line %u: no such time", t.line);
			continue;
		}
		first = next_cell(&line);
		if (!(first.n ? read_header(&t, first, line, e) : read_row(&t, line, e)))
			return false;
	}
	return true;
}

struct chunk *rowtext_chunk(const char *text)
{
	struct chunk *c = chunk_new();
	struct err e = { 0 };

	if (rowtext_add(c, text, &e))
		return c;
	fprintf(stderr, "rowtext: %s\n", e.text);
	abort();
}
