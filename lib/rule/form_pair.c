/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * form_pair.c - rules about two records of a subject: 甲 and 乙 with the same keys.
 *
 * Both sides' rows are listed per subject by the hash of their keys; where a table drives both,
 * by the table row they fit as well, so that thousands of knowledge points are one join.
 * Candidates of equal hash are tried one by one: order and interval, window, the rest of the
 * condition. Each 乙 is reported with its nearest 甲, or with every one.
 */
#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "lib/rule/form.h"
#include "lib/rule/kernel.h"

enum { QUICK_TESTS = 8 };

struct pairing {
	struct eval *e;
	const struct rule_plan *rp;
	uint32_t subject;
	const uint8_t *filter[2];
	const int64_t *time[2], *end; /* of both sides; ends of the first */
	bool twins;              /* both roles look at one stream, unordered */
	bool once;               /* an unknown pair says nothing of a record already unknown */
	bool loose;              /* a second record may be unknown by itself */
	bool quick;              /* the plan's quick tests tell */
	struct pair_ready ready[QUICK_TESTS];
	bool doubtful;           /* of no first record all is known */
	bool repeats;            /* what is found out of one 乙 may hold for the next (like_last) */
	struct {
		const struct sort_pair *first; /* of this subject */
		uint32_t n, b;
		int64_t from, end;   /* when it was, and the end of that day */
		int64_t behind;      /* the first 甲 that does not begin earlier */
		bool unknown;
	} last;
	bool framed;             /* more than these is to be tried */
	uint32_t table_row;
};

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

static int64_t day_of(int64_t secs)
{
	return secs / CIVIL_DAY - (secs % CIVIL_DAY < 0);
}

/* ---- windows ---- */

static enum truth truth_of(bool b)
{
	return b ? TRUTH_TRUE : TRUTH_FALSE;
}

/* A midnight clock means that only the date is known. */
static enum truth within_hours(int64_t a, int64_t b, int64_t hours)
{
	bool clock = a % CIVIL_DAY != 0 && b % CIVIL_DAY != 0;

	if (clock)
		return truth_of(distance(a, b) <= hours * 3600);
	return distance(a, b) > hours * 3600 + CIVIL_DAY ? TRUTH_FALSE : TRUTH_UNKNOWN;
}

enum truth window_apart(const struct window *w, int64_t a, int64_t b)
{
	if (a == MISSING_I64 || b == MISSING_I64)
		return TRUTH_UNKNOWN;
	if (w->kind == WINDOW_DAYS)
		return truth_of(distance(day_of(a), day_of(b)) < w->n);
	return within_hours(a, b, w->n);
}

static enum truth same_visit(struct pairing *x, enum bucket bucket, uint32_t a, uint32_t b)
{
	uint64_t va = visit_key(x->e, bucket, x->rp->side[0].stream, a);
	uint64_t vb = visit_key(x->e, bucket, x->rp->side[1].stream, b);

	if (va == KEY_MISSING || vb == KEY_MISSING)
		return TRUTH_UNKNOWN;
	return truth_of(va == vb);
}

static enum truth in_window(struct pairing *x, const struct window *w, uint32_t a, uint32_t b)
{
	const struct rule_settings *set = &x->e->p->rs->settings;
	int64_t ta, tb;

	if (w->kind == WINDOW_NONE)
		return TRUTH_TRUE;
	if (w->kind == WINDOW_BUCKET && (w->bucket == BUCKET_VISIT || w->bucket == BUCKET_STAY))
		return same_visit(x, w->bucket, a, b);
	ta = x->time[0][a];
	tb = x->time[1][b];
	if (ta == MISSING_I64 || tb == MISSING_I64)
		return TRUTH_UNKNOWN;
	if (w->kind == WINDOW_DAYS || w->kind == WINDOW_HOURS)
		return window_apart(w, ta, tb);
	/* without a clock the hour is not known either, only that the day is the same */
	if (w->bucket == BUCKET_HOUR && day_of(ta) == day_of(tb) &&
	    (ta % CIVIL_DAY == 0 || tb % CIVIL_DAY == 0))
		return TRUTH_UNKNOWN;
	if (w->bucket == BUCKET_HOUR && (ta % CIVIL_DAY == 0 || tb % CIVIL_DAY == 0))
		return day_of(ta) == day_of(tb) ? TRUTH_UNKNOWN : TRUTH_FALSE;
	return truth_of(bucket_number(w->bucket, ta, false, set) ==
			bucket_number(w->bucket, tb, false, set));
}

static enum truth window_truth(struct pairing *x, uint32_t a, uint32_t b)
{
	const struct rule_plan *rp = x->rp;

	if (rp->rule->window.kind == WINDOW_BUCKET)
		return TRUTH_TRUE; /* among the keys */
	if (rp->rule->window.kind != WINDOW_TABLE)
		return in_window(x, &rp->rule->window, a, b);
	if (x->table_row == KNOWLEDGE_NONE)
		return TRUTH_UNKNOWN;
	return in_window(x, &rp->table_window[x->table_row], a, b);
}

/* ---- order and interval ---- */

/* 乙's start - 甲's end, in seconds; MISSING_I64 when either is not known. */
static int64_t interval(struct pairing *x, uint32_t a, uint32_t b)
{
	int64_t end = x->end[a];
	int64_t start = x->time[1][b];

	return end == MISSING_I64 || start == MISSING_I64 ? MISSING_I64 : start - end;
}

static enum truth order_truth(struct pairing *x, uint32_t a, uint32_t b)
{
	const struct rule *r = x->rp->rule;
	const struct side *s = x->rp->side;
	int64_t ta, tb, gap;

	if (!r->ordered)
		return TRUTH_TRUE;
	ta = x->time[0][a];
	tb = x->time[1][b];
	if (ta == MISSING_I64 || tb == MISSING_I64)
		return TRUTH_UNKNOWN;
	if (ta > tb || (ta == tb && s[0].stream == s[1].stream && a > b) ||
	    (ta == tb && s[0].stream > s[1].stream)) /* ORDER: time, stream, identity */
		return TRUTH_FALSE;
	gap = interval(x, a, b);
	if (gap == MISSING_I64) /* a stay that has not ended is not followed by another */
		return r->gap_max == INT64_MAX && r->gap_min == INT64_MIN ? TRUTH_TRUE
									  : TRUTH_UNKNOWN;
	if (r->gap_days)
		gap = day_of(tb) - day_of(x->end[a]);
	return truth_of(gap >= r->gap_min && gap <= r->gap_max);
}

/* ---- one pair ---- */

static int32_t later_day(struct pairing *x, uint32_t a, uint32_t b)
{
	int32_t da = slot_day(x->e, x->rp->side[0].stream)[a];
	int32_t db = slot_day(x->e, x->rp->side[1].stream)[b];

	return da > db ? da : db;
}

static void pair_frame(struct pairing *x, struct frame *f, const uint32_t *a, const uint32_t *b)
{
	frame_init(f, x->e);
	f->stream[0] = x->rp->side[0].stream;
	f->stream[1] = x->rp->side[1].stream;
	f->at[0] = *a;
	f->at[1] = *b;
	f->rows[0] = a;
	f->rows[1] = b;
	f->n[0] = f->n[1] = 1;
	f->day = later_day(x, *a, *b);
	f->table = x->rp->rule->table;
	f->table_row = x->table_row;
}

static enum truth least(enum truth a, enum truth b)
{
	return a < b ? a : b;
}

static bool pair_in_force(const struct rule *r, const struct frame *f)
{
	return in_force(r->from, r->until, f->day) &&
	       (f->table_row == KNOWLEDGE_NONE || table_in_force(f->table, f->table_row, f->day));
}

static enum truth pair_truth(struct pairing *x, uint32_t a, uint32_t b)
{
	const struct rule_plan *rp = x->rp;
	struct node *const *rest = x->quick ? rp->slow : rp->rest;
	uint32_t n = x->quick ? rp->n_slow : rp->n_rest;
	enum truth t = least((enum truth)x->filter[0][a], (enum truth)x->filter[1][b]);
	struct frame f;

	if (t && (t = least(t, order_truth(x, a, b))))
		t = least(t, window_truth(x, a, b));
	for (uint32_t i = 0; t && x->quick && i < rp->n_quick; i++)
		t = least(t, pair_test_truth(x->e, &x->ready[i], a, b));
	if (!t || !x->framed)
		return t;
	pair_frame(x, &f, &a, &b);
	if (!pair_in_force(rp->rule, &f))
		return TRUTH_FALSE;
	for (uint32_t i = 0; i < n && t; i++)
		t = least(t, node_truth(&f, rest[i]));
	if (t && rp->n_related)
		related_find(&f, rp, x->subject, b);
	if (t && rp->when)
		t = least(t, rp->n_related ? group_trigger(&f, rp) : node_truth(&f, rp->when));
	if (t == TRUTH_UNKNOWN)
		trouble_count(&x->e->account[rp->index], trouble_of(&f, rp->when));
	return t;
}

static bool fits_side(struct pairing *x, unsigned side, uint32_t row)
{
	const struct join *j = &x->rp->side[side].join;

	if (!x->filter[side][row])
		return false;
	if (!j->field || x->table_row == KNOWLEDGE_NONE)
		return true;
	return table_fits(x->e, j->memo, domain_rows(x->e, j->field->field)[row], x->table_row);
}

/* Of two records that fit both ways round, only the way with the earlier as 甲 counts. */
static bool is_mirrored(struct pairing *x, uint32_t a, uint32_t b)
{
	return x->twins && a > b && fits_side(x, 0, b) && fits_side(x, 1, a) &&
	       pair_truth(x, b, a) == TRUTH_TRUE;
}

static void report(struct pairing *x, uint32_t a, uint32_t b)
{
	struct hit_group g = { .rp = x->rp, .subject = x->subject };
	struct frame f;

	pair_frame(x, &f, &a, &b);
	if (x->rp->n_related)
		related_find(&f, x->rp, x->subject, b);
	g.frame = &f;
	mark_row(x->e, b, hit_give(&g) ? MARK_EXCEPTED : MARK_HIT);
}

/* How far 甲 is from 乙, for the nearest. */
static int64_t apart(struct pairing *x, uint32_t a, uint32_t b)
{
	int64_t ta = x->time[0][a];
	int64_t tb = x->time[1][b];
	int64_t gap = interval(x, a, b);

	if (x->rp->rule->ordered && gap != MISSING_I64)
		return distance(gap, 0);
	return ta == MISSING_I64 || tb == MISSING_I64 ? INT64_MAX : distance(ta, tb);
}

/* Rows that share a hash but not the keys, or that are one and the same, make no pair. */
static bool may_pair(struct pairing *x, uint32_t a, uint32_t b)
{
	const struct side *s = x->rp->side;

	if (s[0].stream == s[1].stream && a == b)
		return false;
	return !s[0].keys->n ||
	       keyset_same(x->e, s[0].keys, a, s[0].stream, s[1].keys, b, s[1].stream);
}

/* ---- reach ---- */

/* Times between which a 甲 of some 乙 must lie; a day of slack, so that it never leaves one out. */
struct reach {
	int64_t from, to;
};

/* How many seconds apart a window lets two records be. */
static int64_t window_reach(const struct window *w)
{
	static const int64_t days[] = {
		[BUCKET_DAY] = 1, [BUCKET_WEEK] = 7, [BUCKET_MONTH] = 31, [BUCKET_QUARTER] = 92,
		[BUCKET_YEAR] = 366, [BUCKET_INSURANCE_YEAR] = 366, [BUCKET_HOUR] = 1,
	};

	switch (w->kind) {
	case WINDOW_DAYS: return w->n * CIVIL_DAY;
	case WINDOW_HOURS: return w->n * 3600 + CIVIL_DAY;
	case WINDOW_BUCKET:
		return w->bucket < BUCKET_DAY ? INT64_MAX : days[w->bucket] * CIVIL_DAY;
	default: return INT64_MAX;
	}
}

static int64_t far_from(int64_t t, int64_t by, int sign)
{
	int64_t to;

	if (by == INT64_MAX || by == INT64_MIN ||
	    (sign < 0 ? __builtin_sub_overflow(t, by, &to) : __builtin_add_overflow(t, by, &to)))
		return sign < 0 ? INT64_MIN : INT64_MAX;
	return to;
}

static struct reach reach_of(struct pairing *x, int64_t t)
{
	const struct rule *r = x->rp->rule;
	const struct window *w = &r->window;
	struct reach out = { INT64_MIN, INT64_MAX };
	int64_t unit = r->gap_days ? CIVIL_DAY : 1, apart, gap;

	if (w->kind == WINDOW_TABLE && x->table_row != KNOWLEDGE_NONE)
		w = &x->rp->table_window[x->table_row];
	apart = window_reach(w);
	if (apart != INT64_MAX) {
		out.from = far_from(t, apart + CIVIL_DAY, -1);
		out.to = far_from(t, apart + CIVIL_DAY, 1);
	}
	if (!r->ordered)
		return out;
	out.to = out.to < t ? out.to : t;
	if (x->rp->side[0].end != x->rp->side[0].time || r->gap_max > INT64_MAX / CIVIL_DAY / 2)
		return out; /* what ends late may have begun any time before */
	gap = r->gap_max * unit + CIVIL_DAY;
	if (gap > 0 && far_from(t, gap, -1) > out.from)
		out.from = far_from(t, gap, -1);
	return out;
}

/* First of v[0..n) whose time is known and not before t; rows without a time lie in front. */
static uint32_t first_since(struct pairing *x, const struct sort_pair *v, uint32_t n, int64_t t)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (x->time[0][(uint32_t)v[mid].value] < t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* ---- one 乙 ---- */

/* The nearest 甲 so far. */
struct nearest {
	uint32_t row;
	int64_t apart;
};

/* Nothing more can be found out about a second record by first ones that are unknown. */
static bool is_settled(const struct pairing *x, uint32_t b)
{
	return x->e->marks.still || (x->once && x->e->marks.mark[b] != MARK_NONE);
}

static void try_first(struct pairing *x, uint32_t a, uint32_t b, struct nearest *best)
{
	enum truth t;

	if (x->filter[0][a] == TRUTH_UNKNOWN && is_settled(x, b))
		return;
	t = may_pair(x, a, b) ? pair_truth(x, a, b) : TRUTH_FALSE;
	if (t == TRUTH_UNKNOWN)
		note_unknown(x->e, x->rp, b);
	if (t != TRUTH_TRUE || is_mirrored(x, a, b))
		return;
	if (x->rp->rule->pick == PICK_EACH) {
		report(x, a, b);
	} else if (best->row == NO_INDEX || apart(x, a, b) < best->apart) {
		best->row = a;
		best->apart = apart(x, a, b);
	}
}

/* Whether the quick tests read the same of two rows of the second side. */
static bool reads_same(const struct pairing *x, uint32_t b, uint32_t other)
{
	for (uint32_t i = 0; i < x->rp->n_quick; i++) {
		const struct pair_ready *r = &x->ready[i];

		if (r->test->op == PAIR_CODES
		    ? ((const uint32_t *)r->col[1])[b] != ((const uint32_t *)r->col[1])[other]
		    : ((const int64_t *)r->col[1])[b] != ((const int64_t *)r->col[1])[other])
			return false;
	}
	return true;
}

/* Where only days count, nothing but the quick tests is tried and no first record is sure, a 乙
 * of the same day with no 甲 in between is as unknown as the one before. */
static bool like_last(struct pairing *x, const struct sort_pair *v, uint32_t n, uint32_t b)
{
	int64_t t = x->time[1][b];

	return x->repeats && x->last.first == v && x->last.n == n && t >= x->last.from &&
	       t < x->last.end && (t == x->last.from || t < x->last.behind) &&
	       x->filter[1][b] == x->filter[1][x->last.b] && reads_same(x, b, x->last.b);
}

static void keep_last(struct pairing *x, const struct sort_pair *v, uint32_t n, uint32_t b)
{
	int64_t t = x->time[1][b];
	uint32_t behind = n;

	while (behind && x->time[0][(uint32_t)v[behind - 1].value] >= t)
		behind--;
	x->last.first = v;
	x->last.n = n;
	x->last.b = b;
	x->last.from = t;
	x->last.end = t == MISSING_I64 ? t : civil_midnight((int32_t)day_of(t)) + CIVIL_DAY;
	x->last.behind = behind < n ? x->time[0][(uint32_t)v[behind].value] : INT64_MAX;
	x->last.unknown = x->e->marks.mark[b] != MARK_NONE;
}

static bool can_repeat(const struct pairing *x)
{
	const struct rule *r = x->rp->rule;
	bool fits = x->quick && !x->framed && x->once && x->doubtful && r->ordered &&
		    r->gap_days && r->window.kind == WINDOW_NONE &&
		    x->rp->side[0].stream != x->rp->side[1].stream && !x->e->marks.still;

	for (uint32_t i = 0; fits && i < x->rp->n_quick; i++)
		fits = x->ready[i].test->op == PAIR_CODES || x->ready[i].test->op == PAIR_NUMBERS;
	return fits;
}

/* v[0..n) in order of time: only those within reach are tried, and those without a time. */
static void judge_second(struct pairing *x, const struct sort_pair *v, uint32_t n, uint32_t b)
{
	struct nearest best = { NO_INDEX, INT64_MAX };
	int64_t t = x->time[1][b];
	struct reach reach = { INT64_MIN, INT64_MAX };
	uint32_t timeless, from, i;

	if (like_last(x, v, n, b)) {
		if (x->last.unknown)
			note_unknown(x->e, x->rp, b);
		return;
	}
	if (t != MISSING_I64)
		reach = reach_of(x, t);
	timeless = first_since(x, v, n, MISSING_I64 + 1);
	from = first_since(x, v, n, reach.from);
	for (i = 0; i < timeless; i++)
		try_first(x, (uint32_t)v[i].value, b, &best);
	for (i = from > timeless ? from : timeless; i < n; i++) {
		uint32_t a = (uint32_t)v[i].value;

		if (x->time[0][a] > reach.to || (x->doubtful && is_settled(x, b)))
			break;
		try_first(x, a, b, &best);
	}
	if (best.row != NO_INDEX)
		report(x, best.row, b);
	if (x->repeats)
		keep_last(x, v, n, b);
}

/* ---- candidates ---- */

/* Where no key is missing. */
static uint32_t list_keys(struct pairing *x, unsigned side, const uint64_t *key)
{
	const uint32_t *start = x->e->b->rows[x->rp->side[side].stream].start + x->subject;
	uint32_t n = pairs_passing(x->e, side, key, x->filter[side], start);

	pairs_sort(x->e, side, n);
	return n;
}

static uint32_t list_side(struct pairing *x, unsigned side)
{
	const struct side *s = &x->rp->side[side];
	const struct rows *rows = &x->e->b->rows[s->stream];
	const uint64_t *key = slot_keyset(x->e, s->keys, s->stream);
	const uint32_t *code = s->join.field ? domain_rows(x->e, s->join.field->field) : NULL;
	bool both = x->rp->side[0].join.field && x->rp->side[1].join.field;
	uint32_t n = 0, i = rows->start[x->subject], end = rows->start[x->subject + 1];

	if (!code && !x->e->keyset[s->keys->id].open)
		return list_keys(x, side, key);
	for (; (i = filter_next(x->filter[side], i, end)) < end; i++) {
		uint32_t count = 0;
		const uint32_t *fit;

		if (key[i] == KEY_MISSING || (code && !code[i])) {
			if (side == 1)
				note_unknown(x->e, x->rp, i);
			continue;
		}
		if (!code) {
			n = pairs_add(x->e, side, n, key[i], i);
			continue;
		}
		fit = table_rows(x->e, s->join.memo, code[i], &count);
		for (uint32_t k = 0; k < count; k++)
			n = pairs_add(x->e, side, n,
				      both ? hash_join(key[i], fit[k]) >> 1 : key[i],
				      (uint64_t)fit[k] << 32 | i);
	}
	pairs_sort(x->e, side, n);
	return n;
}

/* End of the run of one key and table row that starts at i. */
static uint32_t run_end(const struct sort_pair *v, uint32_t n, uint32_t i)
{
	uint32_t end = i + 1;

	while (end < n && v[end].key == v[i].key && v[end].value >> 32 == v[i].value >> 32)
		end++;
	return end;
}

static void judge_second_rows(struct pairing *x, const struct sort_pair *a, uint32_t n_a,
			      const struct sort_pair *b)
{
	const struct knowledge *k = x->rp->rule->table;
	bool joined = x->rp->side[0].join.field || x->rp->side[1].join.field;

	if (!k || joined) {
		x->table_row = !k ? KNOWLEDGE_NONE
				  : (uint32_t)((x->rp->side[0].join.field ? a : b)->value >> 32);
		judge_second(x, a, n_a, (uint32_t)b->value);
		return;
	}
	for (x->table_row = 0; x->table_row < k->n_row; x->table_row++)
		judge_second(x, a, n_a, (uint32_t)b->value);
}

static void judge_run(struct pairing *x, const struct sort_pair *a, uint32_t n_a,
		      const struct sort_pair *b, uint32_t n_b)
{
	bool both = x->rp->side[0].join.field && x->rp->side[1].join.field;

	for (uint32_t i = 0; i < n_b; i++)
		if (!both || a->value >> 32 == b[i].value >> 32)
			judge_second_rows(x, a, n_a, &b[i]);
}

static void match_lists(struct pairing *x, uint32_t n_a, uint32_t n_b)
{
	const struct sort_pair *a = x->e->pair[0], *b = x->e->pair[1];
	uint32_t j = 0;

	for (uint32_t i = 0, end; i < n_a; i = end) {
		uint32_t last;

		end = run_end(a, n_a, i);
		while (j < n_b && b[j].key < a[i].key)
			j++;
		for (last = j; last < n_b && b[last].key == a[i].key;)
			last++;
		if (last > j)
			judge_run(x, a + i, end - i, b + j, last - j);
	}
}

/* Rows no table row fits make no pair; nor are they unknown when their keys are there. */
static bool fold_joins(struct pairing *x)
{
	struct eval *e = x->e;

	for (unsigned i = 0; i < 2; i++) {
		const struct side *s = &x->rp->side[i];

		slot_keyset(e, s->keys, s->stream);
		if (s->join.field && (i == 0 || !e->keyset[s->keys->id].open) &&
		    !filter_and(e->filter[i].truth, join_truth(e, &s->join),
				e->b->rows[s->stream].n))
			return false;
	}
	return true;
}

/* The subject from the one at hand on that has a row on the first side; false when none has. */
static bool next_subject(struct pairing *x)
{
	const struct rows *rows = &x->e->b->rows[x->rp->side[0].stream];
	uint32_t at = filter_next(x->filter[0], rows->start[x->subject], rows->n);

	if (at >= rows->n)
		return false;
	while (rows->start[x->subject + 1] <= at)
		x->subject++;
	return true;
}

/* Numbers too large for their vectors are tried in frames, all of them. */
static void take_tests(struct pairing *x)
{
	const struct rule_plan *rp = x->rp;
	const struct rule *r = rp->rule;

	x->quick = rp->n_quick > 0 && rp->n_quick <= QUICK_TESTS;
	for (uint32_t i = 0; x->quick && i < rp->n_quick; i++)
		x->quick = pair_test_ready(x->e, rp->quick[i], &x->ready[i]);
	x->framed = r->table || r->from != MISSING_I32 || r->until != MISSING_I32 || rp->when ||
		    rp->n_related || (x->quick ? rp->n_slow : rp->n_rest);
}

void form_pair(struct eval *e, const struct rule_plan *rp)
{
	struct pairing x = { .e = e, .rp = rp };

	for (unsigned i = 2; i-- > 0;)
		x.filter[i] = side_filter(e, &rp->side[i], rp->rule->scope, &e->filter[i]);
	if (!x.filter[0] || !x.filter[1])
		return;
	if (!fold_joins(&x))
		return;
	x.time[0] = slot_time(e, rp->side[0].time);
	x.time[1] = slot_time(e, rp->side[1].time);
	x.end = slot_time(e, rp->side[0].end);
	take_tests(&x);
	x.doubtful = !(kernel_bits(x.filter[0], e->b->rows[rp->side[0].stream].n) & TRUTH_TRUE);
	x.once = !rp->when || !trouble_computes(rp->when);
	x.repeats = can_repeat(&x);
	x.loose = e->keyset[rp->side[1].keys->id].open ||
		  (rp->side[1].join.field &&
		   column_gaps(e, rp->side[1].join.field->field) != GAPS_NONE);
	x.twins = !rp->rule->ordered && rp->side[0].stream == rp->side[1].stream;
	for (x.subject = 0; x.subject < e->b->n_subjects; x.subject++) {
		if (!x.loose && !next_subject(&x))
			break;
		uint32_t n_b = list_side(&x, 1);
		uint32_t n_a = n_b ? list_side(&x, 0) : 0;

		x.last.first = NULL;
		if (n_a)
			match_lists(&x, n_a, n_b);
	}
}
