/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv_text.h - CSV texts as spreadsheets save them: other character sets, marks, full-width signs.
 *
 * Reading decodes GB18030; repairing makes the text what the manual asks for: UTF-8 without a
 * mark, no blanks at the ends of cells, half-width digits, commas where the header has them.
 * Pure: bytes in, text out.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/str.h"

#include <stdbool.h>

/* Turns text that is no UTF-8 but sound GB18030 into UTF-8, in place; true when it did. */
bool csv_decode(struct buf *text);

/* Writes the repaired text to `out`; how many places were repaired (a mark, a row, a cell). */
uint32_t csv_repair(struct str text, struct buf *out);
