/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * field.h - the record as everybody sees it: streams, fields, code tables.
 *
 * fields.def and codes.def are the master copies; the enums, the name index,
 * the decoder's columns, the SQL schema, the JSON names and the manual are all
 * expanded from them. Names are those of the national interface standard
 * (医疗保障信息平台定点医药机构接口规范).
 *
 * Rows of fields.def:
 *   FIELD(stream, name, "title", "alias", TYPE, ROLE, REQ, "default in examples")
 * Knows nothing of files, batches or rules.
 */
#pragma once

#include "lib/base/str.h"
#include "lib/record/value.h"

/* Event streams first, then registers, then what gather derives. */
enum stream {
	STREAM_ENCOUNTER,    /* mdtrt_d */
	STREAM_SETTLEMENT,   /* setl_d */
	STREAM_FEE,          /* fee_list_d */
	STREAM_DIAGNOSIS,    /* setl_list_diag_d */
	STREAM_OPERATION,    /* setl_list_oprn_d */
	STREAM_TRACE,        /* drugtracinfo: a pack's code that was sold or came back */
	STREAM_REPORT,       /* 4501, 4502: results of examinations and laboratory */
	STREAM_STOCK,        /* 3501-3507 */
	STREAM_PERSON,       /* register, effective-dated */
	STREAM_FACILITY,     /* register */
	STREAM_PRACTITIONER, /* register */
	STREAM_ITEM,         /* register: catalogue item, price, generic name */
	STREAM_STORED,       /* number of streams that arrive and are stored */
	STREAM_STAY = STREAM_STORED, /* 住院, derived: one mdtrt_id, inpatient */
	STREAM_VISIT,        /* 就诊, derived: one mdtrt_id of any kind */
	STREAM_COUNT,
};

enum role {
	ROLE_VALUE,    /* an ordinary field */
	ROLE_KEY,      /* part of the row's own serial: kept as raw text */
	ROLE_ENTITY,   /* may be a subject or group key */
	ROLE_TIME,     /* the stream's event time */
	ROLE_REVISION, /* candidates for the revision, in order of preference */
	ROLE_LINK,     /* points to another row (init_feedetl_sn, init_setl_id) */
	ROLE_STATE,    /* validity, refund flags: read by reversal, not by rules first */
	ROLE_DERIVED,  /* not in any file: computed by gather (joined or computed) */
};

enum req { REQ_OPTIONAL, REQ_REQUIRED };

/* Global field ids: FIELD_fee_psn_no, FIELD_settlement_setl_id, ... */
enum field {
#define FIELD(stream, name, title, alias, type, role, req, dflt) \
	FIELD_##stream##_##name,
#include "lib/record/fields.def"
#undef FIELD
	FIELD_COUNT,
	FIELD_NONE = FIELD_COUNT,
};

struct field_info {
	enum stream stream;
	const char *name;    /* national code, e.g. "med_list_codg" */
	const char *title;   /* Chinese title, e.g. "医疗目录编码" */
	const char *alias;   /* short alias, e.g. "项目"; "" when none */
	enum type type;
	enum role role;
	enum req req;
	const char *dflt;    /* value in examples when the column is not written; "" = missing */
	unsigned index;      /* position among the fields of its stream */
};

/* Row of the master table; id < FIELD_COUNT. */
const struct field_info *field_get(enum field id);

/* First field id of a stream and how many it has; stored and derived alike, contiguous. */
enum field stream_first(enum stream s);
unsigned stream_width(enum stream s);

/* Number of leading fields of the stream that arrive in files; the rest are ROLE_DERIVED.
 * 0 for stay and visit: all their fields are derived, whatever their role. */
unsigned stream_stored_width(enum stream s);

/* English name ("fee"), Chinese name ("费用明细"), core table ("fee_list_d") of a stream. */
const char *stream_name(enum stream s);
const char *stream_title(enum stream s);
const char *stream_table(enum stream s);

/* Stream by any of its names; STREAM_COUNT when unknown. */
enum stream stream_find(struct str name);

/* Field of a stream by national code, Chinese title or alias; FIELD_NONE when unknown. */
enum field field_find(enum stream s, struct str name);

/* Field of a stream by national code alone; FIELD_NONE when unknown. */
enum field field_named(enum stream s, struct str national);

/* The field of stream `s` that plays the same part as `f` of another stream (same national
 * name), FIELD_NONE when there is none. */
enum field field_twin(enum field f, enum stream s);

/* Well-known fields by role: the stream's event time, FIELD_NONE for streams without. */
enum field stream_time(enum stream s);

/*
 * Code tables: codes.def rows are CODE(table, "code", "name"); the table's name is the
 * field's national name (gend, med_type, list_type, ...). A value may be written by code
 * or by name in rules and examples.
 */
/* Code for a name or a code of the field's table; empty when the table has no such value. */
struct str code_find(const char *field_name, struct str code_or_name);
/* All codes a word stands for (药品 = 101, 103, 104): itself when it is a code, else every code
 * with that name. Fills at most `max`, returns how many there are; 0 when unknown. */
unsigned code_find_all(const char *field_name, struct str code_or_name, struct str *out,
		       unsigned max);
/* Display name of a code; empty when unknown. */
struct str code_name(const char *field_name, struct str code);
/* Whether the field has a code table at all. */
bool code_table(const char *field_name);
bool field_coded(const struct field_info *f); /* the same, at once; `f` is from field_get() */
/* i-th entry of the field's table for hints and manual; false past the end. */
bool code_entry(const char *field_name, unsigned i, struct str *code, struct str *name);
