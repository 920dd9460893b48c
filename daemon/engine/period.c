/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * period.c - months closed by hand: what is over, and what stays as of its close.
 *
 * A close comes through the journal like any input and is an epoch of its own: the cells of the
 * month are judged from the data as they are now and compared with their alerts. Until the next
 * close of it they are left alone, whatever comes; a rule that is new or has changed is judged
 * for every month that is over. What is not over keeps the alerts it has: opening again
 * withdraws nothing.
 */
#include "daemon/engine/state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/host/log.h"
#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/finding/period.h"

#define WORDS_MAX 256

#define EVENT_STREAMS \
	(1u << STREAM_ENCOUNTER | 1u << STREAM_SETTLEMENT | 1u << STREAM_FEE | \
	 1u << STREAM_DIAGNOSIS | 1u << STREAM_OPERATION | 1u << STREAM_TRACE | \
	 1u << STREAM_REPORT | 1u << STREAM_STOCK)

/* ---- the words of a request ---- */

static bool read_streams(struct str word, uint32_t *streams, struct err *e)
{
	enum stream s = stream_find(word);
	if (str_eq(word, STR("all")))
		*streams = EVENT_STREAMS;
	else if (s < STREAM_STORED && EVENT_STREAMS >> s & 1)
		*streams = 1u << s;
	else
		return err_set(e, ERR_CONF, "`" STR_FMT "` is no stream of events: all, encounter, "
			       "settlement, fee, diagnosis, operation, stock", STR_ARG(word));
	return true;
}

static bool read_month(struct str word, int32_t *month, struct err *e)
{
	char text[16];
	int32_t day;
	(void)snprintf(text, sizeof text, STR_FMT "-01", STR_ARG(word));
	if (word.n != 7 || !civil_parse_date(str_of(text), &day))
		return err_set(e, ERR_CONF, "`" STR_FMT "` is not a month like 2026-03",
			       STR_ARG(word));
	*month = civil_month(day);
	return true;
}

static bool read_region(struct str word, char region[9], struct err *e)
{
	struct str code = complete_region(word);
	for (uint32_t i = 0; i < code.n; i++)
		if (code.p[i] < '0' || code.p[i] > '9')
			return err_set(e, ERR_CONF, "`" STR_FMT "` is no division code: 2, 4 or 6 "
				       "digits, or * for all", STR_ARG(word));
	if (code.n > 6 || code.n % 2)
		return err_set(e, ERR_CONF, "`" STR_FMT "` is no division code: 2, 4 or 6 digits",
			       STR_ARG(word));
	(void)snprintf(region, 9, STR_FMT, STR_ARG(code));
	return true;
}

static struct str next_word(struct str *rest)
{
	int64_t blank = str_chr(*rest, ' ');
	struct str word = blank < 0 ? *rest : str_sub(*rest, 0, (size_t)blank);
	*rest = str_sub(*rest, word.n + 1, rest->n);
	return word;
}

static bool read_words(const char *words, struct period_event *p, struct err *e)
{
	struct str rest = str_of(words), word = next_word(&rest);
	p->close = str_eq(word, STR("close"));
	if (!p->close && !str_eq(word, STR("reopen")))
		return err_set(e, ERR_CONF, "close or reopen a period, not " STR_FMT,
			       STR_ARG(word));
	if (!read_region(next_word(&rest), p->region, e) ||
	    !read_streams(next_word(&rest), &p->streams, e) ||
	    !read_month(next_word(&rest), &p->month, e))
		return false;
	if (rest.n == 0)
		return err_set(e, ERR_CONF, "say who closes the period");
	(void)snprintf(p->who, sizeof p->who, STR_FMT, STR_ARG(rest));
	return true;
}

static bool understand(const struct engine *en, const char *words, struct period_event *p,
		       struct err *e)
{
	if (!engine_closes_by_hand(en))
		return err_set(e, ERR_CONF, "periods.close is `drained`: a drained spool closes "
			       "all periods; set it to by-hand to close them yourself");
	return read_words(words, p, e);
}

bool engine_period(const struct engine *en, const char *words, struct err *e)
{
	struct period_event p;
	if (strlen(words) >= WORDS_MAX)
		return err_set(e, ERR_CONF, "too many words");
	return understand(en, words, &p, e);
}

/* ---- what is left as it is ---- */

static uint64_t rule_hash(struct str id, struct str digest)
{
	return hash_join(hash_str(id), hash_str(digest));
}

bool engine_closes_by_hand(const struct engine *en)
{
	return strcmp(en->conf.conf->periods_close, "by-hand") == 0;
}

bool engine_frozen_cell(void *ctx, const struct finding *f)
{
	const struct engine *en = ctx;
	const struct ruleset *rs = en->rules->set;
	const struct rule *r = ruleset_find(rs, f->rule);
	struct period p;
	if (!r || !finding_period(rs, r, f, &p))
		return false;
	if (!complete_days(en->over, p.facility, p.stream, p.from, p.to))
		return true;
	if (!map64_get(&en->judged, rule_hash(r->id, str_of(r->digest)), NULL))
		return false;
	return !en->fresh ||
	       !complete_touches(en->fresh, p.facility, p.stream, p.from, p.to);
}

#define ABSENCES_MAX 8

static bool in_set(bool (*test)(const struct complete *c, struct str facility, enum stream s,
				int32_t from, int32_t to),
		   const struct complete *c, const struct absence *a)
{
	return test(c, a->first.facility, a->first.stream, a->first.from, a->first.to) ||
	       test(c, a->last.facility, a->last.stream, a->last.from, a->last.to);
}

/* What was absent at the close counts as absent until the next one. */
bool engine_frozen_absence(const struct engine *en, const struct finding *f)
{
	const struct ruleset *rs = en->rules->set;
	const struct rule *r = ruleset_find(rs, f->rule);
	struct absence a[ABSENCES_MAX];
	uint32_t n = r ? finding_absences(rs, r, f, a, ABSENCES_MAX) : 0;
	bool fresh = false;
	for (uint32_t i = 0; i < n; i++) {
		if (!in_set(complete_days, en->over, &a[i]))
			return true;
		fresh |= en->fresh && in_set(complete_touches, en->fresh, &a[i]);
	}
	return n > 0 && !fresh &&
	       map64_get(&en->judged, rule_hash(r->id, str_of(r->digest)), NULL);
}

static void note_rule(void *ctx, struct str id, struct str digest)
{
	struct engine *en = ctx;
	map64_put(&en->judged, rule_hash(id, digest), 1);
}

void engine_note_rules(struct engine *en)
{
	const struct ruleset *rs = en->rules->set;
	map64_fini(&en->judged);
	map64_init(&en->judged);
	for (uint32_t i = 0; i < rs->n_rule; i++)
		note_rule(en, rs->rule[i].id, str_of(rs->rule[i].digest));
}

/* Months with visits, below the day, that nobody has closed. */
static const char open_sql[] =
	"SELECT count(*), to_char(min(m), 'YYYY-MM'), to_char(max(m), 'YYYY-MM') FROM ("
	"SELECT DISTINCT date_trunc('month', begntime)::date AS m FROM fundwatch.encounter "
	"WHERE begntime < $1::date UNION SELECT DISTINCT date_trunc('month', setl_time)::date "
	"FROM fundwatch.settlement WHERE setl_time < $1::date) v WHERE NOT EXISTS "
	"(SELECT FROM fundwatch.period p WHERE p.closed AND p.month = v.m)";

/* Rules over facilities judge a month when it is closed, and only what is kept. */
static bool tell_unclosed(const struct engine *en, struct db *db, struct err *e)
{
	struct buf day;
	if (en->floor == MISSING_I32)
		return true;
	buf_init(&day, 0);
	civil_add_date(&day, en->floor);
	const char *const value[] = { buf_cstr(&day) };
	PGresult *r = db_query(db, open_sql, 1, value, e);
	if (r && strcmp(PQgetvalue(r, 0, 0), "0") != 0)
		log_warn("periods", "%s months that were never closed begin before %s and are not "
			 "kept whole, from %s to %s: rules over facilities have not judged them; "
			 "raise history.days, restart and close them", PQgetvalue(r, 0, 0),
			 buf_cstr(&day), PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 2));
	PQclear(r);
	buf_fini(&day);
	return r != NULL;
}

bool engine_load_periods(struct engine *en, struct db *db, struct err *e)
{
	map64_init(&en->judged);
	if (!engine_closes_by_hand(en))
		return true;
	en->over = complete_new();
	if (!restore_periods(db, en->over, e) || !restore_rules(db, note_rule, en, e) ||
	    !tell_unclosed(en, db, e))
		return err_wrap(e, "loading the closed periods");
	log_info("periods", "closed by hand: %u months of streams and regions are over",
		 complete_count(en->over));
	pool_complete(en->pool, en->over);
	return true;
}

/* ---- closing ---- */

static void set_streams(struct complete *c, const struct period_event *p, bool close)
{
	for (unsigned s = 0; s < STREAM_STORED; s++) {
		if (!(p->streams >> s & 1))
			continue;
		if (close)
			complete_close(c, str_of(p->region), (enum stream)s, p->month);
		else
			complete_open(c, str_of(p->region), (enum stream)s, p->month);
	}
}

static bool judge_period(struct engine *en, struct epoch *take_epoch, struct err *e)
{
	struct epoch *ep = take_epoch;
	const struct period_event *p = ep->period;
	set_streams(en->over, p, p->close);
	pool_complete(en->pool, en->over);
	en->fresh = complete_new();
	if (p->close)
		set_streams(en->fresh, p, true);
	/* Everybody: rules over one person may conclude from a whole month's silence. */
	bool ok = engine_judge(en, ep, POOL_ALL, true, e);
	complete_free(en->fresh);
	en->fresh = NULL;
	return ok;
}

/* ---- as an item of the journal ---- */

static bool read_item(struct engine *en, const struct journal_item *it, char words[WORDS_MAX],
		      struct err *e)
{
	size_t n = 0;
	ssize_t got = 0;
	int fd = journal_item_fd(en->conf.journal, it, e);
	if (fd < 0)
		return false;
	while (n < WORDS_MAX - 1 &&
	       ((got = read(fd, words + n, WORDS_MAX - 1 - n)) > 0 || (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	words[n] = '\0';
	(void)close(fd);
	return got >= 0 || err_set(e, ERR_WORLD, "`%s`: %s", it->in.name, strerror(errno));
}

/* Not done, and never will be. */
static void turn_away(struct engine *en, const struct journal_item *it, bool good, const char *why)
{
	if (!good)
		log_warn("periods", "`%s` is not done: %s", it->in.name, why);
	journal_done(en->conf.journal, it);
	mail_post(en->conf.mailbox, &(struct mail){ .kind = MAIL_ITEM, .item = it, .good = good,
						    .text = xstrdup(why) });
}

static struct epoch *make_epoch(struct engine *en, const struct journal_item *it, int64_t intake)
{
	struct epoch *ep = engine_epoch(en, EPOCH_PERIOD);
	struct intake_row *row = epoch_add_intake(ep);
	*row = (struct intake_row){
		.id = intake, .file_name = xstrdup(it->in.name), .feed = xstrdup(""),
		.source = xstrdup(it->in.source), .key = xstrdup(""), .scope = xstrdup(""),
		.bytes = it->bytes, .state = INTAKE_DONE, .report = xstrdup("{}"),
		.tag = it,
	};
	memcpy(row->digest, it->digest, DIGEST_HEX);
	return ep;
}

bool engine_is_period(const struct journal_item *it)
{
	return strcmp(it->in.source, PERIOD_SOURCE) == 0;
}

/* What is not kept whole cannot be judged, and must not seem to be. */
static bool is_kept(const struct engine *en, const struct period_event *p, struct err *e)
{
	struct buf day;
	if (!p->close || en->floor == MISSING_I32 || civil_month_start(p->month) >= en->floor)
		return true;
	buf_init(&day, 0);
	civil_add_date(&day, en->floor);
	(void)err_set(e, ERR_CONF, "the month is not kept whole: visits before %s are not in "
		      "memory; raise history.days, restart, and close it then", buf_cstr(&day));
	buf_fini(&day);
	return false;
}

bool engine_period_item(struct engine *en, const struct journal_item *it, struct err *e)
{
	struct ledger_entry *at = ledger_at(en->ledger, str_of(it->in.name), str_of(it->digest),
					    STR(""));
	char words[WORDS_MAX];
	struct err why;
	if (at->state == LEDGER_DONE) {
		turn_away(en, it, true, "done before\n");
		return true;
	}
	if (!read_item(en, it, words, e))
		return false;
	struct period_event *p = xcalloc(1, sizeof *p);
	if (!understand(en, words, p, &why) || !is_kept(en, p, &why)) {
		turn_away(en, it, false, why.text);
		xfree(p);
		return true;
	}
	*at = (struct ledger_entry){ .id = ++en->last_intake, .state = LEDGER_DONE };
	struct epoch *ep = make_epoch(en, it, at->id);
	ep->period = p;
	return judge_period(en, ep, e);
}
