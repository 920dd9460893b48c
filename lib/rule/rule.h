/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule.h - a checked rule, indicator and example: what the language means, without its spelling.
 *
 * Filled by the checker, read by planner, evaluator, manual and tests; immutable afterwards.
 * All memory belongs to the rule set's arena.
 */
#pragma once

#include "lib/batch/batch.h"
#include "lib/rule/expr.h"
#include "lib/rule/knowledge.h"

enum form { FORM_EACH, FORM_GROUP, FORM_PAIR, FORM_COMPARE };
enum rule_state { STATE_OFF, STATE_TRIAL, STATE_ON };           /* 停用 试行 启用 */
enum rule_category { CATEGORY_POLICY, CATEGORY_MANAGEMENT, CATEGORY_MEDICAL };
enum nature { NATURE_VIOLATION, NATURE_SUSPECT, NATURE_CLUE };  /* 违规 可疑 线索 */
enum level { LEVEL_HIGH, LEVEL_MIDDLE, LEVEL_LOW };
enum rule_scope { SCOPE_SETTLED, SCOPE_ALL, SCOPE_UNSETTLED };  /* 有效结算明细 全部 未结算 */

enum window_kind {
	WINDOW_NONE,
	WINDOW_DAYS,      /* sliding: .n calendar dates including today */
	WINDOW_HOURS,     /* sliding: exact, unknown where the clock is 00:00:00 */
	WINDOW_BUCKET,    /* .bucket: same calendar bucket (or visit, stay) */
	WINDOW_TABLE,     /* .index: value column (a window) of the 按表 row */
};
struct window {
	enum window_kind kind;
	int64_t n;        /* days or hours */
	enum bucket bucket;
	uint32_t index;
};
/* Parse a window word ("单日", "单次就诊", "6小时", "同一小时", "7天", "自然月", English twins). */
bool window_parse(struct str text, struct window *out);

enum pick { PICK_NEAREST, PICK_EACH };

struct named_expr {
	struct str name;
	struct expr *expr;
	struct span at;
};

/* A piece of 说明: text, or an expression in braces. */
struct say_part {
	struct str text;
	struct expr *expr;
};

/*
 * 关联: other live records of the subject, paid for or not, whose keys equal those of the record
 * in hand (of a group: its own keys) and that lie within the window around it. Only aggregates
 * read them, under role ROLE_RELATED + its place.
 */
struct related {
	enum stream stream;
	struct str name;
	uint32_t n_key;
	struct expr **key;      /* over the record in hand: role 0, in a pair role 1 */
	struct expr **twin;     /* the same over the related record, role 0 */
	struct window window;   /* WINDOW_NONE, WINDOW_DAYS or WINDOW_HOURS */
	struct span at;
};

/* One exception row (rules/local): a finding whose fields equal the cells is kept in the ledger. */
struct exception {
	struct str *cell;       /* [rule.n_except], national code or value text */
	struct str owner, reason;
	int32_t from, until;    /* MISSING_I32 = open */
	struct span at;
	uint32_t declared;      /* source with the 例外 that names the row's file */
};

struct indicator {
	struct str name;
	enum stream stream;
	enum rule_scope scope;
	struct expr *where;           /* row level, NULL = all */
	uint32_t n_key;
	struct expr **key;            /* fields and one calendar bucket: the cell */
	struct expr *value;           /* group level */
	/* 至少: group level flag, NULL = always (e.g. count of visits >= 100) */
	struct expr *enough;
	struct str enough_text;
	char digest[33];
	struct span at;
};

/* A table row of an example: cells as written, by column. */
struct example_table {
	enum stream stream;
	uint32_t n_col, n_row;
	enum field *col;
	/* [n_row * n_col]; "空" was turned into missing (.p == NULL) */
	struct str *cell;
	struct span *cell_at;
};
struct example {
	struct str name;
	uint32_t n_table;
	struct example_table *table;
	int64_t expect_hits;          /* 应命中 n 条; -1 = not stated */
	bool has_amount;
	int64_t expect_amount;        /* 10^-6 yuan, total over findings */
	int64_t expect_unknown;       /* 应无法判断 n 条; -1 = not stated */
	struct span at, expect_at;
};

struct rule {
	struct str id, title;
	int64_t version;
	struct str basis;
	enum rule_category category;
	enum nature nature;
	uint8_t stages;               /* bit 0 事前, 1 事中, 2 事后 */
	enum level severity;
	enum rule_state state;
	int32_t from, until;          /* 生效; MISSING_I32 = open */
	uint32_t n_param;
	struct named_expr *param;     /* constants, overrides applied */

	enum form form;
	uint8_t n_role;               /* 1, or 2 for pairs */
	enum stream stream[2];
	struct str role_name[2];
	enum rule_scope scope;
	const struct knowledge *table;/* 按表, NULL = none */
	struct str table_var;
	struct expr *where;           /* 条件 and not 除外 folded in: `where and not unless` */
	struct expr *unless;          /* 除外 alone, for the accounting and explanations */
	/* its parts, split at 或, named as written: what it holds back is told with the first that
	 * holds */
	uint32_t n_unless;
	struct named_expr *unless_part;
	uint32_t n_key;
	struct expr **key;            /* group: 归并 keys; pair: 同 keys over role 0 */
	struct expr **key_twin;       /* pair: the same key over role 1 */
	struct window window;
	bool ordered;                 /* pair: 先 甲 后 乙 */
	int64_t gap_min, gap_max;     /* pair: interval in seconds when .gap_days false, else days;
				       * 0 and INT64_MAX when ordered without 间隔 */
	bool gap_days;
	enum pick pick;
	uint32_t n_related;
	struct related *related;
	uint32_t n_let;
	struct named_expr *let;
	struct expr *when;            /* 触发; NULL: a record or pair that passes `where` fires */
	struct expr *amount;          /* 违规金额; NULL = no amount */
	struct expr *observed, *limit;/* sides of the trigger's comparison, NULL when it has none */
	uint32_t n_except;
	/* 例外按; in a pair of role 1 (乙), unless only role 0's stream has it */
	enum field *except;
	uint32_t n_exception;
	struct exception *exception;
	uint32_t n_say;
	struct say_part *say;

	const struct indicator *indicator;  /* compare */
	struct str indicator_var;
	uint32_t n_peer_key;
	struct expr **peer_key;       /* 同类: fields of the subject's cell */
	int64_t peers_min;

	enum subject_kind subject;
	/* index of the subject in key[], -1: the record's own person */
	int32_t subject_key;
	bool person_local;            /* can be judged on one person's timeline alone */

	uint32_t n_example;
	struct example *example;
	char digest[33];              /* of its meaning: text, knowledge, exceptions, settings */
	struct span at;
};
