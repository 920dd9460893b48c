/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words.c - one table of pairs per kind of word.
 */
#include "daemon/cli/words.h"

#include <string.h>

struct pair {
	const char *en, *zh;
};

static const struct pair forms[] = {
	{ "each", "逐条" }, { "group", "归并" }, { "pair", "成对" }, { "compare", "对照" }
};
static const struct pair states[] = { { "off", "停用" }, { "trial", "试行" }, { "on", "启用" } };
static const struct pair categories[] = { { "policy", "政策类" },
					  { "management", "管理类" },
					  { "medical", "医疗类" } };
static const struct pair natures[] = { { "violation", "违规" },
				       { "suspect", "可疑" },
				       { "clue", "线索" } };
static const struct pair levels[] = { { "high", "高" }, { "middle", "中" }, { "low", "低" } };
static const struct pair subjects[] = { { "person", "人员" },
					{ "facility", "机构" },
					{ "practitioner", "医师" },
					{ "other", "其他" } };
static const struct pair alert_states[] = { { "raised", "新发现" },
					    { "raised again", "再次发现" },
					    { "amended", "有变更" },
					    { "withdrawn", "已撤销" },
					    { "live", "有效" } };
static const struct pair handled[] = { { "open", "待处理" },
				       { "checking", "核查中" },
				       { "confirmed", "属实" },
				       { "dismissed", "不属实" } };
static const struct pair acts[] = { { "decided", "作出决定" },
				    { "noted", "记了一笔" },
				    { "data changed", "数据已变" },
				    { "data restored", "数据复原" },
				    { "merged", "并入" },
				    { "split", "分出" } };
static const struct pair whys[] = { { "new", "首次发现" },
				    { "again", "又成立了" },
				    { "records", "记录有增减" },
				    { "amount", "金额有变" },
				    { "rule", "规则有改" },
				    { "content", "说明有变" },
				    { "excepted", "列入例外" },
				    { "exception over", "例外到期" },
				    { "exception", "例外依据有变" } };
static const struct pair roles[] = {
	{ "this", "本次" }, { "against", "对照" }, { "excess", "超出部分" }, { "part", "组成" }
};

#define SET(a)                          \
	{                               \
		a, sizeof a / sizeof *a \
	}
static const struct set {
	const struct pair *pair;
	size_t n;
} sets[] = { SET(forms),  SET(states),   SET(categories),   SET(natures),
	     SET(levels), SET(subjects), SET(alert_states), SET(handled),
	     SET(acts),   SET(whys),     SET(roles) };

static const char *pick(const struct cli *c, const struct pair *p)
{
	return c->english ? p->en : p->zh;
}

const char *word_form(const struct cli *c, enum form f)
{
	return pick(c, &forms[f]);
}

const char *word_state(const struct cli *c, enum rule_state s)
{
	return pick(c, &states[s]);
}

const char *word_category(const struct cli *c, enum rule_category k)
{
	return pick(c, &categories[k]);
}

const char *word_nature(const struct cli *c, enum nature n)
{
	return pick(c, &natures[n]);
}

const char *word_level(const struct cli *c, enum level l)
{
	return pick(c, &levels[l]);
}

const char *word_subject(const struct cli *c, enum subject_kind k)
{
	return pick(c, &subjects[k]);
}

const char *word_stream(const struct cli *c, enum stream s)
{
	return c->english ? stream_name(s) : stream_title(s);
}

const char *word_field(const struct cli *c, enum field f)
{
	const struct field_info *i = field_get(f);
	return c->english ? i->name : i->title;
}

const char *word_show(const struct cli *c, const char *english)
{
	for (size_t s = 0; s < sizeof sets / sizeof *sets; s++)
		for (size_t i = 0; i < sets[s].n; i++)
			if (strcmp(sets[s].pair[i].en, english) == 0)
				return pick(c, &sets[s].pair[i]);
	return english;
}

const char *word_english(const char *word)
{
	for (size_t s = 0; s < sizeof sets / sizeof *sets; s++)
		for (size_t i = 0; i < sets[s].n; i++)
			if (strcmp(sets[s].pair[i].zh, word) == 0)
				return sets[s].pair[i].en;
	return word;
}

/* ---- one of a thing ---- */

/* Phrases that lose more than an s. */
static const struct {
	const char *many, *one;
} phrases[] = {
	{ "lists and tables", "list or table" },
	{ "files do not parse and were", "file does not parse and was" },
	{ "files of the folders are none", "file of the folders is none" },
	{ "unknown columns", "unknown column" },
};

/* Bytes of `s` that the singular takes the place of, written to `out`; 0 = as it is. */
static size_t one_of(struct str s, struct buf *out)
{
	size_t n = 0;
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
		if (!str_starts(s, str_of(phrases[i].many)))
			continue;
		buf_adds(out, phrases[i].one);
		return strlen(phrases[i].many);
	}
	while (n < s.n && s.p[n] >= 'a' && s.p[n] <= 'z')
		n++;
	if (n < 2 || s.p[n - 1] != 's')
		return 0;
	buf_addstr(out, str_sub(s, 0, n - 1));
	return n;
}

static bool in_number(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == ',';
}

void words_singular(const struct cli *c, struct buf *b, size_t from)
{
	struct buf said;
	struct str text;
	if (!c->english)
		return;
	buf_init(&said, 0);
	buf_addstr(&said, str_sub(buf_str(b), from, b->n - from));
	text = buf_str(&said);
	b->n = from;
	for (size_t i = 0; i < text.n; i++) {
		bool one = text.p[i] == '1' && (i == 0 || !in_number(text.p[i - 1])) &&
			   i + 1 < text.n && text.p[i + 1] == ' ';
		buf_add(b, &text.p[i], one ? 2 : 1);
		if (one)
			i += 1 + one_of(str_sub(text, i + 2, text.n - i - 2), b);
	}
	buf_fini(&said);
}
