/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * finding.c - lists of findings: growing, copying, ordering.
 */
#include "lib/finding/finding_impl.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/hash.h"

void findings_init(struct findings *f)
{
	*f = (struct findings){ .n = 0 };
	arena_init(&f->arena);
}

void findings_fini(struct findings *f)
{
	xfree(f->item);
	f->item = NULL;
	f->n = f->cap = 0;
	arena_fini(&f->arena);
}

void findings_clear(struct findings *f)
{
	f->n = 0;
	arena_reset(&f->arena);
}

struct finding *finding_new(struct findings *out)
{
	GROW(out->item, out->cap, out->n + 1);
	out->item[out->n] = (struct finding){ .n_key = 0 };
	return &out->item[out->n++];
}

static struct str *copy_texts(struct arena *a, const struct str *v, uint32_t n)
{
	struct str *copy = arena_array(a, n, sizeof *copy);

	for (uint32_t i = 0; i < n; i++)
		copy[i] = arena_str(a, v[i]);
	return copy;
}

static void copy_record_texts(struct arena *a, struct finding_record *r)
{
	r->fixmedins_code = arena_str(a, r->fixmedins_code);
	r->mdtrt_id = arena_str(a, r->mdtrt_id);
	r->id = arena_str(a, r->id);
}

void finding_own(struct finding *f, struct arena *a)
{
	struct str *const texts[] = { &f->rule, &f->digest, &f->subject, &f->observed, &f->limit,
				      &f->sentence, &f->except_owner, &f->except_reason,
				      &f->except_cells,
				      &f->psn_no, &f->fixmedins_code };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = arena_str(a, *texts[i]);
	f->key_name = copy_texts(a, f->key_name, f->n_key);
	f->key_value = copy_texts(a, f->key_value, f->n_key);
	f->record = arena_dup(a, f->record, f->n_record * sizeof *f->record);
	for (uint32_t i = 0; i < f->n_record; i++)
		copy_record_texts(a, &f->record[i]);
}

struct finding *finding_copy(struct findings *out, const struct finding *f)
{
	struct finding *copy = finding_new(out);

	*copy = *f;
	finding_own(copy, &out->arena);
	return copy;
}

/* ---- one block ---- */

struct block {
	char *at;
};

static void put_text(struct block *b, struct str *s)
{
	if (s->n)
		memcpy(b->at, s->p, s->n);
	b->at[s->n] = '\0';
	s->p = b->at;
	b->at += s->n + 1;
}

static size_t texts_size(const struct finding *f)
{
	const struct str *const texts[] = { &f->rule, &f->digest, &f->subject, &f->observed,
					    &f->limit, &f->sentence, &f->except_owner,
					    &f->except_reason,
					    &f->except_cells,
				      &f->psn_no, &f->fixmedins_code };
	size_t size = 0;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		size += texts[i]->n + 1u;
	for (uint32_t i = 0; i < f->n_key; i++)
		size += f->key_name[i].n + f->key_value[i].n + 2u;
	for (uint32_t i = 0; i < f->n_record; i++)
		size += f->record[i].fixmedins_code.n + f->record[i].mdtrt_id.n +
			f->record[i].id.n + 3u;
	return size;
}

static void put_texts(struct block *b, struct finding *f)
{
	struct str *const texts[] = { &f->rule, &f->digest, &f->subject, &f->observed, &f->limit,
				      &f->sentence, &f->except_owner, &f->except_reason,
				      &f->except_cells,
				      &f->psn_no, &f->fixmedins_code };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put_text(b, texts[i]);
	for (uint32_t i = 0; i < f->n_key; i++) {
		put_text(b, &f->key_name[i]);
		put_text(b, &f->key_value[i]);
	}
	for (uint32_t i = 0; i < f->n_record; i++) {
		put_text(b, &f->record[i].fixmedins_code);
		put_text(b, &f->record[i].mdtrt_id);
		put_text(b, &f->record[i].id);
	}
}

/* The struct, its records, its keys, then all texts. */
struct finding *finding_dup(const struct finding *f)
{
	size_t records = f->n_record * sizeof *f->record;
	size_t keys = f->n_key * sizeof *f->key_name;
	char *p = xmalloc(sizeof *f + records + 2 * keys + texts_size(f));
	struct finding *copy = (struct finding *)p;
	struct block b;

	*copy = *f;
	copy->record = (struct finding_record *)(p + sizeof *f);
	copy->key_name = (struct str *)(p + sizeof *f + records);
	copy->key_value = copy->key_name + f->n_key;
	if (f->n_record)
		memcpy(copy->record, f->record, records);
	if (f->n_key) {
		memcpy(copy->key_name, f->key_name, keys);
		memcpy(copy->key_value, f->key_value, keys);
	}
	b.at = p + sizeof *f + records + 2 * keys;
	put_texts(&b, copy);
	return copy;
}

/* ---- order ---- */

static int cmp_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int cmp_keys(const struct finding *a, const struct finding *b)
{
	for (uint32_t i = 0; i < a->n_key && i < b->n_key; i++) {
		int c = str_cmp(a->key_name[i], b->key_name[i]);

		c = c ? c : str_cmp(a->key_value[i], b->key_value[i]);
		if (c)
			return c;
	}
	return cmp_i64(a->n_key, b->n_key);
}

static int cmp_record(const struct finding_record *a, const struct finding_record *b)
{
	int c = cmp_i64(a->stream, b->stream);

	c = c ? c : str_cmp(a->fixmedins_code, b->fixmedins_code);
	c = c ? c : str_cmp(a->mdtrt_id, b->mdtrt_id);
	c = c ? c : str_cmp(a->id, b->id);
	c = c ? c : cmp_i64(a->role, b->role);
	return c ? c : cmp_i64(a->amount, b->amount);
}

static int cmp_records(const struct finding *a, const struct finding *b)
{
	for (uint32_t i = 0; i < a->n_record && i < b->n_record; i++) {
		int c = cmp_record(&a->record[i], &b->record[i]);

		if (c)
			return c;
	}
	return cmp_i64(a->n_record, b->n_record);
}

int finding_cmp(const void *va, const void *vb)
{
	const struct finding *a = va, *b = vb;
	int c = str_cmp(a->rule, b->rule);

	c = c ? c : cmp_i64(a->subject_kind, b->subject_kind);
	c = c ? c : str_cmp(a->subject, b->subject);
	c = c ? c : cmp_keys(a, b);
	c = c ? c : cmp_i64(a->begin, b->begin);
	c = c ? c : cmp_i64(a->end, b->end);
	c = c ? c : cmp_records(a, b);
	c = c ? c : cmp_i64(a->amount, b->amount);
	c = c ? c : str_cmp(a->digest, b->digest);
	return c ? c : str_cmp(a->sentence, b->sentence);
}

void findings_sort(struct findings *f)
{
	if (f->n > 1)
		qsort(f->item, f->n, sizeof *f->item, finding_cmp);
}

uint64_t finding_digest(const struct finding *f)
{
	struct buf line;
	uint64_t h;

	buf_init(&line, 0);
	finding_json(f, &line);
	if (f->excepted)
		buf_addf(&line, "\x1f" STR_FMT "\x1f" STR_FMT "\x1f" STR_FMT "\x1f%d\x1f%d",
			 STR_ARG(f->except_owner), STR_ARG(f->except_reason),
			 STR_ARG(f->except_cells), f->except_from, f->except_until);
	h = hash_str(buf_str(&line));
	buf_fini(&line);
	return h;
}
