/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake.c - one body on its way: gate -> read by a clerk -> key -> handed in -> told -> answer.
 *
 * A post belongs to the loop's thread, but for what a clerk does with it while `working`. It
 * outlives its request only when the request is dropped at the end of the process.
 */
#include <string.h>

#include "daemon/http/state.h"
#include "daemon/host/log.h"
#include "lib/base/mem.h"

#define FILE_MAX_BYTES 200u
#define KEY_TEXT (KEY_FACILITY + SUBMISSION_KEY_MAX + 2)
#define HAND_IN_BYTES (1u << 20)

struct post {
	struct http *h;
	struct call *call;
	struct post *next;
	struct ask *ask;
	struct buf file;
	char scope[KEY_FACILITY];      /* "" for all */
	char own_key[SUBMISSION_KEY_MAX + 1];
	char key[KEY_TEXT];            /* the scope in front: nobody blocks another's */
	char digest[DIGEST_HEX];
	const struct named_feed *feed;
	struct submission_in in;
	struct submission sub;
	struct journal_ticket *ticket;
	bool read, working, handed, told;
	struct err trouble;            /* while handing in */
	enum journal_answer answer;    /* told */
};

/* ---- life ---- */

static struct post *post_new(struct http *h, struct call *c, struct ask *a)
{
	struct post *p = xcalloc(1, sizeof *p);
	*p = (struct post){ .h = h, .call = c, .ask = a, .next = h->first };
	buf_init(&p->file, FILE_MAX_BYTES);
	h->first = p;
	a->post = p;
	return p;
}

void post_free(struct post *p)
{
	if (!p)
		return;
	struct post **at = &p->h->first;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	if (p->handed && !p->told)
		desk_leave(p->h->conf.desk, p);
	if (p->read)
		submission_fini(&p->sub);
	buf_fini(&p->file);
	xfree(p);
}

static void refuse(struct post *p, enum reason why, const char *detail)
{
	http_refuse(p->h, p->call, why, str_of(detail));
}

/* Too much waits; readiness says so until less does. */
static void refuse_full(struct post *p)
{
	struct journal_stats js;
	journal_stats_get(desk_journal(p->h->conf.desk), &js);
	p->h->full_at = js.bytes > 0 ? (int64_t)js.bytes : 1;
	refuse(p, REASON_FULL, "");
}

/* Why it could not be handed in: too much waits, or the disk said no. */
static void refuse_trouble(struct post *p)
{
	if (p->trouble.code == ERR_LIMIT) {
		refuse_full(p);
		return;
	}
	log_error("http", "`%s` is not taken: %s", p->key, p->trouble.text);
	refuse(p, REASON_INTERNAL, "");
}

/* ---- the gate ---- */

struct media {
	const char *type, *file;
	bool json;
};

static const struct media medias[] = {
	{ "text/csv", "body.csv", false },
	{ "application/x-ndjson", "body.ndjson", false },
	{ "application/json", "body.json", true },
};

static const struct media *media_of(const struct head *head)
{
	struct str type = head_value(head, "content-type");
	int64_t end = str_chr(type, ';');
	type = str_trim(end < 0 ? type : str_sub(type, 0, (size_t)end));
	for (size_t i = 0; i < sizeof medias / sizeof medias[0]; i++)
		if (type.n == strlen(medias[i].type) &&
		    strncasecmp(type.p, medias[i].type, type.n) == 0)
			return &medias[i];
	return NULL;
}

/* "..." around it is how the header's draft standard wants it. */
static bool take_key(struct post *p, const struct head *head)
{
	struct str key = head_value(head, "idempotency-key");
	if (key.n >= 2 && key.p[0] == '"' && key.p[key.n - 1] == '"')
		key = str_sub(key, 1, key.n - 2u);
	if (key.n == 0)
		return true;
	if (!submission_key_valid(key))
		return false;
	memcpy(p->own_key, key.p, key.n);
	return true;
}

static bool take_file(struct post *p, const struct head *head, const char *preset)
{
	static const char *const known[] = { "file", NULL };
	bool found;
	if (!head_query(head->query, known, "file", &p->file, &found))
		return false;
	if (!found)
		buf_adds(&p->file, preset);
	return !p->file.failed && p->file.n > 0 && p->file.p[0] != '.';
}

static enum reason take_headers(struct post *p, const struct head *head)
{
	const struct media *media = media_of(head);
	struct str coding = head_value(head, "content-encoding");
	p->in.gzip = str_eq(coding, STR("gzip"));
	if (!media || (coding.n && !p->in.gzip && !str_eq(coding, STR("identity"))))
		return REASON_MEDIA;
	p->in.json = media->json;
	if (head->body == BODY_NONE)
		return REASON_LENGTH;
	if (!take_key(p, head) || (!p->own_key[0] && !media->json))
		return REASON_BAD_KEY;
	return take_file(p, head, media->file) ? REASON_NONE : REASON_BAD_QUERY;
}

bool intake_gate(struct http *h, struct call *c, struct ask *a)
{
	struct post *p = post_new(h, c, a);
	enum reason why = REASON_NONE;
	if (strcmp(a->caller.facility, "*") != 0)
		memcpy(p->scope, a->caller.facility, sizeof p->scope);
	if (h->ending)
		why = REASON_ENDING;
	else if (!(p->feed = feeds_named(h->conf.feeds, buf_str(&a->param))))
		why = REASON_NO_FEED;
	else
		why = take_headers(p, c->head);
	if (!why && !feed_takes(p->feed->feed, buf_cstr(&p->file))) {
		http_refuse(h, c, REASON_BAD_QUERY, str_of("?file="));
		return false;
	}
	if (!why && journal_full(desk_journal(h->conf.desk))) {
		refuse_full(p);
		return false;
	}
	if (why)
		http_refuse(h, c, why, (struct str){ 0 });
	return !why;
}

/* ---- idempotency ---- */

static bool others_work_on(const struct post *p)
{
	for (const struct post *x = p->h->first; x; x = x->next)
		if (x != p && strcmp(x->key, p->key) == 0)
			return true;
	return false;
}

/* Answers what was answered before, or refuses; true when the body is a new one. */
static bool is_new(struct post *p)
{
	struct buf answer;
	buf_init(&answer, 0);
	(void)snprintf(p->key, sizeof p->key, "%s/%s", *p->scope ? p->scope : "*", p->own_key);
	enum seen_answer seen = seen_ask(p->h->seen, p->key, p->digest, &answer);
	bool answered = seen == SEEN_SAME && answer.n > 0;
	bool fresh = !answered && seen != SEEN_OTHER && !others_work_on(p);
	if (answered)
		http_reply(p->h, p->call, &(struct reply){ .status = 200,
							   .body = buf_str(&answer) });
	else if (seen == SEEN_OTHER)
		refuse(p, REASON_CONFLICT, "");
	else if (!fresh)
		refuse(p, REASON_IN_PROGRESS, "");
	buf_fini(&answer);
	return fresh;
}

/* What a crash left durable and, for all we know, unanswered. */
void intake_remember(void *ctx, const struct journal_item *it)
{
	struct http *h = ctx;
	struct buf answer;
	struct err e;
	if (strcmp(it->in.source, "http") != 0)
		return;
	buf_init(&answer, 0);
	if (seen_ask(h->seen, it->in.key, it->digest, &answer) == SEEN_NEW &&
	    !seen_note(h->seen, it->in.key, it->digest, (struct str){ 0 }, &e))
		log_error("http", "`%s` is not remembered: %s", it->in.key, e.text);
	buf_fini(&answer);
}

/* ---- the answer ---- */

static void answer_taken(struct post *p)
{
	struct buf receipt;
	struct err e;
	buf_init(&receipt, 0);
	submission_receipt(&p->sub, &p->in, p->own_key, p->digest, &receipt);
	if (!seen_note(p->h->seen, p->key, p->digest, buf_str(&receipt), &e))
		log_error("http", "what was answered is not remembered: %s", e.text);
	p->h->counts.bytes += p->in.body.n;
	log_debug("http", "`%s`: %llu rows, %llu rejects", p->key,
		  (unsigned long long)p->sub.rows, (unsigned long long)p->sub.rejects);
	http_reply(p->h, p->call, &(struct reply){ .status = 200, .body = buf_str(&receipt) });
	buf_fini(&receipt);
}

static void answer_told(struct post *p)
{
	if (p->answer == JOURNAL_DURABLE || p->answer == JOURNAL_KNOWN) {
		answer_taken(p);
		return;
	}
	if (p->answer == JOURNAL_CONFLICT) {
		refuse(p, REASON_CONFLICT, "");
		return;
	}
	log_error("http", "`%s` is not taken: %s", p->key, p->trouble.text);
	refuse(p, REASON_BUSY, "");
}

/* A body that is refused says where. */
static void answer_refused(struct post *p)
{
	struct buf b;
	enum reason why = p->sub.why;
	buf_init(&b, 0);
	reason_json(why, buf_str(&p->sub.detail), p->ask->english, &b);
	if (p->sub.shown) { /* into the object that reason_json closed */
		b.n -= sizeof "}}\n" - 1;
		buf_addf(&b, ",\"foreign\":%llu,\"rejected\":%llu,\"rejects\":[",
			 (unsigned long long)p->sub.foreign, (unsigned long long)p->sub.rejects);
		buf_addstr(&b, buf_str(&p->sub.places));
		buf_adds(&b, "]}}\n");
	}
	http_reply(p->h, p->call, &(struct reply){ .status = reason_status(why),
						   .body = buf_str(&b) });
	buf_fini(&b);
}

/* ---- handing in ---- */

static void told(void *ctx, const struct journal_notice *n)
{
	struct post *p = ctx;
	p->told = true;
	p->answer = n->answer;
	if (n->answer == JOURNAL_REFUSED)
		p->trouble = n->why;
	if (!p->working)
		answer_told(p);
}

/* On a clerk's thread. */
static void hand_in(void *ctx)
{
	struct post *p = ctx;
	struct str left = p->in.body;
	bool good = true;
	while (good && left.n > 0) {
		struct str piece = str_sub(left, 0, HAND_IN_BYTES);
		left = str_sub(left, piece.n, left.n);
		good = journal_append(p->ticket, piece.p, piece.n, &p->trouble);
	}
	if (good)
		journal_end(p->ticket);
	p->handed = good;
}

static void handed_in(void *ctx)
{
	struct post *p = ctx;
	p->working = false;
	if (p->told) {
		answer_told(p);
	} else if (!p->handed) {
		desk_drop(p->h->conf.desk, p->ticket);
		refuse_trouble(p);
	}
}

static bool give(struct post *p, void (*work)(void *), void (*done)(void *))
{
	p->working = clerks_give(p->h->clerks, &(struct task){ work, done, p });
	return p->working;
}

static void begin_to_hand_in(struct post *p)
{
	const struct http_conf *hc = &p->h->conf;
	const struct journal_input in = {
		.source = "http", .name = buf_cstr(&p->file), .feed = feed_name(p->feed->feed),
		.feed_digest = p->feed->digest, .key = p->key, .scope = p->scope,
		.extract_date = MISSING_I32,
	};
	p->ticket = desk_begin(hc->desk, &in, &(struct desk_sender){ told, NULL, p },
			       &p->trouble);
	if (!p->ticket) {
		refuse_trouble(p);
		return;
	}
	if (give(p, hand_in, handed_in))
		return;
	desk_drop(hc->desk, p->ticket);
	refuse(p, REASON_BUSY, "");
}

/* ---- reading ---- */

/* On a clerk's thread. */
static void read_body(void *ctx)
{
	struct post *p = ctx;
	submission_read(&p->in, &p->sub);
}

static void body_read(void *ctx)
{
	struct post *p = ctx;
	p->working = false;
	p->read = true;
	if (p->sub.why) {
		answer_refused(p);
		return;
	}
	if (p->in.find_key) {
		memcpy(p->own_key, p->sub.key, sizeof p->own_key);
		if (!p->own_key[0]) {
			refuse(p, REASON_BAD_KEY, "");
			return;
		}
		if (!is_new(p))
			return;
	}
	begin_to_hand_in(p);
}

void intake_serve(struct http *h, struct call *c, struct ask *a)
{
	struct post *p = a->post;
	const struct conf *conf = h->conf.conf;
	struct digest d;
	digest_init(&d);
	digest_add(&d, c->body.p, c->body.n);
	digest_hex(&d, p->digest);
	p->in.feed = p->feed->feed;
	p->in.file = buf_cstr(&p->file);
	p->in.scope = p->scope;
	p->in.body = c->body;
	p->in.english = a->english;
	p->in.find_key = !p->own_key[0];
	p->in.inflated_max = (uint64_t)conf->http_inflated_max << 20;
	p->in.rows_max = (uint64_t)conf->http_rows_max;
	if (!p->in.find_key && !is_new(p))
		return;
	if (!give(p, read_body, body_read))
		refuse(p, REASON_BUSY, "");
}
