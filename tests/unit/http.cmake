# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(http_reader LIBS fundwatch_daemon)
fundwatch_test(http_route LIBS fundwatch_daemon)
fundwatch_test(http_keys LIBS fundwatch_daemon)
fundwatch_test(http_seen LIBS fundwatch_daemon)
fundwatch_test(http_submission LIBS fundwatch_daemon)
fundwatch_test(http_metrics LIBS fundwatch_daemon)
fundwatch_test(http_server LABEL unit tsan LIBS fundwatch_daemon)
fundwatch_test(openapi LIBS fundwatch_daemon)
