/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * window.c - words for periods and windows, in rules and in table cells.
 *
 * The official 时间区间 words name calendar buckets; "7 天" and "6 小时" slide.
 */
#include "lib/rule/window.h"

#include <string.h>

static const struct {
	const char *word;
	enum bucket bucket;
} words[] = {
	{ "自然日", BUCKET_DAY }, { "单日", BUCKET_DAY }, { "同一日", BUCKET_DAY },
	{ "自然周", BUCKET_WEEK }, { "每周", BUCKET_WEEK },
	{ "自然月", BUCKET_MONTH }, { "单月", BUCKET_MONTH }, { "每月", BUCKET_MONTH },
	{ "每季度", BUCKET_QUARTER }, { "自然季度", BUCKET_QUARTER },
	{ "自然年", BUCKET_YEAR }, { "每年", BUCKET_YEAR },
	{ "医保年度", BUCKET_INSURANCE_YEAR },
	{ "单次就诊", BUCKET_VISIT }, { "当次就诊", BUCKET_VISIT }, { "当次门诊", BUCKET_VISIT },
	{ "当次住院", BUCKET_STAY }, { "单次住院", BUCKET_STAY },
	{ "同一小时", BUCKET_HOUR }, { "自然小时", BUCKET_HOUR },
	{ "day", BUCKET_DAY }, { "week", BUCKET_WEEK }, { "month", BUCKET_MONTH },
	{ "quarter", BUCKET_QUARTER }, { "year", BUCKET_YEAR },
	{ "insurance-year", BUCKET_INSURANCE_YEAR }, { "visit", BUCKET_VISIT },
	{ "stay", BUCKET_STAY }, { "hour", BUCKET_HOUR },
};

static const char *const names[][2] = {
	[BUCKET_NONE] = { "", "" },
	[BUCKET_VISIT] = { "单次就诊", "visit" },
	[BUCKET_STAY] = { "当次住院", "stay" },
	[BUCKET_DAY] = { "自然日", "day" },
	[BUCKET_WEEK] = { "自然周", "week" },
	[BUCKET_MONTH] = { "自然月", "month" },
	[BUCKET_QUARTER] = { "每季度", "quarter" },
	[BUCKET_YEAR] = { "自然年", "year" },
	[BUCKET_INSURANCE_YEAR] = { "医保年度", "insurance-year" },
	[BUCKET_HOUR] = { "同一小时", "hour" },
};

enum bucket bucket_parse(struct str word)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq(word, str_of(words[i].word)))
			return words[i].bucket;
	return BUCKET_NONE;
}

const char *bucket_word(unsigned i)
{
	return i < sizeof words / sizeof *words ? words[i].word : NULL;
}

const char *bucket_name(enum bucket b, bool english)
{
	return names[b][english];
}

bool bucket_calendar(enum bucket b)
{
	return b != BUCKET_NONE && b != BUCKET_VISIT && b != BUCKET_STAY;
}

enum window_kind window_unit(struct str unit)
{
	static const char *const days[] = { "天", "日", "day", "days" };
	static const char *const hours[] = { "小时", "hour", "hours" };

	for (size_t i = 0; i < sizeof days / sizeof *days; i++)
		if (str_eq(unit, str_of(days[i])))
			return WINDOW_DAYS;
	for (size_t i = 0; i < sizeof hours / sizeof *hours; i++)
		if (str_eq(unit, str_of(hours[i])))
			return WINDOW_HOURS;
	return WINDOW_NONE;
}

bool window_parse(struct str text, struct window *out)
{
	uint32_t n = 0;
	int64_t v = 0;

	text = str_trim(text);
	*out = (struct window){ .bucket = bucket_parse(text) };
	if (out->bucket != BUCKET_NONE) {
		out->kind = WINDOW_BUCKET;
		return true;
	}
	while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9' && n < 6)
		v = v * 10 + (text.p[n++] - '0');
	out->kind = window_unit(str_trim(str_sub(text, n, text.n - n)));
	out->n = v;
	return v > 0 && out->kind != WINDOW_NONE;
}
