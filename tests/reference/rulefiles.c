/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rulefiles.c - random lists and tables for random rules.
 */
#include "tests/reference/rulegen.h"

#include <string.h>

static const char *const codes[] = { "250301", "25030102", "250302", "210102", "110100001",
				     "XA02BC",
				     "XA02BD", "C0101", "120400006" };
static const char *const prefixes[] = { "2503", "250301", "25", "21", "XA02", "XA", "C", "1",
					"12" };

static const char declarations[] =
	"名单「甲单」  来自 a.csv  键 项目\n"
	"名单「乙单」  来自 b.csv  键 项目 前缀  有效 begndate 至 enddate\n"
	"名单「丙单」  来自 c.csv  键 机构、项目 前缀\n"
	"名单「诊断单」  来自 d.csv  键 诊断 前缀\n"
	"表「上限表」  来自 e.csv  键 项目 前缀"
	"  列 次数 : 笔数、限价 : 金额、等级 : 代码  有效 begndate 至 enddate\n"
	"表「对子」  来自 f.csv  键 项目甲 前缀、项目乙 前缀  列 窗口 : 窗口、限量 : 数量\n"
	"表「单项表」  来自 g.csv  键 项目 前缀  列 限量 : 数量、限价 : 金额\n";

static const char *dates(struct rng *r)
{
	static const char *const spans[] = { ",", "2026-01-01,", ",2025-12-31",
					     "2025-12-30,2026-01-02",
					     "2026-03-01,", "2026-02-28,2026-03-01",
							     "2020-01-01,2026-02-28" };

	return RNG_PICK(r, spans);
}

char *text_done(struct buf *b, struct arena *a)
{
	char *text = arena_strdup(a, buf_cstr(b));

	buf_fini(b);
	return text;
}

/* A list of codes or prefixes, each at most once. */
static char *list_file(struct arena *a, struct rng *r, const char *head, const char *const *from,
		       bool dated)
{
	struct buf b;
	uint32_t n = 0;

	buf_init(&b, 0);
	buf_addf(&b, "%s%s\n", head, dated ? ",begndate,enddate" : "");
	for (uint32_t i = 0; i < 9; i++) {
		if (!rng_percent(r, 30) && !(i == 8 && n == 0))
			continue;
		buf_addf(&b, "%s%s%s\n", from[i], dated ? "," : "", dated ? dates(r) : "");
		n++;
	}
	return text_done(&b, a);
}

static char *facility_file(struct arena *a, struct rng *r)
{
	static const char *const facilities[] = { "H1", "H2", "H3" };
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b, "机构,项目\n");
	for (uint32_t i = 0; i < 3; i++)
		for (uint32_t k = 0; k < 9; k++)
			if (rng_percent(r, 25) || (i == 0 && k == 0))
				buf_addf(&b, "%s,%s\n", facilities[i], prefixes[k]);
	return text_done(&b, a);
}

static char *caps_file(struct arena *a, struct rng *r)
{
	static const char *const levels[] = { "甲", "乙", "" };
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b, "项目,次数,限价,等级,begndate,enddate\n");
	for (uint32_t i = 0; i < 9; i++) {
		if (!rng_percent(r, 45) && i > 0)
			continue;
		buf_addf(&b, "%s,", prefixes[i]);
		if (rng_percent(r, 85))
			buf_addf(&b, "%u", rng_below(r, 4));
		buf_addf(&b, ",%u.%02u,%s,%s\n", rng_below(r, 200), rng_below(r, 100),
			 RNG_PICK(r, levels),
			 dates(r));
	}
	return text_done(&b, a);
}

static char *pairs_file(struct arena *a, struct rng *r)
{
	static const char *const windows[] = { "单日", "单次就诊", "6小时", "7天", "2天",
					       "自然月", "同一小时",
					       "当次住院", "12小时" };
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b, "项目甲,项目乙,窗口,限量\n");
	for (uint32_t i = 0; i < 9; i++) {
		if (rng_percent(r, 60) || i == 0)
			buf_addf(&b, "%s,%s,%s,%u.5\n", prefixes[i], prefixes[rng_below(r, 9)],
				 RNG_PICK(r, windows),
				 rng_below(r, 4));
	}
	return text_done(&b, a);
}

static char *items_file(struct arena *a, struct rng *r)
{
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b, "项目,限量,限价\n");
	for (uint32_t i = 0; i < 9; i++)
		if (rng_percent(r, 50) || i == 0)
			buf_addf(&b, "%s,%u.5,%u\n", prefixes[i], rng_below(r, 4),
				 5 + rng_below(r, 150));
	return text_done(&b, a);
}

void files_make(struct gen_files *f, struct arena *a, struct rng *r)
{
	static const char *const diagnoses[] = { "I10", "I63", "Z51", "K80.2", "I", "I10.x00",
						 "Z", "K", "J" };
	static const char *const paths[] = { "a.csv", "b.csv", "c.csv", "d.csv", "e.csv", "f.csv",
					     "g.csv" };

	for (uint32_t i = 0; i < N_FILES; i++)
		f->file[i].path = paths[i];
	f->file[0].text = list_file(a, r, "项目", codes, false);
	f->file[1].text = list_file(a, r, "项目", prefixes, true);
	f->file[2].text = facility_file(a, r);
	f->file[3].text = list_file(a, r, "诊断", diagnoses, false);
	f->file[4].text = caps_file(a, r);
	f->file[5].text = pairs_file(a, r);
	f->file[6].text = items_file(a, r);
	f->head = declarations;
	f->settings = (struct rule_settings){ .insurance_year_month = 0 };
	if (rng_percent(r, 50)) {
		f->settings.insurance_year_month = 12;
		f->settings.insurance_year_day = 30;
	}
}

bool files_load(const struct gen_files *f, const char *path, struct buf *out, struct err *e)
{
	for (uint32_t i = 0; i < N_FILES; i++)
		if (strcmp(f->file[i].path, path) == 0) {
			buf_adds(out, f->file[i].text);
			return true;
		}
	return err_set(e, ERR_INPUT, "no such file: %s", path);
}
