/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/engine/rules.h"

#include <string.h>

#include "daemon/work/files.h"
#include "lib/base/mem.h"

static struct ruleset *compile(const struct conf *c, struct diag_list *d, struct err *e)
{
	struct path_list paths = { 0 };
	struct rule_settings settings = {
		.insurance_year_month = (int)(c->rules_insurance_year / 100),
		.insurance_year_day = (int)(c->rules_insurance_year % 100),
	};
	for (unsigned i = 0; i < c->rules_path.n; i++)
		path_list_add(&paths, c->rules_path.item[i]);
	struct ruleset *set = rules_load(&paths, &settings, d, e);
	path_list_fini(&paths);
	return set;
}

struct rules *rules_read(const struct conf *c, struct buf *said)
{
	struct diag_list d;
	struct err e = { .code = ERR_NONE };
	struct rules *r = xcalloc(1, sizeof *r);

	diag_init(&d, strcmp(c->rules_language, "en") == 0);
	r->set = compile(c, &d, &e);
	diag_sort(&d);
	diag_print(&d, said);
	bool ok = r->set && release_make(&r->release, r->set, &d, &e);
	if (!ok && e.code != ERR_NONE)
		buf_addf(said, "%s\n", e.text);
	diag_fini(&d);
	if (ok) {
		r->plan = plan_new(r->set);
		return r;
	}
	rules_free(r);
	return NULL;
}

void rules_free(struct rules *r)
{
	if (!r)
		return;
	if (r->plan)
		plan_free(r->plan);
	if (r->set)
		ruleset_free(r->set);
	release_free(r->release);
	xfree(r);
}
