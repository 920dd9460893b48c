/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.c - column names against fields.def, synonyms.def and ignored.def.
 *
 * Asked once per header column, so plain walks will do.
 */
#include "lib/record/names.h"

static const struct synonym {
	const char *source;
	enum field field;
} synonyms[] = {
#define SYNONYM(stream, source, field) { source, FIELD_##stream##_##field },
#include "lib/record/synonyms.def"
#undef SYNONYM
};

static const char *const ignored[] = {
#define IGNORED(name) #name,
#include "lib/record/ignored.def"
#undef IGNORED
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool names_equal(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

/* The same with a word, whose end is looked for only where it begins alike: each column of
 * each body is looked up. */
static bool is_word(struct str a, const char *word)
{
	return a.n > 0 && lower(*a.p) == lower(*word) && names_equal(a, str_of(word));
}

bool names_glob(struct str pattern, struct str name)
{
	uint32_t p = 0, n = 0, star = UINT32_MAX, mark = 0;
	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			mark = n;
		} else if (p < pattern.n &&
			   (pattern.p[p] == '?' || lower(pattern.p[p]) == lower(name.p[n]))) {
			p++;
			n++;
		} else if (star != UINT32_MAX) {
			p = star + 1;
			n = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static enum field by_name(enum stream s, struct str column)
{
	unsigned first = stream_first(s), end = first + stream_width(s);
	for (unsigned f = first; f < end; f++)
		if (is_word(column, field_get((enum field)f)->name))
			return (enum field)f;
	return FIELD_NONE;
}

static bool is_stored(enum field f)
{
	const struct field_info *info = field_get(f);
	return info->index < stream_stored_width(info->stream);
}

enum field names_field(enum stream s, struct str column)
{
	enum field f = by_name(s, column);
	for (size_t i = 0; f == FIELD_NONE && i < COUNT(synonyms); i++)
		if (field_get(synonyms[i].field)->stream == s &&
		    is_word(column, synonyms[i].source))
			f = synonyms[i].field;
	if (f == FIELD_NONE && column.n) {
		f = field_find(s, column);
		if (f != FIELD_NONE && !str_eq(column, str_of(field_get(f)->title)))
			f = FIELD_NONE;
	}
	return f != FIELD_NONE && is_stored(f) ? f : FIELD_NONE;
}

bool names_ignored(enum stream s, struct str column)
{
	enum field f = by_name(s, column);
	if (f != FIELD_NONE)
		return !is_stored(f);
	for (size_t i = 0; i < COUNT(ignored); i++)
		if (is_word(column, ignored[i]))
			return true;
	return false;
}
