/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dump.c - batches as text.
 */
#include "tests/support/dump.h"

#include <stdlib.h>

#include "lib/base/civil.h"
#include "lib/base/dec.h"
#include "lib/base/mem.h"

struct who {
	struct timeline *t;
	uint32_t subject;
	enum subject_kind kind;
	struct str key;
};

static int by_key(const void *a, const void *b)
{
	const struct who *x = a, *y = b;
	int c = str_cmp(x->key, y->key);

	return c ? c : (int)x->kind - (int)y->kind;
}

static void put_number(struct buf *out, enum type t, int64_t v)
{
	if (t == TYPE_TIME)
		civil_add_time(out, v);
	else
		dec_add(out, v, type_scale(t), 0);
}

static void put_value(const struct batch *b, enum field f, uint32_t row, struct buf *out)
{
	const struct field_info *info = field_get(f);
	const void *col = b->rows[info->stream].col[info->index];
	enum width w = type_width(info->type);

	if (!col || (w == WIDTH_I64 && ((const int64_t *)col)[row] == MISSING_I64) ||
	    (w == WIDTH_I32 && ((const int32_t *)col)[row] == MISSING_I32) ||
	    (w == WIDTH_U32 && ((const uint32_t *)col)[row] == MISSING_CODE) ||
	    (w == WIDTH_U8 && ((const uint8_t *)col)[row] == TRUTH_UNKNOWN))
		return;
	buf_addf(out, " %s=", info->name);
	if (w == WIDTH_I64)
		put_number(out, info->type, ((const int64_t *)col)[row]);
	else if (w == WIDTH_I32)
		civil_add_date(out, ((const int32_t *)col)[row]);
	else if (w == WIDTH_U32)
		buf_addstr(out, dict_text(b->dict, ((const uint32_t *)col)[row]));
	else
		buf_adds(out, ((const uint8_t *)col)[row] == TRUTH_TRUE ? "true" : "false");
}

void dump_row(const struct batch *b, enum stream s, uint32_t row, struct buf *out)
{
	for (unsigned i = 0; i < stream_width(s); i++)
		put_value(b, (enum field)((unsigned)stream_first(s) + i), row, out);
}

static void dump_subject(const struct who *w, struct batch *b, struct buf *out)
{
	timeline_gather(w->t, &w->subject, 1, b, NULL);
	if (!batch_rows(b)) /* a subject whose rows all went to somebody else is no subject */
		return;
	buf_addf(out, "%d " STR_FMT "\n", w->kind, STR_ARG(w->key));
	for (int s = 0; s < STREAM_COUNT; s++) {
		for (uint32_t i = 0; i < b->rows[s].n; i++) {
			struct row_name name;

			timeline_row_name(w->t, (enum stream)s, b->rows[s].row[i], &name);
			buf_addf(out, "  %s [" STR_FMT "|" STR_FMT "|" STR_FMT "]",
				 stream_name((enum stream)s), STR_ARG(name.fixmedins_code),
				 STR_ARG(name.mdtrt_id), STR_ARG(name.serial));
			buf_addf(out, " r%lld s%d", (long long)name.revision,
				 b->rows[s].scope[i]);
			dump_row(b, (enum stream)s, i, out);
			buf_addc(out, '\n');
		}
	}
}

void dump_timelines(struct timeline *const *shard, uint32_t n, struct buf *out)
{
	struct who *who = NULL;
	struct batch b;
	uint32_t n_who = 0, cap = 0;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < timeline_subjects(shard[i]); k++) {
			GROW(who, cap, n_who + 1);
			who[n_who++] = (struct who){ shard[i], k,
				timeline_subject_kind(shard[i], k),
				timeline_subject_key(shard[i], k) };
		}
	}
	if (n_who)
		qsort(who, n_who, sizeof *who, by_key);
	batch_init(&b);
	for (uint32_t i = 0; i < n_who; i++)
		dump_subject(&who[i], &b, out);
	batch_fini(&b);
	xfree(who);
}
