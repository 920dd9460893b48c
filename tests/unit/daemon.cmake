# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(conf LIBS fundwatch_daemon)
fundwatch_test(log LIBS fundwatch_daemon)
fundwatch_test(pgcopy LIBS fundwatch_daemon)
fundwatch_test(schema LIBS fundwatch_daemon)
fundwatch_test(spool LIBS fundwatch_daemon)
fundwatch_test(ledger LIBS fundwatch_daemon)
fundwatch_test(mail LABEL unit tsan LIBS fundwatch_daemon)
fundwatch_test(report LIBS fundwatch_daemon)
