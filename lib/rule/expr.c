/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expr.c - the canonical text of an expression: English words, constants by code.
 *
 * Equal text means equal meaning. Lists and tables go by the digest of their content,
 * fields by national code, names of variables do not appear.
 */
#include "lib/rule/expr.h"

#include "lib/rule/knowledge.h"

static const char *const op_words[] = {
	[EXPR_CONST] = "const",	    [EXPR_FIELD] = "field",
	[EXPR_BUCKET] = "bucket",   [EXPR_LET] = "let",
	[EXPR_KEY] = "key",	    [EXPR_ROWCOL] = "col",
	[EXPR_AMOUNT] = "amount",   [EXPR_INDICATOR] = "indicator",
	[EXPR_PEER] = "peer",	    [EXPR_LOOKUP] = "lookup",
	[EXPR_INLIST] = "inlist",   [EXPR_EQ] = "eq",
	[EXPR_NE] = "ne",	    [EXPR_LT] = "lt",
	[EXPR_LE] = "le",	    [EXPR_GT] = "gt",
	[EXPR_GE] = "ge",	    [EXPR_IN] = "in",
	[EXPR_BELONGS] = "belongs", [EXPR_STARTS] = "starts",
	[EXPR_MATCH] = "match",	    [EXPR_NULL] = "null",
	[EXPR_OVER] = "over",
	[EXPR_AND] = "and",	    [EXPR_OR] = "or",
	[EXPR_NOT] = "not",	    [EXPR_ADD] = "add",
	[EXPR_SUB] = "sub",	    [EXPR_MUL] = "mul",
	[EXPR_DIV] = "div",	    [EXPR_NEG] = "neg",
	[EXPR_CALL] = "call",	    [EXPR_AGG] = "agg",
};

static const char *const agg_words[] = {
	[AGG_COUNT] = "count", [AGG_SUM] = "sum", [AGG_DISTINCT] = "distinct", [AGG_MAX] = "max",
	[AGG_MIN] = "min", [AGG_MEAN] = "mean", [AGG_MEDIAN] = "median",
	[AGG_PERCENTILE] = "percentile", [AGG_FIRST] = "first", [AGG_LAST] = "last",
	[AGG_RUNNING] = "running", [AGG_COMPANY] = "company", [AGG_BAND] = "companions",
	[AGG_MAD] = "mad", [AGG_NONE] = "",
};

static const char *const func_words[] = {
#define FUNC(id, zh, en, signature, help_zh, help_en, example) en,
#include "lib/rule/func.def"
#undef FUNC
};

static const char *const bucket_words[] = {
	[BUCKET_NONE] = "", [BUCKET_VISIT] = "visit", [BUCKET_STAY] = "stay", [BUCKET_DAY] = "day",
	[BUCKET_WEEK] = "week", [BUCKET_MONTH] = "month", [BUCKET_QUARTER] = "quarter",
	[BUCKET_YEAR] = "year", [BUCKET_INSURANCE_YEAR] = "insurance-year", [BUCKET_HOUR] = "hour",
};

static bool is_text(enum type t)
{
	return t == TYPE_CODE || t == TYPE_TEXT;
}

/* Numbers as exact fractions, so that 0.5 and 50% are one. */
static void add_const(const struct expr *e, struct buf *out)
{
	struct rat r = rat_reduce(e->rat);

	if (is_text(e->type)) {
		buf_addc(out, ' ');
		buf_json(out, e->text);
		return;
	}
	buf_addc(out, ' ');
	rat_fmt(out, (struct rat){ r.num, 1 }, 0);
	if (r.den != 1) {
		buf_addc(out, '/');
		rat_fmt(out, (struct rat){ r.den, 1 }, 0);
	}
	if (e->type == TYPE_MONEY || e->type == TYPE_TIME || e->type == TYPE_DATE ||
	    e->type == TYPE_DURATION || e->type == TYPE_FLAG)
		buf_addf(out, " %s", type_name(e->type, true));
}

static void add_leaf(const struct expr *e, struct buf *out)
{
	switch (e->op) {
	case EXPR_CONST:
		add_const(e, out);
		break;
	case EXPR_FIELD:
		buf_addf(out, " %u %s.%s", e->role, stream_name(field_get(e->field)->stream),
			 field_get(e->field)->name);
		break;
	case EXPR_BUCKET:
		buf_addf(out, " %u %s", e->role, bucket_words[e->bucket]);
		break;
	case EXPR_LET:
	case EXPR_KEY:
	case EXPR_ROWCOL:
		buf_addf(out, " %u", e->index);
		break;
	case EXPR_LOOKUP:
		buf_addf(out, " %s %u", e->table->digest, e->index);
		break;
	case EXPR_INLIST:
		buf_addf(out, " %s", e->table->digest);
		break;
	case EXPR_MATCH:
		buf_addc(out, ' ');
		buf_json(out, e->text);
		break;
	case EXPR_AGG:
	case EXPR_PEER:
		buf_addf(out, " %s", agg_words[e->agg]);
		if (e->role >= ROLE_RELATED)
			buf_addf(out, " of %u", e->role);
		break;
	case EXPR_CALL:
		buf_addf(out, " %s", func_words[e->func]);
		break;
	case EXPR_OVER:
		buf_addf(out, " %s %s %lld%s", stream_name((enum stream)e->index),
			 bucket_words[e->bucket], (long long)e->rat.num,
			 e->field == FIELD_NONE ? "" : " here");
		break;
	default:
		break;
	}
}

void expr_canon(const struct expr *e, struct buf *out)
{
	buf_addf(out, "(%s", op_words[e->op]);
	add_leaf(e, out);
	for (uint32_t i = 0; i < e->n_arg; i++) {
		buf_addc(out, ' ');
		expr_canon(e->arg[i], out);
	}
	if (e->cond != NULL) {
		buf_adds(out, " if ");
		expr_canon(e->cond, out);
	}
	buf_addc(out, ')');
}
