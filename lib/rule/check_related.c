/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_related.c - 关联: other records that aggregates may look at beside those the rule is
 * about.
 *
 * They are found by keys that they share with the record in hand; a group hands its own keys.
 * They must lie on the same person's timeline and be bounded in time. What aggregates make of
 * them is check_call.c.
 */
#include "lib/rule/check_rule.h"

#include "lib/rule/marks.h"

static void wrong_key(struct rule_check *k, struct span at, const char *zh, const char *en)
{
	diag_add(k->c->d, at, DIAG_RELATED_KEY, check_words(k->c, zh, en));
}

/* The key over a record of another stream; NULL when reported. */
static struct expr *twin_of(struct rule_check *k, const struct expr *key, enum stream s)
{
	struct expr *t = arena_dup(k->c->a, key, sizeof *key);
	const char *stream = k->c->d->english ? stream_name(s) : stream_title(s);

	t->role = 0;
	t->roles = 1;
	if (key->op == EXPR_BUCKET) {
		if (stream_time(s) != FIELD_NONE)
			return t;
		diag_add(k->c->d, key->at, DIAG_NO_EVENT_TIME, stream);
		return NULL;
	}
	t->field = field_twin(key->field, s);
	if (t->field != FIELD_NONE)
		return t;
	diag_add(k->c->d, key->at, DIAG_UNKNOWN_FIELD, stream, field_get(key->field)->title);
	return NULL;
}

/* A group has one value of its own keys only. */
static bool is_of_group(const struct rule *r, const struct expr *key)
{
	if (r->form != FORM_GROUP || check_keys_person((struct expr *const[]){
				(struct expr *)key }, 1))
		return true;
	for (uint32_t i = 0; i < r->n_key; i++)
		if (r->key[i]->op == key->op && r->key[i]->field == key->field &&
		    r->key[i]->bucket == key->bucket)
			return true;
	return false;
}

static void one_key(struct rule_check *k, const struct syn_item *item, struct related *x)
{
	struct rule *r = k->r;
	unsigned role = r->n_role > 1;
	struct expr *key = check_key(k->c, r->stream[role], item);
	struct expr *twin;

	if (key == NULL)
		return;
	if (key->op == EXPR_LOOKUP || !is_of_group(r, key)) {
		wrong_key(k, item->at, "只能用归并自己的键", "takes the group's own keys only");
		return;
	}
	twin = twin_of(k, key, x->stream);
	if (twin == NULL)
		return;
	key->role = (uint8_t)role;
	key->roles = (uint8_t)(1u << role);
	x->key[x->n_key] = key;
	x->twin[x->n_key++] = twin;
}

static void read_keys(struct rule_check *k, const struct syn_clause *c, struct related *x)
{
	x->key = arena_array(k->c->a, c->n_item, sizeof(struct expr *));
	x->twin = arena_array(k->c->a, c->n_item, sizeof(struct expr *));
	for (uint32_t i = 1; i < c->n_item; i++)
		one_key(k, &c->item[i], x);
	if (x->n_key + 1 < c->n_item)
		return; /* reported */
	if (k->r->form == FORM_GROUP && !check_keys_person(k->r->key, k->r->n_key))
		return; /* not a person's rule: told with its subject */
	if (!check_keys_person(x->key, x->n_key))
		wrong_key(k, c->item[1].at, "要有人员或就诊", "needs the person or the visit");
	else if (!check_keys_bounded(x->key, x->n_key) && c->window == NULL)
		wrong_key(k, c->item[1].at, "没有时间限制：写就诊、时间区间或窗口",
			  "has no bound in time: give the visit, a period or a window");
}

static void read_window(struct rule_check *k, const struct syn_clause *c, struct related *x)
{
	if (c->window == NULL)
		return;
	check_window(k, c->window, &x->window);
	if (k->r->form == FORM_GROUP || (x->window.kind != WINDOW_DAYS &&
					 x->window.kind != WINDOW_HOURS))
		diag_add(k->c->d, c->window->at, DIAG_CLAUSE_NOT_HERE,
			 keyword_word(KW_WINDOW, k->c->d->english),
			 check_words(k->c, "归并规则的关联、日历区间写在“同”里",
				     "related records of a group, and periods, go by `same`"));
	else if (stream_time(x->stream) == FIELD_NONE)
		diag_add(k->c->d, c->window->at, DIAG_NO_EVENT_TIME,
			 k->c->d->english ? stream_name(x->stream) : stream_title(x->stream));
}

static bool name_is_free(struct rule_check *k, const struct syn_item *item)
{
	const struct rule *r = k->r;
	bool taken = str_eq(item->extra, r->role_name[0]) || str_eq(item->extra, r->role_name[1]) ||
		     (r->table != NULL && str_eq(item->extra, r->table_var));

	for (uint32_t i = 0; i < r->n_related; i++)
		taken |= str_eq(item->extra, r->related[i].name);
	if (taken)
		diag_add(k->c->d, item->extra_at, DIAG_DUPLICATE_NAME,
			 check_cstr(k->c, item->extra));
	return !taken;
}

static void one_related(struct rule_check *k, const struct syn_clause *c)
{
	struct rule *r = k->r;
	struct related x = { .at = c->key };

	if (c->broken || c->n_item < 2 || !name_is_free(k, &c->item[0]))
		return;
	if (r->n_related == RULE_RELATED) {
		diag_add(k->c->d, c->key, DIAG_TOO_LONG, "2");
		return;
	}
	x.stream = check_stream(k->c, &c->item[0]);
	if (x.stream == STREAM_COUNT)
		return;
	x.name = arena_str(k->c->a, c->item[0].extra);
	read_keys(k, c, &x);
	read_window(k, c, &x);
	r->related[r->n_related++] = x;
}

void check_related_subject(struct rule_check *k)
{
	if (k->r->n_related > 0 && !k->r->person_local)
		diag_add(k->c->d, k->r->related[0].at, DIAG_CLAUSE_NOT_HERE,
			 keyword_word(KW_RELATED, k->c->d->english),
			 check_words(k->c, "主体不是人员", "its subject is not a person"));
}

void check_related(struct rule_check *k)
{
	struct rule *r = k->r;

	r->related = arena_array(k->c->a, RULE_RELATED, sizeof *r->related);
	if (r->form == FORM_COMPARE)
		return;
	for (const struct syn_clause *c = k->b->clause[KW_RELATED]; c != NULL; c = c->next)
		one_related(k, c);
}
