/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * knowledge_index.h - finding rows of a list or table by key.
 *
 * Exact and prefix keys are hashed; a prefix key is tried at every length that
 * occurs, longest first. Tables with a pattern key are searched row by row.
 * Built once by knowledge_load; chains run in row order.
 */
#pragma once

#include "lib/rule/knowledge.h"

/* Builds k->index in the arena. False when a pattern does not compile: *row and *why tell. */
bool knowledge_index(struct knowledge *k, struct arena *a, uint32_t *row, char why[128]);
void knowledge_index_fini(struct knowledge *k);

/* Hash of a row's whole key, as the index has it. */
uint64_t knowledge_row_hash(const struct knowledge *k, uint32_t row);
