/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.h - what a load brought: rows, missing values, sums of money, rejects by reason.
 *
 * Each reader keeps its own and they are added up at the end, so no lock is needed and
 * the order of chunks does not show. Knows chunks, not files.
 */
#pragma once

#include "lib/record/chunk.h"

struct tally_field {
	uint64_t rows; /* rows of chunks the column could have been in */
	uint64_t missing;
	__int128 sum; /* 10^-6 yuan; money fields only */
};

/* A reject reason with its first place. */
struct tally_reason {
	char reason[32];
	uint64_t n;
	uint64_t line; /* first: least line of the least file number */
	uint32_t column, file;
	char field[64];     /* source column, may be empty; cut when longer */
	char sentence[240]; /* of the first, cut when longer */
};

struct tally {
	struct tally_field field[FIELD_COUNT];
	uint64_t records[STREAM_STORED];
	uint64_t rejects;
	struct tally_reason *reason; /* sorted by reason */
	uint32_t n_reason, cap_reason;
};

void tally_init(struct tally *t);
void tally_fini(struct tally *t);

/* Counts one chunk of input number `file`. */
void tally_chunk(struct tally *t, const struct chunk *c, uint32_t file);

/* Counts only the streams of a mask (bit per enum stream), and rejects when told. */
void tally_streams(struct tally *t, const struct chunk *c, uint32_t streams);
void tally_rejects(struct tally *t, const struct chunk *c, uint32_t file);

void tally_add(struct tally *into, const struct tally *from);
