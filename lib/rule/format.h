/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format.h - a rule file as everybody should write it: same words, one layout.
 *
 * Blocks at the margin, one clause a line, bodies in one column, tables of examples
 * aligned by terminal cells, signs in one spelling; comments, line breaks inside a clause
 * and the language of the words are the author's. Text in, text out.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/rule/diag.h"

/*
 * Formats source `file` of `d` into `out`. False when it does not parse: the reasons are in
 * `d`, and `out` is empty. What comes out has been read again: its syntax is that of the
 * source, else the source itself is given back.
 */
bool format_source(struct diag_list *d, uint32_t file, struct buf *out);

/* The same of a text by itself; diagnostics go nowhere. */
bool format_text(struct str text, struct buf *out);
