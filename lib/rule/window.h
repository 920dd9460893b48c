/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * window.h - the words for periods (自然日, 医保年度, 单次就诊, …) and sliding windows.
 *
 * window_parse() itself is declared in rule.h.
 */
#pragma once

#include "lib/rule/rule.h"

/* Calendar bucket of a word in either language; BUCKET_NONE when it is none. */
enum bucket bucket_parse(struct str word);

/* i-th word of the table, NULL past the end; for hints. */
const char *bucket_word(unsigned i);

/* The word a bucket is shown by. */
const char *bucket_name(enum bucket b, bool english);

/* Whether the bucket is a piece of the calendar, not a visit or stay. */
bool bucket_calendar(enum bucket b);

/* WINDOW_DAYS or WINDOW_HOURS for a unit, else WINDOW_NONE. */
enum window_kind window_unit(struct str unit);
