/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * item_map.h - a province's own item codes read as national ones.
 *
 * A site declares one table by the name 「本地项目」: its codes (exact or prefix), the national
 * code (column 国家项目), dated if it likes. Fee lines, trace codes, reports and stock with such a
 * code are judged under the national one, so that every rule and table speaks of national items
 * only. Returns are paired and names looked up before, by the code that came. The table is part
 * of every rule's digest. Knows tables and batches; no files.
 */
#pragma once

#include "lib/batch/batch.h"
#include "lib/rule/knowledge.h"
#include "lib/timeline/timeline.h"

#define ITEM_MAP_NAME   "本地项目"
#define ITEM_MAP_COLUMN "国家项目"

/* Whether this is the table of local items, and which column is the national code. */
bool item_map_is(const struct knowledge *k);
bool item_map_column(const struct knowledge *k, uint32_t *column);

/* Puts national codes in place of local ones, as of each record's day. `t` is the timeline the
 * batch is of; its dictionary may get codes. What the table does not have stays. */
void item_map_apply(const struct knowledge *k, struct timeline *t, struct batch *b);
