/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the plant_*.c files share: choosing items and facilities that do not
 * disturb another rule, and writing the truth of a case of one or two lines.
 */
#pragma once

#include "gen.h"

/* An item of a flat pool that this person has not had near that day. */
int plant_item(struct gen *g, const struct visit *v, enum pool_id pool,
	int day);
struct visit *plant_outpatient(struct gen *g, int day);
struct visit *plant_outpatient_at(struct gen *g, int fac, int day);
struct visit *plant_stay(struct gen *g, int fac, int day, int nights);
int plant_hospital(struct gen *g);
int plant_other_hospital(struct gen *g, int than);
/* Fills up and closes all visits of the person. */
void plant_finish(struct gen *g, int filler);
/* The truth of a case made of two lines, either may be NULL. */
void plant_truth(struct gen *g, const struct plant *p,
	const struct visit *va, const struct line *a,
	const struct visit *vb, const struct line *b, int64_t amount);
int64_t plant_share(int64_t sum, int over, int of);
