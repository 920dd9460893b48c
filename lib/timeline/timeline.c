/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timeline.c - life cycle, names and sums of a shard.
 */
#include "lib/timeline/timeline.h"

#include <assert.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/timeline/needs.h"
#include "lib/timeline/state.h"

struct timeline *timeline_new(const struct timeline_conf *conf)
{
	struct timeline *t = xcalloc(1, sizeof *t);
	uint8_t keep[FIELD_BITMAP];

	if (conf)
		t->conf = *conf;
	if (t->conf.wanted)
		memcpy(t->wanted, t->conf.wanted, sizeof t->wanted);
	else
		memset(t->wanted, 0xff, sizeof t->wanted);
	needs_kept(t->conf.wanted, keep);
	t->conf.wanted = t->wanted;
	t->dict = dict_new();
	for (int s = 0; s < STREAM_STORED; s++)
		store_init(&t->store[s], (enum stream)s, keep);
	for (int i = 0; i < PLACES_COUNT; i++)
		map64_init(&t->places[i].map);
	map64_init(&t->subject_of);
	return t;
}

void timeline_read(struct timeline *t, const uint8_t *wanted)
{
	memcpy(t->wanted, wanted, sizeof t->wanted);
	gather_free(t->gather); /* planned for other columns */
	t->gather = NULL;
}

void timeline_free(struct timeline *t)
{
	if (!t)
		return;
	for (int s = 0; s < STREAM_STORED; s++)
		store_fini(&t->store[s]);
	for (int i = 0; i < PLACES_COUNT; i++)
		places_fini(&t->places[i]);
	map64_fini(&t->subject_of);
	xfree(t->known);
	xfree(t->subject);
	xfree(t->dirty);
	xfree(t->shared);
	xfree(t->contested);
	xfree(t->fresh);
	intake_free(t->intake);
	gather_free(t->gather);
	undone_fini(&t->undone);
	standing_fini(&t->standing);
	dict_free(t->dict);
	xfree(t);
}

/* ---- subjects ---- */

uint32_t timeline_subjects(const struct timeline *t)
{
	return t->n_subject;
}

enum subject_kind timeline_subject_kind(const struct timeline *t, uint32_t subject)
{
	assert(subject < t->n_subject);
	return (enum subject_kind)t->subject[subject].kind;
}

struct str timeline_subject_key(const struct timeline *t, uint32_t subject)
{
	assert(subject < t->n_subject);
	return dict_text(t->dict, t->subject[subject].key);
}

uint32_t timeline_subject_find(const struct timeline *t, enum subject_kind k, struct str key)
{
	uint32_t code = dict_find(t->dict, key);

	return code ? subject_find(t, k, code) : UINT32_MAX;
}

const uint32_t *timeline_dirty(const struct timeline *t, uint32_t *n)
{
	*n = t->n_dirty;
	return t->dirty;
}

void timeline_clean(struct timeline *t)
{
	for (uint32_t i = 0; i < t->n_dirty; i++)
		t->subject[t->dirty[i]].flags &= (uint8_t)~SUBJECT_DIRTY;
	t->n_dirty = 0;
}

/* ---- names ---- */

static void name_row(const struct timeline *t, enum stream s, uint32_t row, struct row_name *name)
{
	const struct store *st = &t->store[s];
	struct row_room room;
	const struct row *r = store_see(st, row, &room);
	enum places_kind kind = stream_plan(s)->places;
	const struct place *p = &t->places[kind].v[r->place];

	name->stream = s;
	name->fixmedins_code = name->mdtrt_id = (struct str){ 0 };
	name->serial = store_serial(st, r, name->room);
	name->revision = unpack_time(&st->spill, r->revision);
	name->digest = r->digest;
	name->ref = r->ref;
	name->line = r->line;
	if (kind == PLACES_VISIT || kind == PLACES_STOCK) {
		name->fixmedins_code = dict_text(t->dict, p->a);
		name->mdtrt_id = dict_text(t->dict, p->b);
	}
	if (s == STREAM_DIAGNOSIS || s == STREAM_OPERATION) {
		enum field f = s == STREAM_DIAGNOSIS ? FIELD_diagnosis_fixmedins_code :
						       FIELD_operation_fixmedins_code;

		name->fixmedins_code =
			dict_text(t->dict, row_u32(r, layout_cell(&st->layout, f).off));
	}
}

/* Derived rows stand for a stored one. */
static enum stream stored_row(enum stream s, uint32_t *row)
{
	if (s != STREAM_STAY && s != STREAM_VISIT)
		return s;
	s = *row & ROW_LIMIT ? STREAM_SETTLEMENT : STREAM_ENCOUNTER;
	*row &= ~ROW_LIMIT;
	return s;
}

void timeline_row_name(const struct timeline *t, enum stream s, uint32_t row, struct row_name *out)
{
	s = stored_row(s, &row);
	name_row(t, s, row, out);
}

uint64_t row_version(const struct timeline *t, enum stream s, uint32_t row)
{
	struct row_room room;

	s = stored_row(s, &row);
	return version_of(&t->store[s], store_see(&t->store[s], row, &room));
}

/* ---- dictionary ---- */

const struct dict *timeline_dict(const struct timeline *t)
{
	return t->dict;
}

uint32_t timeline_code(struct timeline *t, struct str s)
{
	return dict_code(t->dict, s);
}

/* ---- sums ---- */

static size_t places_bytes(const struct timeline *t)
{
	size_t sum = 0;

	for (int i = 0; i < PLACES_COUNT; i++)
		sum += map64_bytes(&t->places[i].map) +
		       t->places[i].cap * sizeof *t->places[i].v;
	return sum;
}

void timeline_stats_get(const struct timeline *t, struct timeline_stats *out)
{
	memset(out, 0, sizeof *out);
	for (int s = 0; s < STREAM_STORED; s++) {
		const struct store *st = &t->store[s];

		out->records[s] = st->records;
		out->resent[s] = st->resent;
		out->superseded[s] = st->superseded + st->hidden;
		out->retracted[s] = t->undone.retracted[s];
		out->reversed[s] = t->undone.reversed[s];
		out->bytes += store_bytes(st);
	}
	out->subjects = t->n_subject;
	out->compared = t->compared;
	out->bytes += dict_bytes(t->dict) + places_bytes(t) + map64_bytes(&t->subject_of) +
		      t->cap_known * sizeof *t->known + t->cap_subject * sizeof *t->subject +
		      t->cap_dirty * sizeof *t->dirty + t->cap_shared * sizeof *t->shared +
		      t->cap_fresh * sizeof *t->fresh;
}
