/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema.h - record tables of the database, expanded from lib/record/fields.def.
 *
 * Each stored stream has one append-only table of record versions: the common columns
 * below, then one column a stored field under its national name. Streams with an event
 * time are partitioned by its month. conf/sql/002_records.sql is what schema_records()
 * writes; a test fails when they differ, or when a database lacks a field.
 * Knows fields and SQL text, no connection.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/record/field.h"

/* identity, intake_id, line, digest, revision stand before the fields. */
#define SCHEMA_COMMON 5u
#define SCHEMA_COMMON_COLUMNS "identity, intake_id, line, digest, revision"

/* Column type of a field's type: "numeric(20,6)", "timestamp(0) without time zone", ... */
const char *schema_type(enum type t);

/* Whether the stream's table is partitioned by month of its event time. */
bool schema_partitioned(enum stream s);

/* The text of the migration with this number that makes tables of records: 2, 13. */
void schema_records(struct buf *out, unsigned migration);

/* "identity, intake_id, ..., field, field": the column list of COPY for a stream. */
void schema_columns(struct buf *out, enum stream s);
