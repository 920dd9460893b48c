/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scene.h - a timeline made from rowtext and one person's batch of it, for tests.
 */
#pragma once

#include "lib/timeline/timeline.h"

struct scene {
	struct timeline *t;
	struct batch b;
	struct gather_stats gs;
};

/* Rows of `text` in a new timeline, person P1 gathered. */
void scene_open(struct scene *s, const char *text);
void scene_close(struct scene *s);

/* The row of the batch with this serial (mdtrt_id for encounters, stays and visits), UINT32_MAX. */
uint32_t scene_row(const struct scene *s, enum stream stream, const char *serial);

/* Values of that row as text: "" missing, times and dates as written, numbers plain.
 * Fails the test when the row is not there. Valid until the eighth next call. */
const char *scene_value(const struct scene *s, enum field f, const char *serial);
int scene_scope(const struct scene *s, enum stream stream, const char *serial);
