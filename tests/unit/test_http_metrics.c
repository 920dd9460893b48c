/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_http_metrics.c - the format Prometheus reads, and that nothing named is left out.
 */
#include "daemon/http/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void has(const struct buf *b, const char *line)
{
	if (!strstr(buf_cstr(b), line))
		fail_msg("wanted `%s` in\n%s", line, buf_cstr(b));
}

static void all_names_are_there(void **state)
{
	struct stats stats = { .rows = 7 };
	struct gauges gauges = { .journal_items = 3 };
	const struct metrics_in in = { .live = "d", .stats = &stats, .gauges = &gauges };
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	metrics_write(&in, &b);
	has(&b, "\nfundwatch_rows_total 7\n");
	has(&b, "\nfundwatch_journal_items 3\n");
#define STAT(name, what) has(&b, "# TYPE fundwatch_" #name "_total counter\n");
#include "daemon/work/stats.def"
#undef STAT
#define GAUGE(name, what) has(&b, "# TYPE fundwatch_" #name " gauge\n");
#include "daemon/http/gauges.def"
#undef GAUGE
	buf_fini(&b);
}

static void labels_are_escaped(void **state)
{
	struct stats stats = { .rows = 0 };
	struct gauges gauges = { .ready = 1 };
	struct rule_number rule = { .id = "a\"b\\c\nd", .records = 9, .scope_out = 1, .hit = 2,
				    .excepted = 1, .unknown = 2, .no_hit = 3, .live = 4 };
	struct numbers numbers = { .rule = &rule, .n_rule = 1 };
	const struct metrics_in in = { .live = "d", .stats = &stats, .gauges = &gauges,
				       .numbers = &numbers };
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	metrics_write(&in, &b);
	has(&b, "fundwatch_rule_alerts{rule=\"a\\\"b\\\\c\\nd\"} 4\n");
	has(&b, "outcome=\"cannot_judge\"} 2\n");
	buf_fini(&b);
}

static void requests_are_counted_by_route_and_status(void **state)
{
	struct stats stats = { .rows = 0 };
	struct gauges gauges = { .ready = 1 };
	struct http_counts c = { .requests = 0 };
	const struct metrics_in in = { .live = "d", .stats = &stats, .gauges = &gauges,
				       .http = &c };
	struct buf b;
	(void)state;
	http_count(&c, ROUTE_INTAKE, 200, 900);
	http_count(&c, ROUTE_INTAKE, 200, 1000);
	http_count(&c, ROUTE_INTAKE, 409, 1001);
	http_count(&c, ROUTE_COUNT, 404, 70000000);
	for (unsigned status = 600; status < 700; status++) /* never out of its columns */
		http_count(&c, ROUTE_COUNT, status, 1);
	buf_init(&b, 0);
	metrics_write(&in, &b);
	has(&b, "http_requests_total{route=\"/v1/intake/{feed}\",status=\"200\"} 2\n");
	has(&b, "http_requests_total{route=\"none\",status=\"404\"} 1\n");
	has(&b, "http_request_seconds_bucket{le=\"0.001000\"} 102\n");
	has(&b, "http_request_seconds_bucket{le=\"0.005000\"} 103\n");
	has(&b, "http_request_seconds_bucket{le=\"+Inf\"} 104\n");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_names_are_there),
		cmocka_unit_test(labels_are_escaped),
		cmocka_unit_test(requests_are_counted_by_route_and_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
