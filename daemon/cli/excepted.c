/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/cli/excepted.h"

#include <inttypes.h>
#include <stdlib.h>

#include "daemon/cli/grid.h"
#include "lib/base/civil.h"
#include "lib/base/dec.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"

void excepted_init(struct excepted *x)
{
	*x = (struct excepted){ .n = 0 };
	arena_init(&x->arena);
	map64_init(&x->at);
}

void excepted_fini(struct excepted *x)
{
	map64_fini(&x->at);
	arena_fini(&x->arena);
	xfree(x->row);
}

static uint64_t hash_of(const struct finding *f)
{
	uint64_t h = hash_join(hash_str(f->rule), hash_str(f->except_owner));

	h = hash_join(hash_join(h, hash_str(f->except_reason)), hash_str(f->except_cells));
	return hash_join(h, ((uint64_t)(uint32_t)f->except_from << 32) |
			    (uint32_t)f->except_until);
}

static struct str day_text(struct arena *a, int32_t day)
{
	struct buf b;
	struct str s = { "", 0 };
	if (day == MISSING_I32)
		return s;
	buf_init(&b, 32);
	civil_add_date(&b, day);
	s = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return s;
}

static int by_rule_and_money(const void *a, const void *b)
{
	const struct excepted_row *x = a, *y = b;
	int order = str_cmp(x->rule, y->rule);
	if (order == 0 && x->amount != y->amount)
		order = x->amount > y->amount ? -1 : 1;
	if (order == 0)
		order = str_cmp(x->owner, y->owner);
	if (order == 0)
		order = str_cmp(x->reason, y->reason);
	return order != 0 ? order : str_cmp(x->cells, y->cells);
}

void excepted_sort(struct excepted *x)
{
	if (x->n > 1)
		qsort(x->row, x->n, sizeof *x->row, by_rule_and_money);
	map64_clear(&x->at); /* places are others now */
}

void excepted_add(struct excepted *x, const struct finding *f)
{
	uint64_t at, hash = hash_of(f);
	if (!map64_get(&x->at, hash, &at)) {
		at = x->n++;
		map64_put(&x->at, hash, at);
		GROW(x->row, x->cap, x->n);
		x->row[at] = (struct excepted_row){
			.rule = arena_str(&x->arena, f->rule),
			.owner = arena_str(&x->arena, f->except_owner),
			.reason = arena_str(&x->arena, f->except_reason),
			.cells = arena_str(&x->arena, f->except_cells),
			.from = day_text(&x->arena, f->except_from),
			.until = day_text(&x->arena, f->except_until),
		};
	}
	x->row[at].findings++;
	x->row[at].amount += f->has_amount ? f->amount : 0;
}

static void dates(const struct cli *c, const struct excepted_row *r, struct buf *b)
{
	if (r->from.n)
		buf_addf(b, cli_text(c, "，自 " STR_FMT, ", from " STR_FMT), STR_ARG(r->from));
	if (r->until.n)
		buf_addf(b, cli_text(c, "，至 " STR_FMT, ", until " STR_FMT), STR_ARG(r->until));
	else
		buf_adds(b, cli_text(c, "，没有期限", ", without end"));
}

/* No owner: the rule's own 除外. */
static void held_line(const struct cli *c, const struct excepted_row *r, const char *when,
		      struct buf *b)
{
	buf_addf(b, cli_text(c, STR_FMT "  %" PRIu64 " 条疑点，¥", STR_FMT "  %" PRIu64
							      " findings, ¥"),
		 STR_ARG(r->rule), r->findings);
	grid_money(b, r->amount);
	buf_addf(b, cli_text(c, "，%s没有报告，规则除外：" STR_FMT "\n",
			     " not reported %sbecause the rule exempts: " STR_FMT "\n"),
		 when, STR_ARG(r->reason));
}

void excepted_line(const struct cli *c, const struct excepted_row *r, const char *when,
		   struct buf *b)
{
	if (r->owner.n == 0) {
		held_line(c, r, when, b);
		return;
	}
	if (r->findings == 0) {
		buf_addf(b, cli_text(c, STR_FMT "  从未用到：", STR_FMT "  never used: "),
			 STR_ARG(r->rule));
	} else {
		buf_addf(b, cli_text(c, STR_FMT "  %" PRIu64 " 条疑点，¥", STR_FMT "  %" PRIu64
								      " findings, ¥"),
			 STR_ARG(r->rule), r->findings);
		grid_money(b, r->amount);
		buf_addf(b, cli_text(c, "，%s没有报告，因为：", " not reported %sbecause of "),
			 when);
	}
	buf_addf(b, cli_text(c, STR_FMT "（" STR_FMT "；负责人 " STR_FMT,
			     STR_FMT " (" STR_FMT "; owner " STR_FMT),
		 STR_ARG(r->reason), STR_ARG(r->cells), STR_ARG(r->owner));
	dates(c, r, b);
	buf_adds(b, cli_text(c, "）\n", ")\n"));
}

void excepted_json(const struct excepted_row *r, struct buf *b)
{
	const struct {
		const char *name;
		struct str text;
	} part[] = { { "{\"rule\":", r->rule },   { ",\"owner\":", r->owner },
		     { ",\"reason\":", r->reason }, { ",\"cells\":", r->cells },
		     { ",\"from\":", r->from },   { ",\"until\":", r->until } };
	for (unsigned i = 0; i < sizeof part / sizeof *part; i++) {
		buf_adds(b, part[i].name);
		buf_json(b, part[i].text);
	}
	buf_addf(b, ",\"findings\":%" PRIu64 ",\"amount\":\"", r->findings);
	dec_add(b, r->amount, 2, 2);
	buf_adds(b, "\"}");
}
