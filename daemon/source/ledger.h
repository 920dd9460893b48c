/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger.h - which inputs were taken in before, and how far.
 *
 * An input is known by its file name, the digest of its bytes and the digest of the feed it
 * is read with: the same three are the same intake, to be continued or already done.
 * Belongs to one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/str.h"

enum ledger_state { LEDGER_NEW, LEDGER_READING, LEDGER_DONE, LEDGER_FAILED };

struct ledger_entry {
	int64_t id;                /* intake number, from 1 */
	enum ledger_state state;
	uint64_t rows_done;        /* input rows committed or on their way to it */
	uint64_t records, rejects;
};

struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger *l); /* NULL is fine */

/* The entry of an input, made with state LEDGER_NEW and id 0 when unknown; valid until the
 * next call. */
struct ledger_entry *ledger_at(struct ledger *l, struct str file_name, struct str digest,
			       struct str feed_digest);
