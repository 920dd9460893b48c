/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fix.c - `fundwatch fix`: makes the repairs that are sure, round by round, until none is left.
 *
 * A round is kept only when no file that was right becomes wrong and the errors do not grow in
 * number; so the worst that can happen is nothing.
 */
#include "daemon/cli/commands.h"
#include "daemon/cli/words.h"
#include "daemon/work/files.h"
#include "lib/base/mem.h"
#include "lib/rule/csv_text.h"
#include "lib/rule/fix.h"

#include <string.h>

#define ROUNDS_MAX 50

struct fix_opts {
	bool dry_run;
};

struct fixing {
	const struct cli *c;
	struct path_list project, files, csv;
	struct diag_list diag;  /* of the texts in hand */
	struct overlay *text;   /* [files.n], malloc'd; .text.p NULL = as on disk */
	struct buf said, round; /* what was done; the same of the round in hand */
	uint32_t made;
};

/* Files of lists, tables and exceptions, each once. */
static void take_csv(struct fixing *f, struct str path)
{
	struct buf b;

	for (uint32_t i = 0; i < f->csv.n; i++)
		if (str_eq(str_of(f->csv.path[i]), path))
			return;
	buf_init(&b, 0);
	buf_addstr(&b, path);
	if (str_ends(path, STR(".csv")))
		path_list_add(&f->csv, buf_cstr(&b));
	buf_fini(&b);
}

static bool load(struct fixing *f, const struct overlay *text, struct diag_list *d, struct err *e)
{
	struct overlay *over = xcalloc(f->files.n + (size_t)1, sizeof *over);
	uint32_t n = 0;

	diag_init(d, f->c->english);
	for (uint32_t i = 0; i < f->files.n; i++)
		if (text[i].text.p != NULL)
			over[n++] = text[i];
	struct ruleset *set = rules_load_over(&f->project, over, n, NULL, d, e);

	for (uint32_t i = 0; set && i < set->n_knowledge; i++)
		for (uint32_t k = 0; k < set->knowledge[i]->n_part; k++)
			take_csv(f, set->knowledge[i]->part[k].path);
	for (uint32_t i = 0; i < d->n_files; i++)
		take_csv(f, str_of(d->file[i].name));
	ruleset_free(set);
	xfree(over);
	return e->code == ERR_NONE;
}

static uint32_t errors_in(const struct diag_list *d, const char *path)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->n; i++)
		n += diag_severity(d->diag[i].code) == SEVERITY_ERROR &&
		     strcmp(d->file[d->diag[i].at.file].name, path) == 0;
	return n;
}

static bool no_worse(const struct fixing *f, const struct diag_list *now)
{
	for (uint32_t i = 0; i < f->files.n; i++) {
		const char *path = f->files.path[i];

		if (errors_in(&f->diag, path) == 0 && errors_in(now, path) > 0)
			return false;
	}
	return now->errors <= f->diag.errors;
}

static void told(void *ctx, const struct diag *x, const struct repair *r)
{
	struct fixing *f = ctx;
	const struct source_file *s = &f->diag.file[r->at.file];
	uint32_t line, col;

	diag_place(&f->diag, r->at, &line, &col);
	buf_addf(&f->round, "%s:%u:%u: [%s] " STR_FMT " → " STR_FMT "\n", s->name, line, col,
		 diag_word(x->code), (int)(r->at.end - r->at.start), s->text.p + r->at.start,
		 STR_ARG(r->instead));
}

/* The source number of a path; UINT32_MAX when it is none. */
static uint32_t source_of(const struct diag_list *d, const char *path)
{
	for (uint32_t i = 0; i < d->n_files; i++)
		if (strcmp(d->file[i].name, path) == 0)
			return i;
	return UINT32_MAX;
}

/* New texts of one round; how many repairs there are. */
static uint32_t propose(struct fixing *f, struct overlay *text)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->files.n; i++) {
		uint32_t file = source_of(&f->diag, f->files.path[i]), here;
		struct buf b;
		size_t len;

		text[i].path = f->files.path[i];
		if (file == UINT32_MAX)
			continue;
		buf_init(&b, 0);
		here = fix_source(&f->diag, file, &b, told, f);
		n += here;
		len = b.n;
		if (here > 0 || f->text[i].text.p != NULL)
			text[i].text = str_make(buf_take(&b, NULL), len);
		buf_fini(&b);
	}
	return n;
}

static void drop_texts(const struct fixing *f, struct overlay *text)
{
	for (uint32_t i = 0; i < f->files.n; i++)
		xfree((void *)text[i].text.p);
	xfree(text);
}

/* One round; false when nothing is left to do. */
static bool one_round(struct fixing *f, struct err *e)
{
	struct overlay *text = xcalloc(f->files.n + (size_t)1, sizeof *text);
	struct diag_list now;
	uint32_t n;

	buf_reset(&f->round);
	n = propose(f, text);
	if (n == 0) {
		drop_texts(f, text);
		return false;
	}
	if (!load(f, text, &now, e) || !no_worse(f, &now)) {
		diag_fini(&now);
		drop_texts(f, text);
		return false;
	}
	diag_fini(&f->diag);
	f->diag = now;
	drop_texts(f, f->text);
	f->text = text;
	buf_addstr(&f->said, buf_str(&f->round));
	f->made += n;
	return true;
}

/* A list's or table's file as the manual wants it; text.p NULL when it is so already. */
static bool repair_csv(struct fixing *f, const char *path, struct str *text, struct err *e)
{
	struct buf was, now;
	size_t n;

	*text = (struct str){ NULL, 0 };
	buf_init(&was, 0);
	buf_init(&now, 0);
	bool ok = file_read(path, KNOWLEDGE_FILE_MAX, &was, e);
	bool decoded = ok && csv_decode(&was);
	uint32_t made = ok ? csv_repair(buf_str(&was), &now) + decoded : 0;
	if (made > 0) {
		buf_addf(&f->said, cli_text(f->c, "%s: %u 处%s\n", "%s: repaired %u%s\n"), path, made,
			 !decoded ? "" : cli_text(f->c, "，改成 UTF-8", ", made UTF-8"));
		f->made += made;
		n = now.n;
		*text = str_make(buf_take(&now, NULL), n);
	}
	buf_fini(&was);
	buf_fini(&now);
	return ok;
}

static enum cli_exit repair_files(struct fixing *f, bool dry_run)
{
	enum cli_exit code = CLI_OK;
	struct err e = { 0 };

	for (uint32_t i = 0; i < f->csv.n && code == CLI_OK; i++) {
		const char *path = f->csv.path[i];
		struct str text;

		if (!repair_csv(f, path, &text, &e) ||
		    (text.p && !dry_run && !file_write(path, text, &e)))
			code = cli_err(f->c, &e);
		xfree((void *)text.p);
	}
	return code;
}

static enum cli_exit hand_out(struct fixing *f, bool dry_run)
{
	enum cli_exit code = CLI_OK;
	struct err e = { 0 };
	struct buf note;

	for (uint32_t i = 0; i < f->files.n && !dry_run && code == CLI_OK; i++)
		if (f->text[i].text.p != NULL && !file_write(f->text[i].path, f->text[i].text, &e))
			code = cli_err(f->c, &e);
	if (code != CLI_OK)
		return code;
	buf_init(&note, 0);
	buf_addf(&note,
		 dry_run ? cli_text(f->c, "可以修复 %u 处；还剩错误 %u，警告 %u\n",
				    "%u repairs would be made; %u errors, %u warnings would be "
				    "left\n")
			 : cli_text(f->c, "修复 %u 处；还剩错误 %u，警告 %u\n",
				    "%u repairs made; %u errors, %u warnings left\n"),
		 f->made, f->diag.errors, f->diag.warnings);
	words_singular(f->c, &note, 0);
	code = cli_out(f->c, &f->said, f->diag.errors > 0 ? CLI_FAILED : CLI_OK);
	cli_note(&note);
	buf_fini(&note);
	return code;
}

static enum cli_exit fix(struct fixing *f, bool dry_run)
{
	struct err e = { 0 };
	bool ok = true;

	for (uint32_t i = 0; ok && i < f->project.n; i++)
		ok = rule_files_find(f->project.path[i], &f->files, &e);
	f->text = xcalloc(f->files.n + (size_t)1, sizeof *f->text);
	if (!ok || !load(f, f->text, &f->diag, &e))
		return cli_err(f->c, &e);
	for (int i = 0; i < ROUNDS_MAX && one_round(f, &e); i++)
		;
	if (e.code != ERR_NONE)
		return cli_err(f->c, &e);
	enum cli_exit code = repair_files(f, dry_run);
	return code == CLI_OK ? hand_out(f, dry_run) : code;
}

static enum cli_exit fix_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct fix_opts *o = opt;
	struct fixing f = { .c = c };
	enum cli_exit code;

	for (int i = 0; i < n; i++)
		path_list_add(&f.project, arg[i]);
	if (n == 0)
		path_list_add(&f.project, "rules");
	diag_init(&f.diag, c->english);
	buf_init(&f.said, 0);
	buf_init(&f.round, 0);
	code = fix(&f, o->dry_run);
	drop_texts(&f, f.text);
	buf_fini(&f.said);
	buf_fini(&f.round);
	diag_fini(&f.diag);
	path_list_fini(&f.project);
	path_list_fini(&f.files);
	path_list_fini(&f.csv);
	return code;
}

static const struct opt fix_opt[] = {
	{ "dry-run", 'n', OPT_FLAG, offsetof(struct fix_opts, dry_run), NULL,
	  "只说会怎样修，不写文件", "say what would be done, write nothing" },
	{ 0 },
};

const struct command cmd_fix = {
	.name = "fix",
	.args = "[PATH...]",
	.zh = "自动修复有把握的错误和警告",
	.en = "make the repairs that are sure",
	.more_zh = "只修有把握的：只有一个相近名字的错字，且、或混用时补上语言本来就有的括号。\n"
		   "名单和表的 CSV：GB18030 改成 UTF-8，去掉开头的标记和格子两端的空白，\n"
		   "全角的数字和逗号改成半角。\n"
		   "修完重新检查，直到没有可修的；不会让原来没有错的文件出错。还有错误时退出码为 1。",
	.more_en = "Only what is sure: a misspelt name with one near name and no other, "
			   "brackets that say\n"
		   "how `and` and `or` are read anyway. CSV of lists and\n"
		   "tables: UTF-8 without a\n"
		   "mark, no blanks around cells, half-width digits and commas. Checks again until "
		   "nothing is\n"
		   "left to repair; a file "
		   "that was right never becomes wrong. Exit code 1 while errors are left.",
	.opt = fix_opt,
	.opt_size = sizeof(struct fix_opts),
	.max_args = -1,
	.exec = fix_exec,
};
