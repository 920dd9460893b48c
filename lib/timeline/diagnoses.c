/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diagnoses.c - all diagnoses of a visit in one code, so that a rule can ask for any of them.
 *
 * Whether a drug or an item had an indication cannot be told from the main diagnosis alone.
 * The three-character categories of all diagnoses are joined in order, each once; few
 * combinations occur, so that few codes are added to the dictionary. Kept on the visit.
 */
#include <string.h>

#include "lib/timeline/gather.h"

#define CATEGORY 3
#define MOST 64                  /* categories; ICD-10 lists of a settlement end at 40 */

struct categories {
	char text[MOST * (CATEGORY + 1)];
	uint32_t n;
};

static void add(struct categories *to, struct str code)
{
	char *at = to->text;

	if (code.n < CATEGORY || to->n == MOST)
		return;
	for (uint32_t i = 0; i < to->n; i++, at += CATEGORY + 1) {
		int order = memcmp(code.p, at, CATEGORY);

		if (order == 0)
			return;
		if (order < 0)
			break;
	}
	memmove(at + CATEGORY + 1, at, (size_t)(to->text + to->n * (CATEGORY + 1) - at));
	memcpy(at, code.p, CATEGORY);
	at[CATEGORY] = ' ';
	to->n++;
}

static void add_code(const struct gather *g, struct categories *to, int64_t code)
{
	if (code != MISSING_I64)
		add(to, dict_text(g->t->dict, (uint32_t)code));
}

int64_t diagnoses_classes(struct gather *g, struct visit *v, int64_t main)
{
	const struct items *diag = &g->items[STREAM_DIAGNOSIS];
	struct categories all = { .n = 0 };

	if (!v->diagnoses_known) {
		add_code(g, &all, main);
		for (uint32_t i = v->diagnosis; i != NO_INDEX; i = diag->v[i].link)
			add_code(g, &all, row_value(g->t, FIELD_diagnosis_diag_code,
						    diag->v[i].row));
		v->diag_classes = !all.n ? MISSING_CODE :
			dict_code(g->t->dict, str_make(all.text, all.n * (CATEGORY + 1) - 1));
		v->diagnoses_known = true;
	}
	return v->diag_classes == MISSING_CODE ? MISSING_I64 : (int64_t)v->diag_classes;
}
