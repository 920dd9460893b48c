# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(pg_migrate LABEL pg SOURCES pg/test_migrate.c pg/pg.c LIBS fundwatch_daemon)
