/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/metrics.h"

#include <inttypes.h>

static const uint64_t bounds[TIMING_BOUNDS] = { 1000, 5000, 20000, 100000, 500000, 2000000,
						10000000, 60000000 };

void http_count(struct http_counts *c, unsigned route, unsigned status, int64_t micros)
{
	unsigned i = 0;
	while (i < STATUSES - 1 && c->status[i] && c->status[i] != status)
		i++;
	c->status[i] = status;
	c->answered[route][i]++;
	for (i = 0; i < TIMING_BOUNDS && micros > (int64_t)bounds[i]; i++)
		;
	c->within[i]++;
	c->micros += micros > 0 ? (uint64_t)micros : 0;
	c->requests++;
}

static void head(struct buf *b, const char *name, const char *type, const char *what)
{
	buf_addf(b, "# HELP fundwatch_%s %s\n# TYPE fundwatch_%s %s\n", name, what, name, type);
}

/* A label's value: backslash, quote and line feed are escaped. */
static void label(struct buf *b, const char *name, struct str value)
{
	buf_addf(b, "%s=\"", name);
	for (uint32_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		if (c == '\n') {
			buf_adds(b, "\\n");
			continue;
		}
		if (c == '\\' || c == '"')
			buf_addc(b, '\\');
		buf_addc(b, c);
	}
	buf_addc(b, '"');
}

static void add_counters(const struct stats *s, struct buf *b)
{
#define STAT(name, what)                                        \
	head(b, #name "_total", "counter", what);               \
	buf_addf(b, "fundwatch_" #name "_total %" PRIu64 "\n", (uint64_t)s->name);
#include "daemon/work/stats.def"
#undef STAT
}

static void add_gauges(const struct gauges *g, struct buf *b)
{
#define GAUGE(name, what)                                       \
	head(b, #name, "gauge", what);                          \
	buf_addf(b, "fundwatch_" #name " %" PRIi64 "\n", g->name);
#include "daemon/http/gauges.def"
#undef GAUGE
}

/* ---- numbers of the engine ---- */

static void add_streams(const struct numbers *n, struct buf *b)
{
	head(b, "stream_records_total", "counter",
	     "records taken into the timelines, those of earlier runs included; "
	     "each is resent, superseded, retracted, reversed or live");
	for (enum stream s = 0; s < STREAM_STORED; s++) {
		const struct stream_number *x = &n->stream[s];
		buf_addf(b, "fundwatch_stream_records_total{stream=\"%s\"} %" PRIu64 "\n",
			 stream_name(s), x->records);
	}
	head(b, "stream_outcomes", "gauge", "what became of them; the sum is stream_records_total");
	for (enum stream s = 0; s < STREAM_STORED; s++) {
		const struct stream_number *x = &n->stream[s];
		const struct { const char *word; uint64_t n; } of[] = {
			{ "resent", x->resent }, { "superseded", x->superseded },
			{ "retracted", x->retracted }, { "reversed", x->reversed },
			{ "live", x->records - x->resent - x->superseded - x->retracted -
				  x->reversed },
		};
		for (unsigned i = 0; i < sizeof of / sizeof of[0]; i++)
			buf_addf(b, "fundwatch_stream_outcomes{stream=\"%s\",outcome=\"%s\"} %"
				 PRIu64 "\n", stream_name(s), of[i].word, of[i].n);
	}
}

static void add_rule(const struct rule_number *r, struct buf *b)
{
	const struct { const char *word; uint64_t n; } of[] = {
		{ "out_of_scope", r->scope_out }, { "hit", r->hit }, { "excepted", r->excepted },
		{ "cannot_judge", r->unknown }, { "no_hit", r->no_hit },
	};
	for (unsigned i = 0; i < sizeof of / sizeof of[0]; i++) {
		buf_adds(b, "fundwatch_rule_outcomes_total{");
		label(b, "rule", str_of(r->id));
		buf_addf(b, ",outcome=\"%s\"} %" PRIu64 "\n", of[i].word, of[i].n);
	}
}

static void add_rules(const struct numbers *n, struct buf *b)
{
	head(b, "rule_judged_total", "counter",
	     "records judged by a rule since it is live, each time they are");
	for (uint32_t i = 0; i < n->n_rule; i++) {
		buf_adds(b, "fundwatch_rule_judged_total{");
		label(b, "rule", str_of(n->rule[i].id));
		buf_addf(b, "} %" PRIu64 "\n", n->rule[i].records);
	}
	head(b, "rule_outcomes_total", "counter",
	     "what the judging said; the sum is rule_judged_total");
	for (uint32_t i = 0; i < n->n_rule; i++)
		add_rule(&n->rule[i], b);
	head(b, "rule_alerts", "gauge", "alerts of a rule that stand");
	for (uint32_t i = 0; i < n->n_rule; i++) {
		buf_adds(b, "fundwatch_rule_alerts{");
		label(b, "rule", str_of(n->rule[i].id));
		buf_addf(b, "} %" PRIi64 "\n", n->rule[i].live);
	}
}

/* ---- numbers of HTTP ---- */

static void add_requests(const struct http_counts *c, struct buf *b)
{
	head(b, "http_requests_total", "counter", "requests answered");
	for (unsigned r = 0; r <= ROUTE_COUNT; r++)
		for (unsigned i = 0; i < STATUSES && c->status[i]; i++)
			if (c->answered[r][i])
				buf_addf(b, "fundwatch_http_requests_total{route=\"%s\","
					 "status=\"%u\"} %" PRIu64 "\n",
					 r < ROUTE_COUNT ? route_get((enum route)r)->path : "none",
					 c->status[i], c->answered[r][i]);
	head(b, "http_body_bytes_total", "counter", "bytes of bodies that were taken");
	buf_addf(b, "fundwatch_http_body_bytes_total %" PRIu64 "\n", c->bytes);
	head(b, "http_turned_away_total", "counter", "connections turned away for being too many");
	buf_addf(b, "fundwatch_http_turned_away_total %" PRIu64 "\n", c->turned_away);
}

/* Microseconds as seconds without floating point. */
static void seconds(struct buf *b, uint64_t micros)
{
	buf_addf(b, "%" PRIu64 ".%06" PRIu64, micros / 1000000, micros % 1000000);
}

static void add_timing(const struct http_counts *c, struct buf *b)
{
	uint64_t sum = 0;
	head(b, "http_request_seconds", "histogram", "from a request's first byte to its answer");
	for (unsigned i = 0; i < TIMING_BOUNDS; i++) {
		sum += c->within[i];
		buf_adds(b, "fundwatch_http_request_seconds_bucket{le=\"");
		seconds(b, bounds[i]);
		buf_addf(b, "\"} %" PRIu64 "\n", sum);
	}
	buf_addf(b, "fundwatch_http_request_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n",
		 c->requests);
	buf_adds(b, "fundwatch_http_request_seconds_sum ");
	seconds(b, c->micros);
	buf_addf(b, "\nfundwatch_http_request_seconds_count %" PRIu64 "\n", c->requests);
}

void metrics_write(const struct metrics_in *in, struct buf *out)
{
	head(out, "info", "gauge", "always 1; what runs here");
	buf_adds(out, "fundwatch_info{version=\"" FUNDWATCH_VERSION "\",");
	label(out, "rule_set", str_of(in->live));
	buf_adds(out, "} 1\n");
	add_counters(in->stats, out);
	add_gauges(in->gauges, out);
	if (in->numbers) {
		add_streams(in->numbers, out);
		add_rules(in->numbers, out);
	}
	if (in->http) {
		add_requests(in->http, out);
		add_timing(in->http, out);
	}
}
