/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan_text.c - the scan's report for people: loads, rejects, gaps, sums, rules.
 */
#include <inttypes.h>

#include "daemon/cli/grid.h"
#include "daemon/cli/scan_report.h"
#include "daemon/cli/words.h"

#define REASONS_SHOWN 20u
#define COLUMNS_SHOWN 8u

static void count_cell(struct grid *g, uint64_t v)
{
	struct buf b;
	buf_init(&b, 0);
	grid_count(&b, v);
	grid_cell(g, buf_str(&b));
	buf_fini(&b);
}

static void money_cell(struct grid *g, int64_t fen)
{
	struct buf b;
	buf_init(&b, 0);
	grid_money(&b, fen);
	grid_cell(g, buf_str(&b));
	buf_fini(&b);
}

static void heads(const struct cli *c, struct grid *g, const char *const *zh, const char *const *en)
{
	for (unsigned i = 0; i < g->columns; i++) {
		grid_cell(g, str_of(c->english ? en[i] : zh[i]));
		g->right[i] = i > 0;
	}
	grid_rule(g);
}

static void load_text(const struct cli *c, const struct scan_report *r, const struct load_sum *s,
		      struct buf *b)
{
	double mb = (double)s->bytes / 1e6, seconds = r->seconds > 0.001 ? r->seconds : 0.001;
	size_t from = b->n;
	buf_addf(b, cli_text(c, "读入 %u 个文件 %.1f MB，", "read %u files, %.1f MB, "), r->n_file,
		 mb);
	grid_count(b, s->rows);
	buf_addf(b, cli_text(c, " 行，%.2f 秒（", " rows in %.2f s ("), r->seconds);
	grid_count(b, (uint64_t)((double)s->rows / seconds));
	buf_adds(b, cli_text(c, " 行/秒）\n", " rows/s)\n"));
	if (r->skipped)
		buf_addf(b,
			 cli_text(c, "目录中有 %u 个文件不属于数据源 %s，没有读\n",
				  "%u files of the folders are none of feed %s's; not read\n"),
			 r->skipped, r->feed);
	words_singular(c, b, from);
}

static void unknown_columns(const struct cli *c, const struct scan_report *r, struct buf *b)
{
	for (uint32_t i = 0; i < r->n_file; i++) {
		const struct reader_file *f = readers_file(r->readers, i);
		if (f->n_unknown == 0)
			continue;
		size_t from = b->n;
		buf_addf(b,
			 cli_text(c, "%s：%u 列不认识，未用（有值 %" PRIu64 " 处）：",
				  "%s: %u unknown columns not used (%" PRIu64 " values): "),
			 f->path, f->n_unknown, f->stats.unknown_values);
		words_singular(c, b, from);
		for (uint32_t k = 0; k < f->n_unknown && k < COLUMNS_SHOWN; k++)
			buf_addf(b, "%s%s", k ? ", " : "", f->unknown[k]);
		buf_adds(b, f->n_unknown > COLUMNS_SHOWN ? ", …\n" : "\n");
	}
}

static void rejects_text(const struct cli *c, const struct scan_report *r, struct buf *b)
{
	const struct tally *t = readers_tally(r->readers);
	if (t->rejects == 0)
		return;
	buf_addf(b, cli_text(c, "\n拒收 %" PRIu64 " 行\n", "\n%" PRIu64 " rows rejected\n"),
		 t->rejects);
	for (uint32_t i = 0; i < t->n_reason && i < REASONS_SHOWN; i++) {
		const struct tally_reason *x = &t->reason[i];
		buf_addf(b,
			 cli_text(c, "  %s %" PRIu64 " 行，最早在 %s:%" PRIu64,
				  "  %s %" PRIu64 ", first at %s:%" PRIu64),
			 x->reason, x->n, readers_file(r->readers, x->file)->path, x->line);
		if (x->column)
			buf_addf(b, ":%u", x->column);
		buf_addf(b, "%s%s  %s\n", *x->field ? "  " : "", x->field, x->sentence);
	}
}

static void streams_text(const struct cli *c, const struct scan_report *r, struct buf *b)
{
	static const char *const zh[] = { "记录", "读入", "重复上传", "被更正",
					  "作废", "冲销", "有效" };
	static const char *const en[] = { "records",   "read",     "re-sent", "superseded",
					  "retracted", "reversed", "live" };
	const struct timeline_stats *t = &r->stats.timeline;
	const struct gather_stats *g = &r->stats.gather;
	struct grid grid;
	grid_init(&grid, 7);
	grid.indent = 2;
	heads(c, &grid, zh, en);
	for (int s = 0; s < STREAM_STORED; s++) {
		uint64_t read = readers_tally(r->readers)->records[s];
		if (read == 0)
			continue;
		grid_cell(&grid, str_of(word_stream(c, (enum stream)s)));
		count_cell(&grid, read);
		count_cell(&grid, t->resent[s]);
		count_cell(&grid, t->superseded[s]);
		count_cell(&grid, g->retracted[s]);
		count_cell(&grid, g->reversed[s]);
		count_cell(&grid, g->live[s]);
	}
	buf_addc(b, '\n');
	grid_print(&grid, b, 0);
	grid_fini(&grid);
}

static void balance_line(const struct cli *c, const struct load_sum *s, struct buf *b)
{
	buf_addf(b,
		 cli_text(c,
			  "  平衡：%" PRIu64 " = 拒收 %" PRIu64 " + 重复上传 %" PRIu64 " + 被更正 "
			  "%" PRIu64 " + 作废 %" PRIu64 " + 冲销 %" PRIu64 " + 有效 %" PRIu64 "\n",
			  "  balance: %" PRIu64 " = rejects %" PRIu64 " + re-sent %" PRIu64
			  " + superseded %" PRIu64 " + retracted %" PRIu64 " + reversed %" PRIu64
			  " + live %" PRIu64 "\n"),
		 s->records + s->rejects, s->rejects, s->resent, s->superseded, s->retracted,
		 s->reversed, s->live);
	if (s->unsettled)
		buf_addf(b,
			 cli_text(c, "  其中 %" PRIu64 " 条费用明细没有结算\n",
				  "  %" PRIu64 " of the fee lines are not settled\n"),
			 s->unsettled);
}

static void money_text(const struct cli *c, const struct scan_report *r, struct buf *b)
{
	const struct tally *t = readers_tally(r->readers);
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		const struct field_info *i = field_get((enum field)f);
		if (i->type != TYPE_MONEY || t->field[f].rows == t->field[f].missing)
			continue;
		buf_addf(b, cli_text(c, "  %s %s 合计 ", "  %s %s sums to "),
			 word_stream(c, i->stream), word_field(c, (enum field)f));
		report_money(b, t->field[f].sum);
		buf_addc(b, '\n');
	}
}

/* Fields that are read and sometimes missing. One that is always missing was never asked for, or is
 * not in these files at all: unknown inputs show in the rules' own lines. */
static void missing_text(const struct cli *c, const struct scan_report *r, struct buf *b)
{
	const struct tally *t = readers_tally(r->readers);
	const char *lead = cli_text(c, "\n缺失比例\n", "\nmissing\n");
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		const struct tally_field *x = &t->field[f];
		const struct field_info *i = field_get((enum field)f);
		if (x->missing == 0 || x->missing == x->rows)
			continue;
		buf_addf(b, "%s  %s %s %.2f%% (%" PRIu64 " / %" PRIu64 ")\n", lead,
			 word_stream(c, i->stream), word_field(c, (enum field)f),
			 100.0 * (double)x->missing / (double)x->rows, x->missing, x->rows);
		lead = "";
	}
}

static void rule_row(const struct cli *c, const struct scan_report *r, uint32_t i, struct grid *g)
{
	const struct account *a = &r->account[i];
	const struct rule_sum *s = &r->sum[i];
	grid_cellf(g, STR_FMT "%s", STR_ARG(r->rules->rule[i].id),
		   r->rules->rule[i].state == STATE_TRIAL ? cli_text(c, "（试行）", " (trial)") : "");
	count_cell(g, a->records);
	count_cell(g, a->scope_out);
	count_cell(g, a->hit);
	count_cell(g, a->excepted);
	count_cell(g, a->unknown);
	count_cell(g, a->no_hit);
	count_cell(g, s->findings);
	money_cell(g, s->amount);
	money_cell(g, s->fund);
}

/* What could not be computed, by the diagnostic's own word and sentence. */
static void uncomputed(const struct cli *c, const struct scan_report *r, struct buf *b)
{
	for (uint32_t i = 0; i < r->rules->n_rule; i++) {
		const struct { uint64_t n; enum diag_code code; const char *zh, *en; } told[] = {
			{ r->account[i].too_wide, DIAG_OVERFLOW, "算出来的数太大",
			  "the result is too large" },
			{ r->account[i].by_zero, DIAG_DIVIDE_ZERO, "除数是零", "division by zero" },
		};
		for (size_t k = 0; k < 2; k++)
			if (told[k].n > 0)
				buf_addf(b, cli_text(c, "错误[%s] " STR_FMT "：%s，%" PRIu64 " 次\n",
						     "error[%s] " STR_FMT ": %s, %" PRIu64
						     " times\n"),
					 diag_word(told[k].code), STR_ARG(r->rules->rule[i].id),
					 c->english ? told[k].en : told[k].zh, told[k].n);
	}
}

static void unknown_inputs(const struct cli *c, const struct scan_report *r, struct buf *b)
{
	for (uint32_t i = 0; i < r->rules->n_rule; i++) {
		const struct account *a = &r->account[i];
		if (a->unknown > 0 && a->unknown_field < FIELD_COUNT)
			buf_addf(b,
				 cli_text(c,
					  "  " STR_FMT " 有 %" PRIu64 " 条无法判断，缺的字段如：%"
								      "s\n",
					  "  " STR_FMT " cannot judge %" PRIu64 ", a missing field "
										"is %s\n"),
				 STR_ARG(r->rules->rule[i].id), a->unknown,
				 word_field(c, a->unknown_field));
	}
}

static void rules_text(const struct cli *c, const struct scan_report *r, struct buf *b)
{
	static const char *const zh[] = { "规则",     "记录",   "范围外", "命中",     "例外",
					  "无法判断", "未命中", "疑点",   "违规金额", "其中基金" };
	static const char *const en[] = { "rule",     "records",    "out of scope", "hit",
					  "excepted", "unknown",    "no hit",       "findings",
					  "amount",   "of the fund" };
	struct grid g;
	grid_init(&g, 10);
	g.indent = 2;
	heads(c, &g, zh, en);
	for (uint32_t i = 0; i < r->rules->n_rule; i++)
		if (rule_active(&r->rules->rule[i]))
			rule_row(c, r, i, &g);
	buf_addc(b, '\n');
	grid_print(&g, b, 0);
	grid_fini(&g);
	unknown_inputs(c, r, b);
	uncomputed(c, r, b);
	for (uint32_t i = 0; i < r->excepted->n; i++)
		excepted_line(c, &r->excepted->row[i], "", b);
	if (r->trials)
		buf_addf(b, cli_text(c, "试行规则另有疑点 %" PRIu64 " 条，不报告，不计入合计\n",
				     "%" PRIu64 " more findings of rules on trial: not reported, "
				     "in no sum\n"), r->trials);
	buf_addf(b,
		 cli_text(c, "\n疑点 %" PRIu64 " 条；规则集 %s\n",
			  "\n%" PRIu64 " findings; rule set %s\n"),
		 r->findings, r->rules->digest);
}

void report_text(const struct cli *c, const struct scan_report *r, struct buf *b)
{
	struct load_sum s;
	report_sum(r, &s);
	load_text(c, r, &s, b);
	unknown_columns(c, r, b);
	rejects_text(c, r, b);
	streams_text(c, r, b);
	balance_line(c, &s, b);
	money_text(c, r, b);
	missing_text(c, r, b);
	rules_text(c, r, b);
}
