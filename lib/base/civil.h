/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * civil.h - dates and wall-clock times of China (UTC+8, no daylight saving).
 *
 * A date is days since 1970-01-01. A time is the wall clock read as if it were
 * UTC: seconds since 1970-01-01T00:00:00 on the wall. Both are negative before
 * 1970. Only the years 1850..2200 are believed; anything else is malformed.
 * Knows no clock: "now" is always handed in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/str.h"

#define CIVIL_DAY 86400
#define CIVIL_YEAR_MIN 1850
#define CIVIL_YEAR_MAX 2200

int32_t civil_days(int y, int m, int d); /* proleptic Gregorian; the date must exist */
void civil_ymd(int32_t days, int *y, int *m, int *d); /* any of the three may be NULL */
bool civil_valid(int y, int m, int d); /* exists and lies in the believed years */

/*
 * Read the forms extracts use, ASCII blanks around them ignored:
 * 2026-03-01  2026/3/1  20260301  2026年3月1日, alone or followed by a time:
 * " 09:00", " 9:00:00", "T09:00:00", each with an ignored .fraction and an optional
 * zone Z, +08:00, +0800 or +08 (converted to UTC+8); 20260301090000 and 202603010900.
 * A date alone is midnight as a time; the clock of a time is checked, then dropped, as a date.
 */
bool civil_parse_date(struct str s, int32_t *days) MUST_CHECK;
bool civil_parse_time(struct str s, int64_t *secs) MUST_CHECK;

/* Many times, neighbours often of one day. Returns n, or the first that is malformed. */
uint32_t civil_parse_many(const struct str *s, uint32_t n, int64_t *secs) MUST_CHECK;

void civil_add_date(struct buf *b, int32_t days); /* 2026-03-01 */
void civil_add_time(struct buf *b, int64_t secs); /* 2026-03-01 09:00:00 */

int32_t civil_day_of(int64_t secs);        /* floor */
int64_t civil_midnight(int32_t days);      /* seconds at 00:00 */
int32_t civil_month(int32_t days);         /* months since 1970-01 = 0 */
int32_t civil_quarter(int32_t days);       /* quarters since 1970 Q1 = 0 */
int32_t civil_year(int32_t days);          /* 2026 */
int32_t civil_weekday(int32_t days);       /* 1 Monday .. 7 Sunday */
int32_t civil_month_start(int32_t month);  /* first day of a civil_month() number */
int32_t civil_age(int32_t birth, int32_t on); /* completed years; negative before birth */
