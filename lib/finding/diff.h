/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diff.h - findings now against alerts before: raised, amended, withdrawn.
 *
 * Old and new are matched within (rule, group key) by greatest overlap of records, ties by
 * the first record's identity: the alert's id, and what people did with it, follow its
 * records. Where several alerts meet in one finding (a merge), one that people have acted on
 * goes before one nobody touched. An alert's id is a digest of (rule, key, first record when
 * raised), so that a re-run after a crash makes the same ids; an alert raised again after
 * withdrawal is the same alert with the next revision. Merges and splits are told with the
 * other alert.
 * Knows findings; no database, no time.
 */
#pragma once

#include "lib/finding/finding.h"

enum change_kind { CHANGE_RAISED, CHANGE_AMENDED, CHANGE_WITHDRAWN };

/* An alert as kept between judgings. */
struct alert {
	uint64_t id;             /* never 0, fits in 63 bits */
	uint32_t revision;       /* of the alert, from 1 */
	bool live;               /* false: withdrawn, kept so that it can be raised again */
	struct finding *finding; /* last content */
	uint64_t digest;
};

struct change {
	enum change_kind kind;
	uint64_t id;
	uint32_t revision;       /* after the change */
	bool again;              /* raised again after withdrawal */
	uint64_t other;          /* merged: where its records went; split: whence; or 0 */
	const struct finding *before, *now;  /* NULL when there is none */
	/* raised: "new", "again", "split", "excepted" (never reported);
	 * amended: "records", "amount", "rule", "content", "excepted" (no more reported),
	 * "exception over", "exception" (another one takes it); withdrawn: "records", "merged" */
	const char *why;
};

/* The alerts of one shard, by subject. Findings handed in are copied. */
struct alertbook;
struct alertbook *alertbook_new(void);
void alertbook_free(struct alertbook *a);

/* Put an alert as it was stored (start-up). */
void alertbook_load(struct alertbook *a, const struct finding *f, uint64_t id, uint32_t revision,
		    bool live);

typedef void change_fn(void *ctx, const struct change *c);

/* Alerts and findings of which this says true are left alone by alertbook_update: neither
 * compared nor withdrawn. NULL: none. */
typedef bool frozen_fn(void *ctx, const struct finding *f);
void alertbook_freeze(struct alertbook *a, frozen_fn *fn, void *ctx);

/* Whether people have acted on an alert. Asked only where alerts that stand meet in one finding,
 * or withdrawn ones do. NULL: on none. */
typedef bool handled_fn(void *ctx, uint64_t id);
void alertbook_handled(struct alertbook *a, handled_fn *fn, void *ctx);

/* Replace the findings of one subject (all rules, or only rules in `only`) by `now[0..n)`; tells
 * changes in a fixed order. */
void alertbook_update(struct alertbook *a, enum subject_kind kind, struct str subject,
		      const uint8_t *only, const struct finding *const *now, uint32_t n,
		      change_fn *fn, void *ctx);

/* Whether the subject has or had an alert. */
bool alertbook_knows(struct alertbook *a, enum subject_kind kind, struct str subject);

/* Number of live alerts. */
uint64_t alertbook_live(const struct alertbook *a);
