/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expr.h - a checked expression: names resolved, types known, constants folded.
 *
 * Built by the checker, read by the planner, the evaluator, the manual and the reference
 * evaluator of the tests. Immutable after checking; memory belongs to the rule set's arena.
 *
 * Levels: a CONST needs no data; a ROW expression reads fields of one record (of role 0, or
 * of both roles of a pair); a GROUP expression holds aggregates over the records of one
 * group, or reads keys, lets and peer statistics. Aggregates' arguments are ROW expressions.
 *
 * Units inside numbers: money in yuan, times and durations in seconds, dates in days. So a
 * DATE minus a DATE is a DURATION in seconds (days x 86400), and a DATE plus or minus a
 * DURATION moves by whole days (the checker has made sure of that). DATE and TIME never meet
 * in one comparison: the checker turns date constants into times. A constant DURATION written in
 * days has .bucket BUCKET_DAY, else BUCKET_HOUR. COUNT, QTY and RATIO may be mixed in + - * / and
 * comparisons once the checker has let them pass: their numbers are all in units of 1.
 */
#pragma once

#include "lib/base/rat.h"
#include "lib/record/field.h"
#include "lib/rule/diag.h"

/* 0 and 1 are the records a rule is about; behind them those of 关联, which only aggregates read. */
enum { RULE_RELATED = 2, ROLE_RELATED = 2, RULE_ROLES = ROLE_RELATED + RULE_RELATED };

enum expr_level { LEVEL_CONST, LEVEL_ROW, LEVEL_GROUP };

enum expr_op {
	/* leaves */
	EXPR_CONST,      /* .rat (numbers, in units of 1: yuan, pieces, seconds, days) or .text */
	EXPR_FIELD,      /* .field of .role */
	EXPR_BUCKET,     /* calendar bucket .bucket of the stream's event time of .role (a key) */
	EXPR_LET,        /* .index: value of the rule's n-th 令 */
	EXPR_KEY,        /* .index: value of the group's n-th key */
	EXPR_ROWCOL,     /* .table; .index: cell of the 按表 row in hand: keys 0 .. n_key-1, then value columns. Tested
			  * for equality (是) with a key column, it fits as the key's kind says
			  * (exact, prefix, regex) */
	EXPR_AMOUNT,     /* 违规金额, in 说明 */
	EXPR_INDICATOR,  /* compare: the subject's own value (x) */
	EXPR_PEER,       /* compare: .agg over peers: AGG_MEDIAN, AGG_MAD, AGG_MEAN, AGG_COUNT,
			  * AGG_PERCENTILE (arg 0: p) */
	/* look-ups */
	EXPR_LOOKUP,     /* .table, arg = keys, .index = value column: 「表」[k, …].列; missing when
			  * there is no row */
	EXPR_INLIST,     /* .table (a list), arg = key expressions */
	/* tests; result TYPE_FLAG, three-valued */
	EXPR_EQ, EXPR_NE, EXPR_LT, EXPR_LE, EXPR_GT, EXPR_GE,
	EXPR_IN,         /* arg 0 in constants arg 1.. */
	EXPR_BELONGS,    /* 属于: arg 0 begins with one of constants arg 1.. (hierarchical codes) */
	EXPR_STARTS,     /* 开头是: text prefix */
	EXPR_MATCH,      /* 匹配: PCRE2 pattern .text, compiled in .regex */
	EXPR_NULL,       /* 为空: never unknown */
	EXPR_OVER,       /* stream .index: true when the months are over that hold the .bucket of
			  * the day in hand, or .rat days to either side; else unknown. At the
			  * facility .field of .role tells, FIELD_NONE: at all */
	EXPR_AND, EXPR_OR, EXPR_NOT,
	/* arithmetic */
	EXPR_ADD, EXPR_SUB, EXPR_MUL, EXPR_DIV, EXPR_NEG,
	/* functions of func.def and aggregates */
	EXPR_CALL,       /* .func, arg */
	EXPR_AGG,        /* .agg, arg 0 = what (none for 笔数), .cond = 若 (or NULL), .role = 0,
			  * or the role of the 关联 whose records it is over; then arg and cond may
			  * read the record in hand (or the group's keys) as well */
};

enum agg {
	AGG_COUNT,       /* 笔数 */
	AGG_SUM,         /* 合计 */
	AGG_DISTINCT,    /* 不同 */
	AGG_MAX, AGG_MIN, AGG_MEAN,   /* 最大 最小 平均 */
	AGG_MEDIAN, AGG_PERCENTILE,   /* 中位 百分位 */
	AGG_FIRST, AGG_LAST,          /* 首个 末个 (in event order) */
	AGG_RUNNING,     /* 累计: greatest running sum in event order */
	AGG_COMPANY,     /* 结伴: how many come together again and again (company.h) */
	AGG_BAND,        /* 结伴名单: which */
	AGG_MAD,         /* 中位差, over peers only */
	AGG_NONE,
};

/* Calendar words (official 时间区间). BUCKET_VISIT, BUCKET_STAY are the visit the record belongs to. */
enum bucket {
	BUCKET_NONE, BUCKET_VISIT, BUCKET_STAY, BUCKET_DAY, BUCKET_WEEK, BUCKET_MONTH,
	BUCKET_QUARTER, BUCKET_YEAR, BUCKET_INSURANCE_YEAR, BUCKET_HOUR,
};

enum func {
#define FUNC(id, zh, en, signature, help_zh, help_en, example) FUNC_##id,
#include "lib/rule/func.def"
#undef FUNC
	FUNC_COUNT_ALL
};

struct expr {
	enum expr_op op;
	enum type type;
	enum expr_level level;
	uint8_t roles;          /* bit per role read */
	uint8_t role;
	enum field field;
	enum bucket bucket;
	enum agg agg;
	enum func func;
	uint32_t index;
	uint32_t n_arg;
	struct expr **arg;
	struct expr *cond;
	struct rat rat;
	struct str text;
	const struct knowledge *table;
	void *regex;            /* compiled pcre2_code, owned by the rule set */
	bool made;              /* joined by the checker: nobody wrote it */
	struct span at;
};

/* Canonical text of an expression (English keywords, constants in codes): equal text, equal
 * meaning. The rule's digest and the planner's sharing of predicates are built on it. */
void expr_canon(const struct expr *e, struct buf *out);
