/* SPDX-License-Identifier: GPL-3.0-or-later */
/* db.h - the database a command talks to: --db, else the settings file, else libpq's defaults. */
#pragma once

#include "daemon/cli/cli.h"
#include "daemon/sink/db.h"

struct db_opts {
	const char *db;   /* --db CONNINFO */
	const char *conf; /* --conf FILE */
};

/* The two options, for a command whose struct has `struct db_opts db` inside. */
#define DB_OPTS(type)                                                   \
	{ "db",                                                         \
	  0,                                                            \
	  OPT_TEXT,                                                     \
	  offsetof(type, db.db),                                        \
	  "CONNINFO",                                                   \
	  "PostgreSQL 连接串（libpq 格式）",                            \
	  "PostgreSQL connection string as libpq takes it" },           \
	{                                                               \
		"conf", 'c', OPT_TEXT, offsetof(type, db.conf), "FILE", \
			"fundwatch.yaml：取其中的 database.conninfo",   \
			"fundwatch.yaml, for its database.conninfo"     \
	}

/* Connects; the schema must be this program's unless `any_schema`. Told when it fails. */
enum cli_exit cli_db_open(const struct cli *c, const struct db_opts *o, bool any_schema,
			  struct db *db);
