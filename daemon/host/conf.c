/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf.c - settings by table.
 *
 * Each kind of setting is a row of kinds[]: how to set it from texts, compare, copy and
 * release it. The YAML document is walked once; complaints are collected.
 */
#include "daemon/host/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "lib/base/mem.h"
#include "lib/base/near.h"

#define CONF_FILE_MAX (1u << 20)

enum kind { KIND_TEXT, KIND_PATH, KIND_CHOICE, KIND_PATHS, KIND_INT, KIND_MONTHDAY };

struct setting {
	const char *section, *name;
	enum kind kind;
	size_t offset;
	const char *dflt, *min, *max, *unit;
	bool reload;
	const char *zh, *en;
};

static const struct setting settings[] = {
#define SETTING(section, name, kind, dflt, min, max, unit, reload, zh, en)       \
	{ #section, #name, KIND_##kind, offsetof(struct conf, section##_##name), \
	  dflt, min, max, unit, reload, zh, en },
#include "daemon/host/conf.def"
#undef SETTING
};

#define N_SETTINGS (sizeof settings / sizeof settings[0])

static void *member(struct conf *c, const struct setting *s)
{
	return (char *)c + s->offset;
}

static const void *member_const(const struct conf *c, const struct setting *s)
{
	return (const char *)c + s->offset;
}

/* ---- kinds ---- */

static void release_text(void *m)
{
	xfree(*(char **)m);
	*(char **)m = NULL;
}

static bool set_text(const struct setting *s, void *m, struct str v, struct err *e)
{
	(void)s;
	(void)e;
	release_text(m);
	*(char **)m = xmemdup(v.n ? v.p : "", v.n + 1u);
	(*(char **)m)[v.n] = '\0';
	return true;
}

static bool set_choice(const struct setting *s, void *m, struct str v, struct err *e)
{
	struct str rest = str_of(s->min);
	while (rest.n > 0) {
		int64_t bar = str_chr(rest, '|');
		size_t n = bar < 0 ? rest.n : (size_t)bar;
		if (str_eq(str_sub(rest, 0, n), v))
			return set_text(s, m, v, e);
		rest = str_sub(rest, n + 1, rest.n);
	}
	return err_set(e, ERR_CONF, "`" STR_FMT "` is none of %s", STR_ARG(v), s->min);
}

static bool set_int(const struct setting *s, void *m, struct str v, struct err *e)
{
	char text[32];
	char *end;
	if (v.n == 0 || v.n >= sizeof text)
		return err_set(e, ERR_CONF, "a whole number was expected");
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (errno || *end)
		return err_set(e, ERR_CONF, "`%s` is not a whole number", text);
	if (n < atoll(s->min) || n > atoll(s->max))
		return err_set(e, ERR_CONF, "%s is out of bounds: %s to %s%s%s", text, s->min,
			       s->max, *s->unit ? " " : "", s->unit);
	*(int64_t *)m = n;
	return true;
}

static bool set_monthday(const struct setting *s, void *m, struct str v, struct err *e)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	(void)s;
	if (v.n == 5 && v.p[2] == '-') {
		int month = (v.p[0] - '0') * 10 + (v.p[1] - '0');
		int day = (v.p[3] - '0') * 10 + (v.p[4] - '0');
		if (month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1]) {
			*(int64_t *)m = month * 100 + day;
			return true;
		}
	}
	return err_set(e, ERR_CONF, "`" STR_FMT "` is not a day of every year as MM-DD",
		       STR_ARG(v));
}

/* Adds one item; a list in the file was emptied before its first. */
static bool set_paths(const struct setting *s, void *m, struct str v, struct err *e)
{
	struct conf_list *list = m;
	char *text = NULL;
	if (v.n == 0)
		return true;
	if (!set_text(s, &text, v, e))
		return false;
	list->item = xreallocarray(list->item, list->n + 1u, sizeof *list->item);
	list->item[list->n++] = text;
	return true;
}

static void release_paths(void *m)
{
	struct conf_list *list = m;
	for (unsigned i = 0; i < list->n; i++)
		xfree(list->item[i]);
	xfree(list->item);
	*list = (struct conf_list){ NULL, 0 };
}

static void release_int(void *m)
{
	*(int64_t *)m = 0;
}

static bool same_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b) == 0;
}

static bool same_int(const void *a, const void *b)
{
	return *(const int64_t *)a == *(const int64_t *)b;
}

static bool same_paths(const void *a, const void *b)
{
	const struct conf_list *x = a, *y = b;
	if (x->n != y->n)
		return false;
	for (unsigned i = 0; i < x->n; i++)
		if (strcmp(x->item[i], y->item[i]) != 0)
			return false;
	return true;
}

static void copy_text(void *to, const void *from)
{
	char *copy = xstrdup(*(char *const *)from);
	release_text(to);
	*(char **)to = copy;
}

static void copy_int(void *to, const void *from)
{
	*(int64_t *)to = *(const int64_t *)from;
}

static void copy_paths(void *to, const void *from)
{
	const struct conf_list *list = from;
	struct err e;
	release_paths(to);
	for (unsigned i = 0; i < list->n; i++)
		(void)!set_paths(NULL, to, str_of(list->item[i]), &e);
}

static const struct {
	const char *word;
	bool (*set)(const struct setting *, void *, struct str, struct err *);
	void (*release)(void *);
	bool (*same)(const void *, const void *);
	void (*copy)(void *, const void *);
} kinds[] = {
	[KIND_TEXT] = { "text", set_text, release_text, same_text, copy_text },
	[KIND_PATH] = { "path", set_text, release_text, same_text, copy_text },
	[KIND_CHOICE] = { "choice", set_choice, release_text, same_text, copy_text },
	[KIND_PATHS] = { "paths", set_paths, release_paths, same_paths, copy_paths },
	[KIND_INT] = { "number", set_int, release_int, same_int, copy_int },
	[KIND_MONTHDAY] = { "MM-DD", set_monthday, release_int, same_int, copy_int },
};

void conf_init(struct conf *c)
{
	struct err e;
	memset(c, 0, sizeof *c);
	for (size_t i = 0; i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		if (!kinds[s->kind].set(s, member(c, s), str_of(s->dflt), &e)) {
			fprintf(stderr, "conf.def: %s.%s: %s\n", s->section, s->name, e.text);
			abort();
		}
	}
}

void conf_fini(struct conf *c)
{
	for (size_t i = 0; i < N_SETTINGS; i++)
		kinds[settings[i].kind].release(member(c, &settings[i]));
}

void conf_reload(struct conf *c, const struct conf *from, struct buf *ignored)
{
	for (size_t i = 0; i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		if (kinds[s->kind].same(member_const(c, s), member_const(from, s)))
			continue;
		if (s->reload)
			kinds[s->kind].copy(member(c, s), member_const(from, s));
		else
			buf_addf(ignored, "%s%s.%s", ignored->n ? ", " : "", s->section, s->name);
	}
}

/* ---- the file ---- */

struct reader {
	struct conf *conf;
	yaml_document_t *doc;
	const char *name;
	struct buf complaint;
	bool seen[N_SETTINGS];
};

static void complain(struct reader *r, const yaml_node_t *at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static void complain(struct reader *r, const yaml_node_t *at, const char *fmt, ...)
{
	va_list args;
	buf_addf(&r->complaint, "%s%s: line %zu: ", r->complaint.n ? "\n" : "", r->name,
		 at->start_mark.line + 1);
	va_start(args, fmt);
	buf_vaddf(&r->complaint, fmt, args);
	va_end(args);
}

static struct str scalar(const yaml_node_t *n)
{
	return str_make((const char *)n->data.scalar.value, n->data.scalar.length);
}

static void set_one(struct reader *r, const struct setting *s, const yaml_node_t *v)
{
	struct err e;
	if (v->type != YAML_SCALAR_NODE)
		complain(r, v, "%s.%s: one value was expected", s->section, s->name);
	else if (!kinds[s->kind].set(s, member(r->conf, s), scalar(v), &e))
		complain(r, v, "%s.%s: %s", s->section, s->name, e.text);
}

static void set_value(struct reader *r, const struct setting *s, const yaml_node_t *v)
{
	if (s->kind != KIND_PATHS) {
		set_one(r, s, v);
		return;
	}
	release_paths(member(r->conf, s));
	if (v->type != YAML_SEQUENCE_NODE) {
		set_one(r, s, v);
		return;
	}
	yaml_node_item_t *end = v->data.sequence.items.top;
	for (yaml_node_item_t *i = v->data.sequence.items.start; i < end; i++)
		set_one(r, s, yaml_document_get_node(r->doc, *i));
}

/* The setting, or N_SETTINGS with the near name said. */
static size_t find_setting(struct reader *r, const char *section, const yaml_node_t *key)
{
	struct near near;
	near_init(&near, scalar(key));
	for (size_t i = 0; i < N_SETTINGS; i++) {
		if (strcmp(settings[i].section, section) != 0)
			continue;
		if (str_eq(scalar(key), str_of(settings[i].name)))
			return i;
		near_offer(&near, str_of(settings[i].name));
	}
	struct str best = near_best(&near);
	complain(r, key, "%s has no setting `" STR_FMT "`%s" STR_FMT "%s", section,
		 STR_ARG(scalar(key)), best.n ? "; did you mean `" : "", STR_ARG(best),
		 best.n ? "`?" : "");
	return N_SETTINGS;
}

static const char *find_section(struct reader *r, const yaml_node_t *key)
{
	struct near near;
	near_init(&near, scalar(key));
	for (size_t i = 0; i < N_SETTINGS; i++) {
		if (str_eq(scalar(key), str_of(settings[i].section)))
			return settings[i].section;
		near_offer(&near, str_of(settings[i].section));
	}
	struct str best = near_best(&near);
	complain(r, key, "there is no section `" STR_FMT "`%s" STR_FMT "%s", STR_ARG(scalar(key)),
		 best.n ? "; did you mean `" : "", STR_ARG(best), best.n ? "`?" : "");
	return NULL;
}

static void read_section(struct reader *r, const char *section, const yaml_node_t *body)
{
	if (body->type == YAML_SCALAR_NODE && body->data.scalar.length == 0)
		return; /* everything under it is commented out */
	if (body->type != YAML_MAPPING_NODE) {
		complain(r, body, "%s: settings were expected, as `name: value`", section);
		return;
	}
	for (yaml_node_pair_t *p = body->data.mapping.pairs.start;
	     p < body->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(r->doc, p->key);
		size_t i = key->type == YAML_SCALAR_NODE ? find_setting(r, section, key)
							 : N_SETTINGS;
		if (i == N_SETTINGS)
			continue;
		if (r->seen[i])
			complain(r, key, "%s.%s is set twice", section, settings[i].name);
		r->seen[i] = true;
		set_value(r, &settings[i], yaml_document_get_node(r->doc, p->value));
	}
}

static void read_root(struct reader *r, const yaml_node_t *root)
{
	if (!root)
		return; /* an empty file: all defaults */
	if (root->type != YAML_MAPPING_NODE) {
		complain(r, root, "sections were expected, as `database:`");
		return;
	}
	for (yaml_node_pair_t *p = root->data.mapping.pairs.start;
	     p < root->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(r->doc, p->key);
		const char *section = key->type == YAML_SCALAR_NODE ? find_section(r, key) : NULL;
		if (section)
			read_section(r, section, yaml_document_get_node(r->doc, p->value));
	}
}

bool conf_parse(struct conf *c, struct str text, const char *name, struct err *e)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	struct reader r = { .conf = c, .doc = &doc, .name = name };
	bool ok;

	if (!yaml_parser_initialize(&parser))
		return err_set(e, ERR_BUG, "the YAML parser does not start");
	yaml_parser_set_input_string(&parser, (const unsigned char *)(text.n ? text.p : ""),
				     text.n);
	if (!yaml_parser_load(&parser, &doc)) {
		(void)err_set(e, ERR_CONF, "%s: line %zu: %s", name, parser.problem_mark.line + 1,
			      parser.problem ? parser.problem : "not YAML");
		yaml_parser_delete(&parser);
		return false;
	}
	conf_init(c);
	buf_init(&r.complaint, sizeof e->text);
	read_root(&r, yaml_document_get_root_node(&doc));
	ok = r.complaint.n == 0 && !r.complaint.failed;
	if (!ok) {
		(void)err_set(e, ERR_CONF, "%s%s", buf_cstr(&r.complaint),
			      r.complaint.failed ? "\n..." : "");
		conf_fini(c);
	}
	buf_fini(&r.complaint);
	yaml_document_delete(&doc);
	yaml_parser_delete(&parser);
	return ok;
}

bool conf_load(struct conf *c, const char *path, struct err *e)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return err_set(e, ERR_CONF, "%s: %s", path, strerror(errno));
	char *text = xmalloc(CONF_FILE_MAX);
	size_t n = fread(text, 1, CONF_FILE_MAX, f);
	bool ok = !ferror(f) && n < CONF_FILE_MAX;
	(void)fclose(f);
	if (ok)
		ok = conf_parse(c, str_make(text, n), path, e);
	else
		(void)err_set(e, ERR_CONF, "%s: cannot be read, or is larger than 1 MiB", path);
	xfree(text);
	return ok;
}

/* ---- help ---- */

static void add_bounds(struct buf *out, const struct setting *s)
{
	if (s->kind == KIND_INT)
		buf_addf(out, "%s..%s", s->min, s->max);
	else if (s->kind == KIND_CHOICE)
		buf_adds(out, s->min);
	else
		buf_adds(out, kinds[s->kind].word);
	if (*s->unit && s->kind == KIND_INT)
		buf_addf(out, " %s", s->unit);
}

void conf_help(struct buf *out, bool english)
{
	for (size_t i = 0; i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		buf_addf(out, "%s.%s  (", s->section, s->name);
		add_bounds(out, s);
		buf_addf(out, "%s%s%s%s)\n    %s\n", english ? "; default " : "；默认 ",
			 *s->dflt ? s->dflt : "\"\"", s->reload ? "; " : "",
			 s->reload ? "SIGHUP" : "", english ? s->en : s->zh);
	}
}

/* Texts that YAML would read as something else, or not at all, get quotes. */
static void add_sample_value(struct buf *out, const struct setting *s)
{
	if (s->kind == KIND_PATHS)
		buf_addf(out, "[ %s ]", s->dflt);
	else if (s->kind == KIND_INT || s->kind == KIND_CHOICE)
		buf_adds(out, s->dflt);
	else
		buf_addf(out, "\"%s\"", s->dflt);
}

void conf_sample(struct buf *out)
{
	buf_adds(out, "# fundwatch.yaml: settings of fundwatchd; every line here is the default.\n"
		      "# Written by `fundwatchd --sample-settings` from daemon/host/conf.def.\n");
	for (size_t i = 0; i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		if (i == 0 || strcmp(settings[i - 1].section, s->section) != 0)
			buf_addf(out, "\n%s:\n", s->section);
		buf_addf(out, "  # %s\n  # %s (", s->zh, s->en);
		add_bounds(out, s);
		buf_addf(out, "%s)\n  %s: ", s->reload ? ", SIGHUP" : "", s->name);
		add_sample_value(out, s);
		buf_addc(out, '\n');
	}
}

static void add_table(struct buf *out, bool english)
{
	buf_adds(out, english ? "| setting | values | default | SIGHUP | meaning |\n"
			      : "| 设置 | 取值 | 默认 | SIGHUP | 含义 |\n");
	buf_adds(out, "|---|---|---|---|---|\n");
	for (size_t i = 0; i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		struct buf bounds;
		buf_init(&bounds, 0);
		add_bounds(&bounds, s);
		for (size_t j = 0; j < bounds.n; j++)
			if (bounds.p[j] == '|')
				bounds.p[j] = '/';
		buf_addf(out, "| `%s.%s` | %s | `%s` | %s | %s |\n", s->section, s->name,
			 buf_cstr(&bounds), s->dflt, s->reload ? "✓" : "",
			 english ? s->en : s->zh);
		buf_fini(&bounds);
	}
}

void conf_manual(struct buf *out)
{
	buf_adds(out, "# Settings of fundwatchd\n\n"
		      "Written from `daemon/host/conf.def`; a test fails when they differ. The\n"
		      "file is `conf/fundwatch.yaml`, two levels of YAML; relative paths are from\n"
		      "the working directory. ✓: SIGHUP takes the new value.\n\n");
	add_table(out, true);
	buf_adds(out, "\n## fundwatchd 的设置\n\n"
		      "由 `daemon/host/conf.def` 生成。✓：SIGHUP 后生效。\n\n");
	add_table(out, false);
}
