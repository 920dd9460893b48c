/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * translate.h - the same rules in the words of the other language.
 *
 * Keywords, streams, fields, functions, periods, units and values of coded fields change;
 * titles, names in 「」, sentences, comments and what the author named stay. English spells a
 * field by its national code and a value by its code, Chinese by alias and name, so that
 * there and back again gives the Chinese file in its usual words.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/rule/marks.h"

/* Source `file` of a set that compiled without error while d->marks collected them (sorted
 * by now), formatted. False when the result would not parse; `out` is empty then. Whether the
 * meaning is the same the caller finds out by compiling it. */
bool translate_source(const struct diag_list *d, uint32_t file, bool english, struct buf *out);
