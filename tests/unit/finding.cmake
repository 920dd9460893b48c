# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(diff)
fundwatch_test(coverage SOURCES unit/test_coverage.c support/ruletext.c)
fundwatch_test(witness SOURCES unit/test_witness.c support/ruletext.c)
