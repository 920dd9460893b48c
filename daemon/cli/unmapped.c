/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unmapped.c - `fundwatch knowledge unmapped`: item codes of fee lines that the site's table
 * 「本地项目」 neither has nor leads to.
 *
 * A rule about a national item is silent on a province's own code for it, and silence looks like
 * nothing being wrong; so the codes nobody mapped are listed with what was billed under them.
 * Drugs, consumables and decoction pieces carry national codes everywhere and are left out.
 */
#include "daemon/cli/commands.h"
#include "daemon/cli/rows.h"
#include "daemon/cli/ruleload.h"
#include "lib/rule/item_map.h"

#define LIMIT_DEFAULT 50

struct unmapped_opts {
	struct db_opts db;
	struct number limit;
};

#define MAPPED_EXACT "f.med_list_codg = ANY ($1::text[])"
#define MAPPED_PREFIX \
	"EXISTS (SELECT FROM unnest($1::text[]) k WHERE starts_with(f.med_list_codg, k))"
#define UNMAPPED(mapped)                                                                           \
	"SELECT f.med_list_codg AS code,"                                                          \
	" min(coalesce(f.hilist_name, f.medins_list_name)) AS name, count(*) AS lines,"            \
	" count(DISTINCT f.fixmedins_code) AS facilities, sum(f.det_item_fee_sumamt) AS amount,"   \
	" count(*) OVER () AS total FROM fundwatch.fee_live f"                                     \
	" WHERE f.med_list_codg !~ '^[XZTC][A-Z0-9]{9}'"                                           \
	" AND NOT f.med_list_codg = ANY ($2::text[]) AND NOT " mapped                              \
	" GROUP BY f.med_list_codg ORDER BY count(*) DESC, f.med_list_codg LIMIT $3::bigint"

static const char *const heads_zh[] = { "编码", "名称", "明细", "机构", "金额" };
static const char *const heads_en[] = { "code", "name", "lines", "facilities", "amount" };

static struct row_list list = {
	.name = "unmapped",
	.zh = heads_zh,
	.en = heads_en,
	.none_zh = "没有不在对照表里的编码",
	.none_en = "every code is in the table",
};

static const struct knowledge *map_of(const struct ruleset *rs)
{
	for (uint32_t i = 0; i < rs->n_knowledge; i++)
		if (item_map_is(rs->knowledge[i]))
			return rs->knowledge[i];
	return NULL;
}

static void add_element(struct buf *b, struct str s)
{
	buf_adds(b, b->n > 1 ? ",\"" : "\"");
	for (uint32_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, s.p[i]);
	}
	buf_addc(b, '"');
}

/* A column of cells as an array of PostgreSQL. */
static void add_array(struct buf *b, const struct str *cell, uint32_t n, uint32_t stride)
{
	buf_addc(b, '{');
	for (uint32_t i = 0; i < n; i++)
		if (cell[(size_t)i * stride].n)
			add_element(b, cell[(size_t)i * stride]);
	buf_addc(b, '}');
}

static enum cli_exit ask(struct cli *c, const struct unmapped_opts *o, const struct knowledge *k)
{
	struct buf keys, national, limit;
	uint32_t column = 0;
	enum cli_exit code;

	buf_init(&keys, 0);
	buf_init(&national, 0);
	buf_init(&limit, 0);
	(void)item_map_column(k, &column);
	add_array(&keys, k->key_cell, k->n_row, k->n_key);
	add_array(&national, k->cell + column, k->n_row, k->n_col);
	buf_addi(&limit, o->limit.given ? o->limit.v : LIMIT_DEFAULT);
	const char *const value[] = { buf_cstr(&keys), buf_cstr(&national),
				      o->limit.given && o->limit.v == 0 ? NULL : buf_cstr(&limit) };
	list.sql = k->key[0].kind == KEY_PREFIX ? UNMAPPED(MAPPED_PREFIX) : UNMAPPED(MAPPED_EXACT);
	code = rows_list(c, &o->db, &list, 3, value);
	buf_fini(&keys);
	buf_fini(&national);
	buf_fini(&limit);
	return code;
}

static enum cli_exit unmapped_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	struct loaded l;
	enum cli_exit code = rules_need(c, &l, n, arg, NULL);
	const struct knowledge *k = code == CLI_OK ? map_of(l.set) : NULL;

	if (k)
		code = ask(c, opt, k);
	else if (code == CLI_OK)
		code = cli_error(c, CLI_FAILED, "%s",
				 cli_text(c, "规则里没有声明表「" ITEM_MAP_NAME "」",
					  "the rules declare no table 「" ITEM_MAP_NAME "」"));
	loaded_fini(&l);
	return code;
}

static const struct opt unmapped_opt[] = {
	DB_OPTS(struct unmapped_opts),
	{ "limit", 'n', OPT_NUMBER, offsetof(struct unmapped_opts, limit), "N",
	  "最多列出几个编码，默认 50；0 为全部", "how many codes at most, 50 by default; 0: all" },
	{ 0 },
};

const struct command cmd_knowledge_unmapped = {
	.name = "knowledge unmapped",
	.args = "[PATH...]",
	.zh = "明细里有、对照表「" ITEM_MAP_NAME "」里没有的项目编码",
	.en = "item codes of fee lines that the site's table of local items does not have",
	.opt = unmapped_opt,
	.opt_size = sizeof(struct unmapped_opts),
	.max_args = -1,
	.exec = unmapped_exec,
};
