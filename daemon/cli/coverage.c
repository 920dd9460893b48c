/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/cli/coverage.h"

#include "daemon/cli/grid.h"
#include "lib/finding/coverage.h"

struct tell {
	const struct cli *c;
	const struct loaded *l;
	struct grid grid;
	struct buf b;
	uint32_t n, both;
};

static const char *part_word(const struct cli *c, enum coverage_part part)
{
	static const char *const zh[] = { "条件", "除外", "触发" };
	static const char *const en[] = { "where", "unless", "when" };
	return c->english || c->json ? en[part] : zh[part];
}

/* The condition as it stands in the file, its lines joined. */
static struct str source_of(const struct loaded *l, struct span at, struct arena *a)
{
	struct buf b;
	struct str text = l->diag.file[at.file].text;
	bool blank = false;
	buf_init(&b, 0);
	for (uint32_t i = at.start; i < at.end && i < text.n; i++) {
		char ch = text.p[i];
		if (ch == '\n' || ch == '\r' || ch == '\t' || ch == ' ') {
			blank = b.n > 0;
			continue;
		}
		if (blank)
			buf_addc(&b, ' ');
		blank = false;
		buf_addc(&b, ch);
	}
	struct str s = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return s;
}

static void point_json(struct tell *t, const struct rule *r, const struct coverage_point *p,
		       struct str text)
{
	struct buf place;
	buf_init(&place, 0);
	place_add(&t->l->diag, p->at, &place);
	buf_adds(&t->b, t->n ? ",{\"rule\":" : "{\"rule\":");
	buf_json(&t->b, r->id);
	buf_addf(&t->b, ",\"part\":\"%s\",\"condition\":", part_word(t->c, p->part));
	buf_json(&t->b, text);
	buf_adds(&t->b, ",\"place\":");
	buf_json(&t->b, buf_str(&place));
	buf_addf(&t->b, ",\"seen_true\":%s,\"seen_false\":%s}", p->seen_true ? "true" : "false",
		 p->seen_false ? "true" : "false");
	buf_fini(&place);
}

static void point_row(struct tell *t, const struct rule *r, const struct coverage_point *p,
		      struct str text)
{
	const struct cli *c = t->c;
	const char *gap = !p->seen_true && !p->seen_false ? cli_text(c, "从未判定", "never decided")
			: !p->seen_true ? cli_text(c, "从未成立", "never true")
					: cli_text(c, "从未不成立", "never false");
	grid_cell(&t->grid, r->id);
	grid_cell(&t->grid, str_of(part_word(c, p->part)));
	grid_cell(&t->grid, str_of(gap));
	grid_cell(&t->grid, text);
}

static void tell_rule(struct tell *t, const struct rule *r, const struct coverage *v,
		      struct arena *a)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct coverage_point *p = &v->point[i];
		struct str text = source_of(t->l, p->at, a);
		bool both = p->seen_true && p->seen_false;
		if (t->c->json)
			point_json(t, r, p, text);
		else if (!both)
			point_row(t, r, p, text);
		t->n++;
		t->both += both;
	}
}

static bool wanted(const struct text_list *only, const struct rule *r)
{
	bool yes = only->n == 0;
	for (unsigned i = 0; i < only->n && !yes; i++)
		yes = str_eq(r->id, str_of(only->v[i]));
	return yes;
}

static void head(struct tell *t)
{
	static const char *const zh[] = { "规则", "部分", "试例中", "条件" };
	static const char *const en[] = { "rule", "part", "in the examples", "condition" };
	grid_init(&t->grid, 4);
	for (unsigned i = 0; i < t->grid.columns; i++)
		grid_cell(&t->grid, str_of(t->c->english ? en[i] : zh[i]));
	grid_rule(&t->grid);
}

static enum cli_exit tell_all(struct tell *t, const struct text_list *only)
{
	const struct ruleset *rs = t->l->set;
	struct arena a;
	struct err e = { 0 };
	bool ok = true;
	arena_init(&a);
	for (uint32_t i = 0; ok && i < rs->n_rule; i++) {
		struct coverage v;
		if (!wanted(only, &rs->rule[i]))
			continue;
		ok = rule_coverage(rs, i, &a, &v, &e);
		if (ok)
			tell_rule(t, &rs->rule[i], &v, &a);
	}
	arena_fini(&a);
	return ok ? CLI_OK : cli_err(t->c, &e);
}

enum cli_exit coverage_tell(const struct cli *c, const struct loaded *l,
			    const struct text_list *only)
{
	struct tell t = { .c = c, .l = l };
	buf_init(&t.b, 0);
	head(&t);
	if (c->json)
		buf_adds(&t.b, "{\"conditions\":[");
	enum cli_exit code = tell_all(&t, only);
	if (c->json)
		buf_addf(&t.b, "],\"count\":%u,\"both_ways\":%u}\n", t.n, t.both);
	else if (t.both < t.n)
		grid_print(&t.grid, &t.b, 0);
	if (!c->json)
		buf_addf(&t.b, cli_text(c, "条件 %u 个，试例使其成立过也不成立过的 %u 个\n",
					"%u conditions, %u decided both ways by examples\n"),
			 t.n, t.both);
	if (code == CLI_OK)
		code = cli_out(c, &t.b, CLI_OK);
	grid_fini(&t.grid);
	buf_fini(&t.b);
	return code;
}
