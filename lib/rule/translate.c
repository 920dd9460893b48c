/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * translate.c - marks to words.
 *
 * Every mark gives the word that stands in its place; where an operator and its values
 * are marked as one, they are written anew, for one name may stand for several codes: 是 药品
 * is `in (101, 103, 104)`.
 */
#include "lib/rule/translate.h"

#include <string.h>

#include "lib/base/utf8.h"
#include "lib/rule/format.h"

#define GROUP_MAX 64u

/* ---- words ---- */

static bool word_character(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') ||
		       (cp >= 'A' && cp <= 'Z') || cp == '_';
	return cp > 0xBF && !(cp >= 0x2000 && cp <= 0x303F) && !(cp >= 0xFF00 && cp <= 0xFF65) &&
	       cp != UTF8_BAD;
}

/* Whether the text reads as one word that is no keyword. */
static bool is_plain_word(struct str s)
{
	for (unsigned k = 0; k < KW_COUNT; k++)
		if (keyword_is(s, (enum keyword)k))
			return false;
	for (uint32_t i = 0, cp; i < s.n; ) {
		i += utf8_next(s.p + i, s.n - i, &cp);
		if (!word_character(cp))
			return false;
	}
	return s.n > 0;
}

static struct str field_word(enum field f, bool english)
{
	const struct field_info *i = field_get(f);
	struct str alias = str_of(i->alias), title = str_of(i->title);

	if (english)
		return str_of(i->name);
	if (field_find(i->stream, alias) == f && is_plain_word(alias))
		return alias;
	return field_find(i->stream, title) == f && is_plain_word(title) ? title : str_of(i->name);
}

/* ---- values ---- */

/* The first name that stands for this code alone; empty when there is none. */
static struct str name_of(const char *field, struct str code, bool word)
{
	struct str other, name, out[2];

	for (unsigned i = 0; code_entry(field, i, &other, &name); i++)
		if (str_eq(other, code) && code_find_all(field, name, out, 2) == 1 &&
		    str_eq(out[0], code) && (!word || is_plain_word(name)))
			return name;
	return (struct str){ NULL, 0 };
}

/* The name that stands for the most of the next codes; *n is how many. */
static struct str group_of(const char *field, const struct str *code, uint32_t left, uint32_t *n)
{
	struct str best = { NULL, 0 }, other, name, all[GROUP_MAX];

	*n = 1;
	for (unsigned i = 0; code_entry(field, i, &other, &name); i++) {
		uint32_t found, same = 0;

		if (!str_eq(other, code[0]) || !is_plain_word(name))
			continue;
		found = code_find_all(field, name, all, GROUP_MAX);
		if (found <= *n || found > left || found > GROUP_MAX)
			continue;
		while (same < found && str_eq(all[same], code[same]))
			same++;
		if (same < found)
			continue;
		best = name;
		*n = found;
	}
	return best;
}

static void put_code(struct buf *b, struct str code)
{
	if (is_plain_word(code))
		buf_addstr(b, code);
	else
		buf_addf(b, "\"" STR_FMT "\"", STR_ARG(code));
}

static void put_codes(struct buf *b, const struct mark *m)
{
	for (uint32_t i = 0; i < m->n_code; i++) {
		buf_adds(b, i > 0 ? ", " : "");
		put_code(b, m->code[i]);
	}
}

/* Names of the codes; *group when one name stands for all of several. */
static void put_names(struct buf *b, const struct mark *m, uint32_t *items, bool *group)
{
	const char *field = field_get(m->field)->name;
	uint32_t n;

	*items = 0;
	*group = false;
	for (uint32_t i = 0; i < m->n_code; i += n, ++*items) {
		struct str name = group_of(field, m->code + i, m->n_code - i, &n);

		*group |= name.n > 0 && n == m->n_code;
		if (name.n == 0)
			name = name_of(field, m->code[i], true);
		buf_adds(b, i > 0 ? "、" : "");
		if (name.n > 0)
			buf_addstr(b, name);
		else
			put_code(b, m->code[i]);
	}
}

/* 是 and 在 are the two ways to write the same: one value, or several. */
static enum keyword fitting(enum keyword k, bool several)
{
	if (several)
		return k == KW_IS ? KW_IN : k == KW_IS_NOT ? KW_IN_NOT : k;
	return k == KW_IN ? KW_IS : k == KW_IN_NOT ? KW_IS_NOT : k;
}

static bool is_equality(enum keyword k)
{
	return k == KW_IS || k == KW_IS_NOT;
}

static void put_values(struct buf *b, const struct mark *m, bool english, struct str sign)
{
	uint32_t items = m->n_code;
	enum keyword k = m->keyword;
	bool group = false, brackets;
	struct buf values;

	buf_init(&values, 0);
	if (english)
		put_codes(&values, m);
	else
		put_names(&values, m, &items, &group);
	if (group)
		k = fitting(k, false);
	else if (is_equality(k) && items > 1)
		k = fitting(k, true);
	brackets = items > 1 || (m->many && !group && !is_equality(k));
	if (sign.n > 0 && is_equality(k))
		buf_addstr(b, sign);
	else
		buf_adds(b, keyword_word(k, english));
	buf_addf(b, brackets ? "(%s)" : " %s", buf_cstr(&values));
	buf_fini(&values);
}

/* The operator as written when it is a sign; values that hold a comment are left alone. */
static bool values_sign(struct str text, struct str *sign)
{
	uint32_t cp, n = utf8_next(text.p, text.n, &cp);

	*sign = (struct str){ NULL, 0 };
	if (str_chr(text, '#') >= 0 || str_find(text, STR("＃")) >= 0)
		return false;
	if (word_character(cp))
		return true;
	*sign = str_sub(text, 0, n);
	if (text.n > n && (cp == '<' || cp == '!' || cp == 0xFF01 || cp == 0xFF1C))
		sign->n += utf8_next(text.p + n, text.n - n, &cp);
	return true;
}

static bool replace_values(struct buf *b, const struct mark *m, struct str text, bool english)
{
	struct str sign;

	if (!values_sign(text, &sign))
		return false;
	put_values(b, m, english, sign);
	return true;
}

/* A value alone: a cell of an example. */
static void put_cell(struct buf *b, const struct mark *m, struct str text, bool english)
{
	const char *field = field_get(m->field)->name;
	struct str code = code_find(field, text), name;

	name = english || code.n == 0 ? code : name_of(field, code, false);
	if (name.n == 0 || str_chr(name, '|') >= 0)
		name = english || code.n == 0 ? text : code;
	buf_addstr(b, name);
}

/* ---- the whole ---- */

/* Writes what stands for the mark; false when it stays as it is. */
static bool replace(struct buf *b, const struct mark *m, struct str text, bool english)
{
	switch (m->kind) {
	case MARK_BLOCK:
	case MARK_CLAUSE:
	case MARK_KEYWORD:
	case MARK_TERM:
	case MARK_FUNCTION:
	case MARK_STREAM:
		buf_adds(b, english ? m->en : m->zh);
		return true;
	case MARK_FIELD:
		buf_addstr(b, field_word(m->field, english));
		return true;
	case MARK_CODE:
		put_cell(b, m, text, english);
		return true;
	case MARK_VALUES:
		return replace_values(b, m, text, english);
	default:
		return false;
	}
}

bool translate_source(const struct diag_list *d, uint32_t file, bool english, struct buf *out)
{
	struct str text = d->file[file].text;
	uint32_t at = 0;
	struct buf b;
	bool ok;

	buf_init(&b, 0);
	for (uint32_t i = 0; i < d->marks->n; i++) {
		const struct mark *m = &d->marks->v[i];

		if (m->at.file != file || m->at.start < at)
			continue;
		buf_addstr(&b, str_sub(text, at, m->at.start - at));
		at = m->at.start;
		if (replace(&b, m, str_sub(text, m->at.start, m->at.end - m->at.start), english))
			at = m->at.end;
	}
	buf_addstr(&b, str_sub(text, at, text.n));
	ok = !b.failed && format_text(buf_str(&b), out);
	buf_fini(&b);
	return ok;
}
