/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/engine/numbers.h"

#include <stdatomic.h>

#include "lib/base/hash.h"
#include "lib/base/map.h"
#include "lib/base/mem.h"

struct number_box {
	struct map64 live;            /* engine's: hash of rule id -> alerts that stand */
	_Atomic(struct numbers *) fresh;
	struct numbers *taken;        /* main thread's */
};

static void numbers_free(struct numbers *n)
{
	if (!n)
		return;
	for (uint32_t i = 0; i < n->n_rule; i++)
		xfree(n->rule[i].id);
	xfree(n->rule);
	xfree(n);
}

struct number_box *number_box_new(void)
{
	struct number_box *b = xcalloc(1, sizeof *b);
	map64_init(&b->live);
	return b;
}

void number_box_free(struct number_box *b)
{
	if (!b)
		return;
	numbers_free(atomic_exchange(&b->fresh, NULL));
	numbers_free(b->taken);
	map64_fini(&b->live);
	xfree(b);
}

void number_box_forget(struct number_box *b)
{
	map64_clear(&b->live);
}

void number_box_alert(struct number_box *b, struct str rule, int change)
{
	uint64_t *n = map64_at(&b->live, hash_str(rule), NULL);
	*n += (uint64_t)(int64_t)change;
}

static char *text_of(struct str s)
{
	char *p = xmalloc(s.n + 1u);
	for (uint32_t i = 0; i < s.n; i++)
		p[i] = s.p[i];
	p[s.n] = '\0';
	return p;
}

static void fill_rule(const struct number_box *b, const struct rule *rule,
		      const struct account *a, struct rule_number *out)
{
	uint64_t live = 0;
	(void)map64_get(&b->live, hash_str(rule->id), &live);
	*out = (struct rule_number){
		.id = text_of(rule->id), .records = a->records, .scope_out = a->scope_out,
		.hit = a->hit, .excepted = a->excepted, .unknown = a->unknown,
		.no_hit = a->no_hit, .live = (int64_t)live,
	};
}

void number_box_fill(struct number_box *b, struct pool *p, const struct ruleset *rules)
{
	struct numbers *n = xcalloc(1, sizeof *n);
	struct pool_stats st;
	pool_stats_get(p, &st);
	for (enum stream s = 0; s < STREAM_STORED; s++)
		n->stream[s] = (struct stream_number){ st.timeline.records[s],
						       st.timeline.resent[s],
						       st.timeline.superseded[s],
						       st.timeline.retracted[s],
						       st.timeline.reversed[s] };
	n->alerts_live = st.alerts_live;
	n->subjects = st.timeline.subjects;
	n->bytes = st.timeline.bytes;
	n->cells = st.cells_bytes;
	n->on_disk = st.on_disk;
	const struct account *a = pool_accounts(p);
	n->rule = xcalloc(rules->n_rule + 1u, sizeof *n->rule);
	n->n_rule = rules->n_rule;
	for (uint32_t i = 0; i < rules->n_rule; i++)
		fill_rule(b, &rules->rule[i], &a[i], &n->rule[i]);
	numbers_free(atomic_exchange(&b->fresh, n));
}

const struct numbers *number_box_take(struct number_box *b)
{
	struct numbers *fresh = atomic_exchange(&b->fresh, NULL);
	if (fresh) {
		numbers_free(b->taken);
		b->taken = fresh;
	}
	return b->taken;
}
