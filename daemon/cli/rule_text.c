/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_text.c - a checked rule walked for what it reads, then written as text or JSON.
 */
#include "daemon/cli/rule_text.h"

#include <string.h>

#include "daemon/cli/grid.h"
#include "daemon/cli/ruleload.h"
#include "daemon/cli/words.h"
#include "lib/rule/cost.h"
#include "lib/rule/horizon.h"

#define USED_MAX 64u

/* Lists and tables a rule uses, each once, in the order they are met. */
struct used {
	const struct knowledge *k[USED_MAX];
	uint32_t n;
};

static void use(struct used *u, const struct knowledge *k)
{
	if (!k || u->n == USED_MAX)
		return;
	for (uint32_t i = 0; i < u->n; i++)
		if (u->k[i] == k)
			return;
	u->k[u->n++] = k;
}

static void walk(struct used *u, const struct expr *e)
{
	if (!e)
		return;
	use(u, e->table);
	walk(u, e->cond);
	for (uint32_t i = 0; i < e->n_arg; i++)
		walk(u, e->arg[i]);
}

static void walk_many(struct used *u, struct expr *const *e, uint32_t n)
{
	for (uint32_t i = 0; e && i < n; i++)
		walk(u, e[i]);
}

static void used_by(const struct rule *r, struct used *u)
{
	u->n = 0;
	use(u, r->table);
	walk(u, r->where);
	walk_many(u, r->key, r->n_key);
	walk_many(u, r->peer_key, r->n_peer_key);
	for (uint32_t i = 0; i < r->n_let; i++)
		walk(u, r->let[i].expr);
	walk(u, r->when);
	walk(u, r->amount);
	for (uint32_t i = 0; i < r->n_say; i++)
		walk(u, r->say[i].expr);
	if (!r->indicator)
		return;
	walk(u, r->indicator->where);
	walk(u, r->indicator->value);
	walk_many(u, r->indicator->key, r->indicator->n_key);
}

static bool bit(const uint8_t *map, unsigned i)
{
	return (map[i / 8] >> (i % 8)) & 1;
}

static void fields_text(const struct cli *c, const struct rule *r, struct buf *b)
{
	uint8_t map[FIELD_COUNT / 8 + 1] = { 0 };
	enum stream last = STREAM_COUNT;
	rule_fields(r, map);
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		if (!bit(map, f))
			continue;
		enum stream s = field_get((enum field)f)->stream;
		if (s != last)
			buf_addf(b, "%s%s: ", last == STREAM_COUNT ? "" : "; ", word_stream(c, s));
		else
			buf_adds(b, cli_text(c, "、", ", "));
		buf_adds(b, word_field(c, (enum field)f));
		last = s;
	}
}

static void row(struct grid *g, const char *name, struct str value)
{
	grid_cell(g, str_of(name));
	grid_cell(g, value);
}

static void stages_text(const struct cli *c, const struct rule *r, struct buf *b)
{
	static const char *const zh[] = { "事前", "事中", "事后" };
	static const char *const en[] = { "before", "during", "after" };
	for (unsigned i = 0; i < 3; i++)
		if (r->stages >> i & 1)
			buf_addf(b, "%s%s", b->n ? cli_text(c, "、", ", ") : "",
				 c->english ? en[i] : zh[i]);
}

static void streams_text(const struct cli *c, const struct rule *r, struct buf *b)
{
	for (unsigned i = 0; i < r->n_role; i++) {
		buf_addf(b, "%s%s", i ? cli_text(c, "、", ", ") : "", word_stream(c, r->stream[i]));
		if (r->role_name[i].n)
			buf_addf(b, " " STR_FMT, STR_ARG(r->role_name[i]));
	}
	for (uint32_t i = 0; i < r->n_related; i++)
		buf_addf(b, cli_text(c, "；关联 %s " STR_FMT, "; related %s " STR_FMT),
			 word_stream(c, r->related[i].stream), STR_ARG(r->related[i].name));
}

static void knowledge_text(const struct cli *c, const struct rule *r, struct buf *b)
{
	struct used u;
	used_by(r, &u);
	for (uint32_t i = 0; i < u.n; i++) {
		buf_addf(b, cli_text(c, "%s「" STR_FMT "」（%u 行", "%s「" STR_FMT "」 (%u rows"),
			 i ? cli_text(c, "、", ", ") : "", STR_ARG(u.k[i]->name), u.k[i]->n_row);
		for (uint32_t k = 1; k < u.k[i]->n_part; k++)
			buf_addf(b, cli_text(c, "，其中 %u 行增补自 " STR_FMT, ", %u of them from " STR_FMT),
				 u.k[i]->part[k].n_row, STR_ARG(u.k[i]->part[k].path));
		buf_adds(b, cli_text(c, "）", ")"));
	}
	if (u.n == 0)
		buf_adds(b, cli_text(c, "无", "none"));
}

typedef void text_fn(const struct cli *c, const struct rule *r, struct buf *b);

static void row_by(struct grid *g, const struct cli *c, const char *name, const struct rule *r,
		   text_fn *fn)
{
	struct buf b;
	buf_init(&b, 0);
	fn(c, r, &b);
	row(g, name, buf_str(&b));
	buf_fini(&b);
}

void horizon_text(const struct cli *c, const struct rule *r, struct buf *b)
{
	struct horizon h;
	rule_horizon(r, &h);
	if (h.visit)
		buf_adds(b, cli_text(c, "当次就诊", "the visit"));
	if (h.days > 0 && h.visit)
		buf_adds(b, cli_text(c, "，另 ", ", and "));
	if (h.days > 0 || !h.visit)
		buf_addf(b, cli_text(c, "%lld 天", "%lld days"), (long long)h.days);
	if (h.run)
		buf_adds(b, cli_text(c, "（窗口相连时更长）", " (more where windows chain)"));
}

void memory_text(const struct cli *c, const struct rule *r, struct buf *b)
{
	(void)c;
	buf_addf(b, "%.2f GB", (double)rule_memory(r) / 1e9);
}

static void say_text(const struct cli *c, const struct rule *r, struct buf *b)
{
	(void)c;
	for (uint32_t i = 0; i < r->n_say; i++) {
		buf_addstr(b, r->say[i].text);
		if (r->say[i].expr)
			buf_adds(b, "{…}");
	}
}

/* With what it is reckoned for. */
static void memory_line(const struct cli *c, const struct rule *r, struct buf *b)
{
	memory_text(c, r, b);
	buf_adds(b, cli_text(c, "（百万人一年的记录；各规则共用字段，不能相加）",
			     " (a year's records of a million persons; rules share fields)"));
}

static void terms(const struct cli *c, const struct rule *r, struct buf *b)
{
	(void)r;
	buf_addf(b, "%s · %s · ", word_category(c, r->category), word_nature(c, r->nature));
	buf_addf(b, cli_text(c, "级别%s · %s", "%s · %s"), word_level(c, r->severity),
		 word_state(c, r->state));
}

void rule_text(const struct cli *c, const struct diag_list *d, const struct ruleset *rs,
	       const struct rule *r, struct buf *b)
{
	struct grid g;
	struct buf place;
	buf_init(&place, 0);
	place_add(d, r->at, &place);
	grid_init(&g, 2);
	buf_addf(b, STR_FMT "「" STR_FMT "」\n\n", STR_ARG(r->id), STR_ARG(r->title));
	g.indent = 2;
	row(&g, cli_text(c, "依据", "basis"), r->basis);
	row_by(&g, c, cli_text(c, "性质", "kind"), r, terms);
	row_by(&g, c, cli_text(c, "环节", "stages"), r, stages_text);
	row(&g, cli_text(c, "形式", "form"), str_of(word_form(c, r->form)));
	row(&g, cli_text(c, "主体", "subject"), str_of(word_subject(c, r->subject)));
	row_by(&g, c, cli_text(c, "看", "looks at"), r, streams_text);
	row_by(&g, c, cli_text(c, "字段", "fields"), r, fields_text);
	row_by(&g, c, cli_text(c, "名单和表", "knowledge"), r, knowledge_text);
	row_by(&g, c, cli_text(c, "回看", "looks back"), r, horizon_text);
	row_by(&g, c, cli_text(c, "内存", "memory"), r, memory_line);
	grid_cell(&g, str_of(cli_text(c, "耗时", "time")));
	grid_cellf(&g, cli_text(c, "估计每百万条记录 %llu 毫秒（一个核）",
				"an estimated %llu ms per million records (one core)"),
		   (unsigned long long)rule_cost(rs, r));
	row_by(&g, c, cli_text(c, "说明", "says"), r, say_text);
	grid_cell(&g, str_of(cli_text(c, "试例", "examples")));
	grid_cellf(&g, "%u", r->n_example);
	grid_cell(&g, str_of(cli_text(c, "版本", "version")));
	grid_cellf(&g, "%lld", (long long)r->version);
	row(&g, cli_text(c, "摘要", "digest"), str_of(r->digest));
	row(&g, cli_text(c, "位置", "place"), buf_str(&place));
	grid_print(&g, b, 0);
	grid_fini(&g);
	buf_fini(&place);
}

static void fields_json(const struct rule *r, struct buf *b)
{
	uint8_t map[FIELD_COUNT / 8 + 1] = { 0 };
	bool first = true;
	rule_fields(r, map);
	buf_addc(b, '[');
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		if (!bit(map, f))
			continue;
		const struct field_info *i = field_get((enum field)f);
		buf_addf(b, "%s\"%s.%s\"", first ? "" : ",", stream_name(i->stream), i->name);
		first = false;
	}
	buf_addc(b, ']');
}

static void knowledge_json(const struct rule *r, struct buf *b)
{
	struct used u;
	used_by(r, &u);
	buf_addc(b, '[');
	for (uint32_t i = 0; i < u.n; i++) {
		buf_adds(b, i ? ",{\"name\":" : "{\"name\":");
		buf_json(b, u.k[i]->name);
		buf_addf(b, ",\"kind\":\"%s\",\"rows\":%u,\"digest\":\"%s\",\"files\":[",
			 u.k[i]->list ? "list" : "table", u.k[i]->n_row, u.k[i]->digest);
		for (uint32_t k = 0; k < u.k[i]->n_part; k++) {
			buf_adds(b, k ? ",{\"path\":" : "{\"path\":");
			buf_json(b, u.k[i]->part[k].path);
			buf_addf(b, ",\"rows\":%u}", u.k[i]->part[k].n_row);
		}
		buf_adds(b, "]}");
	}
	buf_addc(b, ']');
}

static void horizon_json(const struct rule *r, struct buf *b)
{
	struct horizon h;
	rule_horizon(r, &h);
	buf_addf(b, ",\"look_back\":{\"days\":%lld,\"visit\":%s,\"run\":%s}",
		 (long long)h.days, h.visit ? "true" : "false", h.run ? "true" : "false");
	buf_addf(b, ",\"bytes_per_million_persons\":%llu", (unsigned long long)rule_memory(r));
}

void rule_json(const struct diag_list *d, const struct ruleset *rs, const struct rule *r,
	       struct buf *b)
{
	const struct cli en = { .english = true };
	struct buf place;
	buf_adds(b, "{\"id\":");
	buf_json(b, r->id);
	buf_adds(b, ",\"title\":");
	buf_json(b, r->title);
	buf_addf(b, ",\"version\":%lld,\"state\":\"%s\",\"form\":\"%s\",\"subject\":\"%s\"",
		 (long long)r->version, word_state(&en, r->state), word_form(&en, r->form),
		 word_subject(&en, r->subject));
	buf_addf(b, ",\"category\":\"%s\",\"nature\":\"%s\",\"severity\":\"%s\",\"basis\":",
		 word_category(&en, r->category), word_nature(&en, r->nature),
		 word_level(&en, r->severity));
	buf_json(b, r->basis);
	buf_adds(b, ",\"streams\":[");
	for (unsigned i = 0; i < r->n_role; i++)
		buf_addf(b, "%s\"%s\"", i ? "," : "", stream_name(r->stream[i]));
	buf_adds(b, "],\"related\":[");
	for (uint32_t i = 0; i < r->n_related; i++)
		buf_addf(b, "%s\"%s\"", i ? "," : "", stream_name(r->related[i].stream));
	buf_adds(b, "],\"fields\":");
	fields_json(r, b);
	buf_adds(b, ",\"knowledge\":");
	knowledge_json(r, b);
	buf_init(&place, 0);
	place_add(d, r->at, &place);
	horizon_json(r, b);
	buf_addf(b, ",\"ms_per_million_records\":%llu", (unsigned long long)rule_cost(rs, r));
	buf_addf(b, ",\"examples\":%u,\"digest\":\"%s\",\"place\":", r->n_example, r->digest);
	buf_json(b, buf_str(&place));
	buf_addc(b, '}');
	buf_fini(&place);
}
