/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cost.h - what a rule costs in time, known before any record is seen.
 *
 * Nanoseconds of one core per record of its stream, which is milliseconds per million records:
 * by how each condition is computed (for all rows at once, once per code, row by row), and
 * by the form. Every record is taken to pass the conditions, so it is an upper estimate; rules
 * share conditions, so the sum over rules is more than what they take together. The numbers
 * were measured once on one machine: they rank rules, they promise no time.
 */
#pragma once

#include "lib/rule/ruleset.h"

uint64_t rule_cost(const struct ruleset *rs, const struct rule *r);
