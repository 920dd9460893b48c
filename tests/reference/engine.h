/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h - the engine's side: rule text through the compiler, rows through the judge.
 */
#pragma once

#include "lib/rule/eval.h"
#include "tests/reference/reference.h"
#include "tests/reference/rulegen.h"

/* A compiled set of generated rules. */
struct subject {
	struct ruleset *rs;
	struct plan *plan;
};

/* Compiles the rules; false when one of them is refused, then `why` (may be NULL) tells. */
bool subject_compile(struct subject *s, struct gen_files *f, const struct gen_rule *g, uint32_t n,
		     struct buf *why);
void subject_free(struct subject *s);

/* What the engine finds: out[n_rule], in the order of the rule set. Accounts must add up. */
void engine_judge(const struct subject *s, struct history *h, struct lines *out);

/* The same history another way: rows in any order, some twice, in several batches over several
 * shards, judged in between. Findings only; accounts are those of all judgings together. */
void engine_judge_anyhow(const struct subject *s, struct history *h, struct rng *r,
			 struct lines *out);
