/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.c - methods: a table of names and functions, and what the editor is told.
 */
#include "daemon/lsp/server.h"

#include <string.h>

#include "daemon/lsp/text.h"
#include "lib/base/mem.h"
#include "lib/rule/fix.h"
#include "lib/rule/format.h"

/* ---- diagnostics ---- */

static struct json_object *one_diagnostic(const struct project *p, const struct diag *x)
{
	static const int severity[] = {
		[SEVERITY_ERROR] = 1, [SEVERITY_WARNING] = 2, [SEVERITY_NOTE] = 3,
	};
	struct json_object *o = json_object_new_object();
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b, x->text);
	if (x->expected != NULL)
		buf_addf(&b, "\n%s%s", p->english ? "expected: " : "可以写：", x->expected);
	if (x->near != NULL)
		buf_addf(&b, "\n%s", x->near);
	if (x->fixed != NULL)
		buf_addf(&b, "\n%s%s", p->english ? "write: " : "建议：", x->fixed);
	json_object_object_add(o, "range",
			       text_range(p->diag.file[x->at.file].text, x->at.start, x->at.end));
	json_object_object_add(o, "severity",
			json_object_new_int(severity[diag_severity(x->code)]));
	json_object_object_add(o, "code", json_object_new_string(diag_word(x->code)));
	json_object_object_add(o, "source", json_object_new_string("fundwatch"));
	json_object_object_add(o, "message", json_str(buf_str(&b)));
	buf_fini(&b);
	return o;
}

static struct json_object *diagnostics_of(const struct project *p, uint32_t file)
{
	struct json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < p->diag.n; i++)
		if (p->diag.diag[i].at.file == file)
			json_object_array_add(list, one_diagnostic(p, &p->diag.diag[i]));
	return list;
}

static bool was_published(const struct server *s, const char *uri)
{
	for (uint32_t i = 0; i < s->n_published; i++)
		if (strcmp(s->published[i], uri) == 0)
			return true;
	return false;
}

static void publish(struct server *s, const char *uri, struct json_object *take_list)
{
	struct json_object *params = json_object_new_object();

	json_object_object_add(params, "uri", json_object_new_string(uri));
	json_object_object_add(params, "diagnostics", take_list);
	rpc_notify(s->out, "textDocument/publishDiagnostics", params);
}

/* The URI of a source, as the editor spells it when it has it open; malloc'd. */
static char *uri_of(const struct project *p, const char *path)
{
	struct buf b;

	for (uint32_t i = 0; i < p->n_document; i++)
		if (strcmp(p->document[i].path, path) == 0)
			return xstrdup(p->document[i].uri);
	buf_init(&b, 0);
	uri_add(&b, path);
	return buf_take(&b, NULL);
}

/* Files with something to say, open ones, and those that had something to say before. */
static void publish_all(struct server *s)
{
	struct project *p = &s->project;

	for (uint32_t f = 0; f < p->diag.n_files; f++) {
		struct json_object *list = diagnostics_of(p, f);
		char *uri = uri_of(p, p->diag.file[f].name);

		if (json_object_array_length(list) == 0 && !was_published(s, uri) &&
		    project_find(p, uri) == NULL) {
			json_object_put(list);
			xfree(uri);
			continue;
		}
		publish(s, uri, list);
		if (was_published(s, uri)) {
			xfree(uri);
			continue;
		}
		GROW(s->published, s->cap_published, s->n_published + 1);
		s->published[s->n_published++] = uri;
	}
}

static void compile(struct server *s, const struct document *d)
{
	struct err e = { 0 };

	if (!project_compile(&s->project, d, &e)) {
		struct json_object *params = json_object_new_object();

		json_object_object_add(params, "type", json_object_new_int(1));
		json_object_object_add(params, "message", json_object_new_string(e.text));
		rpc_notify(s->out, "window/logMessage", params);
	}
	publish_all(s);
}

/* ---- documents ---- */

static const char *uri_in(struct json_object *params)
{
	return json_text_of(json_object_of(params, "textDocument"), "uri");
}

static void set_text(struct server *s, const char *uri, struct json_object *text)
{
	if (uri == NULL || !json_object_is_type(text, json_type_string) ||
	    !project_open(&s->project, uri, json_object_get_string(text),
			  (size_t)json_object_get_string_len(text)))
		return;
	compile(s, project_find(&s->project, uri));
}

static struct json_object *did_open(struct server *s, struct json_object *params)
{
	struct json_object *d = json_object_of(params, "textDocument");

	set_text(s, json_text_of(d, "uri"), json_object_of(d, "text"));
	return NULL;
}

static struct json_object *did_change(struct server *s, struct json_object *params)
{
	struct json_object *changes = json_object_of(params, "contentChanges"), *last;

	if (!json_object_is_type(changes, json_type_array) ||
			json_object_array_length(changes) == 0)
		return NULL;
	last = json_object_array_get_idx(changes, json_object_array_length(changes) - 1);
	if (project_find(&s->project, uri_in(params)) != NULL)
		set_text(s, uri_in(params), json_object_of(last, "text"));
	return NULL;
}

static struct json_object *did_save(struct server *s, struct json_object *params)
{
	const struct document *d = project_find(&s->project, uri_in(params));

	if (d != NULL)
		compile(s, d);
	return NULL;
}

static struct json_object *did_close(struct server *s, struct json_object *params)
{
	project_close(&s->project, uri_in(params));
	return NULL;
}

/* ---- questions ---- */

/* The document and the offset asked about; NULL when it is not open. */
static const struct document *place_in(struct server *s, struct json_object *params, uint32_t *at)
{
	const struct document *d = project_find(&s->project, uri_in(params));
	struct json_object *p = json_object_of(params, "position");

	if (d != NULL)
		*at = text_offset(buf_str(&d->text), json_number_of(p, "line"),
				  json_number_of(p, "character"));
	return d;
}

static struct json_object *completion(struct server *s, struct json_object *params)
{
	uint32_t at = 0;
	const struct document *d = place_in(s, params, &at);

	return d != NULL ? complete_at(&s->project, d, at) : NULL;
}

static struct json_object *hover(struct server *s, struct json_object *params)
{
	uint32_t at = 0;
	const struct document *d = place_in(s, params, &at);

	return d != NULL ? hover_at(&s->project, d, at) : NULL;
}

static struct json_object *definition(struct server *s, struct json_object *params)
{
	uint32_t at = 0;
	const struct document *d = place_in(s, params, &at);

	return d != NULL ? definition_at(&s->project, d, at) : NULL;
}

static struct json_object *edit(struct str text, uint32_t start, uint32_t end, struct str instead)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "range", text_range(text, start, end));
	json_object_object_add(o, "newText", json_str(instead));
	return o;
}

static struct json_object *formatting(struct server *s, struct json_object *params)
{
	const struct document *d = project_find(&s->project, uri_in(params));
	struct json_object *list = json_object_new_array();
	struct buf b;

	buf_init(&b, 0);
	if (d != NULL && format_text(buf_str(&d->text), &b) && !str_eq(buf_str(&b),
			buf_str(&d->text)))
		json_object_array_add(list, edit(buf_str(&d->text), 0, (uint32_t)d->text.n,
				buf_str(&b)));
	buf_fini(&b);
	return list;
}

static struct json_object *one_action(const struct project *p, const char *uri,
				      const struct diag *x, const struct repair *r)
{
	struct json_object *o = json_object_new_object(), *edits = json_object_new_array();
	struct json_object *changes = json_object_new_object(), *all = json_object_new_object();
	struct json_object *what = json_object_new_array();
	struct buf title;

	buf_init(&title, 0);
	buf_addf(&title, p->english ? "write " STR_FMT : "改为 " STR_FMT, STR_ARG(r->instead));
	json_object_array_add(edits, edit(p->diag.file[r->at.file].text, r->at.start, r->at.end,
					  r->instead));
	json_object_object_add(changes, uri, edits);
	json_object_object_add(all, "changes", changes);
	json_object_array_add(what, one_diagnostic(p, x));
	json_object_object_add(o, "title", json_str(buf_str(&title)));
	json_object_object_add(o, "kind", json_object_new_string("quickfix"));
	json_object_object_add(o, "diagnostics", what);
	json_object_object_add(o, "isPreferred", json_object_new_boolean(x->sure));
	json_object_object_add(o, "edit", all);
	buf_fini(&title);
	return o;
}

/* Repairs of the diagnostics that touch the range. */
static struct json_object *code_action(struct server *s, struct json_object *params)
{
	struct project *p = &s->project;
	const struct document *d = project_find(p, uri_in(params));
	struct json_object *range = json_object_of(params, "range"),
			*list = json_object_new_array();
	struct json_object *a = json_object_of(range, "start"), *b = json_object_of(range, "end");
	uint32_t file = d != NULL ? project_source(p, d->path) : UINT32_MAX, from, to;

	if (file == UINT32_MAX)
		return list;
	from = text_offset(buf_str(&d->text), json_number_of(a, "line"), json_number_of(a,
			"character"));
	to = text_offset(buf_str(&d->text), json_number_of(b, "line"), json_number_of(b,
			"character"));
	for (uint32_t i = 0; i < p->diag.n; i++) {
		const struct diag *x = &p->diag.diag[i];
		const struct repair *r = diag_edit(&p->diag, x);

		if (r != NULL && r->at.file == file && x->at.start <= to && x->at.end >= from)
			json_object_array_add(list, one_action(p, d->uri, x, r));
	}
	return list;
}

/* ---- life ---- */

static struct json_object *capabilities(void)
{
	static const char text[] =
		"{\"positionEncoding\":\"utf-16\",\"textDocumentSync\":{\"openClose\":true,"
		"\"change\":1,\"save\":true},\"completionProvider\":{\"triggerCharacters\":"
		"[\"「\",\".\",\" \"]},\"hoverProvider\":true,\"definitionProvider\":true,"
		"\"documentFormattingProvider\":true,\"codeActionProvider\":true}";

	return json_tokener_parse(text);
}

static void set_root(struct server *s, struct json_object *params)
{
	struct json_object *options = json_object_of(params, "initializationOptions");
	const char *rules = json_text_of(options, "rules"), *lang = json_text_of(options, "lang");
	char *path = uri_path(json_text_of(params, "rootUri"));

	if (lang != NULL)
		s->project.english = strcmp(lang, "en") == 0;
	if (rules != NULL)
		project_set_root(&s->project, rules);
	else if (path != NULL)
		project_set_root(&s->project, path);
	xfree(path);
}

static struct json_object *initialize(struct server *s, struct json_object *params)
{
	struct json_object *o = json_object_new_object(), *info = json_object_new_object();

	set_root(s, params);
	s->started = true;
	json_object_object_add(info, "name", json_object_new_string("fundwatch"));
	json_object_object_add(info, "version", json_object_new_string(FUNDWATCH_VERSION));
	json_object_object_add(o, "capabilities", capabilities());
	json_object_object_add(o, "serverInfo", info);
	return o;
}

static struct json_object *shut_down(struct server *s, struct json_object *params)
{
	(void)params;
	s->stopped = true;
	return NULL;
}

static struct json_object *nothing(struct server *s, struct json_object *params)
{
	(void)s;
	(void)params;
	return NULL;
}

static const struct method {
	const char *name;
	bool request; /* wants an answer */
	struct json_object *(*run)(struct server *s, struct json_object *params);
} methods[] = {
	{ "initialize", true, initialize },
	{ "initialized", false, nothing },
	{ "shutdown", true, shut_down },
	{ "textDocument/didOpen", false, did_open },
	{ "textDocument/didChange", false, did_change },
	{ "textDocument/didSave", false, did_save },
	{ "textDocument/didClose", false, did_close },
	{ "textDocument/completion", true, completion },
	{ "textDocument/hover", true, hover },
	{ "textDocument/definition", true, definition },
	{ "textDocument/formatting", true, formatting },
	{ "textDocument/codeAction", true, code_action },
};

static const struct method *find_method(const char *name)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

/* Why a request cannot be answered now; 0 when it can. */
static int refusal(const struct server *s, const struct method *m, const char **why)
{
	*why = "no such method";
	if (m == NULL)
		return RPC_METHOD_NOT_FOUND;
	*why = s->stopped ? "the server is shutting down" : "initialize comes first";
	if (s->stopped)
		return RPC_INVALID_REQUEST;
	return s->started || m->run == initialize ? 0 : RPC_NOT_INITIALIZED;
}

static bool handle(struct server *s, struct json_object *message)
{
	const char *name = json_text_of(message, "method"), *why;
	struct json_object *id = json_object_of(message, "id");
	bool asks = json_object_object_get_ex(message, "id", NULL);
	const struct method *m = name != NULL ? find_method(name) : NULL;
	struct json_object *result;
	int code;

	if (name == NULL) /* an answer to something never asked, or nothing at all */
		return asks && json_object_of(message, "result") == NULL &&
		       json_object_of(message, "error") == NULL
			       ? rpc_refuse(s->out, id, RPC_INVALID_REQUEST, "no method") : true;
	code = refusal(s, m, &why);
	if (code != 0)
		return asks ? rpc_refuse(s->out, id, (enum rpc_error)code, why) : true;
	result = m->run(s, json_object_of(message, "params"));
	if (asks)
		return rpc_answer(s->out, id, result);
	json_object_put(result);
	return true;
}

static bool is_exit(struct json_object *message)
{
	const char *name = json_text_of(message, "method");

	return name != NULL && strcmp(name, "exit") == 0;
}

static void serve(struct server *s)
{
	struct json_object *message = NULL;
	bool more = true;

	while (more) {
		enum rpc_read r = rpc_read(s->in, &message);

		if (r == RPC_END)
			return;
		if (r == RPC_BROKEN) {
			more = rpc_refuse(s->out, NULL, RPC_PARSE_ERROR, "no JSON object");
			continue;
		}
		more = !is_exit(message) && handle(s, message);
		json_object_put(message);
	}
}

int server_run(FILE *in, FILE *out, bool english)
{
	struct server s = { .in = in, .out = out };

	project_init(&s.project, english);
	serve(&s);
	for (uint32_t i = 0; i < s.n_published; i++)
		xfree(s.published[i]);
	xfree(s.published);
	project_fini(&s.project);
	return s.stopped ? 0 : 1;
}
