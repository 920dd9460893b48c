/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.h - API keys and client certificates: who is calling, for which facility, to do what.
 *
 * A key is "fw_" ID "_" SECRET; the secret is 256 random bits and only its SHA-256 is kept. With
 * that much chance in it a quick hash cannot be guessed backwards, and a slow one would only
 * help whoever wants to keep us busy (docs/decisions/0010). A set of keys never changes once
 * made; a new one takes its place.
 * Pure but for chance (key_make) and the cache file; knows neither sockets nor PostgreSQL.
 */
#pragma once

#include "daemon/http/route.h"
#include "lib/base/err.h"

#define KEY_ID 13       /* 12 characters and a NUL */
#define KEY_HASH 32
#define KEY_FACILITY 65
#define KEY_TOKEN 64    /* room for a whole key as text */

/* One row: of table fundwatch.api_key, or of the cache file. */
struct key {
	char id[KEY_ID];
	unsigned char hash[KEY_HASH];
	char facility[KEY_FACILITY]; /* "*": all */
	enum duty role;
	int32_t until;               /* last day it holds, days since 1970; MISSING_I32: for ever */
};

/* Who asked, when it is known. */
struct caller {
	bool known;
	char id[KEY_ID];             /* of the key; "" for a certificate */
	char facility[KEY_FACILITY];
	enum duty role;
};

/* A new key: the row, and the text that is shown once. */
bool key_make(struct key *k, char token[KEY_TOKEN], struct err *e) MUST_CHECK;

/* Whether a text may be a facility's code. */
bool key_facility_valid(struct str code);

struct keys;

struct keys *keys_new(void);
void keys_free(struct keys *k); /* NULL is fine */
void keys_add(struct keys *k, const struct key *row);
unsigned keys_count(const struct keys *k, int32_t today); /* that hold today */

/* Who has this key (the text behind "Bearer "); caller->known is false when nobody has. Takes the
 * same time for a wrong secret as for the right one. */
void keys_find(const struct keys *k, struct str token, int32_t today, struct caller *caller);

/* The cache: what was last read from the database, for when it is away. Written anew under another
 * name and renamed, mode 0600. Reading: NULL with a sentence when it is damaged; an empty set
 * when there is no file. */
bool keys_save(const struct keys *k, const char *path, struct err *e) MUST_CHECK;
struct keys *keys_load(const char *path, struct err *e);

/* ---- client certificates ---- */

/* Lines "FACILITY ROLE SUBJECT": facility or *, role, and the subject as RFC 2253 writes it
 * (CN=his.example,O=Example). # begins a comment. */
struct subjects;
struct subjects *subjects_read(const char *path, struct err *e);
void subjects_free(struct subjects *s); /* NULL is fine */
unsigned subjects_count(const struct subjects *s);
void subjects_find(const struct subjects *s, struct str subject, struct caller *caller);
