/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * describe.h - the master list printed: for the SQL schema and for the manual.
 *
 * Whoever keeps a written copy (a migration, a page of the manual) compares it with this,
 * so that no copy can drift.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/record/field.h"

/* PostgreSQL's type for a column of this type. */
const char *field_sql_type(enum type t);

/* Per stored stream "CREATE TABLE <stream> (" and its stored columns, one a line. */
void field_sql(struct buf *out);

/* The manual's chapter: per stream a Markdown table of all fields, then the code tables. */
void field_manual(struct buf *out);
