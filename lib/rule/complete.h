/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * complete.h - which months are over: what may be compared, or concluded from absence.
 *
 * A month of a stream in a region is over once somebody has closed it: what will be said of it
 * has been said, and what comes later anyway waits for the next close. The set is one pure
 * input of judging, handed in and borrowed; NULL everywhere means that all periods are over, as
 * in an offline scan. Nothing here knows the time of day.
 *
 * A region is a division code (医保区划) without its trailing 00 pairs: closing 3301 closes all
 * facilities below it, closing the empty region all there are. A facility lies in the region its
 * code names (H 330102 00001); of any other code nothing is known, and only the empty region
 * closes it.
 */
#pragma once

#include "lib/base/str.h"
#include "lib/record/field.h"

struct complete;

/* No month is over. */
struct complete *complete_new(void);
void complete_free(struct complete *c); /* NULL is fine */

/* `month` as civil_month() counts. Closing twice is closing once; opening takes back the close
 * of exactly this region, stream and month. The region is kept as complete_region writes it. */
void complete_close(struct complete *c, struct str region, enum stream s, int32_t month);
void complete_open(struct complete *c, struct str region, enum stream s, int32_t month);

/* "330100" is "3301", "*" and "000000" are "": a view into `region`. */
struct str complete_region(struct str region);

/* The region in a facility's code; empty when it names none. */
struct str complete_region_of(struct str fixmedins_code);

/* Whether every month from day `from` to day `to` is over for this stream at this facility (an
 * empty code: everywhere). Of stays and visits: encounters and settlements both. A missing day
 * is never over. */
bool complete_days(const struct complete *c, struct str fixmedins_code, enum stream s,
		   int32_t from, int32_t to);

/* Whether any month from day `from` to day `to` is in the set, for any of the stream's streams. */
bool complete_touches(const struct complete *c, struct str fixmedins_code, enum stream s,
		      int32_t from, int32_t to);

/* Number of closed (region, stream, month). */
uint32_t complete_count(const struct complete *c);

/* Grows with every change: the same number of the same set, the same answers. */
uint64_t complete_version(const struct complete *c);
