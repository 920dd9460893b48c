/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_shape.c - what bounds a rule: streams, keys, windows, intervals, its subject.
 *
 * A rule without a bound in time, or without a subject, is refused here with the reason.
 */
#include "lib/rule/check_rule.h"

#include <string.h>

#include "lib/base/near.h"
#include "lib/rule/marks.h"
#include "lib/rule/window.h"

/* ---- streams and keys ---- */

enum stream check_stream(struct checker *c, const struct syn_item *x)
{
	enum stream s = stream_find(x->name);
	struct near near;
	struct diag *d;

	if (s != STREAM_COUNT) {
		mark_stream(c->d, x->at, s);
		return s;
	}
	d = diag_add(c->d, x->at, DIAG_UNKNOWN_STREAM, check_cstr(c, x->name));
	near_init(&near, x->name);
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		near_offer(&near, str_of(stream_title((enum stream)i)));
		near_offer(&near, str_of(stream_name((enum stream)i)));
	}
	check_near(c, d, x->at, &near, check_words(c, "记录", "record"));
	return STREAM_COUNT;
}

static struct expr *bucket_key(struct checker *c, enum stream s, enum bucket b, struct span at)
{
	struct expr *e;

	if (stream_time(s) == FIELD_NONE) {
		diag_add(c->d, at, DIAG_NO_EVENT_TIME,
			 c->d->english ? stream_name(s) : stream_title(s));
		return NULL;
	}
	mark_term(c->d, at, bucket_name(b, false), bucket_name(b, true));
	e = check_new(c, EXPR_BUCKET, TYPE_CODE, at);
	e->bucket = b;
	e->roles = 1;
	e->level = LEVEL_ROW;
	return e;
}

static void unknown_key(struct checker *c, enum stream s, const struct syn_item *x)
{
	struct scope names = { .c = c, .n_role = 1, .stream = { s, s } };
	struct diag *d;

	if (str_chr(x->name, '.') >= 0) {
		diag_add(c->d, x->at, DIAG_BAD_KEY);
		return;
	}
	d = diag_add(c->d, x->at, DIAG_UNKNOWN_FIELD,
		     c->d->english ? stream_name(s) : stream_title(s), check_cstr(c, x->name));
	check_hint(&names, d, x->at, x->name);
}

/* What a table says of the record: 「替代组」[项目].替代组. */
static struct expr *lookup_key(struct checker *c, enum stream s, const struct syn_item *x)
{
	struct scope row = { .c = c, .n_role = 1, .stream = { s, s } };
	struct expr *e = check_lookup(&row, x->expr);

	return e->type == TYPE_ERROR ? NULL : e;
}

struct expr *check_key(struct checker *c, enum stream s, const struct syn_item *x)
{
	enum field f = field_find(s, x->name);
	enum bucket b = bucket_parse(x->name);
	struct expr *e;

	if (x->expr != NULL && x->expr->kind == SYN_LOOKUP)
		return lookup_key(c, s, x);
	if (f == FIELD_NONE && b != BUCKET_NONE)
		return bucket_key(c, s, b, x->at);
	if (f == FIELD_NONE) {
		unknown_key(c, s, x);
		return NULL;
	}
	mark_field(c->d, x->at, f);
	e = check_new(c, EXPR_FIELD, field_get(f)->type, x->at);
	e->field = f;
	e->roles = 1;
	e->level = LEVEL_ROW;
	return e;
}

/* The key of the other role of a pair. */
static struct expr *twin(struct rule_check *k, const struct expr *key)
{
	struct expr *t = arena_dup(k->c->a, key, sizeof *key);
	enum stream second = k->r->stream[1];

	t->role = 1;
	t->roles = 2;
	if (key->op == EXPR_BUCKET) {
		if (stream_time(second) == FIELD_NONE)
			diag_add(k->c->d, key->at, DIAG_NO_EVENT_TIME, stream_title(second));
		return t;
	}
	t->field = field_twin(key->field, second);
	if (t->field == FIELD_NONE) {
		diag_add(k->c->d, key->at, DIAG_UNKNOWN_FIELD,
			 k->c->d->english ? stream_name(second) : stream_title(second),
			 field_get(key->field)->title);
		t->field = key->field;
	}
	return t;
}

static bool is_calendar_key(const struct expr *e)
{
	return e->op == EXPR_BUCKET && bucket_calendar(e->bucket);
}

static bool repeated_period(struct rule_check *k, const struct expr *e)
{
	for (uint32_t i = 0; i < k->r->n_key; i++)
		if (is_calendar_key(e) && is_calendar_key(k->r->key[i])) {
			diag_add(k->c->d, e->at, DIAG_ONE_PERIOD);
			return true;
		}
	return false;
}

static void add_keys(struct rule_check *k, const struct syn_clause *x)
{
	struct rule *r = k->r;

	r->key = arena_array(k->c->a, x->n_item + (size_t)1, sizeof(struct expr *));
	r->key_twin = arena_array(k->c->a, x->n_item + (size_t)1, sizeof(struct expr *));
	for (uint32_t i = 0; i < x->n_item; i++) {
		struct expr *e = check_key(k->c, r->stream[0], &x->item[i]);

		if (e == NULL || repeated_period(k, e))
			continue;
		if (e->op == EXPR_LOOKUP && r->n_role > 1) {
			diag_add(k->c->d, e->at, DIAG_BAD_KEY);
			continue;
		}
		r->key[r->n_key] = e;
		r->key_twin[r->n_key++] = r->n_role > 1 ? twin(k, e) : e;
	}
	if (r->n_role == 1)
		r->key_twin = NULL;
}

/* ---- windows and intervals ---- */

static bool table_window(struct rule_check *k, const struct syn_window *w, struct window *out)
{
	const struct knowledge *t = k->r->table;
	int64_t dot = str_chr(w->text, '.');
	struct str head = dot > 0 ? str_sub(w->text, 0, (size_t)dot) : w->text;
	struct str name = dot > 0 ? str_sub(w->text, (size_t)dot + 1, w->text.n) : w->text;
	struct span at = { w->at.file, w->at.end - name.n, w->at.end };
	struct near near;

	*out = (struct window){ .kind = WINDOW_NONE };
	if (t == NULL || dot <= 0 || !str_eq(head, k->r->table_var))
		return false;
	near_init(&near, name);
	for (uint32_t i = 0; i < t->n_col; i++) {
		near_offer(&near, t->col[i].name);
		if (!str_eq(t->col[i].name, name))
			continue;
		*out = (struct window){ .kind = WINDOW_TABLE, .index = i };
		if (t->col[i].kind == COLUMN_WINDOW)
			return true;
		diag_add(k->c->d, w->at, DIAG_WRONG_TYPE, check_words(k->c, "窗口", "window"),
			 check_words(k->c, "种类为窗口的列", "a column of type window"),
			 type_name(t->col[i].type, k->c->d->english));
		return true;
	}
	*out = (struct window){ .kind = WINDOW_DAYS, .n = 1 }; /* so that nothing else is said */
	check_near(k->c,
		   diag_add(k->c->d, at, DIAG_UNKNOWN_COLUMN, check_cstr(k->c, t->name),
			    check_cstr(k->c, name)),
		   at, &near, check_words(k->c, "列", "column"));
	return true;
}

/* A parameter may say how long a window is. */
static bool param_window(struct rule_check *k, const struct syn_window *w, struct window *out)
{
	for (uint32_t i = 0; i < k->r->n_param; i++) {
		const struct expr *e = k->r->param[i].expr;
		int64_t unit = e->bucket == BUCKET_DAY ? 86400 : 3600;

		if (!str_eq(k->r->param[i].name, w->text))
			continue;
		k->param_used[i] = 1;
		*out = (struct window){ .kind = e->bucket == BUCKET_DAY ? WINDOW_DAYS
									: WINDOW_HOURS,
					.n = (int64_t)(e->rat.num / unit) };
		if (e->type == TYPE_ERROR ||
		    (e->type == TYPE_DURATION && e->rat.den == 1 && out->n > 0))
			return true;
		diag_add(k->c->d, w->at, DIAG_WRONG_TYPE, check_words(k->c, "窗口", "window"),
			 check_words(k->c, "天数或小时数", "days or hours"),
			 type_name(e->type, k->c->d->english));
		return true;
	}
	return false;
}

/* A period is one word, of a length only the unit behind the digits is. */
static void mark_window(struct diag_list *d, struct span at, const struct window *w)
{
	const char *text = d->file[at.file].text.p;

	if (w->kind == WINDOW_BUCKET) {
		mark_term(d, at, bucket_name(w->bucket, false), bucket_name(w->bucket, true));
		return;
	}
	check_unit_span(text, &at);
	if (w->kind == WINDOW_DAYS)
		mark_term(d, at, "天", w->n == 1 ? "day" : "days");
	else
		mark_term(d, at, "小时", w->n == 1 ? "hour" : "hours");
}

void check_window(struct rule_check *k, const struct syn_window *w, struct window *out)
{
	struct near near;
	const char *word;
	struct diag *d;

	if (w == NULL || table_window(k, w, out) || param_window(k, w, out))
		return;
	if (window_parse(w->text, out)) {
		mark_window(k->c->d, w->at, out);
		return;
	}
	*out = (struct window){ .kind = WINDOW_DAYS, .n = 1 };
	d = diag_add(k->c->d, w->at, DIAG_UNKNOWN_WINDOW, check_cstr(k->c, w->text));
	near_init(&near, w->text);
	for (unsigned i = 0; (word = bucket_word(i)) != NULL; i++)
		near_offer(&near, str_of(word));
	check_near(k->c, d, w->at, &near, check_words(k->c, "时间区间", "period"));
}

/* A constant duration; *days tells that it was written in days. */
static int64_t read_gap(struct rule_check *k, const struct syn *n, bool *days)
{
	struct scope s = { .c = k->c,
			   .param = k->r->param,
			   .n_param = k->r->n_param,
			   .constant = true,
			   .param_used = k->param_used };
	struct expr *e = check_expr(&s, n);

	if (e->type != TYPE_ERROR && !check_adapt(&s, &e, TYPE_DURATION))
		return 0;
	if (e->type == TYPE_ERROR)
		return 0;
	if (e->type != TYPE_DURATION || e->op != EXPR_CONST || e->rat.den != 1) {
		diag_add(k->c->d, n->at, DIAG_WRONG_TYPE, check_words(k->c, "间隔", "the interval"),
			 type_name(TYPE_DURATION, k->c->d->english),
			 type_name(e->type, k->c->d->english));
		return 0;
	}
	*days &= e->bucket == BUCKET_DAY;
	return (int64_t)e->rat.num;
}

static void read_gaps(struct rule_check *k, const struct syn_clause *x)
{
	struct rule *r = k->r;
	bool days = true;

	r->gap_min = 0;
	r->gap_max = INT64_MAX;
	if (x->expr == NULL || x->expr2 == NULL)
		return;
	r->gap_min = read_gap(k, x->expr, &days);
	r->gap_max = read_gap(k, x->expr2, &days);
	if (r->gap_min > r->gap_max)
		diag_add(k->c->d, x->expr->at, DIAG_BAD_RANGE,
			 check_cstr(k->c,
				    str_make(k->c->d->file[x->at.file].text.p + x->expr->at.start,
					     x->expr->at.end - x->expr->at.start)),
			 check_cstr(k->c,
				    str_make(k->c->d->file[x->at.file].text.p + x->expr2->at.start,
					     x->expr2->at.end - x->expr2->at.start)));
	r->gap_days = days;
	if (days) {
		r->gap_min /= 86400;
		r->gap_max /= 86400;
	}
}

static void read_pick(struct rule_check *k, const struct syn_clause *x)
{
	static const struct {
		const char *zh, *en;
		enum pick pick;
	} words[] = { { "最近", "nearest", PICK_NEAREST }, { "每对", "each", PICK_EACH } };

	struct near near;
	struct diag *d;

	if (x->var.n == 0)
		return;
	for (size_t i = 0; i < 2; i++)
		if (str_eq(x->var, str_of(words[i].zh)) || str_eq(x->var, str_of(words[i].en))) {
			k->r->pick = words[i].pick;
			mark_term(k->c->d, x->var_at, words[i].zh, words[i].en);
			return;
		}
	d = diag_add(k->c->d, x->var_at, DIAG_UNKNOWN_WORD,
		     keyword_word(KW_PICK, k->c->d->english), check_cstr(k->c, x->var));
	d->expected = check_words(k->c, "最近、每对", "nearest, each");
	near_init(&near, x->var);
	for (size_t i = 0; i < 2; i++) {
		near_offer(&near, str_of(words[i].zh));
		near_offer(&near, str_of(words[i].en));
	}
	check_near(k->c, d, x->var_at, &near, check_words(k->c, "词", "word"));
}

/* 先 甲 后 乙: the first role is the earlier record. */
static void read_order(struct rule_check *k, const struct syn_clause *x)
{
	for (uint32_t i = 0; i < x->n_item && i < 2; i++) {
		struct diag *d;

		if (str_eq(x->item[i].name, k->r->role_name[i]))
			continue;
		d = diag_add(k->c->d, x->item[i].at, DIAG_UNKNOWN_ROLE,
			     check_cstr(k->c, x->item[i].name));
		d->expected = check_cstr(k->c, k->r->role_name[i]);
	}
	k->r->ordered = true;
	read_gaps(k, x);
	read_pick(k, x);
}

void check_keys(struct rule_check *k)
{
	const struct syn_clause *group = k->b->clause[KW_GROUP], *same = k->b->clause[KW_SAME];
	const struct syn_clause *window = k->b->clause[KW_WINDOW], *first = k->b->clause[KW_FIRST];

	if (k->r->form == FORM_GROUP && group != NULL)
		add_keys(k, group);
	if (k->r->form == FORM_PAIR && same != NULL)
		add_keys(k, same);
	if (group != NULL && group->window != NULL)
		check_window(k, group->window, &k->r->window);
	if (window != NULL)
		check_window(k, window->window, &k->r->window);
	if (first != NULL && k->r->form == FORM_PAIR && !first->broken)
		read_order(k, first);
}

/* ---- bounds and subject ---- */

static bool is_visit_key(const struct expr *e)
{
	if (e->op == EXPR_BUCKET)
		return e->bucket == BUCKET_VISIT || e->bucket == BUCKET_STAY;
	if (e->op != EXPR_FIELD)
		return false;
	return strcmp(field_get(e->field)->name, "mdtrt_id") == 0 ||
	       strcmp(field_get(e->field)->name, "setl_id") == 0;
}

enum subject_kind check_entity(enum field f)
{
	static const char *const doctors[] = {
		"dr_code",     "bilg_dr_code", "acord_dr_code", "chfpdr_code",
		"dise_dor_no", "oper_dr_code", "anst_dr_code",
	};
	const char *name = field_get(f)->name;

	if (strcmp(name, "psn_no") == 0)
		return SUBJECT_PERSON;
	if (strcmp(name, "fixmedins_code") == 0)
		return SUBJECT_FACILITY;
	for (size_t i = 0; i < sizeof doctors / sizeof *doctors; i++)
		if (strcmp(name, doctors[i]) == 0)
			return SUBJECT_PRACTITIONER;
	return SUBJECT_KEY;
}

static bool has_key(const struct rule *r, bool (*is)(const struct expr *e))
{
	for (uint32_t i = 0; i < r->n_key; i++)
		if (is(r->key[i]))
			return true;
	return false;
}

static bool names_person(const struct expr *e)
{
	return e->op == EXPR_FIELD && check_entity(e->field) == SUBJECT_PERSON;
}

bool check_keys_person(struct expr *const *key, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (names_person(key[i]) || is_visit_key(key[i]))
			return true;
	return false;
}

bool check_keys_bounded(struct expr *const *key, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (is_calendar_key(key[i]) || is_visit_key(key[i]))
			return true;
	return false;
}

/* Something must end the time that has to be looked back over. */
void check_bounds(struct rule_check *k)
{
	const struct rule *r = k->r;
	const struct syn_clause *where = k->b->clause[r->form == FORM_PAIR ? KW_SAME : KW_GROUP];
	struct span at = where != NULL ? where->key : k->b->id_at;

	if ((r->form != FORM_PAIR && r->form != FORM_GROUP) || !r->person_local)
		return; /* without a person the subject asks for a period itself */
	if ((where != NULL && (where->broken || r->n_key < where->n_item)) ||
	    (k->b->clause[KW_FIRST] != NULL && k->b->clause[KW_FIRST]->broken) ||
	    (k->b->clause[KW_WINDOW] != NULL && k->b->clause[KW_WINDOW]->broken))
		return;
	if (r->window.kind != WINDOW_NONE || has_key(r, is_calendar_key) ||
	    has_key(r, is_visit_key) || (r->ordered && r->gap_max != INT64_MAX))
		return;
	diag_add(k->c->d, at, DIAG_UNBOUNDED);
}

/* Index of the only key of a kind; -1 for none, -2 for several. */
static int only_key(const struct rule *r, enum subject_kind kind)
{
	int at = -1;

	for (uint32_t i = 0; i < r->n_key; i++) {
		if (r->key[i]->op != EXPR_FIELD || is_visit_key(r->key[i]) ||
		    field_get(r->key[i]->field)->role != ROLE_ENTITY ||
		    check_entity(r->key[i]->field) != kind)
			continue;
		if (at >= 0)
			return -2;
		at = (int)i;
	}
	return at;
}

/* Names of the keys of a kind. */
static const char *candidates(struct rule_check *k, enum subject_kind kind)
{
	const struct rule *r = k->r;
	const char *all = "";

	for (uint32_t i = 0; i < r->n_key; i++) {
		const struct field_info *f;

		if (r->key[i]->op != EXPR_FIELD || check_entity(r->key[i]->field) != kind)
			continue;
		f = field_get(r->key[i]->field);
		if (f->role == ROLE_ENTITY)
			all = arena_printf(&k->c->d->arena, "%s%s%s", all,
					   all[0] == '\0' ? "" : check_words(k->c, "、", ", "),
					   k->c->d->english	 ? f->name
					   : f->alias[0] != '\0' ? f->alias
								 : f->title);
	}
	return all;
}

static void declared_subject(struct rule_check *k, const struct syn_clause *x)
{
	struct rule *r = k->r;
	enum field f = x->n_item > 0 ? field_find(r->stream[0], x->item[0].name) : FIELD_NONE;

	if (f != FIELD_NONE)
		mark_field(k->c->d, x->item[0].at, f);
	for (uint32_t i = 0; i < r->n_key && f != FIELD_NONE; i++) {
		if (r->key[i]->op != EXPR_FIELD || r->key[i]->field != f)
			continue;
		r->subject_key = (int32_t)i;
		r->subject = check_entity(f);
		return;
	}
	if (f != FIELD_NONE && check_entity(f) == SUBJECT_PERSON)
		return;
	diag_add(k->c->d, x->n_item > 0 ? x->item[0].at : x->at, DIAG_BAD_KEY)->expected =
		check_words(k->c, "键里的一个：人员、机构、医师等", "one of the keys: person, facility, …");
}

/* Not written: the person, else the person's visit, else the only facility or practitioner. */
static void inferred_subject(struct rule_check *k, struct span at)
{
	static const enum subject_kind order[] = {
		SUBJECT_FACILITY, SUBJECT_PRACTITIONER, SUBJECT_KEY,
	};
	struct rule *r = k->r;

	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		int key = only_key(r, order[i]);

		if (key == -2) {
			diag_add(k->c->d, at, DIAG_MANY_SUBJECTS, candidates(k, order[i]));
			return;
		}
		if (key >= 0) {
			r->subject = order[i];
			r->subject_key = key;
			return;
		}
	}
	diag_add(k->c->d, at, DIAG_NO_SUBJECT);
}

static void foreign_subject(struct rule_check *k, struct span at)
{
	const struct rule *r = k->r;

	if (r->form == FORM_PAIR) {
		diag_add(k->c->d, at, DIAG_PAIR_PERSON);
		return;
	}
	if (r->table != NULL || (r->window.kind != WINDOW_NONE && r->window.kind != WINDOW_BUCKET))
		diag_add(k->c->d, at, DIAG_PERSON_TABLE);
	else if (!has_key(r, is_calendar_key) &&
		 !(r->window.kind == WINDOW_BUCKET && bucket_calendar(r->window.bucket)))
		diag_add(k->c->d, at, DIAG_NO_PERIOD);
}

void check_subject(struct rule_check *k)
{
	struct rule *r = k->r;
	const struct syn_clause *said = k->b->clause[KW_SUBJECT];
	const struct syn_clause *keys = k->b->clause[r->form == FORM_PAIR ? KW_SAME : KW_GROUP];
	struct span at = keys != NULL ? keys->key : k->b->id_at;
	int person = only_key(r, SUBJECT_PERSON);
	bool visit = has_key(r, is_visit_key);

	if (r->form == FORM_COMPARE) /* set with the indicator */
		return;
	r->subject = SUBJECT_PERSON;
	r->subject_key = person;
	r->person_local = r->form == FORM_EACH || person >= 0 || visit;
	if (r->form == FORM_EACH && field_named(r->stream[0], STR("psn_no")) == FIELD_NONE) {
		diag_add(k->c->d, k->b->id_at, DIAG_NO_SUBJECT);
		return;
	}
	if (keys != NULL && (keys->broken || r->n_key < keys->n_item)) {
		r->person_local = true; /* reported already */
		return;
	}
	if (said != NULL && !said->broken)
		declared_subject(k, said);
	else if (!r->person_local && r->form != FORM_PAIR)
		inferred_subject(k, at);
	if (!r->person_local)
		foreign_subject(k, at);
}
