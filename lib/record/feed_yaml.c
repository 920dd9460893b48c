/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feed_yaml.c - the YAML of a feed becomes its plan, every key checked.
 *
 * Tables of keys say what each mapping may hold; whatever is not there is an error with
 * its place, and all errors are told in one go. Mappings with free keys (columns, values)
 * are why this stands on libyaml's document and not on libcyaml's fixed schemas.
 */
#include <assert.h>
#include <string.h>

#include <yaml.h>

#include "lib/base/civil.h"
#include "lib/base/near.h"
#include "lib/record/feed_plan.h"
#include "lib/record/names.h"

#define TEXT_MAX (1u << 20)
#define ERRORS_MAX 8u

struct reader {
	struct feed *feed;
	yaml_document_t *doc;
	const char *name;
	struct buf errors;
	unsigned n_errors;
	struct feed_file *file;     /* being filled */
	struct feed_stream *stream; /* being filled */
};

/* What a key of a mapping does with its value; `into` is the object being filled. */
typedef void take_fn(struct reader *r, yaml_node_t *value, void *into);
struct key {
	const char *name;
	take_fn *take;
};

static void complain(struct reader *r, const yaml_node_t *at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static void complain(struct reader *r, const yaml_node_t *at, const char *fmt, ...)
{
	va_list args;
	if (r->n_errors++ >= ERRORS_MAX)
		return;
	if (r->errors.n)
		buf_addc(&r->errors, '\n');
	buf_addf(&r->errors, "%s:%zu:%zu: ", r->name, at->start_mark.line + 1,
		 at->start_mark.column + 1);
	va_start(args, fmt);
	buf_vaddf(&r->errors, fmt, args);
	va_end(args);
}

/* ---- nodes ---- */

static yaml_node_t *node(struct reader *r, int id)
{
	return yaml_document_get_node(r->doc, id);
}

static struct str scalar(struct reader *r, yaml_node_t *n)
{
	if (n->type == YAML_SCALAR_NODE && n->data.scalar.length < UINT32_MAX) {
		struct str s = { (const char *)n->data.scalar.value,
				 (uint32_t)n->data.scalar.length };
		return arena_str(&r->feed->arena, s);
	}
	complain(r, n, "此处应为一个值");
	return arena_str(&r->feed->arena, STR(""));
}

static bool is_mapping(struct reader *r, yaml_node_t *n)
{
	if (n->type == YAML_MAPPING_NODE)
		return true;
	complain(r, n, "此处应为「键: 值」的映射");
	return false;
}

static bool is_sequence(struct reader *r, yaml_node_t *n)
{
	if (n->type == YAML_SEQUENCE_NODE)
		return true;
	complain(r, n, "此处应为列表（- 开头的各项）");
	return false;
}

static size_t pairs(const yaml_node_t *n)
{
	return (size_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start);
}

static size_t items(const yaml_node_t *n)
{
	return (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
}

static yaml_node_t *item(struct reader *r, const yaml_node_t *n, size_t i)
{
	return node(r, n->data.sequence.items.start[i]);
}

struct pair {
	yaml_node_t *key, *value;
	struct str name;
};

/* The i-th pair of a mapping; false with a complaint when its key was written before. */
static bool take_pair(struct reader *r, const yaml_node_t *n, size_t i, struct pair *out)
{
	const yaml_node_pair_t *p = &n->data.mapping.pairs.start[i];
	out->key = node(r, p->key);
	out->value = node(r, p->value);
	out->name = scalar(r, out->key);
	for (size_t k = 0; k < i; k++) {
		yaml_node_t *before = node(r, n->data.mapping.pairs.start[k].key);
		if (before->type != YAML_SCALAR_NODE ||
		    !str_eq(out->name, str_of((const char *)before->data.scalar.value)))
			continue;
		complain(r, out->key, "键「" STR_FMT "」重复", STR_ARG(out->name));
		return false;
	}
	return true;
}

static void unknown_key(struct reader *r, const yaml_node_t *at, struct str name,
			const struct key *keys)
{
	struct near near;
	near_init(&near, name);
	for (const struct key *k = keys; k->name; k++)
		near_offer(&near, str_of(k->name));
	struct str best = near_best(&near);
	if (best.n)
		complain(r, at, "未知的键「" STR_FMT "」，是否为「" STR_FMT "」", STR_ARG(name),
			 STR_ARG(best));
	else
		complain(r, at, "未知的键「" STR_FMT "」", STR_ARG(name));
}

/* Fills an object from a mapping whose keys are all in the table. */
static void fill(struct reader *r, yaml_node_t *n, const struct key *keys, void *into)
{
	if (!is_mapping(r, n))
		return;
	for (size_t i = 0; i < pairs(n); i++) {
		struct pair p;
		if (!take_pair(r, n, i, &p))
			continue;
		const struct key *k = keys;
		while (k->name && !str_eq(p.name, str_of(k->name)))
			k++;
		if (k->name)
			k->take(r, p.value, into);
		else
			unknown_key(r, p.key, p.name, keys);
	}
}

/* ---- words ---- */

struct word {
	const char *name;
	int value;
};

static int choose(struct reader *r, yaml_node_t *n, const struct word *words)
{
	struct str s = scalar(r, n);
	for (const struct word *w = words; w->name; w++)
		if (str_eq(s, str_of(w->name)))
			return w->value;
	complain(r, n, "不认识的值「" STR_FMT "」，第一个可用的是「%s」", STR_ARG(s), words->name);
	return words->value;
}

static const struct word charsets[] = {
	{ "auto", CHARSET_AUTO }, { "utf-8", CHARSET_UTF8 }, { "gb18030", CHARSET_GB18030 },
	{ "UTF-8", CHARSET_UTF8 }, { "GB18030", CHARSET_GB18030 }, { "gbk", CHARSET_GB18030 },
	{ NULL, 0 },
};

static const struct word formats[] = {
	{ "auto", FORMAT_AUTO }, { "csv", FORMAT_CSV }, { "ndjson", FORMAT_NDJSON },
	{ "national", FORMAT_NATIONAL }, { NULL, 0 },
};

static const struct word classes[] = {
	{ "outpatient", VISIT_OUTPATIENT }, { "inpatient", VISIT_INPATIENT },
	{ "pharmacy", VISIT_PHARMACY }, { "homebed", VISIT_HOMEBED }, { "other", VISIT_OTHER },
	{ NULL, 0 },
};

static const struct word truths[] = {
	{ "true", true }, { "false", false }, { "yes", true }, { "no", false }, { NULL, 0 },
};

static char separator(struct reader *r, yaml_node_t *n)
{
	struct str s = scalar(r, n);
	if (str_eq(s, STR("\\t")) || str_eq(s, STR("tab")))
		return '\t';
	if (s.n == 1 && s.p[0] != '"' && s.p[0] != '\n' && s.p[0] != '\r')
		return s.p[0];
	complain(r, n, "分隔符应为一个字节的字符，或 tab");
	return ',';
}

/* ---- a stream of a file ---- */

static enum field stored_field(struct reader *r, yaml_node_t *at, struct str name)
{
	enum stream s = r->stream->stream;
	if (s == STREAM_COUNT)
		return FIELD_NONE;
	enum field f = field_find(s, name);
	if (f == FIELD_NONE) {
		struct near near;
		near_init(&near, name);
		for (unsigned i = 0; i < stream_stored_width(s); i++)
			near_offer(&near, str_of(field_get(stream_first(s) + i)->name));
		struct str best = near_best(&near);
		complain(r, at, "%s没有字段「" STR_FMT "」%s" STR_FMT, stream_title(s),
			 STR_ARG(name), best.n ? "，相近的是 " : "", STR_ARG(best));
	} else if (field_get(f)->index >= stream_stored_width(s)) {
		complain(r, at, "字段「" STR_FMT "」由系统推算，不能从文件读入", STR_ARG(name));
		f = FIELD_NONE;
	}
	return f;
}

static void take_stream_name(struct reader *r, yaml_node_t *n, void *into)
{
	(void)r, (void)n, (void)into; /* read first, by stream_of */
}

static void take_strict(struct reader *r, yaml_node_t *n, void *into)
{
	((struct feed_stream *)into)->strict = choose(r, n, truths);
}

static void take_columns(struct reader *r, yaml_node_t *n, void *into)
{
	struct feed_stream *s = into;
	if (!is_mapping(r, n))
		return;
	s->column = arena_array(&r->feed->arena, pairs(n) + 1, sizeof(*s->column));
	for (size_t i = 0; i < pairs(n); i++) {
		struct pair p;
		if (!take_pair(r, n, i, &p))
			continue;
		enum field f = stored_field(r, p.value, scalar(r, p.value));
		s->column[s->n_column++] = (struct feed_column){ p.name, f };
	}
}

static void take_gifts(struct reader *r, yaml_node_t *n, struct feed_stream *s, enum feed_give kind)
{
	if (!is_mapping(r, n))
		return;
	struct feed_gift *more = arena_array(&r->feed->arena, s->n_gift + pairs(n) + 1,
					     sizeof(*more));
	if (s->n_gift)
		memcpy(more, s->gift, s->n_gift * sizeof(*more));
	s->gift = more;
	for (size_t i = 0; i < pairs(n); i++) {
		struct pair p;
		if (!take_pair(r, n, i, &p))
			continue;
		struct feed_gift *g = &s->gift[s->n_gift++];
		g->field = stored_field(r, p.key, p.name);
		g->kind = kind;
		if (!feed_template_parse(&r->feed->arena, scalar(r, p.value), &g->text))
			complain(r, p.value, "花括号没有闭合，应如 \"{列名}\"");
	}
}

static void take_constants(struct reader *r, yaml_node_t *n, void *into)
{
	take_gifts(r, n, into, GIVE_CONSTANT);
}

static void take_compose(struct reader *r, yaml_node_t *n, void *into)
{
	take_gifts(r, n, into, GIVE_COMPOSE);
}

static void take_defaults(struct reader *r, yaml_node_t *n, void *into)
{
	take_gifts(r, n, into, GIVE_DEFAULT);
}

static void take_value_map(struct reader *r, yaml_node_t *n, struct feed_values *map)
{
	if (!is_mapping(r, n))
		return;
	map->value = arena_array(&r->feed->arena, pairs(n) + 1, sizeof(*map->value));
	for (size_t i = 0; i < pairs(n); i++) {
		struct pair p;
		if (!take_pair(r, n, i, &p))
			continue;
		map->value[map->n++] = (struct feed_value){ p.name, scalar(r, p.value) };
	}
}

static void take_values(struct reader *r, yaml_node_t *n, void *into)
{
	struct feed_stream *s = into;
	if (!is_mapping(r, n))
		return;
	s->values = arena_array(&r->feed->arena, pairs(n) + 1, sizeof(*s->values));
	for (size_t i = 0; i < pairs(n); i++) {
		struct pair p;
		if (!take_pair(r, n, i, &p))
			continue;
		struct feed_values *map = &s->values[s->n_values++];
		map->field = stored_field(r, p.key, p.name);
		take_value_map(r, p.value, map);
	}
}

/* A value or a list of values. */
static struct str *take_list(struct reader *r, yaml_node_t *n, unsigned *count)
{
	bool list = n->type == YAML_SEQUENCE_NODE;
	size_t many = list ? items(n) : 1;
	struct str *out = arena_array(&r->feed->arena, many + 1, sizeof(*out));
	for (size_t i = 0; i < many; i++)
		out[i] = scalar(r, list ? item(r, n, i) : n);
	*count = (unsigned)many;
	return out;
}

static unsigned take_key(struct reader *r, yaml_node_t *n, const char *name, struct str *into)
{
	unsigned count;
	struct str *list = take_list(r, n, &count);
	if (count > FEED_KEY_MAX) {
		complain(r, n, "%s 最多 %u 列", name, FEED_KEY_MAX);
		count = FEED_KEY_MAX;
	}
	memcpy(into, list, count * sizeof(*list));
	return count;
}

static void take_once(struct reader *r, yaml_node_t *n, void *into)
{
	struct feed_stream *s = into;
	s->n_once = take_key(r, n, "once_per", s->once_per);
}

static void take_filled(struct reader *r, yaml_node_t *n, void *into)
{
	struct feed_stream *s = into;
	s->n_filled = take_key(r, n, "filled", s->filled);
}

static void take_when_column(struct reader *r, yaml_node_t *n, void *into)
{
	((struct feed_when *)into)->column = scalar(r, n);
}

static void take_when_is(struct reader *r, yaml_node_t *n, void *into)
{
	struct feed_when *w = into;
	w->is = take_list(r, n, &w->n);
}

static void take_when_not(struct reader *r, yaml_node_t *n, void *into)
{
	struct feed_when *w = into;
	w->is = take_list(r, n, &w->n);
	w->negated = true;
}

static void take_when(struct reader *r, yaml_node_t *n, void *into)
{
	static const struct key keys[] = {
		{ "column", take_when_column }, { "is", take_when_is }, { "not", take_when_not },
		{ NULL, NULL },
	};
	struct feed_when *w = &((struct feed_stream *)into)->when;
	fill(r, n, keys, w);
	if (w->column.n == 0 || w->n == 0)
		complain(r, n, "when 须写明 column，以及 is 或 not");
}

static bool is_number(enum type t)
{
	return type_width(t) == WIDTH_I64 && t != TYPE_TIME;
}

static void take_unsigned(struct reader *r, yaml_node_t *n, void *into)
{
	struct feed_stream *s = into;
	unsigned count;
	struct str *list = take_list(r, n, &count);
	s->magnitude = arena_array(&r->feed->arena, count + 1u, sizeof(*s->magnitude));
	for (unsigned i = 0; i < count; i++) {
		enum field f = stored_field(r, n, list[i]);
		if (f != FIELD_NONE && !is_number(field_get(f)->type))
			complain(r, n, "字段「" STR_FMT "」不是数", STR_ARG(list[i]));
		else if (f != FIELD_NONE)
			s->magnitude[s->n_magnitude++] = f;
	}
}

/* The stream's name decides what its other keys may name, so it is looked up first. */
static enum stream stream_of(struct reader *r, yaml_node_t *n)
{
	if (n->type != YAML_MAPPING_NODE)
		return STREAM_COUNT;
	for (size_t i = 0; i < pairs(n); i++) {
		const yaml_node_pair_t *p = &n->data.mapping.pairs.start[i];
		if (!str_eq(scalar(r, node(r, p->key)), STR("stream")))
			continue;
		yaml_node_t *value = node(r, p->value);
		struct str word = scalar(r, value);
		enum stream s = stream_find(word);
		if (s < STREAM_STORED)
			return s;
		complain(r, value, "没有可读入的记录种类「" STR_FMT "」", STR_ARG(word));
		return STREAM_COUNT;
	}
	complain(r, n, "缺少 stream");
	return STREAM_COUNT;
}

static void take_streams(struct reader *r, yaml_node_t *n, void *into)
{
	static const struct key keys[] = {
		{ "stream", take_stream_name }, { "strict", take_strict },
		{ "when", take_when }, { "filled", take_filled },
		{ "unsigned", take_unsigned },
		{ "once_per", take_once },
		{ "columns", take_columns }, { "constants", take_constants },
		{ "values", take_values }, { "defaults", take_defaults },
		{ "compose", take_compose }, { NULL, NULL },
	};
	struct feed_file *file = into;
	if (!is_sequence(r, n))
		return;
	if (items(n) > FEED_STREAMS_MAX) {
		complain(r, n, "streams 最多 %u 项", FEED_STREAMS_MAX);
		return;
	}
	file->stream = arena_array(&r->feed->arena, items(n) + 1, sizeof(*file->stream));
	for (size_t i = 0; i < items(n); i++) {
		r->stream = &file->stream[file->n_stream++];
		r->stream->stream = stream_of(r, item(r, n, i));
		fill(r, item(r, n, i), keys, r->stream);
	}
}

/* ---- a file entry ---- */

static void take_match(struct reader *r, yaml_node_t *n, void *into)
{
	((struct feed_file *)into)->match = scalar(r, n);
}

static void take_file_charset(struct reader *r, yaml_node_t *n, void *into)
{
	((struct feed_file *)into)->charset = (enum feed_charset)choose(r, n, charsets);
}

static void take_file_format(struct reader *r, yaml_node_t *n, void *into)
{
	((struct feed_file *)into)->format = (enum feed_format)choose(r, n, formats);
}

static void take_file_separator(struct reader *r, yaml_node_t *n, void *into)
{
	((struct feed_file *)into)->separator = separator(r, n);
}

static void take_files(struct reader *r, yaml_node_t *n, void *into)
{
	static const struct key keys[] = {
		{ "match", take_match }, { "charset", take_file_charset },
		{ "format", take_file_format }, { "separator", take_file_separator },
		{ "streams", take_streams }, { NULL, NULL },
	};
	struct feed *f = into;
	if (!is_sequence(r, n))
		return;
	f->file = arena_array(&f->arena, items(n) + 1, sizeof(*f->file));
	for (size_t i = 0; i < items(n); i++) {
		struct feed_file *file = &f->file[f->n_file++];
		*file = (struct feed_file){ .charset = f->charset, .format = f->format,
					    .separator = f->separator };
		fill(r, item(r, n, i), keys, file);
		if (file->match.n == 0)
			complain(r, item(r, n, i), "缺少 match（文件名样式，如 fee_list_d*）");
		if (file->n_stream == 0 && file->format != FORMAT_NATIONAL)
			complain(r, item(r, n, i), "缺少 streams（format: national 才可以不写）");
	}
}

/* ---- the feed ---- */

static void take_name(struct reader *r, yaml_node_t *n, void *into)
{
	((struct feed *)into)->name = scalar(r, n);
}

static void take_description(struct reader *r, yaml_node_t *n, void *into)
{
	((struct feed *)into)->description = scalar(r, n);
}

static void take_charset(struct reader *r, yaml_node_t *n, void *into)
{
	((struct feed *)into)->charset = (enum feed_charset)choose(r, n, charsets);
}

static void take_format(struct reader *r, yaml_node_t *n, void *into)
{
	((struct feed *)into)->format = (enum feed_format)choose(r, n, formats);
}

static void take_separator(struct reader *r, yaml_node_t *n, void *into)
{
	((struct feed *)into)->separator = separator(r, n);
}

static void take_extract_date(struct reader *r, yaml_node_t *n, void *into)
{
	struct str s = scalar(r, n);
	if (!civil_parse_time(s, &((struct feed *)into)->revision))
		complain(r, n, "「" STR_FMT "」不是日期，应如 2026-04-02", STR_ARG(s));
}

static void take_revision(struct reader *r, yaml_node_t *n, void *into)
{
	static const struct word words[] = { { "intake-order", true }, { NULL, 0 } };
	((struct feed *)into)->intake_order = choose(r, n, words);
}

static void take_visit_class(struct reader *r, yaml_node_t *n, void *into)
{
	struct feed *f = into;
	if (!is_mapping(r, n))
		return;
	f->class = arena_array(&f->arena, pairs(n) + 1, sizeof(*f->class));
	for (size_t i = 0; i < pairs(n); i++) {
		struct pair p;
		if (!take_pair(r, n, i, &p))
			continue;
		f->class[f->n_class++] = (struct feed_class){
			p.name, (enum visit_class)choose(r, p.value, classes)
		};
	}
}

/* Of the feed's own keys those that files inherit come first, wherever they are written. */
static void fill_feed(struct reader *r, yaml_node_t *root)
{
	static const struct key before[] = {
		{ "charset", take_charset }, { "format", take_format },
		{ "separator", take_separator }, { NULL, NULL },
	};
	static const struct key keys[] = {
		{ "name", take_name }, { "description", take_description },
		{ "charset", take_charset }, { "format", take_format },
		{ "separator", take_separator }, { "extract_date", take_extract_date },
		{ "revision", take_revision }, { "files", take_files },
		{ "visit_class", take_visit_class }, { NULL, NULL },
	};
	if (!is_mapping(r, root))
		return;
	for (size_t i = 0; i < pairs(root); i++) {
		const yaml_node_pair_t *p = &root->data.mapping.pairs.start[i];
		yaml_node_t *key = node(r, p->key);
		for (const struct key *k = before; k->name; k++)
			if (key->type == YAML_SCALAR_NODE &&
			    strcmp((const char *)key->data.scalar.value, k->name) == 0)
				k->take(r, node(r, p->value), r->feed);
	}
	unsigned told = r->n_errors;
	fill(r, root, keys, r->feed);
	if (r->n_errors == told && r->feed->n_file == 0)
		complain(r, root, "缺少 files");
}

static bool load(yaml_parser_t *parser, yaml_document_t *doc, struct str text, const char *name,
		 struct err *e)
{
	yaml_parser_set_input_string(parser, (const unsigned char *)text.p, text.n);
	if (!yaml_parser_load(parser, doc))
		return err_set(e, ERR_CONF, "%s:%zu:%zu: YAML 语法错误：%s", name,
			       parser->problem_mark.line + 1, parser->problem_mark.column + 1,
			       parser->problem ? parser->problem : "?");
	return true;
}

static bool read_document(struct feed *f, yaml_document_t *doc, const char *name, struct err *e)
{
	struct reader r = { .feed = f, .doc = doc, .name = name };
	buf_init(&r.errors, 1u << 16);
	yaml_node_t *root = yaml_document_get_root_node(doc);
	if (root)
		fill_feed(&r, root);
	bool good = root && r.n_errors == 0;
	if (!root)
		err_set(e, ERR_CONF, "%s: 空文件", name);
	else if (!good)
		err_set(e, ERR_CONF, "%s", buf_cstr(&r.errors));
	buf_fini(&r.errors);
	return good;
}

bool feed_read_yaml(struct feed *f, struct str text, const char *name, struct err *e)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	if (text.n > TEXT_MAX)
		return err_set(e, ERR_LIMIT, "%s: 超过 1 MiB", name);
	if (!yaml_parser_initialize(&parser))
		return err_set(e, ERR_LIMIT, "%s: 内存不足", name);
	bool good = load(&parser, &doc, text, name, e);
	if (good) {
		f->name = arena_str(&f->arena, str_of(name));
		good = read_document(f, &doc, name, e);
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&parser);
	return good;
}
