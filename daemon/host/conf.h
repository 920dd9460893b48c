/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf.h - the daemon's settings, from one YAML file of two levels (section: name: value).
 *
 * conf.def is the master list; the struct, the parser, the help, the commented sample and
 * the manual's table are expanded from it. An unknown key, a repeated key or a value out of
 * bounds is an error with its line, and all of them are told in one go. Relative paths are
 * relative to the working directory.
 * Knows texts and one file, not what the settings do.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/str.h"

struct conf_list {
	char **item;
	unsigned n;
};

/* One member per row of conf.def, named section_name: conf.database_conninfo, ... */
struct conf {
#define CONF_MEMBER_TEXT(m) char *m;
#define CONF_MEMBER_PATH(m) char *m;
#define CONF_MEMBER_CHOICE(m) char *m;
#define CONF_MEMBER_PATHS(m) struct conf_list m;
#define CONF_MEMBER_INT(m) int64_t m;
#define CONF_MEMBER_MONTHDAY(m) int64_t m; /* month * 100 + day */
#define SETTING(section, name, kind, ...) CONF_MEMBER_##kind(section##_##name)
#include "daemon/host/conf.def"
#undef SETTING
};

/* All defaults. conf_fini releases what the members hold. */
void conf_init(struct conf *c);
void conf_fini(struct conf *c);

/* Reads settings over the defaults (c is initialised here). False with every complaint, one a
 * line, as "name: line 3: ..."; c is then empty and needs no conf_fini. */
bool conf_parse(struct conf *c, struct str text, const char *name, struct err *e) MUST_CHECK;
bool conf_load(struct conf *c, const char *path, struct err *e) MUST_CHECK;

/* Takes over the values of reloadable settings from `from`; names the others that differ in
 * `ignored` (", " between them). */
void conf_reload(struct conf *c, const struct conf *from, struct buf *ignored);

/* The settings for a terminal, and the commented sample file conf/fundwatch.yaml. */
void conf_help(struct buf *out, bool english);
void conf_sample(struct buf *out);

/* docs/settings.md, the manual's table in both languages. */
void conf_manual(struct buf *out);
