/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feed.c - what a feed says about a file name or a med_type; the built-in feed.
 */
#include "lib/record/feed.h"

#include <assert.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/record/feed_plan.h"
#include "lib/record/names.h"

/* The standard's classes of med_type; the longest prefix wins. */
static const struct feed_class standard_classes[] = {
	{ { "11", 2 }, VISIT_OUTPATIENT }, { { "12", 2 }, VISIT_OUTPATIENT },
	{ { "13", 2 }, VISIT_OUTPATIENT }, { { "14", 2 }, VISIT_OUTPATIENT },
	{ { "15", 2 }, VISIT_OUTPATIENT }, { { "16", 2 }, VISIT_OUTPATIENT },
	{ { "51", 2 }, VISIT_OUTPATIENT }, { { "81", 2 }, VISIT_OUTPATIENT },
	{ { "2", 1 }, VISIT_INPATIENT },   { { "52", 2 }, VISIT_INPATIENT },
	{ { "41", 2 }, VISIT_PHARMACY },   { { "71", 2 }, VISIT_HOMEBED },
};

/* Kept equal in meaning to conf/feeds/default.yaml; a test compares what they load. */
static const char default_text[] =
	"name: default\n"
	"description: core-table extracts, NDJSON and national interface messages\n"
	"files:\n"
	"  - { match: 'mdtrt_d*', streams: [{ stream: encounter }] }\n"
	"  - match: 'setl_d*'\n"
	"    streams: [{ stream: settlement, defaults: { setl_time: '{enddate}' } }]\n"
	"  - match: 'fee_list_d*'\n"
	"    streams: [{ stream: fee, defaults: { med_list_codg: '{hilist_code}' } }]\n"
	"  - { match: 'setl_list_diag_d*', streams: [{ stream: diagnosis }] }\n"
	"  - { match: 'setl_list_oprn_d*', streams: [{ stream: operation }] }\n"
	"  - { match: 'trace_d*', streams: [{ stream: trace }] }\n"
	"  - { match: 'report_d*', streams: [{ stream: report }] }\n"
	"  - match: 'stock_d*'\n"
	"    streams:\n"
	"      - stream: stock\n"
	"      - stream: trace\n"
	"        when: { column: infno, is: ['3505', '3506'] }\n"
	"        filled: [drug_trac_codg, psn_no, setl_id]\n"
	"        columns: { infno: trac_chg_type, inv_chg_time: trac_time }\n"
	"        values: { trac_chg_type: { '3505': '1', '3506': '2' } }\n"
	"        defaults: { mdtrt_id: '{setl_id}' }\n"
	"  - { match: '3501*', streams: [{ stream: stock, constants: { infno: '3501' } }] }\n"
	"  - { match: '3502*', streams: [{ stream: stock, constants: { infno: '3502' } }] }\n"
	"  - { match: '3503*', streams: [{ stream: stock, constants: { infno: '3503' } }] }\n"
	"  - { match: '3504*', streams: [{ stream: stock, constants: { infno: '3504' } }] }\n"
	"  - match: '3505*'\n"
	"    streams:\n"
	"      - { stream: stock, constants: { infno: '3505' } }\n"
	"      - stream: trace\n"
	"        filled: [drug_trac_codg, psn_no, setl_id]\n"
	"        columns: { inv_chg_time: trac_time, sel_retn_time: trac_time }\n"
	"        constants: { trac_chg_type: '1' }\n"
	"        defaults: { mdtrt_id: '{setl_id}' }\n"
	"  - match: '3506*'\n"
	"    streams:\n"
	"      - { stream: stock, constants: { infno: '3506' } }\n"
	"      - stream: trace\n"
	"        filled: [drug_trac_codg, psn_no, setl_id]\n"
	"        columns: { inv_chg_time: trac_time, sel_retn_time: trac_time }\n"
	"        constants: { trac_chg_type: '2' }\n"
	"        defaults: { mdtrt_id: '{setl_id}' }\n"
	"  - { match: '3507*', streams: [{ stream: stock, constants: { infno: '3507' } }] }\n"
	"  - { match: 'person_d*', streams: [{ stream: person }] }\n"
	"  - { match: 'facility_d*', streams: [{ stream: facility }] }\n"
	"  - { match: 'practitioner_d*', streams: [{ stream: practitioner }] }\n"
	"  - { match: 'item_d*', streams: [{ stream: item }] }\n"
	"  - { match: '*.json', format: national }\n"
	"  - { match: '*.ndjson', format: national }\n"
	"  - { match: '*.jsonl', format: national }\n";

struct feed *feed_parse(struct str text, const char *name, struct err *e)
{
	struct feed *f = xcalloc(1, sizeof(*f));
	arena_init(&f->arena);
	f->separator = ',';
	f->revision = MISSING_I64;
	if (feed_read_yaml(f, text, name, e))
		return f;
	feed_free(f);
	return NULL;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	arena_fini(&f->arena);
	xfree(f);
}

struct feed *feed_default(void)
{
	struct feed *f = feed_parse(str_of(default_text), "default", NULL);
	assert(f);
	return f;
}

const char *feed_name(const struct feed *f)
{
	return f->name.p;
}

static struct str base_name(const char *file_name)
{
	const char *slash = strrchr(file_name, '/');
	struct str s = str_of(slash ? slash + 1 : file_name);
	if (s.n > 3 && names_equal(str_sub(s, s.n - 3, 3), STR(".gz")))
		s.n -= 3;
	return s;
}

const struct feed_file *feed_file_for(const struct feed *f, const char *file_name)
{
	struct str name = base_name(file_name), own = str_of(f->name.p);
	if (str_starts(name, own) && name.n > own.n && name.p[own.n] == FEED_MARK)
		name = str_sub(name, own.n + 1, name.n);
	for (unsigned i = 0; i < f->n_file; i++)
		if (names_glob(f->file[i].match, name))
			return &f->file[i];
	return NULL;
}

bool feed_takes(const struct feed *f, const char *file_name)
{
	return feed_file_for(f, file_name) != NULL;
}

static enum visit_class longest(const struct feed_class *class, size_t n, struct str med_type)
{
	const struct feed_class *best = NULL;
	for (size_t i = 0; i < n; i++)
		if (str_starts(med_type, class[i].prefix) &&
		    (!best || class[i].prefix.n > best->prefix.n))
			best = &class[i];
	return best ? best->class : VISIT_OTHER;
}

enum visit_class feed_visit_class(const struct feed *f, struct str med_type)
{
	if (f && f->n_class)
		return longest(f->class, f->n_class, med_type);
	return longest(standard_classes, sizeof(standard_classes) / sizeof(standard_classes[0]),
		       med_type);
}

bool feed_has_classes(const struct feed *f)
{
	return f->n_class > 0;
}

static bool has_class(const struct feed *f, const struct feed_class *c)
{
	for (unsigned i = 0; i < f->n_class; i++)
		if (str_eq(f->class[i].prefix, c->prefix) && f->class[i].class == c->class)
			return true;
	return false;
}

bool feed_same_classes(const struct feed *a, const struct feed *b)
{
	bool same = a->n_class == b->n_class;
	for (unsigned i = 0; i < a->n_class && same; i++)
		same = has_class(b, &a->class[i]);
	return same;
}

/* Length of the next piece of a template, 0 when a brace is open or stray. */
static uint32_t piece_length(struct str rest, bool column)
{
	if (!column) {
		int64_t open = str_chr(rest, '{');
		return open < 0 ? rest.n : (uint32_t)open;
	}
	int64_t close = str_chr(rest, '}');
	return close < 2 ? 0 : (uint32_t)close + 1;
}

bool feed_template_parse(struct arena *a, struct str text, struct feed_template *out)
{
	unsigned max = 1;
	for (uint32_t i = 0; i < text.n; i++)
		max += 2u * (text.p[i] == '{');
	out->piece = arena_array(a, max, sizeof(*out->piece));
	out->n = 0;
	for (struct str rest = text; rest.n;) {
		bool column = rest.p[0] == '{';
		uint32_t n = piece_length(rest, column);
		if (n == 0)
			return false;
		struct str piece = column ? str_sub(rest, 1, n - 2) : str_sub(rest, 0, n);
		out->piece[out->n++] = (struct feed_piece){ arena_str(a, piece), column };
		rest = str_sub(rest, n, rest.n - n);
	}
	return true;
}
