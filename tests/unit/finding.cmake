# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(diff)
fundwatch_test(coverage SOURCES unit/test_coverage.c support/ruletext.c)
