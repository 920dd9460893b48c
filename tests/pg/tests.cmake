# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(pg_migrate LABEL pg SOURCES pg/test_migrate.c pg/pg.c LIBS fundwatch_daemon)
fundwatch_test(pg_sink LABEL pg tsan SOURCES pg/test_sink.c pg/pg.c LIBS fundwatch_daemon TIMEOUT 600)
