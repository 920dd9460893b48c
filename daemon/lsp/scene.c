/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scene.c - looking around the cursor.
 */
#include "daemon/lsp/scene.h"

#include <string.h>

#include "lib/base/utf8.h"
#include "lib/rule/parse.h"

bool scene_word(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') ||
		       (cp >= 'A' && cp <= 'Z') || cp == '_' || cp == '-' || cp == '.';
	return cp > 0xBF && !(cp >= 0x2000 && cp <= 0x303F) && !(cp >= 0xFF00 && cp <= 0xFF65);
}

bool scene_line(struct str *rest, struct str *line)
{
	int64_t nl;

	if (rest->n == 0)
		return false;
	nl = str_chr(*rest, '\n');
	*line = nl < 0 ? *rest : str_sub(*rest, 0, (size_t)nl);
	*rest = nl < 0 ? (struct str){ NULL, 0 } : str_sub(*rest, (size_t)nl + 1, rest->n);
	return true;
}

static uint32_t word_length(struct str s)
{
	uint32_t n = 0, cp;

	while (n < s.n) {
		uint32_t k = utf8_next(s.p + n, s.n - n, &cp);

		if (!scene_word(cp))
			break;
		n += k;
	}
	return n;
}

struct str scene_first_word(struct str line, uint32_t *indent)
{
	*indent = 0;
	while (*indent < line.n && (line.p[*indent] == ' ' || line.p[*indent] == '\t'))
		++*indent;
	line = str_sub(line, *indent, line.n);
	return str_sub(line, 0, word_length(line));
}

/* Takes the last word off; what is no word between it and the end is passed over when asked. */
static struct str last_word(struct str *s, bool pass)
{
	uint32_t start = 0, end = 0, i = 0, cp;
	bool in = false;

	while (i < s->n) {
		uint32_t k = utf8_next(s->p + i, s->n - i, &cp);
		bool word = scene_word(cp);

		if (word && !in)
			start = i;
		i += k;
		if (word)
			end = i;
		in = word;
	}
	if (end < s->n && !pass)
		return (struct str){ NULL, 0 };
	i = end;
	*s = str_sub(*s, 0, start);
	return end > start ? str_make(s->p + start, end - start) : (struct str){ NULL, 0 };
}

static uint32_t line_start(struct str text, uint32_t at)
{
	while (at > 0 && text.p[at - 1] != '\n')
		at--;
	return at;
}

static void read_words(struct scene *s)
{
	uint32_t from = line_start(s->text, s->at);
	struct str line = str_make(s->text.p + from, s->at - from), rest = line;
	int64_t open = -1;

	for (uint32_t i = 0; i + 3 <= line.n; i++) {
		if (memcmp(line.p + i, "「", 3) == 0)
			open = i + 3;
		else if (memcmp(line.p + i, "」", 3) == 0)
			open = -1;
	}
	s->in_name = open >= 0;
	s->word = open >= 0 ? str_sub(line, (size_t)open, line.n) : last_word(&rest, false);
	if (open >= 0)
		rest = str_sub(line, 0, (size_t)open - 3);
	s->word_at = s->at - s->word.n;
	s->before[0] = last_word(&rest, true);
	s->before[1] = last_word(&rest, true);
	s->start = s->before[0].n == 0 && !s->in_name && str_trim(rest).n == 0;
	s->margin = s->start && s->word_at == from;
}

/* The block the cursor is in: from the last line at the margin before it to the next. */
static void find_block(struct scene *s)
{
	struct str rest = s->text, line;
	uint32_t start = 0, indent;

	while (scene_line(&rest, &line)) {
		uint32_t pos = (uint32_t)(line.p - s->text.p);
		struct str word = scene_first_word(line, &indent);
		enum keyword k = indent == 0 ? keyword_find(word, KEYWORD_BLOCK) : KW_NONE;

		if (k == KW_NONE)
			continue;
		if (pos > s->at) {
			s->body = str_make(s->text.p + start, pos - start);
			return;
		}
		s->block = k;
		s->english = (unsigned char)word.p[0] < 0x80;
		start = pos;
	}
	s->body = str_make(s->text.p + start, s->text.n - start);
}

/* 看 费用明细 甲、费用明细 乙 */
static void read_streams(struct scene *s, struct str line)
{
	while (line.n > 0) {
		uint32_t n = word_length(line), cp;
		struct str word = str_sub(line, 0, n);
		enum stream stream = n > 0 ? stream_find(word) : STREAM_COUNT;

		if (n > 0 && stream != STREAM_COUNT && s->n_role < 2)
			s->stream[s->n_role++] = stream;
		else if (n > 0 && s->n_role > 0)
			s->role[s->n_role - 1] = word;
		line = str_sub(line, n > 0 ? n : utf8_next(line.p, line.n, &cp), line.n);
	}
}

/* 关联 诊断 丙 同 …: the first two words; of how many, the last two lines count. */
static void read_related(struct scene *s, struct str line)
{
	struct str word[2] = { { NULL, 0 }, { NULL, 0 } };
	unsigned n = 0;

	while (line.n > 0 && n < 2) {
		uint32_t bytes = word_length(line), cp;

		if (bytes > 0)
			word[n++] = str_sub(line, 0, bytes);
		line = str_sub(line, bytes > 0 ? bytes : utf8_next(line.p, line.n, &cp), line.n);
	}
	if (n < 2 || stream_find(word[0]) == STREAM_COUNT || s->n_related == RULE_RELATED)
		return;
	s->related[s->n_related] = word[1];
	s->related_stream[s->n_related++] = stream_find(word[0]);
}

static void read_clauses(struct scene *s)
{
	struct str rest = s->body, line;
	uint32_t indent;

	while (s->block != KW_NONE && scene_line(&rest, &line)) {
		struct str word = scene_first_word(line, &indent);
		const struct clause_kind *kind = indent > 0 && word.n > 0
					       ? parse_clause_kind(word, s->block) : NULL;

		if (kind == NULL)
			continue;
		if (line.p <= s->text.p + s->at)
			s->clause = kind->keyword;
		if (kind->keyword == KW_ON)
			read_streams(s, str_sub(line, indent + word.n, line.n));
		if (kind->keyword == KW_RELATED)
			read_related(s, str_sub(line, indent + word.n, line.n));
	}
}

void scene_read(struct scene *s, struct str text, uint32_t at)
{
	*s = (struct scene){ .text = text, .at = at < text.n ? at : text.n,
			     .block = KW_NONE, .clause = KW_NONE };
	read_words(s);
	find_block(s);
	read_clauses(s);
}
