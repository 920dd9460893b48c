/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feed.h - what a source's files look like, as its feed file (conf/feeds/NAME.yaml) says.
 *
 * A feed maps file name patterns to streams, source columns to fields, source values to
 * codes, and fixes character set, constants and the extract's date. One wide row may fill
 * several streams (a visit and its fee line). The default feed takes the core-table
 * extracts (mdtrt_d, setl_d, fee_list_d, ...) as they are.
 * Knows fields, not decoding; reads text it is given, never a file.
 *
 *   name: county
 *   description: ...
 *   charset: auto            # auto | utf-8 | gb18030
 *   format: auto             # auto | csv | ndjson | national
 *   separator: ","
 *   extract_date: 2026-04-02 # revision when the rows carry none
 *   revision: intake-order   # only for feeds with no revision at all
 *   files:                   # first match wins; may have its own charset, format, separator
 *     - match: "fee_list_d*"     # glob on the file name without .gz
 *       streams:
 *         - stream: fee
 *           when: { column: claim_type, is: [institutional] } # optional filter; or not:
 *           filled: [trace_code]      # optional: only rows that have all of these; a
 *                                     #   file without such a column has none
 *           unsigned: [cnt]           # optional: numbers whose sign only repeats what
 *                                     #   another column says; it is dropped
 *           once_per: [claim_id]      # optional: only the first row of a key
 *                                     #   makes a record (recent keys are remembered)
 *           columns: { source: field, ... }  # same names map by themselves unless
 *                                            #   strict: true; the first with a value wins
 *           constants: { field: value }
 *           values: { field: { source: code, "*": code } } # "*": any other
 *           defaults: { field: value }       # when missing; value as in compose
 *           compose: { field: "{a}-{b}" }             # text made of source columns
 *   visit_class:             # computed visit class by med_type prefix, longest prefix wins
 *     "11": outpatient
 *     "21": inpatient
 *     "41": pharmacy
 */
#pragma once

#include "lib/base/err.h"
#include "lib/base/str.h"
#include "lib/record/field.h"

struct feed;

enum visit_class { VISIT_OTHER, VISIT_OUTPATIENT, VISIT_INPATIENT, VISIT_PHARMACY, VISIT_HOMEBED };

/* Parse a feed's text; `name` is for messages. NULL with place and reason on any error,
 * unknown keys included. */
struct feed *feed_parse(struct str text, const char *name, struct err *e);
void feed_free(struct feed *f);

/* The built-in default feed: core-table extracts, NDJSON and national messages as they are. */
struct feed *feed_default(void);

const char *feed_name(const struct feed *f);

/* What may stand behind the feed's name before a file's: FEED~NAME. */
#define FEED_MARK '~'

/* Whether any `files` pattern of the feed takes this file name (base name; .gz, and the feed's
 * own name in front, are ignored). */
bool feed_takes(const struct feed *f, const char *file_name);

/* Class of a med_type by the feed's prefix map (or the standard's when the feed has none). */
enum visit_class feed_visit_class(const struct feed *f, struct str med_type);
bool feed_has_classes(const struct feed *f);
bool feed_same_classes(const struct feed *a, const struct feed *b);
