/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c - fundwatchd: options, settings, rules and feed, then the loop.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host/conf.h"
#include "daemon/host/fault.h"
#include "daemon/http/http.h"
#include "daemon/host/log.h"
#include "daemon/host/pages.h"
#include "daemon/loop.h"
#include "daemon/engine/rules.h"
#include "lib/base/mem.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
	"Usage: fundwatchd [-c FILE] [--foreground]\n"
	"       fundwatchd [-c FILE] --check\n"
	"       fundwatchd --help-settings [--lang zh|en] | --sample-settings\n"
	"\n"
	"Takes settlement records from a spool folder, judges them by the rules and keeps the\n"
	"alerts in PostgreSQL. It stays in the foreground; systemd or a shell puts it elsewhere.\n"
	"\n"
	"  -c, --config FILE     settings (YAML); without it all defaults\n"
	"      --check           read settings, rules and feed, say what is wrong, exit 0 or 1\n"
	"      --foreground      log to standard error, whatever log.file says\n"
	"      --help-settings   every setting with bounds and default\n"
	"      --sample-settings conf/fundwatch.yaml, as it is shipped\n"
	"      --lang zh|en      language of --help-settings (default zh)\n"
	"      --version         program and version\n"
	"      --help            this text\n"
	"\n"
	"SIGTERM finishes the epoch in hand and ends; SIGHUP reads settings and rules again.\n";

struct options {
	const char *config;
	bool check, foreground, english, help_settings, sample;
};

enum option_id { OPT_CHECK = 256, OPT_FOREGROUND, OPT_SETTINGS, OPT_SAMPLE, OPT_LANG, OPT_VERSION,
		 OPT_HELP };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "foreground", no_argument, NULL, OPT_FOREGROUND },
	{ "help-settings", no_argument, NULL, OPT_SETTINGS },
	{ "sample-settings", no_argument, NULL, OPT_SAMPLE },
	{ "lang", required_argument, NULL, OPT_LANG },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* -1: go on; otherwise the exit code. */
static int take_option(struct options *o, int id)
{
	switch (id) {
	case 'c': o->config = optarg; return -1;
	case OPT_CHECK: o->check = true; return -1;
	case OPT_FOREGROUND: o->foreground = true; return -1;
	case OPT_SETTINGS: o->help_settings = true; return -1;
	case OPT_SAMPLE: o->sample = true; return -1;
	case OPT_LANG:
		o->english = strcmp(optarg, "en") == 0;
		if (o->english || strcmp(optarg, "zh") == 0)
			return -1;
		fprintf(stderr, "fundwatchd: --lang %s: zh or en was expected\n", optarg);
		return EXIT_USAGE;
	case OPT_VERSION: puts("fundwatchd " FUNDWATCH_VERSION); return 0;
	case OPT_HELP: fputs(usage, stdout); return 0;
	default: fputs("fundwatchd --help says what there is\n", stderr); return EXIT_USAGE;
	}
}

static int take_options(struct options *o, int argc, char **argv)
{
	int id, code = -1;
	while (code < 0 && (id = getopt_long(argc, argv, "c:", long_options, NULL)) != -1)
		code = take_option(o, id);
	if (code < 0 && optind < argc) {
		fprintf(stderr, "fundwatchd: what is `%s`?\n", argv[optind]);
		code = EXIT_USAGE;
	}
	return code;
}

static int print_settings(const struct options *o)
{
	struct buf b;
	buf_init(&b, 0);
	if (o->sample)
		conf_sample(&b);
	else
		conf_help(&b, o->english);
	fputs(buf_cstr(&b), stdout);
	buf_fini(&b);
	return 0;
}

static int complain(const struct err *e)
{
	fprintf(stderr, "%s\n", e->text);
	return 1;
}

/* Rules and feed together, so that both are told of in one go. */
static bool read_content(const struct conf *c, struct rules **rules, struct feeds **feeds)
{
	struct err e;
	struct buf said;
	buf_init(&said, 1u << 20);
	*rules = rules_read(c, &said);
	*feeds = feeds_read(c, &e);
	fputs(buf_cstr(&said), stderr);
	if (!*feeds)
		(void)complain(&e);
	buf_fini(&said);
	if (*rules && *feeds)
		return true;
	rules_free(*rules);
	feeds_free(*feeds);
	return false;
}

static void tell_right(const struct rules *rules, const struct feeds *feeds)
{
	printf("settings, feed %s", feed_name(feeds->item[0].feed));
	for (unsigned i = 1; i < feeds->n; i++)
		printf(", %s", feed_name(feeds->item[i].feed));
	printf(" and %u rules are right; rule set %s\n", rules->set->n_rule, rules->set->digest);
}

static int serve(const struct options *o, struct conf *c)
{
	struct rules *rules;
	struct feeds *feeds;
	struct err e;
	if (!read_content(c, &rules, &feeds))
		return 1;
	if (o->check && !http_check(c, &e)) {
		rules_free(rules);
		feeds_free(feeds);
		return complain(&e);
	}
	if (o->check) {
		tell_right(rules, feeds);
		rules_free(rules);
		feeds_free(feeds);
		return 0;
	}
	int code = 1;
	if (log_open(c->log_level, c->log_format, o->foreground ? NULL : c->log_file, &e)) {
		struct loop_conf lc = { c, o->config, feeds };
		for (unsigned i = 1; i < feeds->n; i++)
			log_info(NULL, "feed %s too", feed_name(feeds->item[i].feed));
		log_notice(NULL, "fundwatchd " FUNDWATCH_VERSION ", %u rules, rule set %s, feed %s",
			   rules->set->n_rule, rules->set->digest,
			   feed_name(feeds->item[0].feed));
		code = loop_run(&lc, rules);
	} else {
		(void)complain(&e);
		rules_free(rules);
	}
	feeds_free(feeds);
	log_close();
	return code;
}

int main(int argc, char **argv)
{
	struct options o = { .config = NULL };
	struct conf c;
	struct err e;
	int code = take_options(&o, argc, argv);
	if (code >= 0)
		return code;
	if (o.help_settings || o.sample)
		return print_settings(&o);
	if (!fault_init(&e))
		return complain(&e);
	if (!o.config)
		conf_init(&c);
	else if (!conf_load(&c, o.config, &e))
		return complain(&e);
	pages_large();
	code = serve(&o, &c);
	conf_fini(&c);
	return code;
}
