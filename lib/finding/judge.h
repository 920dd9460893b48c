/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.h - one shard's timelines and the evaluator over them: records in, findings out.
 *
 * Scan, daemon, replay, examples and bundles all judge through this file, so that they give
 * the same answer. A judge belongs to one thread at a time; several judges (shards) of one
 * plan may run in parallel, since the plan is immutable.
 *
 *   every shard, own thread    judge_add ...                     records
 *   one thread, shards idle    judge_reconcile                   only when n > 1
 *   every shard, own thread    judge_subjects                    person findings; cells filled
 *   one thread, shards idle    verdict_begin                     facility and compare rules
 *   every shard, own thread    verdict_split, then verdict_judge its share of all cells
 *   one thread, shards idle    verdict_group                     who is compared with whom
 *   every shard, own thread    verdict_compare its share         only when that was true
 *   one thread, shards idle    verdict_decide                    what fired
 *   every shard, own thread    judge_evidence                    their records
 *   one thread, shards idle    verdict_findings
 *
 * "Idle" means: no thread is inside any judge function of these shards, and what the threads
 * wrote is visible (a join, a mutex or a queue hand-over). Each step begins when all shards are
 * done with the one before. Without plan_has_cells() the steps behind judge_subjects are left out.
 * Knows timelines, plans, cells and findings; no files, threads or database.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/finding/finding.h"
#include "lib/rule/eval.h"
#include "lib/stat/cells.h"
#include "lib/timeline/timeline.h"

struct judge;

struct judge_conf {
	/* As for the timeline; `wanted` NULL means plan_wanted(plan). A daemon that reloads rules
	 * gives `all_fields`, so that rules loaded later find their fields. */
	struct timeline_conf timeline;
	bool all_fields;
	/* Subjects will be judged again and again: cells remember each subject's contribution. */
	bool replaceable;
	/* Keep what judge_all gathers, in columns, for the next judge_all: of other rules over the
	 * same records it reads only what they read. Costs the columns' memory (kept.h). */
	bool keep;
	uint32_t batch_rows;        /* aim for rows per batch, 0 = default */
};

/* The plan is borrowed and must outlive the judge (or be replaced first). */
struct judge *judge_new(const struct plan *p, const struct judge_conf *conf);
void judge_free(struct judge *j);

/* The shard's timeline, to add records to and to look names up in. */
struct timeline *judge_timeline(struct judge *j);
const struct plan *judge_plan(const struct judge *j);

/* Judge by another plan from now on. Timelines stay, cells and accounts start afresh: every subject
 * must be judged again for its cells to be complete. */
void judge_replan(struct judge *j, const struct plan *p);

/*
 * Which months of which streams and regions are over: an input of judging like the records.
 * Cells are judged and compared, and calendar periods without a record believed, only where
 * they are. NULL, as after judge_new: all (scan, examples). Borrowed until the next call; kept
 * by judge_replan. The verdict of judge_cells goes by that of the first shard.
 */
void judge_complete(struct judge *j, const struct complete *c);

/* timeline_add and timeline_reconcile in this module's terms. */
bool judge_add(struct judge *j, const struct chunk *c, enum stream s, const uint32_t *row,
	       uint32_t n, uint32_t ref, struct err *e);
void judge_reconcile(struct judge *const *shard, uint32_t n);

/*
 * Judge subjects: gathers them batch by batch, appends the findings that hold now to `out`
 * (NULL: only count and fill cells), and replaces the subjects' contributions to the cells.
 * `only` (bitmap over rule index, NULL = all) restricts the person rules. Findings come in no
 * order: findings_sort before showing. Excepted findings are among them with `excepted` set.
 */
void judge_subjects(struct judge *j, const uint32_t *subject, uint32_t n, const uint8_t *only,
		    struct findings *out);

/* All subjects of the shard, or all that changed since the last judge_clean. */
void judge_all(struct judge *j, const uint8_t *only, struct findings *out);
void judge_dirty(struct judge *j, const uint8_t *only, struct findings *out);
void judge_clean(struct judge *j);

/*
 * What the cells say, over all shards: fired cells that shards collect records for. A verdict may
 * be kept from one judging to the next (shards must then be replaceable): a round goes from
 * verdict_begin to verdict_findings and looks only at cells that changed since the last one, and
 * at their peers. Parts are numbered 0 .. n-1 like the shards; different parts may be split, and
 * once all are split judged, by different threads at the same time. Freed before the shards are,
 * or are given another plan.
 */
struct verdict;
struct verdict *verdict_new(struct judge *const *shard, uint32_t n);
void verdict_begin(struct verdict *v);
void verdict_split(struct verdict *v, uint32_t part);
void verdict_judge(struct verdict *v, uint32_t part);
bool verdict_group(struct verdict *v);
void verdict_compare(struct verdict *v, uint32_t part);
void verdict_decide(struct verdict *v);
/* Adds the accounts of all cells as they stand to `account` ([n_rule]). */
void verdict_accounts(const struct verdict *v, struct account *account);
/* A new verdict's first round up to here, on one thread; `account` may be NULL. */
struct verdict *judge_cells(struct judge *const *shard, uint32_t n, struct account *account);
void verdict_free(struct verdict *v);
uint32_t verdict_count(const struct verdict *v);

/* Collect the shard's records of fired cells into its part. Shards may do this at the same time. */
void judge_evidence(struct judge *j, struct verdict *v, uint32_t part);

/* The finished findings of all fired cells, appended to `out`. One thread, after all parts. */
void verdict_findings(struct verdict *v, struct findings *out);

/*
 * Where all timelines together are more than memory, shards live one after another; their cells
 * are kept elsewhere as bytes (cells_cut), and judged range by range of their keys:
 *
 *   each shard in turn   judge_all; judge_cut_cells; judge_free
 *   verdict_by_range; for each range: cells_join of its pieces; verdict_range
 *   each shard again     the same records into a new judge; judge_meet; judge_evidence; judge_free
 *   verdict_findings
 *
 * The records may be put off after each shard, as bytes by bin of the hits: then, instead of
 * verdict_findings, for each bin: verdict_take_back of its pieces; verdict_bin.
 */
void judge_cut_cells(const struct judge *j, uint32_t bins, cells_piece_fn *fn, void *ctx);
/* Memory held by the shard's cells. */
size_t judge_cells_bytes(const struct judge *j);
/* Fills the cells from the timelines as they stand; no person rule is judged. */
void judge_prime(struct judge *j);
/* Records will be collected in `parts` parts, each for shards of one thread. */
struct verdict *verdict_by_range(uint32_t parts, const struct complete *complete);
/* Judges all cells of a range, and adds their accounts; `cells` may go then. */
#define VERDICT_RANGES (1u << 16)
void verdict_range(struct verdict *v, struct cells *cells, struct account *account);
void verdict_put_off(struct verdict *v, uint32_t bins, cells_piece_fn *fn, void *ctx);
/* False when the bytes do not hold together. */
bool verdict_take_back(struct verdict *v, struct str piece, struct err *e);
/* The findings of a bin, in no order, appended to `out`; their records are forgotten. */
void verdict_bin(struct verdict *v, uint32_t bin, uint32_t bins, struct findings *out);
/* This judge has the records of a shard again: finds its fired cells, for judge_evidence. */
void judge_meet(struct judge *j, struct verdict *v, uint32_t part);

/* Bytes of the columns kept, 0 without `keep`. */
size_t judge_kept_bytes(const struct judge *j);

/* Per-rule accounts [n_rule] and gather sums since judge_new or judge_replan. */
const struct account *judge_accounts(const struct judge *j);
const struct gather_stats *judge_gathered(const struct judge *j);

/* Add accounts and sums up over shards. */
void account_add(struct account *into, const struct account *from, uint32_t n_rule);
void gather_stats_add(struct gather_stats *into, const struct gather_stats *from);
