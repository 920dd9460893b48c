/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dump.h - what timelines show, as text that two runs can be compared by.
 *
 * Subjects of all shards sorted by key, each with its rows stream by stream: identity,
 * revision, scope and every value that is not missing. Texts, never codes or handles.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/timeline/timeline.h"

void dump_timelines(struct timeline *const *shard, uint32_t n, struct buf *out);

/* One row of a batch: " name=value" for every value there is. */
void dump_row(const struct batch *b, enum stream s, uint32_t row, struct buf *out);
