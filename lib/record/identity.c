/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * identity.c - the parts of each stream's identity, as one table.
 */
#include "lib/record/identity.h"

#include <assert.h>

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "lib/base/civil.h"

#define MAX_PARTS 6
#define QUICK_MAX 256u
#define NO FIELD_NONE

/* `serial` is the own number; with it missing, `instead` stand for it. */
static const struct identity_parts {
	enum field parts[3];
	enum field serial;
	enum field instead[MAX_PARTS];
} parts[STREAM_STORED] = {
	[STREAM_ENCOUNTER] = { { FIELD_encounter_fixmedins_code, NO },
			       FIELD_encounter_mdtrt_id, { NO } },
	[STREAM_SETTLEMENT] = { { FIELD_settlement_fixmedins_code, FIELD_settlement_mdtrt_id, NO },
				FIELD_settlement_setl_id, { NO } },
	[STREAM_FEE] = { { FIELD_fee_fixmedins_code, FIELD_fee_mdtrt_id, NO },
			 FIELD_fee_feedetl_sn, { FIELD_fee_bkkp_sn, NO } },
	[STREAM_DIAGNOSIS] = { { FIELD_diagnosis_mdtrt_id, NO },
			       FIELD_diagnosis_setl_list_diag_id,
			       { FIELD_diagnosis_setl_id, FIELD_diagnosis_diag_type,
				 FIELD_diagnosis_diag_code, NO } },
	[STREAM_OPERATION] = { { FIELD_operation_mdtrt_id, NO },
			       FIELD_operation_setl_list_oprn_id,
			       { FIELD_operation_setl_id, FIELD_operation_oprn_oprt_code,
				 FIELD_operation_oprn_oprt_date, NO } },
	[STREAM_TRACE] = { { FIELD_trace_fixmedins_code, FIELD_trace_mdtrt_id, NO },
			   NO,
			   { FIELD_trace_setl_id, FIELD_trace_drug_trac_codg,
			     FIELD_trace_trac_chg_type, NO } },
	[STREAM_REPORT] = { { FIELD_report_fixmedins_code, FIELD_report_mdtrt_id, NO },
			    NO,
			    { FIELD_report_rpotc_no, FIELD_report_med_list_codg,
			      FIELD_report_exam_item_detl_code, NO } },
	[STREAM_STOCK] = { { FIELD_stock_fixmedins_code, FIELD_stock_infno, NO },
			   NO,
			   { FIELD_stock_fixmedins_bchno, FIELD_stock_mdtrt_id,
			     FIELD_stock_rtal_docno, FIELD_stock_drug_trac_codg,
			     FIELD_stock_inv_chg_time, NO } },
	[STREAM_PERSON] = { { FIELD_person_psn_no, NO }, FIELD_person_begndate, { NO } },
	[STREAM_FACILITY] = { { FIELD_facility_fixmedins_code, NO },
			      FIELD_facility_begndate, { NO } },
	[STREAM_PRACTITIONER] = { { FIELD_practitioner_fixmedins_code,
				    FIELD_practitioner_dr_code, NO },
				  FIELD_practitioner_begndate, { NO } },
	[STREAM_ITEM] = { { FIELD_item_fixmedins_code, FIELD_item_med_list_codg, NO },
			  FIELD_item_begndate, { NO } },
};

/* Appends a value; false when it is missing. */
static bool add_part(struct buf *out, const struct chunk *c, enum field f, uint32_t row)
{
	buf_addc(out, 0x1f);
	int32_t day;
	int64_t time;
	struct str text;
	switch (type_width(field_get(f)->type)) {
	case WIDTH_I32:
		day = chunk_i32(c, f, row);
		if (day != MISSING_I32)
			civil_add_date(out, day);
		return day != MISSING_I32;
	case WIDTH_I64:
		time = chunk_i64(c, f, row);
		if (time != MISSING_I64)
			civil_add_time(out, time);
		return time != MISSING_I64;
	default:
		text = chunk_text(c, f, row);
		buf_addstr(out, text);
		return text.n > 0;
	}
}

void identity_key(struct buf *out, const struct chunk *c, enum stream s, uint32_t row)
{
	assert(s < STREAM_STORED);
	const struct identity_parts *p = &parts[s];
	buf_adds(out, stream_name(s));
	for (unsigned i = 0; p->parts[i] != NO; i++)
		(void)add_part(out, c, p->parts[i], row);
	if (p->serial != NO && add_part(out, c, p->serial, row))
		return;
	for (unsigned i = 0; p->instead[i] != NO; i++)
		(void)add_part(out, c, p->instead[i], row);
}

/* The same bytes on the stack: most identities are a few short texts. */
struct quick {
	char bytes[QUICK_MAX];
	size_t n;
};

static bool quick_add(struct quick *q, char before, struct str s)
{
	if (s.n >= QUICK_MAX - q->n - 1)
		return false;
	if (before)
		q->bytes[q->n++] = before;
	if (s.n)
		memcpy(q->bytes + q->n, s.p, s.n);
	q->n += s.n;
	return true;
}

static bool quick_part(struct quick *q, const struct chunk *c, enum field f, uint32_t row,
		       struct str *text)
{
	if (type_width(field_get(f)->type) != WIDTH_U32)
		return false;
	*text = chunk_text(c, f, row);
	return quick_add(q, 0x1f, *text);
}

/* False when the key has a date in it or is long: then identity_key makes it. */
static bool quick_key(struct quick *q, const struct chunk *c, enum stream s, uint32_t row)
{
	const struct identity_parts *p = &parts[s];
	struct str text = { 0 };
	bool fits = quick_add(q, 0, str_of(stream_name(s)));
	for (unsigned i = 0; fits && p->parts[i] != NO; i++)
		fits = quick_part(q, c, p->parts[i], row, &text);
	text.n = 0;
	if (fits && p->serial != NO)
		fits = quick_part(q, c, p->serial, row, &text);
	for (unsigned i = 0; fits && text.n == 0 && p->instead[i] != NO; i++) {
		struct str part;
		fits = quick_part(q, c, p->instead[i], row, &part);
	}
	return fits;
}

static struct identity hash_key(const char *p, size_t n)
{
	XXH128_hash_t h = XXH3_128bits(p, n);
	return (struct identity){ h.high64, h.low64 };
}

struct identity identity_hash(const struct chunk *c, enum stream s, uint32_t row)
{
	struct quick q;
	q.n = 0;
	if (quick_key(&q, c, s, row))
		return hash_key(q.bytes, q.n);
	struct buf key;
	buf_init(&key, 0);
	identity_key(&key, c, s, row);
	struct identity id = hash_key(key.p, key.n);
	buf_fini(&key);
	return id;
}

enum field identity_serial(enum stream s)
{
	assert(s < STREAM_STORED);
	if (s == STREAM_STOCK)
		return FIELD_stock_fixmedins_bchno;
	return parts[s].serial;
}

struct str identity_serial_text(const struct chunk *c, enum stream s, uint32_t row)
{
	enum field serial = identity_serial(s);
	if (type_width(field_get(serial)->type) != WIDTH_U32)
		return (struct str){ 0 };
	struct str text = chunk_text(c, serial, row);
	for (unsigned i = 0; text.n == 0 && s != STREAM_STOCK && parts[s].instead[i] != NO; i++)
		if (type_width(field_get(parts[s].instead[i])->type) == WIDTH_U32)
			text = chunk_text(c, parts[s].instead[i], row);
	return text;
}
