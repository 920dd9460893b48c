/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * field.c - the tables expanded from fields.def and codes.def, and look-ups in them.
 *
 * Look-ups walk the rows of one stream or one code table: they happen once per
 * header, rule or message, never per record.
 */
#include "lib/record/field.h"

#include <assert.h>
#include <string.h>

/* Streams as fields.def spells them; the number of a stream's first field follows. */
enum {
	IN_encounter = STREAM_ENCOUNTER,
	IN_settlement = STREAM_SETTLEMENT,
	IN_fee = STREAM_FEE,
	IN_diagnosis = STREAM_DIAGNOSIS,
	IN_operation = STREAM_OPERATION,
	IN_trace = STREAM_TRACE,
	IN_report = STREAM_REPORT,
	IN_stock = STREAM_STOCK,
	IN_person = STREAM_PERSON,
	IN_facility = STREAM_FACILITY,
	IN_practitioner = STREAM_PRACTITIONER,
	IN_item = STREAM_ITEM,
	IN_stay = STREAM_STAY,
	IN_visit = STREAM_VISIT,
};

#define FIRST_encounter FIELD_encounter_mdtrt_id
#define FIRST_settlement FIELD_settlement_setl_id
#define FIRST_fee FIELD_fee_bkkp_sn
#define FIRST_diagnosis FIELD_diagnosis_setl_list_diag_id
#define FIRST_operation FIELD_operation_setl_list_oprn_id
#define FIRST_trace FIELD_trace_trac_chg_type
#define FIRST_report FIELD_report_rpotc_no
#define FIRST_stock FIELD_stock_infno
#define FIRST_person FIELD_person_psn_no
#define FIRST_facility FIELD_facility_fixmedins_code
#define FIRST_practitioner FIELD_practitioner_dr_code
#define FIRST_item FIELD_item_med_list_codg
#define FIRST_stay FIELD_stay_mdtrt_id
#define FIRST_visit FIELD_visit_mdtrt_id

static const struct field_info fields[FIELD_COUNT] = {
#define FIELD(strm, fname, ftitle, falias, ftype, frole, freq, fdflt)       \
	[FIELD_##strm##_##fname] = {                                        \
		.stream = (enum stream)IN_##strm,                           \
		.name = #fname,                                             \
		.title = ftitle,                                            \
		.alias = falias,                                            \
		.type = TYPE_##ftype,                                       \
		.role = ROLE_##frole,                                       \
		.req = REQ_##freq,                                          \
		.dflt = fdflt,                                              \
		.index = FIELD_##strm##_##fname - FIRST_##strm,             \
	},
#include "lib/record/fields.def"
#undef FIELD
};

static const struct stream_info {
	const char *name, *title, *table;
	enum field first;
} streams[STREAM_COUNT] = {
	[STREAM_ENCOUNTER] = { "encounter", "就诊登记", "mdtrt_d", FIRST_encounter },
	[STREAM_SETTLEMENT] = { "settlement", "结算", "setl_d", FIRST_settlement },
	[STREAM_FEE] = { "fee", "费用明细", "fee_list_d", FIRST_fee },
	[STREAM_DIAGNOSIS] = { "diagnosis", "诊断", "setl_list_diag_d", FIRST_diagnosis },
	[STREAM_OPERATION] = { "operation", "手术", "setl_list_oprn_d", FIRST_operation },
	[STREAM_TRACE] = { "trace", "追溯码", "trace_d", FIRST_trace },
	[STREAM_REPORT] = { "report", "检查检验", "report_d", FIRST_report },
	[STREAM_STOCK] = { "stock", "进销存", "stock_d", FIRST_stock },
	[STREAM_PERSON] = { "person", "人员", "person_d", FIRST_person },
	[STREAM_FACILITY] = { "facility", "机构", "facility_d", FIRST_facility },
	[STREAM_PRACTITIONER] = { "practitioner", "医师", "practitioner_d",
				  FIRST_practitioner },
	[STREAM_ITEM] = { "item", "目录", "item_d", FIRST_item },
	[STREAM_STAY] = { "stay", "住院", "stay_v", FIRST_stay },
	[STREAM_VISIT] = { "visit", "就诊", "visit_v", FIRST_visit },
};

const struct field_info *field_get(enum field id)
{
	assert(id < FIELD_COUNT);
	return &fields[id];
}

enum field stream_first(enum stream s)
{
	assert(s < STREAM_COUNT);
	return streams[s].first;
}

unsigned stream_width(enum stream s)
{
	assert(s < STREAM_COUNT);
	enum field end = s + 1 < STREAM_COUNT ? streams[s + 1].first : FIELD_COUNT;
	return (unsigned)end - (unsigned)streams[s].first;
}

/* Asked for each row: counted once, no stream stores nothing. Any thread stores the same. */
unsigned stream_stored_width(enum stream s)
{
	static _Atomic uint8_t known[STREAM_STORED];
	if (s >= STREAM_STORED)
		return 0;
	unsigned n = known[s];
	if (n)
		return n;
	n = stream_width(s);
	while (n && fields[streams[s].first + n - 1].role == ROLE_DERIVED)
		n--;
	assert(n <= UINT8_MAX);
	known[s] = (uint8_t)n;
	return n;
}

const char *stream_name(enum stream s)
{
	assert(s < STREAM_COUNT);
	return streams[s].name;
}

const char *stream_title(enum stream s)
{
	assert(s < STREAM_COUNT);
	return streams[s].title;
}

const char *stream_table(enum stream s)
{
	assert(s < STREAM_COUNT);
	return streams[s].table;
}

static bool is(struct str s, const char *word)
{
	return (s.n == 0 || *s.p == *word) && s.n == strlen(word) && memcmp(s.p, word, s.n) == 0;
}

enum stream stream_find(struct str name)
{
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		if (is(name, streams[s].name) || is(name, streams[s].title) ||
		    is(name, streams[s].table))
			return (enum stream)s;
	return STREAM_COUNT;
}

enum field field_find(enum stream s, struct str name)
{
	if (s >= STREAM_COUNT || name.n == 0)
		return FIELD_NONE;
	unsigned first = streams[s].first, end = first + stream_width(s);
	for (unsigned f = first; f < end; f++)
		if (is(name, fields[f].name) || is(name, fields[f].title) ||
		    is(name, fields[f].alias))
			return (enum field)f;
	return FIELD_NONE;
}

enum field field_named(enum stream s, struct str national)
{
	enum field f = field_find(s, national);
	return f != FIELD_NONE && is(national, fields[f].name) ? f : FIELD_NONE;
}

enum field field_twin(enum field f, enum stream s)
{
	assert(f < FIELD_COUNT);
	return fields[f].stream == s ? f : field_named(s, str_of(fields[f].name));
}

enum field stream_time(enum stream s)
{
	assert(s < STREAM_COUNT);
	unsigned first = streams[s].first, end = first + stream_width(s);
	for (unsigned f = first; f < end; f++)
		if (fields[f].role == ROLE_TIME)
			return (enum field)f;
	return FIELD_NONE;
}

/* ---- code tables ---- */

static const struct code {
	const char *field, *code, *name;
} codes[] = {
#define CODE(table, code, name) { #table, code, name },
#include "lib/record/codes.def"
#undef CODE
};

#define N_CODES (sizeof(codes) / sizeof(codes[0]))

/* The first letter tells most apart, without a call. */
static bool of_table(const struct code *c, const char *field_name)
{
	return *c->field == *field_name && strcmp(c->field, field_name) == 0;
}

/* Rows of one table stand together: first row and number of rows. */
static size_t table_rows(const char *field_name, size_t *n)
{
	size_t i = 0;
	while (i < N_CODES && !of_table(&codes[i], field_name))
		i++;
	size_t end = i;
	while (end < N_CODES && of_table(&codes[end], field_name))
		end++;
	*n = end - i;
	return i;
}

unsigned code_find_all(const char *field_name, struct str word, struct str *out, unsigned max)
{
	size_t n;
	size_t at = table_rows(field_name, &n);
	unsigned found = 0;
	for (size_t i = at; i < at + n; i++)
		if (is(word, codes[i].code)) {
			if (max)
				out[0] = str_of(codes[i].code);
			return 1;
		}
	for (size_t i = at; i < at + n; i++) {
		if (!is(word, codes[i].name))
			continue;
		if (found < max)
			out[found] = str_of(codes[i].code);
		found++;
	}
	return found;
}

struct str code_find(const char *field_name, struct str code_or_name)
{
	struct str code = { 0 };
	(void)code_find_all(field_name, code_or_name, &code, 1);
	return code;
}

struct str code_name(const char *field_name, struct str code)
{
	size_t n;
	size_t at = table_rows(field_name, &n);
	for (size_t i = at; i < at + n; i++)
		if (is(code, codes[i].code))
			return str_of(codes[i].name);
	return (struct str){ 0 };
}

bool code_table(const char *field_name)
{
	size_t n;
	(void)table_rows(field_name, &n);
	return n > 0;
}

/* Asked for each cell of each example and table: looked up once. Any thread stores the same. */
bool field_coded(const struct field_info *f)
{
	enum { UNKNOWN, YES, NO };
	static _Atomic uint8_t known[FIELD_COUNT];
	uint8_t k = known[f - fields];
	if (k == UNKNOWN) {
		k = code_table(f->name) ? YES : NO;
		known[f - fields] = k;
	}
	return k == YES;
}

bool code_entry(const char *field_name, unsigned i, struct str *code, struct str *name)
{
	size_t n;
	size_t at = table_rows(field_name, &n);
	if (i >= n)
		return false;
	*code = str_of(codes[at + i].code);
	*name = str_of(codes[at + i].name);
	return true;
}
