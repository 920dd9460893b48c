/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.h - which field a source's column means when the feed does not say.
 *
 * Letter case does not count: some exporters write headers in capitals.
 */
#pragma once

#include "lib/record/field.h"

/* The stored field a column fills: national name, another spelling (synonyms.def) or the
 * Chinese title. FIELD_NONE when it fills none; derived fields are never filled. */
enum field names_field(enum stream s, struct str column);

/* Whether a column is known and deliberately not kept: ignored.def and derived fields. */
bool names_ignored(enum stream s, struct str column);

/* Equal but for the case of ASCII letters. */
bool names_equal(struct str a, struct str b);

/* Glob of * and ? over a whole name, ASCII case ignored. */
bool names_glob(struct str pattern, struct str name);
