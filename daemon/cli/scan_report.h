/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan_report.h - what a scan read, judged and found, with sums that must add up.
 *
 *   records read = rejects + re-sent + superseded + retracted + reversed + live   (per stream)
 *   records of a rule = out of scope + hit + excepted + cannot judge + no hit      (per rule)
 */
#pragma once

#include "daemon/cli/cli.h"
#include "daemon/cli/excepted.h"
#include "daemon/work/pool.h"
#include "daemon/work/readers.h"
#include "lib/rule/ruleset.h"

struct rule_sum {
	uint64_t findings, excepted, held; /* held: back, by the rule's own 除外 */
	int64_t amount, fund, excepted_amount, held_amount; /* fen */
};

struct scan_report {
	const struct ruleset *rules;
	const struct readers *readers;
	uint32_t n_file;
	uint32_t skipped; /* files of folders that no entry of the feed takes */
	const char *feed;
	struct pool_stats stats;
	const struct account *account; /* [n_rule] */
	struct rule_sum *sum;          /* [n_rule] */
	uint64_t findings, trials;     /* reported; of rules on trial */
	const struct excepted *excepted;
	double seconds; /* for people only; not in the JSON */
};

/* Counted over all files. */
struct load_sum {
	uint64_t bytes, rows, rejects, filtered, records;
	uint64_t resent, superseded, retracted, reversed, live, unsettled;
};
void report_sum(const struct scan_report *r, struct load_sum *out);

/* False with a sentence naming the first sum that does not add up. */
bool report_balance(const struct scan_report *r, struct err *e);

/* 10^-6 yuan as "1234.50". */
void report_money(struct buf *b, __int128 micro);

/* As text, and as one JSON object (with a newline). */
void report_text(const struct cli *c, const struct scan_report *r, struct buf *b);
void report_json(const struct scan_report *r, struct buf *b);
