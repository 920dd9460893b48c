/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * health.c - whether everything works, and if not, what does not.
 */
#include "daemon/http/state.h"

struct complaint {
	const char *word, *zh, *en;
	bool is;
};

#define COMPLAINTS 6

static void find(const struct http_view *v, struct complaint out[COMPLAINTS])
{
	const struct gauges *g = &v->gauges;
	const struct complaint all[COMPLAINTS] = {
		{ "ending", "正在停止", "the process is ending", v->ending },
		{ "starting", "正在从数据库恢复历史，收件照常", "history is being loaded; records are taken",
		  !v->started && g->database_up },
		{ "database", "数据库没有应答；收件进入日志，恢复后自动续上",
		  "PostgreSQL does not answer; records wait in the journal", !g->database_up },
		{ "journal-full", "收件日志已满，新来的请求回答 503",
		  "the journal is full; new bodies are answered with 503",
		  g->journal_full > 0 },
		{ "applying", "正在应用新规则", "new rules are being applied", g->applying_rules > 0 },
		{ "catching-up", "待处理的收件超过上限的一半",
		  "more than half of what may wait does wait",
		  g->journal_bound_bytes > 0 && g->journal_bytes > g->journal_bound_bytes / 2 },
	};
	for (unsigned i = 0; i < COMPLAINTS; i++)
		out[i] = all[i];
}

void health_reasons(const struct http_view *v, struct buf *out)
{
	struct complaint all[COMPLAINTS];
	find(v, all);
	for (unsigned i = 0; i < COMPLAINTS; i++)
		if (all[i].is)
			buf_addf(out, "%s%s", out->n ? "," : "", all[i].word);
}

void health_json(const struct http_view *v, struct buf *out)
{
	struct complaint all[COMPLAINTS];
	const char *comma = "";
	struct buf why;
	buf_init(&why, 0);
	health_reasons(v, &why);
	buf_addf(out, "{\"ready\":%s,\"rule_set\":\"%s\",\"reasons\":[", why.n ? "false" : "true",
		 v->live);
	find(v, all);
	for (unsigned i = 0; i < COMPLAINTS; i++) {
		if (!all[i].is)
			continue;
		buf_addf(out, "%s{\"reason\":\"%s\",\"text\":", comma, all[i].word);
		buf_json(out, str_of(all[i].zh));
		buf_adds(out, ",\"text_en\":");
		buf_json(out, str_of(all[i].en));
		buf_adds(out, "}");
		comma = ",";
	}
	buf_adds(out, "]}\n");
	buf_fini(&why);
}
