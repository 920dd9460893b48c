/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diff.c - the alerts of one shard, and what changed when a subject was judged again.
 *
 * A subject's alerts and findings are put into groups of (rule, key); inside a group the pairs with
 * the most records in common are matched first, live alerts before withdrawn ones, and where alerts
 * meet, those people have acted on before the rest. Everything is sorted before it is told, so
 * that the order of findings never shows.
 */
#include "lib/finding/diff.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/digest.h"
#include "lib/base/hash.h"
#include "lib/base/map.h"

/* An alert and what matching needs of it. */
struct kept {
	struct alert alert;
	struct kept *next;        /* of the subject */
};

struct person {
	enum subject_kind kind;
	char *key;
	uint32_t key_n;
	struct kept *first;
	struct person *next;      /* other subjects of the same hash */
};

struct alertbook {
	struct map64 subject;     /* hash -> struct person* */
	uint64_t live;
	frozen_fn *frozen;
	void *frozen_ctx;
	handled_fn *handled;
	void *handled_ctx;
};

/* One side of a match: an alert or a finding, and its records' hashes in order. */
struct entry {
	struct kept *kept;        /* of a finding: the alert that says it now, or NULL */
	const struct finding *f;
	uint64_t *record;
	uint64_t digest;          /* of a finding's line */
	bool matched;
	const struct entry *met;  /* unmatched: who has the most of its records, with another */
};

struct match {
	bool handled;             /* known only where alerts meet */
	uint32_t overlap;
	struct entry *old, *now;
};

struct update {
	struct alertbook *book;
	struct person *who;
	struct arena arena;
	change_fn *fn;
	void *ctx;
};

struct alertbook *alertbook_new(void)
{
	struct alertbook *a = xcalloc(1, sizeof *a);

	map64_init(&a->subject);
	return a;
}

static void free_person(struct person *p)
{
	while (p->first) {
		struct kept *k = p->first;

		p->first = k->next;
		xfree(k->alert.finding);
		xfree(k);
	}
	xfree(p->key);
	xfree(p);
}

void alertbook_free(struct alertbook *a)
{
	size_t at = 0;
	uint64_t hash, value;

	if (!a)
		return;
	while (map64_next(&a->subject, &at, &hash, &value)) {
		struct person *p = (struct person *)(uintptr_t)value;

		while (p) {
			struct person *next = p->next;

			free_person(p);
			p = next;
		}
	}
	map64_fini(&a->subject);
	xfree(a);
}

/* ---- subjects ---- */

static struct person *find_person(struct alertbook *a, enum subject_kind kind, struct str key,
				  bool make)
{
	uint64_t hash = hash_join(kind, hash_str(key)), first = 0;
	struct person *p;

	if (map64_get(&a->subject, hash, &first))
		for (p = (struct person *)(uintptr_t)first; p; p = p->next)
			if (p->kind == kind && str_eq(str_make(p->key, p->key_n), key))
				return p;
	if (!make)
		return NULL;
	p = xcalloc(1, sizeof *p);
	p->kind = kind;
	p->key = xmemdup(key.p ? key.p : "", key.n + 1u);
	p->key_n = key.n;
	p->next = (struct person *)(uintptr_t)first;
	map64_put(&a->subject, hash, (uintptr_t)p);
	return p;
}

static struct kept *keep(struct person *p, const struct finding *f, uint64_t id, uint32_t revision)
{
	struct kept *k = xcalloc(1, sizeof *k);

	k->alert = (struct alert){ .id = id, .revision = revision, .live = true,
				   .finding = finding_dup(f), .digest = finding_digest(f) };
	k->next = p->first;
	p->first = k;
	return k;
}

void alertbook_load(struct alertbook *a, const struct finding *f, uint64_t id, uint32_t revision,
		    bool live)
{
	struct kept *k = keep(find_person(a, f->subject_kind, f->subject, true), f, id, revision);

	k->alert.live = live;
	a->live += live;
}

bool alertbook_knows(struct alertbook *a, enum subject_kind kind, struct str subject)
{
	const struct person *p = find_person(a, kind, subject, false);

	return p && p->first;
}

uint64_t alertbook_live(const struct alertbook *a)
{
	return a->live;
}

/* ---- order ---- */

static int cmp_key(const struct finding *a, const struct finding *b)
{
	int c = str_cmp(a->rule, b->rule);

	if (c == 0 && a->n_key != b->n_key)
		return a->n_key < b->n_key ? -1 : 1;
	for (uint32_t i = 0; i < a->n_key && c == 0; i++) {
		c = str_cmp(a->key_name[i], b->key_name[i]);
		c = c ? c : str_cmp(a->key_value[i], b->key_value[i]);
	}
	return c;
}

static int entry_order(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;
	int c = cmp_key(a->f, b->f);

	c = c ? c : finding_cmp(a->f, b->f);
	if (c || !a->kept || !b->kept)
		return c;
	return (a->kept->alert.id > b->kept->alert.id) - (a->kept->alert.id < b->kept->alert.id);
}

static uint64_t record_hash(const struct finding_record *r)
{
	uint64_t h = hash_join(r->stream, hash_str(r->fixmedins_code));

	return hash_join(hash_join(h, hash_str(r->mdtrt_id)), hash_str(r->id));
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static struct entry entry_of(struct update *u, struct kept *k, const struct finding *f)
{
	struct entry e = { .kept = k, .f = f };

	e.record = arena_array(&u->arena, f->n_record, sizeof *e.record);
	for (uint32_t i = 0; i < f->n_record; i++)
		e.record[i] = record_hash(&f->record[i]);
	qsort(e.record, f->n_record, sizeof *e.record, cmp_u64);
	e.digest = k ? k->alert.digest : finding_digest(f);
	return e;
}

static uint32_t overlap(const struct entry *a, const struct entry *b)
{
	uint32_t i = 0, k = 0, n = 0;

	while (i < a->f->n_record && k < b->f->n_record) {
		if (a->record[i] == b->record[k])
			n++, i++, k++;
		else if (a->record[i] < b->record[k])
			i++;
		else
			k++;
	}
	return n;
}

/* ---- telling ---- */

static bool same_records(const struct finding *a, const struct finding *b)
{
	if (a->n_record != b->n_record)
		return false;
	for (uint32_t i = 0; i < a->n_record; i++)
		if (record_hash(&a->record[i]) != record_hash(&b->record[i]))
			return false;
	return true;
}

static bool same_exception(const struct finding *a, const struct finding *b)
{
	if (!a->excepted && !b->excepted)
		return true;
	return str_eq(a->except_owner, b->except_owner) &&
	       str_eq(a->except_reason, b->except_reason) &&
	       str_eq(a->except_cells, b->except_cells) && a->except_from == b->except_from &&
	       a->except_until == b->except_until;
}

static const char *why_amended(const struct finding *a, const struct finding *b)
{
	if (a->excepted != b->excepted)
		return b->excepted ? "excepted" : "exception over";
	if (!same_records(a, b))
		return "records";
	if (a->amount != b->amount || a->fund_amount != b->fund_amount)
		return "amount";
	if (!str_eq(a->digest, b->digest))
		return "rule";
	return same_exception(a, b) ? "content" : "exception";
}

static const char *why_raised(const struct finding *f)
{
	return f->excepted ? "excepted" : "again";
}

/* The rest of the change is the alert's. */
static void tell(struct update *u, const struct kept *k, struct change c)
{
	c.id = k->alert.id;
	c.revision = k->alert.revision;
	if (u->fn)
		u->fn(u->ctx, &c);
}

static uint64_t other_of(const struct entry *e)
{
	return e->met && e->met->kept ? e->met->kept->alert.id : 0;
}

/* The alert takes over what holds now; tells when that is anything new. */
static void take_over(struct update *u, struct entry *old, struct entry *now)
{
	struct kept *k = old->kept;
	struct finding *before = k->alert.finding;
	bool again = !k->alert.live;

	old->matched = now->matched = true;
	now->kept = k;
	if (!again && old->digest == now->digest) {
		before->rule_index = now->f->rule_index;
		return;
	}
	k->alert.finding = finding_dup(now->f);
	k->alert.digest = now->digest;
	k->alert.revision++;
	k->alert.live = true;
	u->book->live += again;
	old->f = k->alert.finding;
	tell(u, k, (struct change){ .kind = again ? CHANGE_RAISED : CHANGE_AMENDED, .again = again,
		.before = again ? NULL : before, .now = k->alert.finding,
		.other = again ? other_of(now) : 0,
		.why = again ? why_raised(now->f) : why_amended(before, k->alert.finding) });
	xfree(before);
}

static bool id_taken(const struct person *p, uint64_t id)
{
	for (const struct kept *k = p->first; k; k = k->next)
		if (k->alert.id == id)
			return true;
	return false;
}

/* Of rule, subject, key and first record; numbered on when another alert began with that record. */
static uint64_t new_id(const struct person *p, const struct finding *f)
{
	struct digest d;
	uint64_t half[2], id;

	digest_init(&d);
	digest_addstr(&d, f->rule);
	digest_u64(&d, p->kind);
	digest_addstr(&d, f->subject);
	for (uint32_t i = 0; i < f->n_key; i++)
		digest_addstr(&d, f->key_value[i]);
	for (uint32_t i = 0; i < f->n_record && i < 1; i++)
		digest_u64(&d, record_hash(&f->record[i]));
	do {
		digest_raw(&d, half);
		id = half[0] >> 1;
		digest_u64(&d, 1);
	} while (id == 0 || id_taken(p, id));
	return id;
}

static void raise(struct update *u, struct entry *now)
{
	struct kept *k = keep(u->who, now->f, new_id(u->who, now->f), 1);

	u->book->live++;
	tell(u, k, (struct change){ .kind = CHANGE_RAISED, .now = k->alert.finding,
		.other = other_of(now),
		.why = now->f->excepted ? "excepted" : now->met ? "split" : "new" });
}

static void withdraw(struct update *u, struct entry *old)
{
	struct kept *k = old->kept;

	k->alert.live = false;
	k->alert.revision++;
	u->book->live--;
	tell(u, k, (struct change){ .kind = CHANGE_WITHDRAWN, .before = k->alert.finding,
		.other = other_of(old), .why = old->met ? "merged" : "records" });
}

/* ---- matching ---- */

static int match_order(const void *va, const void *vb)
{
	const struct match *a = va, *b = vb;

	if (a->handled != b->handled)
		return a->handled ? -1 : 1;
	if (a->overlap != b->overlap)
		return a->overlap > b->overlap ? -1 : 1;
	if (a->old != b->old)
		return a->old < b->old ? -1 : 1;
	return (a->now > b->now) - (a->now < b->now);
}

/* Every pair with records in common; true: some finding is claimed by several alerts. */
static bool find_pairs(struct match *m, uint32_t *n, struct entry *old, uint32_t n_old,
		       struct entry *now, uint32_t n_now, bool live)
{
	bool meet = false;

	for (uint32_t k = 0; k < n_now; k++) {
		uint32_t before = *n;

		for (uint32_t i = 0; i < n_old && !now[k].matched; i++) {
			uint32_t common;

			if (old[i].matched || old[i].kept->alert.live != live)
				continue;
			common = overlap(&old[i], &now[k]);
			if (common)
				m[(*n)++] = (struct match){ .overlap = common, .old = &old[i],
							    .now = &now[k] };
		}
		meet |= *n > before + 1;
	}
	return meet;
}

/* Entries lie sorted, so that addresses order ties. */
static void match_group(struct update *u, struct entry *old, uint32_t n_old, struct entry *now,
			uint32_t n_now, bool live)
{
	struct match *m = arena_array(&u->arena, (size_t)n_old * n_now, sizeof *m);
	struct alertbook *book = u->book;
	uint32_t n = 0;
	bool meet = find_pairs(m, &n, old, n_old, now, n_now, live);

	for (uint32_t i = 0; i < n && meet && book->handled; i++)
		m[i].handled = book->handled(book->handled_ctx, m[i].old->kept->alert.id);
	qsort(m, n, sizeof *m, match_order);
	for (uint32_t i = 0; i < n; i++) {
		if (!m[i].old->matched && !m[i].now->matched)
			take_over(u, m[i].old, m[i].now);
		if (live && !m[i].old->matched && !m[i].old->met)
			m[i].old->met = m[i].now;
		if (live && !m[i].now->matched && !m[i].now->met)
			m[i].now->met = m[i].old;
	}
}

static void update_group(struct update *u, struct entry *old, uint32_t n_old, struct entry *now,
			 uint32_t n_now)
{
	match_group(u, old, n_old, now, n_now, true);
	for (uint32_t i = 0; i < n_old; i++)
		if (!old[i].matched && old[i].kept->alert.live)
			withdraw(u, &old[i]);
	match_group(u, old, n_old, now, n_now, false);
	for (uint32_t i = 0; i < n_now; i++)
		if (!now[i].matched)
			raise(u, &now[i]);
}

static uint32_t group_end(const struct entry *v, uint32_t n, uint32_t from, const struct finding *f)
{
	uint32_t end = from;

	while (end < n && cmp_key(v[end].f, f) == 0)
		end++;
	return end;
}

static void update_groups(struct update *u, struct entry *old, uint32_t n_old, struct entry *now,
			  uint32_t n_now)
{
	for (uint32_t i = 0, k = 0; i < n_old || k < n_now;) {
		const struct finding *f = i == n_old ? now[k].f
					: k == n_now ? old[i].f
					: cmp_key(old[i].f, now[k].f) <= 0 ? old[i].f : now[k].f;
		uint32_t i_end = group_end(old, n_old, i, f);
		uint32_t k_end = group_end(now, n_now, k, f);

		update_group(u, old + i, i_end - i, now + k, k_end - k);
		i = i_end;
		k = k_end;
	}
}

static bool concerned(const struct alertbook *a, const uint8_t *only, const struct finding *f)
{
	if (a->frozen && a->frozen(a->frozen_ctx, f))
		return false;
	return !only || (only[f->rule_index / 8] >> (f->rule_index % 8) & 1);
}

void alertbook_freeze(struct alertbook *a, frozen_fn *fn, void *ctx)
{
	a->frozen = fn;
	a->frozen_ctx = ctx;
}

void alertbook_handled(struct alertbook *a, handled_fn *fn, void *ctx)
{
	a->handled = fn;
	a->handled_ctx = ctx;
}

static struct entry *old_entries(struct update *u, const uint8_t *only, uint32_t *n)
{
	struct entry *v;

	*n = 0;
	for (struct kept *k = u->who->first; k; k = k->next)
		++*n;
	v = arena_array(&u->arena, *n, sizeof *v);
	*n = 0;
	for (struct kept *k = u->who->first; k; k = k->next)
		if (concerned(u->book, only, k->alert.finding))
			v[(*n)++] = entry_of(u, k, k->alert.finding);
	qsort(v, *n, sizeof *v, entry_order);
	return v;
}

void alertbook_update(struct alertbook *a, enum subject_kind kind, struct str subject,
		      const uint8_t *only, const struct finding *const *now, uint32_t n,
		      change_fn *fn, void *ctx)
{
	struct update u = { .book = a, .fn = fn, .ctx = ctx };
	struct entry *old, *fresh;
	uint32_t n_old, n_now = 0;

	u.who = find_person(a, kind, subject, n > 0);
	if (!u.who || (!u.who->first && !n))
		return;
	arena_init(&u.arena);
	old = old_entries(&u, only, &n_old);
	fresh = arena_array(&u.arena, n, sizeof *fresh);
	for (uint32_t i = 0; i < n; i++)
		if (!a->frozen || !a->frozen(a->frozen_ctx, now[i]))
			fresh[n_now++] = entry_of(&u, NULL, now[i]);
	qsort(fresh, n_now, sizeof *fresh, entry_order);
	update_groups(&u, old, n_old, fresh, n_now);
	arena_fini(&u.arena);
}
