/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ruletext.c - a generated rule as text, and with something left out.
 */
#include "tests/reference/rulegen.h"

#include "lib/rule/keyword.h"

static void clause(struct buf *out, const struct gen_rule *g, enum keyword k, const char *text)
{
	if (text != NULL)
		buf_addf(out, "  %s  %s\n", keyword_word(k, g->english), text);
}

static void conditions(const struct gen_rule *g, struct buf *out)
{
	for (uint32_t i = 0; i < g->n_cond; i++) {
		if (i == 0)
			clause(out, g, KW_WHERE, g->cond[i]);
		else
			buf_addf(out, "        %s %s\n", keyword_word(KW_AND, g->english),
				 g->cond[i]);
	}
	clause(out, g, KW_UNLESS, g->unless);
}

static void indicator_text(const struct gen_rule *g, struct buf *out)
{
	buf_addf(out, "\n%s 「指标 %s」\n", keyword_word(KW_INDICATOR, g->english), g->id);
	clause(out, g, KW_ON, g->on);
	clause(out, g, KW_SCOPE, g->scope);
	conditions(g, out);
	clause(out, g, KW_BY, g->keys);
	clause(out, g, KW_VALUE, g->value);
	clause(out, g, KW_AT_LEAST, g->enough);
}

/* What the rule looks at, but for comparisons. */
static void looks_at(const struct gen_rule *g, struct buf *out)
{
	clause(out, g, KW_ON, g->on);
	clause(out, g, KW_SCOPE, g->scope);
	clause(out, g, KW_RELATED, g->related);
	clause(out, g, KW_BY_TABLE, g->by_table);
	clause(out, g, g->group ? KW_GROUP : KW_SAME, g->keys);
	if (g->group && g->window != NULL)
		buf_addf(out, "        %s %s\n", keyword_word(KW_WINDOW, g->english), g->window);
	clause(out, g, KW_FIRST, g->first);
	clause(out, g, KW_WINDOW, g->group ? NULL : g->window);
	conditions(g, out);
}

void rule_text(const struct gen_rule *g, struct buf *out)
{
	if (g->except != NULL)
		buf_addf(out, "\n%s\n  %s  %s.csv\n", keyword_word(KW_EXCEPTION, g->english),
			 keyword_word(KW_FROM, g->english), g->id);
	if (g->value != NULL)
		indicator_text(g, out);
	buf_addf(out, "\n%s %s 「随机」\n", keyword_word(KW_RULE, g->english), g->id);
	clause(out, g, KW_VERSION, "1");
	clause(out, g, KW_BASIS, "试验");
	clause(out, g, KW_CATEGORY, g->english ? "policy" : "政策类");
	clause(out, g, KW_NATURE, g->english ? "clue" : "线索");
	clause(out, g, KW_STAGE, g->english ? "after" : "事后");
	clause(out, g, KW_SEVERITY, g->english ? "low" : "低");
	clause(out, g, KW_STATE, g->english ? "on" : "启用");
	clause(out, g, KW_EFFECTIVE, g->effective);
	if (g->value == NULL) {
		looks_at(g, out);
	} else {
		buf_addf(out, "  %s  「指标 %s」 x\n", keyword_word(KW_COMPARE, g->english), g->id);
		clause(out, g, KW_PEERS, g->peers);
		clause(out, g, KW_WHERE, g->narrow);
	}
	for (uint32_t i = 0; i < g->n_let; i++)
		buf_addf(out, "  %s  %s = %s\n", keyword_word(KW_LET, g->english), i == 0 ? "甲量"
			 : "乙量", g->let[i]);
	clause(out, g, KW_WHEN, g->when);
	clause(out, g, KW_EXCEPTED_BY, g->except);
	clause(out, g, KW_AMOUNT, g->amount);
	clause(out, g, KW_SAY, g->english ? "suspicious" : "可疑");
}

bool rule_smaller(const struct gen_rule *g, uint32_t step, struct gen_rule *out)
{
	const char **parts[] = { &out->unless, &out->amount, &out->effective, &out->scope,
				 &out->by_table,
				 &out->enough, &out->except, &out->narrow };

	*out = *g;
	if (step < g->n_cond) {
		for (uint32_t i = step; i + 1 < g->n_cond; i++)
			out->cond[i] = out->cond[i + 1];
		out->n_cond--;
		return true;
	}
	step -= g->n_cond;
	if (step < sizeof parts / sizeof *parts) {
		*parts[step] = NULL;
		return true;
	}
	step -= (uint32_t)(sizeof parts / sizeof *parts);
	if (step == 0) {
		out->n_let = 0;
		out->when = g->when == NULL ? NULL : g->when_less;
		out->amount = NULL;
		return true;
	}
	if (step == 1) {
		out->when = NULL;
		return true;
	}
	return false;
}
