/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parse.c - blocks and clauses: which word begins a line, and what may follow it.
 *
 * A block runs to the next line that is indented no deeper, a clause likewise inside its
 * block. Each clause is read by a function from a table; when it breaks, the
 * next clause is read as if nothing had happened.
 */
#include "lib/rule/parse.h"

#include <string.h>

#include "lib/base/near.h"
#include "lib/base/utf8.h"
#include "lib/rule/marks.h"

#define MAX_TEXT (UINT32_C(4) << 20)

/* ---- tokens ---- */

void parse_advance(struct parser *p)
{
	p->last_end = p->tok.at.end;
	p->tok = lex_next(&p->lex);
	if (p->tok.kind == TOKEN_BAD)
		p->failed = true;
}

bool parse_is(const struct parser *p, enum token_kind k)
{
	return !p->failed && p->tok.kind == k;
}

bool parse_is_word(const struct parser *p, enum keyword k)
{
	return parse_is(p, TOKEN_WORD) && keyword_is(p->tok.text, k);
}

bool parse_take(struct parser *p, enum token_kind k)
{
	if (!parse_is(p, k))
		return false;
	parse_advance(p);
	return true;
}

bool parse_take_word(struct parser *p, enum keyword k)
{
	if (!parse_is_word(p, k))
		return false;
	mark_keyword(p->d, p->tok.at, MARK_KEYWORD, k);
	parse_advance(p);
	return true;
}

const char *parse_say(const struct parser *p, const char *zh, const char *en)
{
	return p->d->english ? en : zh;
}

/* The token in hand, quoted. */
static const char *found(const struct parser *p)
{
	const char *text = lex_shown(&p->lex, &p->tok);

	if (p->tok.kind == TOKEN_END)
		return text;
	return arena_printf(&p->d->arena, p->d->english ? "`%s`" : "“%s”", text);
}

void parse_fail(struct parser *p, const char *zh, const char *en)
{
	struct span at = p->tok.at;

	if (p->failed)
		return;
	p->failed = true;
	if (p->tok.kind == TOKEN_END)
		at.start = at.end = p->last_end;
	diag_add(p->d, at, DIAG_EXPECTED, parse_say(p, zh, en), found(p));
}

void parse_too_long(struct parser *p, unsigned most)
{
	if (!p->failed)
		diag_add(p->d, p->tok.at, DIAG_TOO_LONG, arena_printf(&p->d->arena, "%u", most));
	p->failed = true;
}

bool parse_want(struct parser *p, enum token_kind k, const char *zh, const char *en)
{
	if (parse_take(p, k))
		return true;
	parse_fail(p, zh, en);
	return false;
}

bool parse_want_word(struct parser *p, enum keyword k)
{
	bool wrong_word;
	struct buf b;

	if (parse_take_word(p, k))
		return true;
	buf_init(&b, 100);
	buf_addf(&b, p->d->english ? "`%s`" : "“%s”", keyword_word(k, p->d->english));
	wrong_word = !p->failed && p->tok.kind == TOKEN_WORD;
	parse_fail(p, buf_cstr(&b), buf_cstr(&b));
	if (wrong_word && p->d->n <= DIAG_MAX)
		p->d->diag[p->d->n - 1].fixed = diag_repair(p->d, p->tok.at,
			str_of(keyword_word(k, (unsigned char)p->tok.text.p[0] < 0x80)));
	buf_fini(&b);
	return false;
}

bool parse_want_name(struct parser *p, const char *zh, const char *en)
{
	bool bare = !p->failed && p->tok.kind == TOKEN_WORD;

	if (parse_take(p, TOKEN_NAME) || parse_take(p, TOKEN_STRING))
		return true;
	parse_fail(p, zh, en);
	if (bare && p->d->n <= DIAG_MAX)
		p->d->diag[p->d->n - 1].fixed = diag_repair(p->d, p->tok.at,
			str_of(arena_printf(&p->d->arena, "「" STR_FMT "」", STR_ARG(p->tok.text))));
	return false;
}

struct span parse_span(const struct parser *p, uint32_t start)
{
	uint32_t end = p->last_end > start ? p->last_end : start;

	return (struct span){ p->lex.file, start, end };
}

/* ---- hints ---- */

/* Near words of a block's clauses (or of blocks, when block is KW_NONE). */
static void hint_word(struct parser *p, struct diag *x, struct token t, enum keyword block)
{
	bool zh = t.text.n > 0 && (unsigned char)t.text.p[0] >= 0x80;
	const struct clause_kind *row;
	struct near near;
	struct buf all;

	near_init(&near, t.text);
	buf_init(&all, 1000);
	for (unsigned i = 0; block != KW_NONE && (row = parse_clause_row(i)) != NULL; i++) {
		const char *word = keyword_word(row->keyword, !zh);

		if ((row->blocks & (1u << block)) == 0)
			continue;
		near_offer(&near, str_of(word));
		buf_addf(&all, "%s%s", all.n > 0 ? parse_say(p, "、", ", ") : "", word);
	}
	for (unsigned k = KW_RULE; k <= KW_EXCEPTION && block == KW_NONE; k++) {
		const char *word = keyword_word((enum keyword)k, !zh);

		near_offer(&near, str_of(word));
		buf_addf(&all, "%s%s", all.n > 0 ? parse_say(p, "、", ", ") : "", word);
	}
	x->sure = near_sole(&near);
	if (near_best(&near).n > 0)
		x->fixed = diag_repair(p->d, t.at, near_best(&near));
	else
		x->expected = arena_strdup(&p->d->arena, buf_cstr(&all));
	buf_fini(&all);
}

/* ---- blocks ---- */

static bool is_zh(struct str s)
{
	return s.n > 0 && (unsigned char)s.p[0] >= 0x80;
}

/* A word that is near one of the language's own, as 在名册 is near 在名单. */
static bool misspelt(struct parser *p, struct diag *x)
{
	bool zh = is_zh(p->tok.text);
	unsigned one_off = 0;
	struct near near;
	struct str best;

	near_init(&near, p->tok.text);
	for (unsigned k = 0; k < KW_COUNT; k++) {
		enum keyword_kind kind = keyword_kind((enum keyword)k);

		struct str word = str_of(keyword_word((enum keyword)k, !zh));

		if (kind != KEYWORD_OP && kind != KEYWORD_INNER && k != KW_WINDOW)
			continue;
		near_offer(&near, word);
		one_off += near_distance(p->tok.text, word) == 1;
	}
	best = near_best(&near);
	if (best.n == 0)
		return false;
	x->near = arena_printf(&p->d->arena, p->d->english ? "near: " STR_FMT
			       : "相近的词：" STR_FMT, STR_ARG(best));
	x->fixed = diag_repair(p->d, p->tok.at, best);
	x->sure = near_sole(&near) || (near.distance == 1 && one_off == 1);
	return true;
}

/* Whatever is left of a clause that was read well is too much. */
static void end_clause(struct parser *p, const struct clause_kind *kind)
{
	bool value = p->tok.kind == TOKEN_WORD || p->tok.kind == TOKEN_NUMBER ||
		     p->tok.kind == TOKEN_LPAREN || p->tok.kind == TOKEN_NAME;
	struct span here = { p->tok.at.file, p->tok.at.start, p->tok.at.start };
	struct diag *x;

	if (p->failed || p->tok.kind == TOKEN_END)
		return;
	x = diag_add(p->d, p->tok.at, DIAG_TRAILING, lex_shown(&p->lex, &p->tok));
	if (p->tok.kind == TOKEN_WORD && misspelt(p, x))
		return;
	if (value && (kind->flags & CLAUSE_CONDITION) != 0)
		x->fixed = diag_repair(p->d, here, str_of(is_zh(p->tok.text) ? "且 " : "and "));
}

/* Appends a repeated clause or tells that it may not be. */
static void keep_clause(struct parser *p, struct syn_block *b, struct syn_clause *c, bool repeats)
{
	struct syn_clause **at = &b->clause[c->keyword];
	unsigned n = 0;

	if (*at != NULL && !repeats) {
		struct diag *x = diag_add(p->d, c->key, DIAG_CLAUSE_TWICE,
					  arena_str(&p->d->arena, lex_text(&p->lex, c->key)).p);

		x->also = (*at)->key;
		x->also_text = parse_say(p, "第一次写在这里", "first written here");
		return;
	}
	for (; *at != NULL; n++)
		at = &(*at)->next;
	if (n < PARSE_MAX_ITEMS)
		*at = c;
	else
		parse_too_long(p, PARSE_MAX_ITEMS);
}

static void read_one_example(struct parser *p, struct syn_block *b)
{
	struct syn_example *x;

	if ((b->n_example & (b->n_example + 1)) == 0) {
		struct syn_example *more = arena_array(p->arena, 2 * (size_t)b->n_example + 1,
						       sizeof *more);

		if (b->n_example > 0)
			memcpy(more, b->example, b->n_example * sizeof *more);
		b->example = more;
	}
	if (b->n_example == PARSE_MAX_ITEMS) {
		parse_too_long(p, PARSE_MAX_ITEMS);
		return;
	}
	x = &b->example[b->n_example++];
	*x = (struct syn_example){ .at = p->tok.at, .name = p->tok.text, .name_at = p->tok.at };
	if (parse_want_name(p, "「试例的名称」", "the name of the example in 「」"))
		parse_example(p, x);
	else
		b->n_example--;
}

static void read_clause(struct parser *p, struct syn_block *b, const struct clause_kind *kind)
{
	struct syn_clause *c = arena_new(p->arena, struct syn_clause);

	c->keyword = kind->keyword;
	c->key = p->tok.at;
	mark_keyword(p->d, c->key, MARK_CLAUSE, c->keyword);
	c->from = c->until = MISSING_I32;
	p->failed = false;
	p->depth = p->n_ops = 0;
	p->last_end = p->tok.at.end;
	if ((kind->flags & CLAUSE_RAW) == 0)
		parse_advance(p);
	if (kind->keyword == KW_EXAMPLE) {
		read_one_example(p, b);
		return;
	}
	kind->read(p, c);
	c->broken = p->failed;
	c->at = parse_span(p, c->key.start);
	keep_clause(p, b, c, (kind->flags & CLAUSE_REPEATS) != 0);
}

static void unknown_clause(struct parser *p, struct syn_block *b)
{
	struct diag *x = diag_add(p->d, p->tok.at, DIAG_UNKNOWN_CLAUSE,
				  keyword_word(b->keyword, p->d->english),
				  lex_shown(&p->lex, &p->tok));

	b->broken = true;
	if (p->tok.kind == TOKEN_WORD)
		hint_word(p, x, p->tok, b->keyword);
}

/* Goes on at `pos` with the first token of a line. */
static void resume(struct parser *p, uint32_t pos, uint32_t limit)
{
	p->lex.limit = limit;
	lex_seek(&p->lex, pos);
	p->failed = false;
	p->last_end = pos;
	p->tok = lex_next(&p->lex);
}

/* The clauses of a block whose lines end at `end`; each runs to the next line that is
 * indented no deeper than its own. Lists and tables may go on in one line. */
static void read_clauses(struct parser *p, struct syn_block *b, uint32_t end)
{
	while (p->tok.kind != TOKEN_END && p->d->n <= DIAG_MAX) {
		const struct clause_kind *kind = NULL;
		bool inline_ok = b->keyword == KW_LIST || b->keyword == KW_TABLE ||
				 b->keyword == KW_EXTEND || b->keyword == KW_EXCEPTION;
		uint32_t stop = p->tok.first ? lex_block_end(&p->lex, &p->tok) : end;

		if (p->tok.kind == TOKEN_WORD)
			kind = parse_clause_kind(p->tok.text, b->keyword);
		if (kind == NULL) {
			unknown_clause(p, b);
			resume(p, p->tok.first ? stop : end, end);
			continue;
		}
		p->lex.limit = stop;
		read_clause(p, b, kind);
		if (inline_ok && !p->failed && p->tok.kind == TOKEN_WORD &&
		    parse_clause_kind(p->tok.text, b->keyword) != NULL) {
			p->lex.limit = end;
			continue;
		}
		end_clause(p, kind);
		resume(p, stop, end);
	}
}

/* id = word ("." word)*, read to the next blank */
static void read_id(struct parser *p, struct syn_block *b)
{
	struct syn *name = parse_name(p);

	b->id = name->text;
	b->id_at = name->at;
	if (p->failed)
		return;
	for (uint32_t i = 0; i < b->id.n; i++) {
		char c = b->id.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.')
			continue;
		diag_add(p->d, b->id_at, DIAG_BAD_ID, b->id.p);
		return;
	}
}

static void read_title(struct parser *p, struct syn_block *b)
{
	b->title = p->tok.text;
	b->title_at = p->tok.at;
	if (!parse_want_name(p, "「名称」", "a name in 「」"))
		b->title = (struct str){ NULL, 0 };
}

/* What 增补 adds to: a list or a table. */
static void read_extended(struct parser *p, struct syn_block *b)
{
	b->extends = KW_NONE;
	if (parse_take_word(p, KW_LIST))
		b->extends = KW_LIST;
	else if (parse_take_word(p, KW_TABLE))
		b->extends = KW_TABLE;
	else
		parse_fail(p, "“名单”或“表”", "`list` or `table`");
}

/* header = "规则" id 「title」 | "覆盖" id | "例外" | ("名单" | "表" | "指标") 「name」 |
 *          "增补" ("名单" | "表") 「name」 */
static void read_header(struct parser *p, struct syn_block *b)
{
	if (b->keyword == KW_RULE || b->keyword == KW_OVERRIDE)
		read_id(p, b);
	if (b->keyword == KW_EXTEND)
		read_extended(p, b);
	if (b->keyword != KW_OVERRIDE && b->keyword != KW_EXCEPTION)
		read_title(p, b);
	b->at = parse_span(p, b->key.start);
}

/* What is not the start of a block: a clause at the margin, or an unknown word. */
static void unknown_block(struct parser *p)
{
	struct diag *x;

	if (p->tok.kind == TOKEN_BAD)
		return;
	if (p->tok.kind == TOKEN_WORD && keyword_find(p->tok.text, KEYWORD_CLAUSE) != KW_NONE) {
		diag_add(p->d, p->tok.at, DIAG_BAD_INDENT, lex_shown(&p->lex, &p->tok));
		return;
	}
	x = diag_add(p->d, p->tok.at, DIAG_UNKNOWN_BLOCK, lex_shown(&p->lex, &p->tok));
	if (p->tok.kind == TOKEN_WORD)
		hint_word(p, x, p->tok, KW_NONE);
}

static void read_block(struct parser *p, struct syn_block *b, uint32_t end)
{
	p->lex.limit = end;
	p->depth = 0;
	mark_keyword(p->d, b->key, MARK_BLOCK, b->keyword);
	parse_advance(p);
	read_header(p, b);
	if (!p->failed && p->tok.kind != TOKEN_END && !p->tok.first &&
	    (b->keyword == KW_RULE || b->keyword == KW_INDICATOR || b->keyword == KW_OVERRIDE)) {
		diag_add(p->d, p->tok.at, DIAG_TRAILING, lex_shown(&p->lex, &p->tok));
		p->failed = true;
	}
	if (p->failed) {
		uint32_t pos = lex_line_end(&p->lex, p->tok.at.start);

		b->broken = true;
		resume(p, pos < end ? pos : end, end);
	}
	read_clauses(p, b, end);
}

static const char *folder_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? "" : arena_printf(a, "%.*s", (int)(slash - path + 1), path);
}

/* No line too long to be shown. */
static bool lines_fit(uint32_t file, struct diag_list *d)
{
	const struct source_file *f = &d->file[file];

	for (uint32_t i = 0; i < f->n_lines; i++) {
		uint32_t end = i + 1 < f->n_lines ? f->line[i + 1] : f->text.n;

		if (end - f->line[i] <= PARSE_MAX_LINE)
			continue;
		diag_add(d, (struct span){ file, f->line[i], f->line[i] }, DIAG_TOO_BIG,
			 d->english ? "a line of more than 10000 bytes" : "有一行超过 10000 字节");
		return false;
	}
	return true;
}

static bool readable(uint32_t file, struct diag_list *d)
{
	struct str text = d->file[file].text;
	size_t good = utf8_valid_prefix(text.p, text.n);
	struct span at = { file, 0, 0 };

	if (text.n > MAX_TEXT) {
		diag_add(d, at, DIAG_TOO_BIG, d->file[file].name);
		return false;
	}
	if (good < text.n) {
		at.start = (uint32_t)good;
		at.end = at.start + 1;
		diag_add(d, at, DIAG_BAD_UTF8);
		return false;
	}
	return lines_fit(file, d);
}

void syntax_parse(uint32_t file, struct arena *a, struct diag_list *d, struct syn_block ***tail)
{
	struct parser p = { .arena = a, .d = d };
	uint32_t blocks = 0;

	if (!readable(file, d))
		return;
	lex_init(&p.lex, file, a, d);
	p.tok = lex_next(&p.lex);
	while (p.tok.kind != TOKEN_END && d->n <= DIAG_MAX) {
		uint32_t end = lex_block_end(&p.lex, &p.tok);
		enum keyword k = p.tok.kind == TOKEN_WORD
			       ? keyword_find(p.tok.text, KEYWORD_BLOCK) : KW_NONE;

		if (++blocks > PARSE_MAX_BLOCKS) {
			parse_too_long(&p, PARSE_MAX_BLOCKS);
			return;
		}
		if (k == KW_NONE) {
			unknown_block(&p);
		} else {
			struct syn_block *b = arena_new(a, struct syn_block);

			b->keyword = k;
			b->key = p.tok.at;
			b->folder = folder_of(a, d->file[file].name);
			read_block(&p, b, end);
			**tail = b;
			*tail = &b->next;
		}
		resume(&p, end, p.lex.n);
	}
}
