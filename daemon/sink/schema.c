/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/schema.h"

static const char *const types[] = {
	[TYPE_MONEY] = "numeric(20,6)",
	[TYPE_QTY] = "numeric(20,4)",
	[TYPE_COUNT] = "bigint",
	[TYPE_RATIO] = "numeric(20,6)",
	[TYPE_TIME] = "timestamp without time zone",
	[TYPE_DATE] = "date",
	[TYPE_DURATION] = "bigint",
	[TYPE_CODE] = "text",
	[TYPE_TEXT] = "text",
	[TYPE_FLAG] = "boolean",
};

const char *schema_type(enum type t)
{
	return types[t];
}

bool schema_partitioned(enum stream s)
{
	return stream_time(s) != FIELD_NONE;
}

/* What tells most rows of a stream apart for look-ups: the visit, else the first field. */
static const char *lookup_column(enum stream s)
{
	enum field visit = field_find(s, STR("mdtrt_id"));
	return field_get(visit != FIELD_NONE && s != STREAM_STOCK ? visit : stream_first(s))->name;
}

static void add_table(struct buf *out, enum stream s)
{
	const char *name = stream_name(s);
	enum field first = stream_first(s);

	buf_addf(out, "\n-- %s (%s)\nCREATE TABLE fundwatch.%s (\n", stream_title(s),
		 stream_table(s), name);
	buf_adds(out, "\tidentity uuid NOT NULL,\n\tintake_id bigint NOT NULL,\n"
		      "\tline bigint NOT NULL,\n\tdigest bigint NOT NULL,\n"
		      "\trevision timestamp without time zone");
	for (unsigned i = 0; i < stream_stored_width(s); i++) {
		const struct field_info *f = field_get((enum field)((unsigned)first + i));
		buf_addf(out, ",\n\t%s %s", f->name, schema_type(f->type));
	}
	buf_adds(out, "\n)");
	if (schema_partitioned(s))
		buf_addf(out, " PARTITION BY RANGE (%s);\nCREATE TABLE fundwatch.%s_other "
			      "PARTITION OF fundwatch.%s DEFAULT",
			 field_get(stream_time(s))->name, name, name);
	buf_addf(out, ";\nCREATE INDEX %s_lookup ON fundwatch.%s (%s);\n", name, name,
		 lookup_column(s));
}

/* Greatest revision, ties by greatest digest; the digest is unsigned in a signed column. */
static void add_view(struct buf *out, enum stream s)
{
	const char *name = stream_name(s);
	buf_addf(out, "CREATE VIEW fundwatch.%s_live AS\nSELECT * FROM (\n"
		      "\tSELECT DISTINCT ON (identity) * FROM fundwatch.%s\n"
		      "\tORDER BY identity, revision DESC NULLS LAST, digest < 0 DESC, "
		      "digest DESC\n"
		      ") winner", name, name);
	if (field_find(s, STR("vali_flag")) != FIELD_NONE)
		buf_adds(out, "\nWHERE vali_flag IS DISTINCT FROM '0'");
	buf_adds(out, ";\n");
}

/* Streams that came after the first release, with the migration that brought them. */
static unsigned migration_of(enum stream s)
{
	return s == STREAM_TRACE || s == STREAM_REPORT ? 13 : 2;
}

void schema_records(struct buf *out, unsigned migration)
{
	buf_adds(out,
		 "-- SPDX-License-Identifier: GPL-3.0-or-later\n--\n"
		 "-- Record versions as they came, one table a stream; written from\n"
		 "-- lib/record/fields.def by tests/unit/test_schema --write.\n"
		 "-- identity: which rows are the same record (lib/record/identity.h);\n"
		 "-- digest: of the row's known content (XXH3-64, unsigned bits);\n"
		 "-- NAME_live: the winning version of each record that is still valid. Reversals\n"
		 "-- are paired when timelines are gathered, not here.\n");
	for (enum stream s = 0; s < STREAM_STORED; s++) {
		if (migration_of(s) != migration)
			continue;
		add_table(out, s);
		add_view(out, s);
	}
}

void schema_columns(struct buf *out, enum stream s)
{
	enum field first = stream_first(s);
	buf_adds(out, SCHEMA_COMMON_COLUMNS);
	for (unsigned i = 0; i < stream_stored_width(s); i++)
		buf_addf(out, ", %s", field_get((enum field)((unsigned)first + i))->name);
}
