/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_file.h - what rule files bring in from CSV: lists, tables, exceptions; and overrides.
 */
#pragma once

#include "lib/rule/check.h"

/* A list or table block, loaded; appended to the set even when broken: its name is known. */
void check_file(struct checker *c, struct syn_block *b);

/* An extension's target is looked up; its rows were loaded with the target. */
void check_extension(struct checker *c, const struct syn_block *b);

/* The text of a file named in a block; false when reported. `out` is the caller's. */
bool check_load(struct checker *c, const struct syn_block *b, const struct syn_clause *from,
		struct buf *out, const char **path);

/* The override of a rule id; NULL. Reports overrides of rules that do not exist. */
struct syn_block *check_override(struct checker *c, struct str id);
void check_overrides(struct checker *c);

/* base_text.c: what changed in overridden rules since their texts were kept. */
void check_bases(struct checker *c);

/* Rows of an exception block, handed to their rules. */
void check_exceptions(struct checker *c, struct syn_block *b);
