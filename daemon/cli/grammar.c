/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grammar.c - conf/editor/fundwatch.tmLanguage.json, written from the tables of the language.
 *
 * Colours come from regular expressions and are a hint; what a word means the language server
 * says.
 */
#include "daemon/cli/grammar.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/rule/check.h"
#include "lib/rule/window.h"

/* A word stands alone: neither letters, digits nor - touch it. */
#define BEFORE "(?<![\\p{L}\\p{N}_.-])"
#define BEHIND "(?![\\p{L}\\p{N}_-])"

struct word_list {
	const char **v;
	uint32_t n, cap;
};

static void add(struct word_list *l, const char *word)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], word) == 0)
			return;
	GROW(l->v, l->cap, l->n + 1);
	l->v[l->n++] = word;
}

/* The longer first, for the first that fits is taken. */
static int by_length(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	size_t m = strlen(x), n = strlen(y);

	return m != n ? (m > n ? -1 : 1) : strcmp(x, y);
}

/* "before(a|b|c)behind"; releases the list. */
static void alternatives(struct buf *out, const char *before, struct word_list *l,
			 const char *behind)
{
	qsort(l->v, l->n, sizeof *l->v, by_length);
	buf_addf(out, "%s(", before);
	for (uint32_t i = 0; i < l->n; i++)
		buf_addf(out, "%s%s", i > 0 ? "|" : "", l->v[i]);
	buf_addf(out, ")%s", behind);
	xfree(l->v);
	*l = (struct word_list){ NULL, 0, 0 };
}

static void pattern(struct buf *out, const char *scope, struct str match)
{
	buf_adds(out, "\t\t{ \"name\": ");
	buf_json(out, str_of(scope));
	buf_adds(out, ", \"match\": ");
	buf_json(out, match);
	buf_adds(out, " },\n");
}

static void words(struct buf *out, const char *scope, const char *before, struct word_list *l,
		  const char *behind)
{
	struct buf b;

	buf_init(&b, 0);
	alternatives(&b, before, l, behind);
	pattern(out, scope, buf_str(&b));
	buf_fini(&b);
}

static void keywords(struct buf *out, enum keyword_kind kind, const char *scope,
		     const char *before)
{
	struct word_list l = { NULL, 0, 0 };

	for (unsigned k = 0; k < KW_COUNT; k++)
		for (int english = 0; english < 2 &&
				keyword_kind((enum keyword)k) == kind; english++)
			add(&l, keyword_word((enum keyword)k, english != 0));
	words(out, scope, before, &l, BEHIND);
}

static void functions(struct buf *out)
{
	struct word_list l = { NULL, 0, 0 };

	for (unsigned i = 0; check_function_word(i, false) != NULL; i++) {
		add(&l, check_function_word(i, false));
		add(&l, check_function_word(i, true));
	}
	words(out, "support.function.fundwatch", BEFORE, &l, "(?=\\s*[(（])");
}

static void header_words(struct buf *out)
{
	struct word_list l = { NULL, 0, 0 };
	enum keyword clause;
	const char *zh, *en;
	struct buf before;

	buf_init(&before, 0);
	for (unsigned i = 0; check_header_word(i, &clause, &zh, &en); i++) {
		add(&l, keyword_word(clause, false));
		add(&l, keyword_word(clause, true));
	}
	alternatives(&before, "^\\s+", &l, "\\s+");
	for (unsigned i = 0; check_header_word(i, &clause, &zh, &en); i++) {
		add(&l, zh);
		add(&l, en);
	}
	buf_adds(out, "\t\t{ \"match\": ");
	alternatives(&before, "(", &l, "([、，,]\\s*)?)+");
	buf_json(out, buf_str(&before));
	buf_adds(out, ", \"captures\": { \"1\": { \"name\": \"keyword.other.fundwatch\" }, "
		      "\"2\": { \"name\": \"constant.language.fundwatch\" } } },\n");
	buf_fini(&before);
}

static void streams_and_periods(struct buf *out)
{
	struct word_list l = { NULL, 0, 0 };
	const char *word;

	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		add(&l, stream_title((enum stream)s));
		add(&l, stream_name((enum stream)s));
	}
	words(out, "support.type.fundwatch", BEFORE, &l, BEHIND);
	for (unsigned i = 0; (word = bucket_word(i)) != NULL; i++)
		add(&l, word);
	words(out, "support.constant.fundwatch", BEFORE, &l, BEHIND);
}

static void free_text(struct buf *out)
{
	buf_adds(out,
		 "\t\t{ \"match\": \"^\\\\s+(依据|basis)\\\\s+(.*)$\", \"captures\": { \"1\": { \"name\": "
		 "\"keyword.other.fundwatch\" }, \"2\": { \"name\": "
		 "\"string.unquoted.fundwatch\" } } },\n"
		 "\t\t{ \"begin\": \"^\\\\s+(说明|say)\\\\s+\", \"end\": \"$\", \"name\": "
		 "\"string.interpolated.fundwatch\", \"beginCaptures\": { \"1\": { \"name\": "
		 "\"keyword.other.fundwatch\" } }, \"patterns\": [ { \"begin\": \"[{｛]\", \"end\": "
		 "\"[}｝]\", \"name\": \"meta.embedded.fundwatch\", \"patterns\": [ { \"include\": "
		 "\"#expression\" } ] } ] },\n");
}

static void literals(struct buf *out)
{
	pattern(out, "entity.name.fundwatch", STR("[「『][^」』]*[」』]"));
	pattern(out, "string.quoted.fundwatch", STR("\"[^\"]*\"|“[^”]*”"));
	pattern(out, "string.regexp.fundwatch", STR("(?<=匹配 |matches )/(\\\\.|[^/\\\\])*/"));
	pattern(out, "constant.numeric.date.fundwatch", STR(BEFORE "\\d{4}-\\d{1,2}-\\d{1,2}"));
	pattern(out, "constant.numeric.fundwatch", STR(BEFORE "\\d+(\\.\\d+)?%?"));
	pattern(out, "keyword.operator.fundwatch", STR("[−+×÷*/<>=≥≤≠＝＞＜]"));
	buf_adds(out, "\t\t{ \"name\": \"punctuation.separator.fundwatch\", \"match\": \"[|｜]\" }\n");
}

void grammar_write(struct buf *out)
{
	buf_adds(out,
			"{\n\t\"name\": \"Fundwatch rules\",\n\t\"scopeName\": "
			"\"source.fundwatch\",\n"
		      "\t\"fileTypes\": [\"rules\"],\n\t\"patterns\": [\n"
		      "\t\t{ \"include\": \"#lines\" },\n\t\t{ \"include\": \"#expression\" "
		      "}\n\t],\n"
		      "\t\"repository\": {\n\t\"lines\": { \"patterns\": [\n");
	free_text(out);
	header_words(out);
	keywords(out, KEYWORD_BLOCK, "keyword.control.fundwatch", "^");
	keywords(out, KEYWORD_CLAUSE, "keyword.other.fundwatch", "^\\s+");
	buf_adds(out, "\t\t{ \"name\": \"comment.line.fundwatch\", \"match\": \"(^|(?<=\\\\s))[#＃].*$\" }\n"
		      "\t] },\n\t\"expression\": { \"patterns\": [\n");
	keywords(out, KEYWORD_OP, "keyword.operator.word.fundwatch", BEFORE);
	keywords(out, KEYWORD_INNER, "keyword.other.inner.fundwatch", BEFORE);
	functions(out);
	streams_and_periods(out);
	literals(out);
	buf_adds(out, "\t] }\n\t}\n}\n");
}
