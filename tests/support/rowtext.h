/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rowtext.h - records written as small tables, for tests.
 *
 *   fee | feedetl_sn | fee_ocur_time    | 项目   | cnt | det_item_fee_sumamt
 *       | F1         | 2026-03-01 09:00 | 250301 | 1   | 200
 *       | F2         | 2026-03-02 09:00 | 250301 |     | 200
 *
 * A line that starts with a stream's name is a header: fields by national name, Chinese
 * title or alias. Lines that start with a bar are rows of the last header; an empty cell,
 * or 空, is missing. Columns not written take their example default (fields.def), so a
 * table says only what matters; a line's amount is then quantity x price, and its
 * in-scope amount the amount. Blank lines and lines starting with # are skipped.
 * "@revision 2026-05-01" is the extract date of the rows below that carry no updt_time.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/record/chunk.h"

/* Append the rows of `text` to c. False with line and reason. */
bool rowtext_add(struct chunk *c, const char *text, struct err *e);

/* A chunk of these rows; ends the program with the reason on stderr when the text is wrong. */
struct chunk *rowtext_chunk(const char *text);
