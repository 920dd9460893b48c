/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * knowledge.c - `fundwatch knowledge list` and `knowledge check`: the lists and tables of the
 * rules, and what may be wrong with them.
 */
#include "daemon/cli/commands.h"
#include "daemon/cli/grid.h"
#include "daemon/cli/knowledge_faults.h"
#include "daemon/cli/ruleload.h"
#include "lib/base/civil.h"

#include <time.h>

struct knowledge_opts {
	const char *today, *items;
	bool strict;
};

#define EAST_8 (8 * 3600)

static bool read_today(const struct knowledge_opts *o, int32_t *day)
{
	if (o->today)
		return civil_parse_date(str_of(o->today), day);
	*day = civil_day_of((int64_t)time(NULL) + EAST_8);
	return true;
}

/* Compiles, reads the files again; `use` tells. */
static enum cli_exit with_known(struct cli *c, const struct knowledge_opts *o, int n,
				char *const *arg,
				enum cli_exit (*use)(struct cli *, const struct knowledge_opts *,
						     const struct loaded *, struct faults *))
{
	struct faults f = { .english = c->english };
	struct loaded l;
	struct err e = { 0 };
	enum cli_exit code;

	if (!read_today(o, &f.today))
		return cli_error(c, CLI_USAGE, cli_text(c, "--today 要写 YYYY-MM-DD：%s",
							"--today takes YYYY-MM-DD: %s"), o->today);
	code = rules_need_on(c, &l, n, arg, NULL, o->today);
	if (code == CLI_OK) {
		if (!faults_init(&f, l.set->knowledge, l.set->n_knowledge, &e) ||
		    (o->items && !faults_items(&f, o->items, &e)))
			code = cli_err(c, &e);
		else
			code = use(c, o, &l, &f);
		faults_fini(&f);
	}
	loaded_fini(&l);
	return code;
}

/* ---- list ---- */

static struct str newest_batch(const struct known *k)
{
	struct str best = STR("");
	int32_t day = MISSING_I32;

	for (uint32_t i = 0; i < k->k->n_row; i++) {
		int32_t from = k->k->from ? k->k->from[i] : MISSING_I32;

		if (k->row[i].batch.n && (best.n == 0 || from > day)) {
			best = k->row[i].batch;
			day = from;
		}
	}
	return best;
}

static void list_row(const struct known *k, struct grid *g)
{
	grid_cell(g, k->k->name);
	grid_cellf(g, "%u", k->k->n_row);
	grid_cellf(g, "%u", k->in_force);
	grid_cellf(g, "%u", k->samples);
	grid_cell(g, newest_batch(k));
	grid_cell(g, k->k->part[0].path);
}

static void list_text(struct cli *c, const struct faults *f, struct buf *b)
{
	static const char *const zh[] = { "名单、表", "行", "现行", "示例", "最新批次", "文件" };
	static const char *const en[] = { "list, table", "rows",         "in force",
					  "samples",     "newest batch", "file" };
	uint64_t rows = 0, in_force = 0;
	struct grid g;

	grid_init(&g, 6);
	g.right[1] = g.right[2] = g.right[3] = true;
	for (unsigned i = 0; i < 6; i++)
		grid_cell(&g, str_of(c->english ? en[i] : zh[i]));
	grid_rule(&g);
	for (uint32_t i = 0; i < f->n_known; i++) {
		list_row(&f->known[i], &g);
		rows += f->known[i].k->n_row;
		in_force += f->known[i].in_force;
	}
	grid_print(&g, b, cli_columns(c));
	grid_fini(&g);
	buf_addf(b, cli_text(c, "\n名单和表 %u 个，%llu 行，现行 %llu 行\n",
			     "\n%u lists and tables, %llu rows, %llu in force\n"),
		 f->n_known, (unsigned long long)rows, (unsigned long long)in_force);
}

static void list_json(const struct faults *f, struct buf *b)
{
	buf_adds(b, "{\"knowledge\":[");
	for (uint32_t i = 0; i < f->n_known; i++) {
		const struct known *k = &f->known[i];

		buf_adds(b, i ? ",{\"name\":" : "{\"name\":");
		buf_json(b, k->k->name);
		buf_adds(b, ",\"file\":");
		buf_json(b, k->k->part[0].path);
		buf_addf(b, ",\"list\":%s,\"rows\":%u,\"in_force\":%u,\"samples\":%u,\"batch\":",
			 k->k->list ? "true" : "false", k->k->n_row, k->in_force, k->samples);
		buf_json(b, newest_batch(k));
		buf_addf(b, ",\"digest\":\"%s\"}", k->k->digest);
	}
	buf_adds(b, "]}\n");
}

static enum cli_exit list_use(struct cli *c, const struct knowledge_opts *o,
			      const struct loaded *l, struct faults *f)
{
	enum cli_exit code;
	struct buf b;

	(void)o;
	(void)l;
	buf_init(&b, 0);
	if (c->json)
		list_json(f, &b);
	else
		list_text(c, f, &b);
	code = cli_out(c, &b, CLI_OK);
	buf_fini(&b);
	return code;
}

static enum cli_exit list_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	return with_known(c, opt, n, arg, list_use);
}

/* ---- check ---- */

static void fault_text(const struct faults *f, const struct known_fault *x, struct buf *b)
{
	buf_adds(b, x->path);
	if (x->line)
		buf_addf(b, ":%u", x->line);
	buf_addf(b, f->english ? ": %s [%s]" : "：%s［%s］", fault_word(x->kind, f->english),
		 fault_id(x->kind));
	if (x->key.n)
		buf_addf(b, " " STR_FMT, STR_ARG(x->key));
	buf_adds(b, f->english ? ": " : "：");
	buf_addstr(b, x->text);
	buf_addc(b, '\n');
}

static void fault_json(const struct known_fault *x, struct buf *b)
{
	buf_addf(b, "{\"kind\":\"%s\",\"serious\":%s,\"table\":", fault_id(x->kind),
		 fault_serious(x->kind) ? "true" : "false");
	buf_json(b, x->k->name);
	buf_adds(b, ",\"file\":");
	buf_json(b, str_of(x->path));
	buf_addf(b, ",\"line\":%u,\"key\":", x->line);
	buf_json(b, x->key);
	buf_adds(b, ",\"text\":");
	buf_json(b, x->text);
	buf_addc(b, '}');
}

static void check_text(const struct cli *c, const struct faults *f, uint32_t serious, struct buf *b)
{
	for (uint32_t i = 0; i < f->n; i++)
		fault_text(f, &f->v[i], b);
	buf_addf(b, cli_text(c, "名单和表 %u 个：要改的 %u 处，要看的 %u 处\n",
			     "%u lists and tables: %u to mend, %u to look at\n"),
		 f->n_known, serious, f->n - serious);
}

static void check_json(const struct faults *f, uint32_t serious, struct buf *b)
{
	buf_adds(b, "{\"faults\":[");
	for (uint32_t i = 0; i < f->n; i++) {
		if (i)
			buf_addc(b, ',');
		fault_json(&f->v[i], b);
	}
	buf_addf(b, "],\"tables\":%u,\"serious\":%u,\"notes\":%u}\n", f->n_known, serious,
		 f->n - serious);
}

static enum cli_exit check_use(struct cli *c, const struct knowledge_opts *o,
			       const struct loaded *l, struct faults *f)
{
	uint32_t serious = 0;
	enum cli_exit code;
	struct buf b;

	(void)l;
	faults_find(f);
	for (uint32_t i = 0; i < f->n; i++)
		serious += fault_serious(f->v[i].kind);
	buf_init(&b, 0);
	if (c->json)
		check_json(f, serious, &b);
	else
		check_text(c, f, serious, &b);
	code = cli_out(c, &b, serious || (o->strict && f->n) ? CLI_FAILED : CLI_OK);
	buf_fini(&b);
	return code;
}

static enum cli_exit check_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	return with_known(c, opt, n, arg, check_use);
}

#define TODAY_OPT                                                                                  \
	{                                                                                          \
		"today", 0, OPT_TEXT, offsetof(struct knowledge_opts, today), "YYYY-MM-DD",        \
			"按这一天看有效期，默认今天", "see validity as of this day, today by default" \
	}

static const struct opt list_opt[] = { TODAY_OPT, { 0 } };

const struct command cmd_knowledge_list = {
	.name = "knowledge list",
	.args = "[PATH...]",
	.zh = "列出名单和表：行数、现行的行数、示例行、最新批次、文件",
	.en = "list lists and tables: rows, rows in force, samples, newest batch, file",
	.opt = list_opt,
	.opt_size = sizeof(struct knowledge_opts),
	.max_args = -1,
	.exec = list_exec,
};

static const struct opt check_opt[] = {
	TODAY_OPT,
	{ "items", 0, OPT_TEXT, offsetof(struct knowledge_opts, items), "FILE",
	  "本地目录（有 med_list_codg 一列的 CSV）：不在其中的编码也报",
	  "the items there are (CSV with a column med_list_codg): codes not in it are told" },
	{ "strict", 0, OPT_FLAG, offsetof(struct knowledge_opts, strict), NULL,
	  "要看的也算没有通过", "what is only to be looked at fails too" },
	{ 0 },
};

const struct command cmd_knowledge_check = {
	.name = "knowledge check",
	.args = "[PATH...]",
	.zh = "检查名单和表：编码不明、有效期中断、限定冲突、前缀重叠、旧批次",
	.en = "look for faults in lists and tables: unknown codes, gaps, conflicts, overlaps, "
	      "stale batches",
	.more_zh = "PATH 同 check；使表不能用的错误由 check 报。诊断和手术编码与规则集里的编码表\n"
		   "核对，项目编码核对国家编码的样子，给了 --items 就与本地目录核对。",
	.more_en = "PATH as for check, which tells what makes a table unusable. Diagnoses and\n"
		   "operations are held to the code lists of the set, items to the shape of\n"
		   "national codes, and to --items when given.",
	.opt = check_opt,
	.opt_size = sizeof(struct knowledge_opts),
	.max_args = -1,
	.exec = check_exec,
};
