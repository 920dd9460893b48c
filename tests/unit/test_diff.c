/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_diff.c - alerts follow their records: raised, amended, withdrawn, raised again, merged,
 * split.
 */
#include "lib/finding/diff.h"
#include "tests/check.h"

/* A finding of rule r on person P whose records are the letters of `records`. */
static struct finding make(const char *rule, const char *records, int64_t amount)
{
	static struct finding_record pool[64][16];
	static struct str name[1] = { { "psn_no", 6 } }, value[1] = { { "P", 1 } };
	static unsigned at;
	struct finding f = { .rule = str_of(rule), .digest = STR("d"), .subject = STR("P"),
			     .n_key = 1, .key_name = name, .key_value = value,
			     .has_amount = true, .amount = amount, .sentence = STR("s") };

	f.record = pool[at++ % 64];
	for (; *records; records++)
		f.record[f.n_record++] = (struct finding_record){
			.stream = STREAM_FEE, .fixmedins_code = STR("H"), .mdtrt_id = STR("M"),
			.id = str_make(records, 1),
		};
	return f;
}

struct log {
	char text[512];
	uint64_t id[16], other[16];
	uint32_t n;
};

static void note(void *ctx, const struct change *c)
{
	static const char *const kinds[] = { "raised", "amended", "withdrawn" };
	struct log *l = ctx;
	size_t at = strlen(l->text);

	snprintf(l->text + at, sizeof l->text - at, "%s%s r%u %s", at ? "; " : "",
		 kinds[c->kind], c->revision, c->why);
	l->other[l->n] = c->other;
	l->id[l->n++] = c->id;
	CHECK((c->before != NULL) == (c->kind != CHANGE_RAISED));
	CHECK((c->now != NULL) == (c->kind != CHANGE_WITHDRAWN));
}

static struct log update(struct alertbook *a, const struct finding *f, uint32_t n)
{
	const struct finding *now[8];
	struct log l = { .n = 0 };

	for (uint32_t i = 0; i < n; i++)
		now[i] = &f[i];
	alertbook_update(a, SUBJECT_PERSON, STR("P"), NULL, now, n, note, &l);
	return l;
}

static void life_of_an_alert(void **state)
{
	struct alertbook *a = alertbook_new();
	struct finding f = make("r", "ab", 100);
	struct log l = update(a, &f, 1);
	uint64_t id = l.id[0];

	(void)state;
	assert_string_equal(l.text, "raised r1 new");
	CHECK(id != 0 && id >> 63 == 0);
	l = update(a, &f, 1);
	assert_string_equal(l.text, "");
	f = make("r", "ab", 200);
	l = update(a, &f, 1);
	assert_string_equal(l.text, "amended r2 amount");
	f = make("r", "abc", 200);
	l = update(a, &f, 1);
	assert_string_equal(l.text, "amended r3 records");
	f.digest = STR("e");
	l = update(a, &f, 1);
	assert_string_equal(l.text, "amended r4 rule");
	CHECK_INT(l.id[0], id);
	CHECK_INT(alertbook_live(a), 1);
	l = update(a, NULL, 0);
	assert_string_equal(l.text, "withdrawn r5 records");
	CHECK_INT(alertbook_live(a), 0);
	l = update(a, &f, 1);
	assert_string_equal(l.text, "raised r6 again");
	CHECK_INT(l.id[0], id);
	alertbook_free(a);
}

static void the_greatest_overlap_follows(void **state)
{
	struct alertbook *a = alertbook_new();
	struct finding f[2] = { make("r", "abc", 1), make("r", "xy", 2) };
	struct log l = update(a, f, 2);
	uint64_t abc = l.id[0], xy = l.id[1];

	(void)state;
	CHECK(abc != xy);
	f[0] = make("r", "bcx", 1);
	l = update(a, f, 1);
	assert_string_equal(l.text, "amended r2 records; withdrawn r2 merged");
	CHECK_INT(l.id[0], abc);
	CHECK_INT(l.id[1], xy);
	f[0] = make("r", "bc", 1);
	f[1] = make("r", "x", 1);
	l = update(a, f, 2);
	/* "x" shares a record with the withdrawn xy: that alert comes back */
	assert_string_equal(l.text, "amended r3 records; raised r3 again");
	CHECK_INT(l.id[1], xy);
	f[0] = make("r", "b", 1);
	f[1] = make("r", "c", 1);
	l = update(a, f, 2);
	assert_string_equal(l.text, "amended r4 records; withdrawn r4 records; raised r1 split");
	alertbook_free(a);
}

static void order_of_findings_does_not_show(void **state)
{
	struct finding f[4] = { make("r", "a", 1), make("r", "b", 1), make("q", "a", 1),
				make("q", "cd", 1) };
	struct alertbook *a = alertbook_new(), *b = alertbook_new();
	struct finding g[4] = { f[3], f[1], f[0], f[2] };
	struct log x = update(a, f, 4), y = update(b, g, 4);

	(void)state;
	CHECK_INT(x.n, 4);
	assert_memory_equal(x.id, y.id, 4 * sizeof x.id[0]);
	alertbook_free(a);
	alertbook_free(b);
}

static void stored_alerts_go_on(void **state)
{
	struct alertbook *a = alertbook_new(), *b = alertbook_new();
	struct finding f = make("r", "ab", 100);
	struct log l = update(a, &f, 1);
	uint64_t id = l.id[0];

	(void)state;
	alertbook_load(b, &f, id, 7, true);
	l = update(b, &f, 1);
	assert_string_equal(l.text, "");
	f = make("r", "abc", 100);
	l = update(b, &f, 1);
	assert_string_equal(l.text, "amended r8 records");
	CHECK_INT(l.id[0], id);
	alertbook_free(a);
	alertbook_free(b);
}

static void other_rules_are_left_alone(void **state)
{
	struct finding f[2] = { make("q", "a", 1), make("r", "a", 1) };
	struct alertbook *a = alertbook_new();
	const struct finding *now[1] = { &f[1] };
	uint8_t only = 1u << 1;
	struct log l = { .n = 0 };

	(void)state;
	f[1].rule_index = 1;
	update(a, f, 2);
	alertbook_update(a, SUBJECT_PERSON, STR("P"), &only, now, 0, note, &l);
	assert_string_equal(l.text, "withdrawn r2 records");
	CHECK_INT(alertbook_live(a), 1);
	alertbook_free(a);
}

static bool among(void *ctx, uint64_t id)
{
	const uint64_t *of = ctx;

	return id == of[0] || id == of[1];
}

static void what_people_did_outlives_a_merge(void **state)
{
	struct alertbook *a = alertbook_new();
	struct finding f[2] = { make("r", "ab", 1), make("r", "vwxyz", 2) };
	struct log l = update(a, f, 2);
	uint64_t small = l.id[0], large = l.id[1], handled[2] = { small, 0 };

	(void)state;
	alertbook_handled(a, among, handled);
	f[0] = make("r", "abvwxyz", 1);
	l = update(a, f, 1);
	assert_string_equal(l.text, "amended r2 records; withdrawn r2 merged");
	CHECK_INT(l.id[0], small);
	CHECK_INT(l.id[1], large);
	CHECK_INT(l.other[1], small);
	/* Taken apart otherwise: it keeps the most, the other comes back with its own. */
	f[0] = make("r", "abvw", 1);
	f[1] = make("r", "xyz", 2);
	l = update(a, f, 2);
	assert_string_equal(l.text, "amended r3 records; raised r3 again");
	CHECK_INT(l.id[0], small);
	CHECK_INT(l.id[1], large);
	CHECK_INT(l.other[1], small);
	alertbook_free(a);
}

static void a_split_names_where_it_came_from(void **state)
{
	struct alertbook *a = alertbook_new();
	struct finding f[2] = { make("r", "abcde", 1) };
	struct log l = update(a, f, 1);
	uint64_t whole = l.id[0];

	(void)state;
	f[0] = make("r", "ab", 1);
	f[1] = make("r", "cde", 2);
	l = update(a, f, 2);
	assert_string_equal(l.text, "amended r2 records; raised r1 split");
	CHECK_INT(l.id[0], whole);
	CHECK_INT(l.other[1], whole);
	alertbook_free(a);
}

/* ---- random histories ---- */

#define LETTERS 12u
#define TOLD 64u

struct model {
	struct { uint64_t id; uint32_t mask, revision; bool live; } alert[256];
	uint32_t n;
	uint64_t handled[2];
};

struct told {
	struct { struct change c; uint32_t before, now; } v[TOLD];
	uint32_t n;
};

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static uint32_t mask_of(const struct finding *f)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; f && i < f->n_record; i++)
		mask |= 1u << (f->record[i].id.p[0] - 'a');
	return mask;
}

static void hear(void *ctx, const struct change *c)
{
	struct told *t = ctx;

	CHECK(t->n < TOLD);
	t->v[t->n].c = *c;
	t->v[t->n].before = mask_of(c->before);
	t->v[t->n++].now = mask_of(c->now);
}

/* Up to four findings that share no record. */
static uint32_t draw(uint64_t *seed, struct finding *f, uint32_t *mask)
{
	uint32_t parts = 1 + next_random(seed) % 4, n = 0;
	static char text[5][LETTERS + 1];
	uint32_t length[5] = { 0 };

	for (uint32_t i = 0; i < LETTERS; i++) {
		uint32_t part = next_random(seed) % (parts + 1);

		text[part][length[part]++] = (char)('a' + i);
	}
	for (uint32_t i = 0; i < parts; i++) {
		text[i][length[i]] = '\0';
		if (length[i] > 0)
			f[n++] = make("r", text[i], next_random(seed) % 3);
	}
	for (uint32_t i = 0; i < n; i++)
		mask[i] = mask_of(&f[i]);
	return n;
}

static uint32_t find(const struct model *m, uint64_t id)
{
	uint32_t i = 0;

	while (i < m->n && m->alert[i].id != id)
		i++;
	return i;
}

/* What the model says after the changes; each change is checked against it as it comes. */
static void follow(struct model *m, const struct told *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct change *c = &t->v[i].c;
		uint32_t at = find(m, c->id);

		CHECK((c->kind == CHANGE_RAISED && !c->again) == (at == m->n));
		m->n += at == m->n;
		CHECK_INT(c->revision, m->alert[at].revision + 1);
		CHECK(m->alert[at].live == (c->kind != CHANGE_RAISED));
		if (c->kind != CHANGE_RAISED)
			CHECK_INT(t->v[i].before, m->alert[at].mask);
		m->alert[at].id = c->id;
		m->alert[at].revision = c->revision;
		m->alert[at].live = c->kind != CHANGE_WITHDRAWN;
		if (m->alert[at].live)
			m->alert[at].mask = t->v[i].now;
	}
}

/* Which finding an alert says now; n: none. */
static uint32_t holds(const struct model *m, uint32_t at, const uint32_t *mask, uint32_t n)
{
	uint32_t i = 0;

	while (i < n && !(m->alert[at].live && m->alert[at].mask == mask[i]))
		i++;
	return i;
}

static bool acted_on(const struct model *m, uint64_t id)
{
	return id && (id == m->handled[0] || id == m->handled[1]);
}

/* An alert that stood and shared records with a finding had no better claim left unheard. */
static void no_claim_was_passed_over(const struct model *was, const struct model *is,
				     const uint32_t *mask, uint32_t n)
{
	for (uint32_t a = 0; a < was->n; a++) {
		uint32_t got = holds(is, a, mask, n);

		for (uint32_t k = 0; k < n && was->alert[a].live; k++) {
			int common = __builtin_popcount(was->alert[a].mask & mask[k]);
			uint32_t b = 0;

			if (common == 0 || k == got)
				continue;
			if (got < n && __builtin_popcount(was->alert[a].mask & mask[got]) >= common)
				continue;
			while (b < is->n && holds(is, b, mask, n) != k)
				b++;
			CHECK(b < was->n && was->alert[b].live);
			bool mine = acted_on(was, was->alert[a].id);
			bool theirs = acted_on(was, was->alert[b].id);
			int they = __builtin_popcount(was->alert[b].mask & mask[k]);
			CHECK(they > 0 && (theirs != mine ? theirs : they >= common));
		}
	}
}

/* A merge names an alert that has its records now, a split one that had them. */
static void links_are_true(const struct model *was, const struct model *is, const struct told *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct change *c = &t->v[i].c;
		uint32_t shared = 0, other = find(is, c->other);

		for (uint32_t a = 0; a < was->n; a++)
			if (was->alert[a].live && was->alert[a].id != c->id)
				shared |= was->alert[a].mask & t->v[i].now;
		if (strcmp(c->why, "merged") == 0)
			CHECK(is->alert[other].live &&
			      (is->alert[other].mask & t->v[i].before) != 0);
		else if (c->kind == CHANGE_WITHDRAWN)
			CHECK_INT(c->other, 0);
		else if (c->kind == CHANGE_RAISED)
			CHECK((c->other != 0) == (shared != 0));
		if (c->kind == CHANGE_RAISED && c->other)
			CHECK(was->alert[other].live &&
			      (was->alert[other].mask & t->v[i].now) != 0);
	}
}

static void random_histories_keep_their_alerts(void **state)
{
	(void)state;
	for (uint64_t h = 1; h <= 400; h++) {
		struct alertbook *a = alertbook_new(), *b = alertbook_new();
		static struct model was, is;
		uint64_t seed = h;

		memset(&is, 0, sizeof is);
		for (unsigned step = 0; step < 20; step++) {
			struct finding f[5];
			const struct finding *one[5], *two[5];
			uint32_t mask[5], n = draw(&seed, f, mask), live = 0;
			struct told t = { .n = 0 }, u = { .n = 0 };

			for (uint32_t i = 0; i < n; i++)
				one[i] = two[n - 1 - i] = &f[i];
			for (uint32_t i = 0; i < 2 && is.n > 0; i++)
				if (next_random(&seed) % 4 == 0)
					is.handled[i] = is.alert[next_random(&seed) % is.n].id;
			was = is;
			alertbook_handled(a, among, is.handled);
			alertbook_handled(b, among, is.handled);
			alertbook_update(a, SUBJECT_PERSON, STR("P"), NULL, one, n, hear, &t);
			alertbook_update(b, SUBJECT_PERSON, STR("P"), NULL, two, n, hear, &u);
			CHECK_INT(t.n, u.n);
			for (uint32_t i = 0; i < t.n; i++)
				CHECK(t.v[i].c.id == u.v[i].c.id && t.v[i].now == u.v[i].now &&
				      t.v[i].c.other == u.v[i].c.other);
			follow(&is, &t);
			for (uint32_t i = 0; i < is.n; i++)
				live += is.alert[i].live;
			CHECK_INT(live, n);
			CHECK_INT(alertbook_live(a), n);
			for (uint32_t i = 0; i < is.n; i++)
				CHECK(!is.alert[i].live || holds(&is, i, mask, n) < n);
			no_claim_was_passed_over(&was, &is, mask, n);
			links_are_true(&was, &is, &t);
		}
		alertbook_free(a);
		alertbook_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life_of_an_alert),
		cmocka_unit_test(the_greatest_overlap_follows),
		cmocka_unit_test(order_of_findings_does_not_show),
		cmocka_unit_test(stored_alerts_go_on),
		cmocka_unit_test(other_rules_are_left_alone),
		cmocka_unit_test(what_people_did_outlives_a_merge),
		cmocka_unit_test(a_split_names_where_it_came_from),
		cmocka_unit_test(random_histories_keep_their_alerts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
