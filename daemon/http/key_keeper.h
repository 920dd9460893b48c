/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * key_keeper.h - the keys in force, kept fresh from PostgreSQL by a thread of its own.
 *
 * It reads table fundwatch.api_key at start, whenever the table says that it changed (NOTIFY)
 * and every ten seconds, writes the cache file and hands the new set over. While the database
 * is away the last set known stays in force; at start that is the cache file's. It also knows
 * at any moment whether the database answers.
 */
#pragma once

#include "daemon/http/keys.h"

struct key_keeper;

/* `max_age`: seconds after which keys open nothing while the database is away; 0: never.
 * Starts the thread and waits (five seconds at most) for what its first look says. NULL when the
 * cache is damaged and the database cannot say better, or no thread starts. */
struct key_keeper *key_keeper_start(const char *conninfo, const char *cache, int64_t retry_max,
				    int64_t max_age, struct err *e);
void key_keeper_stop(struct key_keeper *k); /* NULL is fine */

/* Readable when a new set is there or the database came or went; then call _take. */
int key_keeper_fd(const struct key_keeper *k);

/* Main thread: takes the news in. The set stays valid until the next call. */
const struct keys *key_keeper_take(struct key_keeper *k);

/* The database is away for so long that the set is empty. */
bool key_keeper_stale(const struct key_keeper *k);

bool key_keeper_database(const struct key_keeper *k); /* it answered the last time */
