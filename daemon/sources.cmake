# SPDX-License-Identifier: GPL-3.0-or-later
# In reading order; names are relative to this folder.
set(daemon_sources
	conf.c
	log.c
	fault.c
	sink/pgcopy.c
	sink/schema.c
	sink/words.c
	sink/db.c
	sink/migrate.c
	sink/release.c
	sink/epoch.c
	sink/rows.c
	sink/commit.c
	sink/sink.c
	journal/archive.c
	journal/segment.c
	journal/read.c
	journal/recover.c
	journal/write.c
	journal/copy.c
	journal/journal.c
	source/ledger.c
	source/spool.c
	source/report.c
	mail.c
	source/desk.c
	sink/restore.c
	store/segments.c
	rules.c
	engine.c
	engine_start.c
	engine_load.c
	engine_period.c
	engine_file.c
	control.c
	notify.c
	loop.c)

# In the order they are applied; names are relative to conf/sql.
set(migrations
	001_base.sql
	002_records.sql
	003_views.sql
	004_exceptions.sql
	005_periods.sql
	006_api_keys.sql)
