/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The columns of the core-table extracts: each table is a list of header name
 * and writer, so header and rows cannot drift apart.
 */
#pragma once

#include "gen.h"
#include "out.h"

struct row {
	const struct gen *g;
	struct out *o;
	const struct visit *v;
	const struct setl *s;           /* NULL where a table has none */
	const struct line *l;
	int cnt;                        /* of the revision being written */
	bool refunded;                  /* likewise */
	bool wrong_person;              /* likewise */
	int64_t updated;
	int number;                     /* of a diagnosis or operation */
};

struct column {
	const char *name;
	void (*put)(const struct row *r);
};

extern const struct column encounter_columns[], settlement_columns[],
	fee_columns[], diagnosis_columns[], operation_columns[];

void columns_header(struct out *o, const struct column *cols);
void columns_row(const struct column *cols, const struct row *r);
