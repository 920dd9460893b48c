/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scene.c - see scene.h.
 */
#include "tests/support/scene.h"

#include "lib/base/civil.h"
#include "lib/base/dec.h"
#include "tests/check.h"
#include "tests/support/rowtext.h"

void scene_open(struct scene *s, const char *text)
{
	struct chunk *c = rowtext_chunk(text);
	struct err e = { 0 };
	uint32_t subject;

	memset(s, 0, sizeof *s);
	s->t = timeline_new(NULL);
	for (int k = 0; k < STREAM_STORED; k++)
		CHECK(timeline_add(s->t, c, (enum stream)k, NULL, 0, 1, &e));
	chunk_free(c);
	subject = timeline_subject_find(s->t, SUBJECT_PERSON, STR("P1"));
	CHECK(subject != UINT32_MAX);
	batch_init(&s->b);
	timeline_gather(s->t, &subject, 1, &s->b, &s->gs);
}

void scene_close(struct scene *s)
{
	batch_fini(&s->b);
	timeline_free(s->t);
}

uint32_t scene_row(const struct scene *s, enum stream stream, const char *serial)
{
	for (uint32_t i = 0; i < s->b.rows[stream].n; i++) {
		struct row_name name;
		struct str own;

		timeline_row_name(s->t, stream, s->b.rows[stream].row[i], &name);
		own = stream == STREAM_ENCOUNTER || stream >= STREAM_STORED ? name.mdtrt_id :
									     name.serial;
		if (str_eq(own, str_of(serial)))
			return i;
	}
	return UINT32_MAX;
}

static void add_value(struct buf *out, const struct batch *b, enum field f, uint32_t row)
{
	const struct field_info *info = field_get(f);
	const void *col = b->rows[info->stream].col[info->index];
	int64_t v;

	switch (type_width(info->type)) {
	case WIDTH_I32:
		if (((const int32_t *)col)[row] != MISSING_I32)
			civil_add_date(out, ((const int32_t *)col)[row]);
		return;
	case WIDTH_U32:
		buf_addstr(out, dict_text(b->dict, ((const uint32_t *)col)[row]));
		return;
	case WIDTH_U8:
		buf_addi(out, ((const uint8_t *)col)[row]);
		return;
	default:
		v = ((const int64_t *)col)[row];
		if (v != MISSING_I64 && info->type == TYPE_TIME)
			civil_add_time(out, v);
		else if (v != MISSING_I64)
			dec_add(out, v, type_scale(info->type), 0);
	}
}

const char *scene_value(const struct scene *s, enum field f, const char *serial)
{
	static char text[8][200];
	static unsigned turn;
	uint32_t row = scene_row(s, field_get(f)->stream, serial);
	struct buf out;

	if (row == UINT32_MAX)
		fail_msg("no row %s", serial);
	buf_init(&out, 0);
	add_value(&out, &s->b, f, row);
	turn = (turn + 1) % 8;
	snprintf(text[turn], sizeof text[turn], "%s", buf_cstr(&out));
	buf_fini(&out);
	return text[turn];
}

int scene_scope(const struct scene *s, enum stream stream, const char *serial)
{
	uint32_t row = scene_row(s, stream, serial);

	if (row == UINT32_MAX)
		fail_msg("no row %s", serial);
	return s->b.rows[stream].scope[row];
}
