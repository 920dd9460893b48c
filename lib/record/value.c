/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * value.c - width, scale and names of the types, as one table.
 */
#include "lib/record/value.h"

#include <assert.h>
#include <stddef.h>

static const struct type_info {
	enum width width;
	int scale;
	const char *zh, *en;
} types[] = {
	[TYPE_NONE] = { WIDTH_I64, 0, "无", "none" },
	[TYPE_MONEY] = { WIDTH_I64, MONEY_SCALE, "金额", "money" },
	[TYPE_QTY] = { WIDTH_I64, QTY_SCALE, "数量", "quantity" },
	[TYPE_COUNT] = { WIDTH_I64, 0, "次数", "count" },
	[TYPE_RATIO] = { WIDTH_I64, RATIO_SCALE, "比例", "ratio" },
	[TYPE_TIME] = { WIDTH_I64, 0, "时间", "time" },
	[TYPE_DATE] = { WIDTH_I32, 0, "日期", "date" },
	[TYPE_DURATION] = { WIDTH_I64, 0, "时长", "duration" },
	[TYPE_CODE] = { WIDTH_U32, 0, "代码", "code" },
	[TYPE_TEXT] = { WIDTH_U32, 0, "文本", "text" },
	[TYPE_FLAG] = { WIDTH_U8, 0, "是否", "flag" },
	[TYPE_ERROR] = { WIDTH_I64, 0, "错误", "error" },
};

static const struct type_info *info(enum type t)
{
	assert((size_t)t < sizeof(types) / sizeof(types[0]));
	return &types[t];
}

enum width type_width(enum type t)
{
	return info(t)->width;
}

unsigned width_bytes(enum width w)
{
	static const unsigned bytes[] = {
		[WIDTH_I64] = 8, [WIDTH_I32] = 4, [WIDTH_U32] = 4, [WIDTH_U8] = 1,
	};
	assert((size_t)w < sizeof(bytes) / sizeof(bytes[0]));
	return bytes[w];
}

int type_scale(enum type t)
{
	return info(t)->scale;
}

const char *type_name(enum type t, bool english)
{
	return english ? info(t)->en : info(t)->zh;
}
