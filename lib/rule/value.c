/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * value.c - order and text of values.
 */
#include "lib/rule/value.h"

#include <stdlib.h>

#include "lib/base/civil.h"

enum { SHOWN_FRACTION = 6 };

int value_cmp(const struct value *a, const struct value *b)
{
	if (type_is_text(a->type))
		return str_cmp(a->text, b->text);
	return num_cmp(a->rat, b->rat);
}

int value_order(const struct value *a, const struct value *b)
{
	if (!a->known || !b->known)
		return (int)a->known - (int)b->known;
	return value_cmp(a, b);
}

static int compare(const void *a, const void *b)
{
	return value_order(a, b);
}

void value_sort(struct value *v, uint32_t n)
{
	if (n > 1)
		qsort(v, n, sizeof *v, compare);
}

static int64_t floor_of(struct rat r)
{
	__int128 whole = r.num / r.den;

	return (int64_t)(whole - (r.num % r.den < 0));
}

/* 3 天, 6 小时, or seconds: durations in the largest unit that is exact. */
static void add_duration(struct buf *out, struct rat r)
{
	static const struct {
		int64_t secs;
		const char *unit;
	} units[] = { { 86400, "天" }, { 3600, "小时" }, { 60, "分钟" }, { 1, "秒" } };
	size_t i = 0;
	struct rat shown = r;

	while (i < 3 && (r.den != 1 || r.num % units[i].secs != 0))
		i++;
	if (!rat_div(&shown, r, rat_int(units[i].secs)))
		shown = r;
	rat_fmt(out, shown, SHOWN_FRACTION);
	buf_adds(out, units[i].unit);
}

void value_add(struct buf *out, const struct value *v)
{
	if (!v->known)
		return;
	switch (v->type) {
	case TYPE_CODE:
	case TYPE_TEXT:
		buf_addstr(out, v->text);
		break;
	case TYPE_DATE:
		civil_add_date(out, (int32_t)floor_of(v->rat));
		break;
	case TYPE_TIME:
		civil_add_time(out, floor_of(v->rat));
		break;
	case TYPE_DURATION:
		add_duration(out, v->rat);
		break;
	case TYPE_FLAG:
		buf_adds(out, v->rat.num ? "是" : "否");
		break;
	default:
		rat_fmt(out, v->rat, SHOWN_FRACTION);
	}
}
