/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imply.h - what one condition says about another, without any record.
 *
 * Intervals of numbers, times and dates; sets of codes and of their beginnings; rows of lists;
 * 且, 或 and 非 over them. Whatever is not understood is equal to itself only. True answers
 * are right for every record; false means that nothing is known. Pure expressions in.
 */
#pragma once

#include "lib/rule/expr.h"

/* Of equal canonical text. */
bool expr_same(const struct expr *a, const struct expr *b);

/* Whenever a holds, b holds. */
bool expr_implies(const struct expr *a, const struct expr *b);

/* a and b never hold of one record. */
bool expr_excludes(const struct expr *a, const struct expr *b);

/* Of every record of which both are known one holds. */
bool expr_exhausts(const struct expr *a, const struct expr *b);

/* A comparison of something with a constant number, turned so that the constant is right. */
struct bound {
	const struct expr *what;
	enum expr_op op;
	struct rat limit;
};
bool expr_bound(const struct expr *e, struct bound *b);
