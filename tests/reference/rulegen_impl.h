/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rulegen_impl.h - what the makers of random rules share.
 */
#pragma once

#include "lib/rule/keyword.h"
#include "tests/reference/rulegen.h"

struct gen {
	struct arena *a;
	struct rng *r;
	bool english;
	enum stream stream[2];
	const char *role;      /* before names: "", "甲.", "乙." */
	bool table;            /* there is a row r of 单项表 */
};

/* A keyword in the rule's language; one of a field's three names, behind the role; an operator. */
const char *gen_word(const struct gen *g, enum keyword k);
const char *gen_field(struct gen *g, enum field f);
const char *gen_op(struct gen *g);

/* A field with some of its values, and a number with its unit and a likely greatest value. */
struct coded {
	enum field field;
	const char *values[6];
};
struct numeric {
	enum field field;
	const char *unit, *unit_en;
	uint32_t most;
};
const struct coded *gen_coded(struct gen *g, unsigned role);
const struct numeric *gen_numeric(struct gen *g, unsigned role);
const char *gen_number(struct gen *g, const struct numeric *n);

/* A clause 关联 for a rule about the stream of `role`, and a trigger over its records. `keys`: of
 * the group, NULL for other rules; `item`: the item is one of them. */
void gen_related(struct gen *g, struct gen_rule *x, unsigned role, const char *keys, bool item);

/* The stream's item or diagnosis. */
enum field gen_code_field(struct gen *g, unsigned role);

/* Conditions on one record of the role in hand: a number's, any one, perhaps several in
 * brackets. */
const char *gen_numeric_cond(struct gen *g, unsigned role);
const char *gen_plain_cond(struct gen *g, unsigned role);
const char *gen_cond(struct gen *g, unsigned role);
