/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * journal.c - `fundwatch journal list` and `verify`: what waits for the database, and whether
 * every byte of it is as it was written.
 *
 * Reads files only; the daemon may be running.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/grid.h"
#include "daemon/cli/folders.h"
#include "daemon/journal/archive.h"
#include "daemon/journal/read.h"
#include "lib/base/civil.h"
#include "lib/base/map.h"
#include "lib/base/mem.h"

#define CHINA_SECONDS (8 * 3600)

struct journal_opts {
	struct folder_opts folders;
	bool all;
};

/* One item of the segments that are there. */
struct listed {
	struct journal_item *item;
	uint64_t segment;
	bool bytes, whole, done; /* in the journal; with the digest they had; marked */
};

struct view {
	struct listed *list;
	uint32_t n, cap;
	struct map64 place;      /* item number -> place in list + 1 */
	struct journal_found found;
	struct archive archive;
	uint64_t waiting, waiting_bytes, checked;
};

static bool same_digest(const struct journal_item *it, struct str bytes)
{
	struct digest d;
	char got[DIGEST_HEX];
	digest_init(&d);
	digest_add(&d, bytes.p, bytes.n);
	digest_hex(&d, got);
	return bytes.n == it->bytes && strcmp(got, it->digest) == 0;
}

static bool take_entry(void *ctx, uint64_t segment, const struct segment_entry *en, struct err *e)
{
	struct view *v = ctx;
	struct str bytes = { NULL, 0 };
	uint64_t at;
	if (en->kind == ENTRY_DONE) {
		if (map64_get(&v->place, en->number, &at))
			v->list[at - 1].done = true;
		return true;
	}
	struct journal_item *it = input_parse(en, &bytes);
	if (!it)
		return err_set(e, ERR_INPUT, "journal segment %016" PRIu64 " offset %" PRIu64
			       ": the entry does not say what it should", segment, en->offset);
	GROW(v->list, v->cap, v->n + 1);
	v->list[v->n++] = (struct listed){ it, segment, en->kind == ENTRY_BYTES,
					   same_digest(it, bytes), false };
	(void)map64_put(&v->place, en->number, v->n);
	return true;
}

static void view_fini(struct view *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		journal_item_free(v->list[i].item);
	xfree(v->list);
	map64_fini(&v->place);
	archive_close(&v->archive);
}

/* An archive that was never made is an empty one. */
static bool view_open(struct view *v, const struct journal_opts *o, struct err *e)
{
	struct buf journal, archive;
	struct err ignored;
	*v = (struct view){ .archive.dir = -1 };
	map64_init(&v->place);
	buf_init(&journal, 0);
	buf_init(&archive, 0);
	bool ok = folders_find(&o->folders, &journal, &archive, e);
	int dir = ok ? open(buf_cstr(&journal), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (ok && dir < 0)
		ok = err_set(e, ERR_WORLD, "journal folder %s: %s", buf_cstr(&journal),
			     strerror(errno));
	if (ok && !archive_open(&v->archive, buf_cstr(&archive), false, &ignored))
		v->archive.dir = -1;
	ok = ok && journal_read(dir, take_entry, v, &v->found, e);
	if (dir >= 0)
		(void)close(dir);
	for (uint32_t i = 0; i < v->n; i++) {
		v->waiting += !v->list[i].done;
		v->waiting_bytes += v->list[i].done ? 0 : v->list[i].item->bytes;
	}
	buf_fini(&journal);
	buf_fini(&archive);
	return ok;
}

/* ---- list ---- */

static void time_text(struct buf *b, int64_t at)
{
	civil_add_time(b, at / 1000000 + CHINA_SECONDS);
}

static void list_text(const struct cli *c, const struct view *v, bool all, struct buf *b)
{
	static const char *const zh[] = { "编号", "收到时间", "来源", "名称", "字节", "状态" };
	static const char *const en[] = { "item", "taken", "source", "name", "bytes", "state" };
	struct grid g;
	struct buf at;
	buf_init(&at, 0);
	grid_init(&g, 6);
	g.right[0] = g.right[4] = true;
	for (unsigned i = 0; i < 6; i++)
		grid_cell(&g, str_of(c->english ? en[i] : zh[i]));
	grid_rule(&g);
	for (uint32_t i = 0; i < v->n; i++) {
		const struct listed *l = &v->list[i];
		if (l->done && !all)
			continue;
		buf_reset(&at);
		time_text(&at, l->item->at);
		grid_cellf(&g, "%" PRIu64, l->item->number);
		grid_cell(&g, buf_str(&at));
		grid_cell(&g, str_of(l->item->in.source));
		grid_cell(&g, str_of(l->item->in.name));
		grid_cellf(&g, "%" PRIu64, l->item->bytes);
		grid_cell(&g, str_of(l->done ? cli_text(c, "已入库", "done")
					     : cli_text(c, "等待入库", "waits")));
	}
	if (v->waiting > 0 || (all && v->n > 0))
		grid_print(&g, b, cli_columns(c));
	buf_addf(b, cli_text(c, "%" PRIu64 " 份等待入库，共 %" PRIu64 " 字节\n",
			     "%" PRIu64 " wait for the database, %" PRIu64 " bytes\n"),
		 v->waiting, v->waiting_bytes);
	grid_fini(&g);
	buf_fini(&at);
}

static void item_json(const struct listed *l, struct buf *b)
{
	const struct journal_item *it = l->item;
	buf_addf(b, "{\"item\":%" PRIu64 ",\"state\":\"%s\",\"taken\":\"", it->number,
		 l->done ? "done" : "waits");
	time_text(b, it->at);
	buf_adds(b, "\",\"source\":");
	buf_json(b, str_of(it->in.source));
	buf_adds(b, ",\"name\":");
	buf_json(b, str_of(it->in.name));
	buf_adds(b, ",\"feed\":");
	buf_json(b, str_of(it->in.feed));
	buf_adds(b, ",\"key\":");
	buf_json(b, str_of(it->in.key));
	buf_adds(b, ",\"scope\":");
	buf_json(b, str_of(it->in.scope));
	buf_addf(b, ",\"bytes\":%" PRIu64 ",\"digest\":\"%s\",\"segment\":%" PRIu64
		 ",\"in_journal\":%s}", it->bytes, it->digest, l->segment,
		 l->bytes ? "true" : "false");
}

static void list_json(const struct view *v, bool all, struct buf *b)
{
	const char *comma = "";
	buf_addf(b, "{\"waiting\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"items\":[", v->waiting,
		 v->waiting_bytes);
	for (uint32_t i = 0; i < v->n; i++) {
		if (v->list[i].done && !all)
			continue;
		buf_adds(b, comma);
		item_json(&v->list[i], b);
		comma = ",";
	}
	buf_adds(b, "]}\n");
}

static enum cli_exit list_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct journal_opts *o = opt;
	struct view v;
	struct err e = { 0 };
	struct buf b;
	(void)n, (void)arg;
	buf_init(&b, 0);
	bool ok = view_open(&v, o, &e);
	if (ok && c->json)
		list_json(&v, o->all, &b);
	else if (ok)
		list_text(c, &v, o->all, &b);
	enum cli_exit code = ok ? cli_out(c, &b, CLI_OK) : cli_err(c, &e);
	buf_fini(&b);
	view_fini(&v);
	return code;
}

/* ---- verify ---- */

/* What waits must be there to be given again. */
static bool check_items(struct view *v, struct err *e)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct listed *l = &v->list[i];
		if (l->bytes && !l->whole)
			return err_set(e, ERR_INPUT, "journal: item %" PRIu64 " has other bytes "
				       "than its digest says", l->item->number);
		if (l->bytes || l->done)
			continue;
		if (v->archive.dir < 0)
			return err_set(e, ERR_INPUT, "journal: item %" PRIu64 " waits, but there "
				       "is no archive", l->item->number);
		if (!archive_check(&v->archive, l->item->digest, e))
			return err_wrap(e, "journal: item %" PRIu64, l->item->number);
		v->checked++;
	}
	return true;
}

static bool check_archive(struct view *v, struct err *e)
{
	return v->archive.dir < 0 || archive_each(&v->archive, &v->checked, e);
}

static void verify_text(const struct cli *c, const struct view *v, const struct err *e,
			struct buf *b)
{
	const struct journal_found *f = &v->found;
	if (e) {
		buf_addf(b, cli_text(c, "损坏：%s\n", "damaged: %s\n"), e->text);
		return;
	}
	buf_addf(b, cli_text(c, "完好：%" PRIu64 " 个分段、%" PRIu64 " 条、%" PRIu64
				" 字节；%" PRIu64 " 份等待入库；核对档案文件 %" PRIu64 " 个\n",
			     "whole: %" PRIu64 " segments, %" PRIu64 " entries, %" PRIu64
			     " bytes; %" PRIu64 " items wait; %" PRIu64
			     " archived files checked\n"),
		 f->segments, f->entries, f->bytes, v->waiting, v->checked);
	if (f->torn > 0)
		buf_addf(b, cli_text(c, "末尾 %" PRIu64 " 字节尚未落盘，无人得到过确认（%s）\n",
				     "%" PRIu64 " bytes at the end are not synced; nobody was told "
				     "that they are safe (%s)\n"), f->torn, f->torn_why);
}

static void verify_json(const struct view *v, const struct err *e, struct buf *b)
{
	const struct journal_found *f = &v->found;
	buf_addf(b, "{\"whole\":%s,\"why\":", e ? "false" : "true");
	if (e)
		buf_json(b, str_of(e->text));
	else
		buf_adds(b, "null");
	buf_addf(b, ",\"segments\":%" PRIu64 ",\"entries\":%" PRIu64 ",\"bytes\":%" PRIu64
		 ",\"waiting\":%" PRIu64 ",\"archive_files\":%" PRIu64 ",\"unsynced\":%" PRIu64
		 "}\n", f->segments, f->entries, f->bytes, v->waiting, v->checked, f->torn);
}

/* Damage is a result; files that cannot be read are not. */
static enum cli_exit verify_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct journal_opts *o = opt;
	struct view v;
	struct err e = { 0 };
	struct buf b;
	(void)n, (void)arg;
	buf_init(&b, 0);
	bool ok = view_open(&v, o, &e) && check_items(&v, &e) &&
		  (!o->all || check_archive(&v, &e));
	enum cli_exit code;
	if (!ok && e.code != ERR_INPUT) {
		code = cli_err(c, &e);
	} else {
		if (c->json)
			verify_json(&v, ok ? NULL : &e, &b);
		else
			verify_text(c, &v, ok ? NULL : &e, &b);
		code = cli_out(c, &b, ok ? CLI_OK : CLI_FAILED);
	}
	buf_fini(&b);
	view_fini(&v);
	return code;
}

static const struct opt list_opt[] = {
	FOLDER_OPTS(struct journal_opts),
	{ "all", 'a', OPT_FLAG, offsetof(struct journal_opts, all), NULL,
	  "已入库但分段还在的也列出", "those that are done and whose segment is still there, too" },
	{ 0 },
};

static const struct opt verify_opt[] = {
	FOLDER_OPTS(struct journal_opts),
	{ "all", 'a', OPT_FLAG, offsetof(struct journal_opts, all), NULL,
	  "整个原始档案逐份核对", "check every file of the raw archive, too" },
	{ 0 },
};

const struct command cmd_journal_list = {
	.name = "journal list",
	.args = "",
	.zh = "列出已收下、等待入库的数据",
	.en = "list what was taken and waits for the database",
	.opt = list_opt,
	.opt_size = sizeof(struct journal_opts),
	.exec = list_exec,
};

const struct command cmd_journal_verify = {
	.name = "journal verify",
	.args = "",
	.zh = "逐字节核对收件日志和待入库数据",
	.en = "check every byte of the intake journal and of what waits in it",
	.more_zh = "守护进程运行时也可以用。完好时退出码为 0；有损坏时说出分段和位置，退出码为 1。",
	.more_en = "The daemon may be running. Exit code 0 when all is whole; on damage segment\n"
		   "and offset are told and the exit code is 1.",
	.opt = verify_opt,
	.opt_size = sizeof(struct journal_opts),
	.exec = verify_exec,
};
