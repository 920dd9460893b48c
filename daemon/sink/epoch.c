/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * epoch.c - changes into rows of alert_new, alert_record_new and alert_event.
 */
#include "daemon/sink/epoch.h"

#include <openssl/sha.h>
#include <string.h>

#include "daemon/sink/pgcopy.h"
#include "daemon/sink/words.h"
#include "lib/base/dec.h"
#include "lib/base/mem.h"

#define FEN_SCALE 2
#define WHO "fundwatchd"

static const char *const kind_words[] = { "intake", "drain", "rules", "period" };
static const char *const state_words[] = { "reading", "done", "failed" };

const char *epoch_kind_word(enum epoch_kind k)
{
	return kind_words[k];
}

const char *intake_state_word(enum intake_state s)
{
	return state_words[s];
}

struct epoch *epoch_new(int64_t number, enum epoch_kind kind, const char *rule_set, int64_t at)
{
	struct epoch *ep = xcalloc(1, sizeof *ep);
	ep->number = number;
	ep->kind = kind;
	ep->at = at;
	ep->kept_from = MISSING_I32;
	memcpy(ep->rule_set, rule_set, DIGEST_HEX);
	buf_init(&ep->late, 0);
	buf_init(&ep->account, 0);
	buf_init(&ep->account_rules, 0);
	struct buf *stream[] = { &ep->alert, &ep->alert_record, &ep->event };
	for (unsigned i = 0; i < 3; i++) {
		buf_init(stream[i], 0);
		pgcopy_begin(stream[i]);
	}
	return ep;
}

static void fini_intake(struct intake_row *in)
{
	xfree(in->file_name);
	xfree(in->feed);
	xfree(in->source);
	xfree(in->key);
	xfree(in->scope);
	xfree(in->reason);
	xfree(in->report);
}

void epoch_free(struct epoch *ep)
{
	if (!ep)
		return;
	for (uint32_t i = 0; i < ep->n_chunk; i++)
		chunk_ref_put(ep->chunk[i]);
	xfree(ep->chunk);
	buf_fini(&ep->alert);
	buf_fini(&ep->alert_record);
	buf_fini(&ep->event);
	release_free(ep->release);
	for (uint32_t i = 0; i < ep->n_intake; i++)
		fini_intake(&ep->intake[i]);
	xfree(ep->intake);
	buf_fini(&ep->late);
	buf_fini(&ep->account);
	buf_fini(&ep->account_rules);
	xfree(ep->closed);
	xfree(ep->period);
	xfree(ep->alarm);
	xfree(ep);
}

void epoch_close_alerts(struct epoch *ep, const int64_t *id, uint32_t n)
{
	ep->closes = true;
	if (n > 0)
		ep->closed = xmemdup(id, n * sizeof *id);
	ep->n_closed = n;
}

struct intake_row *epoch_add_intake(struct epoch *ep)
{
	GROW(ep->intake, ep->cap_intake, ep->n_intake + 1);
	struct intake_row *in = &ep->intake[ep->n_intake++];
	*in = (struct intake_row){ 0 };
	return in;
}

void epoch_add_chunk(struct epoch *ep, struct chunk_ref *take_chunk)
{
	const struct chunk *c = chunk_ref_chunk(take_chunk);
	GROW(ep->chunk, ep->cap_chunk, ep->n_chunk + 1);
	ep->chunk[ep->n_chunk++] = take_chunk;
	ep->records += chunk_records(c);
	ep->rejects += c->n_reject;
}

static void add_cstr(struct buf *b, const char *s)
{
	pgcopy_text(b, str_of(s));
}

/* Texts of findings come from records: whatever those held, the row must go in. */
static void add_safe(struct buf *b, struct str s)
{
	struct buf mended;
	buf_init(&mended, 0);
	pgcopy_text(b, pgcopy_clean(s, &mended) ? s : buf_str(&mended));
	buf_fini(&mended);
}

static int64_t amount_of(const struct finding *f)
{
	return f && f->has_amount ? f->amount : MISSING_I64;
}

static void add_rule(struct buf *b, const struct epoch_teller *t, const struct finding *f)
{
	const struct rule *r = ruleset_find(t->rules, f->rule);
	pgcopy_text(b, f->rule);
	pgcopy_text(b, f->digest);
	add_cstr(b, t->ep->rule_set);
	add_cstr(b, r ? word_category(r->category) : "");
	add_cstr(b, r ? word_nature(r->nature) : "");
	add_cstr(b, r ? word_severity(r->severity) : "");
	pgcopy_bool(b, f->trial);
}

static void add_content(struct buf *b, const struct finding *f)
{
	struct buf line;
	add_cstr(b, word_subject(f->subject_kind));
	add_safe(b, f->subject);
	pgcopy_texts(b, f->key_name, f->n_key);
	pgcopy_texts(b, f->key_value, f->n_key);
	add_safe(b, f->psn_no);
	add_safe(b, f->fixmedins_code);
	pgcopy_timestamp(b, f->begin);
	pgcopy_timestamp(b, f->end);
	add_safe(b, f->observed);
	add_safe(b, f->limit);
	pgcopy_numeric(b, amount_of(f), FEN_SCALE);
	pgcopy_numeric(b, f->has_amount ? f->fund_amount : MISSING_I64, FEN_SCALE);
	pgcopy_int(b, (int32_t)f->n_record);
	add_safe(b, f->sentence);
	buf_init(&line, 0);
	finding_json(f, &line);
	add_safe(b, buf_str(&line));
	buf_fini(&line);
}

static void add_exception(struct buf *b, const struct finding *f)
{
	pgcopy_bool(b, f->excepted);
	add_safe(b, f->except_owner);
	add_safe(b, f->except_reason);
	add_safe(b, f->except_cells);
	pgcopy_date(b, f->excepted ? f->except_from : MISSING_I32);
	pgcopy_date(b, f->excepted ? f->except_until : MISSING_I32);
}

/* Columns of fundwatch.alert as ALERT_COLUMNS of commit.c names them. */
static void add_alert(const struct epoch_teller *t, const struct change *c, const struct finding *f)
{
	static const char *const states[] = { "raised", "amended", "withdrawn" };
	struct buf *b = &t->ep->alert;
	pgcopy_row(b, 34);
	pgcopy_bigint(b, (int64_t)c->id);
	add_rule(b, t, f);
	add_content(b, f);
	add_cstr(b, states[c->kind]);
	pgcopy_int(b, (int32_t)c->revision);
	pgcopy_instant(b, t->ep->at);
	pgcopy_instant(b, t->ep->at);
	if (c->kind == CHANGE_WITHDRAWN)
		pgcopy_instant(b, t->ep->at);
	else
		pgcopy_null(b);
	add_exception(b, f);
}

static void add_records(struct buf *b, uint64_t id, const struct finding *f)
{
	for (uint32_t i = 0; i < f->n_record; i++) {
		const struct finding_record *r = &f->record[i];
		pgcopy_row(b, 9);
		pgcopy_bigint(b, (int64_t)id);
		pgcopy_int(b, (int32_t)i + 1);
		add_cstr(b, stream_name(r->stream));
		add_safe(b, r->fixmedins_code);
		add_safe(b, r->mdtrt_id);
		add_safe(b, r->id);
		pgcopy_timestamp(b, r->revision);
		add_cstr(b, word_role(r->role));
		pgcopy_numeric(b, r->amount, FEN_SCALE);
	}
}

static void add_amount_text(struct buf *b, int64_t fen)
{
	buf_addc(b, '\x1f');
	if (fen != MISSING_I64)
		dec_add(b, fen, FEN_SCALE, FEN_SCALE);
}

/* What the event says, as fundwatch.alert_event_text spells it, hashed after the last hash. */
static void link_event(const struct epoch_teller *t, const struct change *c, const char *kind,
		       struct str finding)
{
	struct chain *chain = t->chain;
	struct buf b;
	buf_init(&b, 0);
	if (chain->last_event > 0)
		buf_add(&b, chain->hash, CHAIN_HASH);
	chain->last_event++;
	buf_addf(&b, "%lld\x1f%llu\x1f%u\x1f%s\x1f%lld\x1f%lld\x1f" WHO "\x1f%s\x1f%s",
		 (long long)chain->last_event, (unsigned long long)c->id, c->revision, kind,
		 (long long)t->ep->number, (long long)t->ep->at, c->why ? c->why : "",
		 t->ep->rule_set);
	add_amount_text(&b, amount_of(c->before));
	add_amount_text(&b, amount_of(c->now));
	buf_addc(&b, '\x1f');
	buf_addstr(&b, finding);
	if (c->other)
		buf_addf(&b, "\x1f%llu", (unsigned long long)c->other);
	(void)SHA256((const unsigned char *)b.p, b.n, chain->hash);
	buf_fini(&b);
}

static const char *event_kind(const struct change *c)
{
	if (c->kind == CHANGE_RAISED)
		return c->again ? "raised again" : "raised";
	return c->kind == CHANGE_AMENDED ? "amended" : "withdrawn";
}

static void add_event(const struct epoch_teller *t, const struct change *c)
{
	struct buf *b = &t->ep->event, line, mended;
	buf_init(&line, 0);
	buf_init(&mended, 0);
	if (c->now)
		finding_json(c->now, &line);
	struct str text = pgcopy_clean(buf_str(&line), &mended) ? buf_str(&line) : buf_str(&mended);
	link_event(t, c, event_kind(c), text);
	pgcopy_row(b, 14);
	pgcopy_bigint(b, t->chain->last_event);
	pgcopy_bigint(b, (int64_t)c->id);
	pgcopy_int(b, (int32_t)c->revision);
	add_cstr(b, event_kind(c));
	pgcopy_bigint(b, t->ep->number);
	pgcopy_instant(b, t->ep->at);
	add_cstr(b, WHO);
	add_cstr(b, c->why ? c->why : "");
	add_cstr(b, t->ep->rule_set);
	pgcopy_numeric(b, amount_of(c->before), FEN_SCALE);
	pgcopy_numeric(b, amount_of(c->now), FEN_SCALE);
	if (c->now)
		pgcopy_text(b, text);
	else
		pgcopy_null(b);
	pgcopy_bytes(b, t->chain->hash, CHAIN_HASH);
	if (c->other)
		pgcopy_bigint(b, (int64_t)c->other);
	else
		pgcopy_null(b);
	buf_fini(&line);
	buf_fini(&mended);
}

/* As those see it who are told of alerts: what is excepted is not there. */
static void count(struct epoch *ep, const struct change *c)
{
	bool before = c->before && !c->before->excepted, now = c->now && !c->now->excepted;
	if (before && now)
		ep->amended++;
	else if (now)
		ep->raised++;
	else if (before)
		ep->withdrawn++;
	else
		ep->silent++;
}

void epoch_change(void *teller, const struct change *c)
{
	const struct epoch_teller *t = teller;
	const struct finding *f = c->now ? c->now : c->before;
	add_alert(t, c, f);
	add_records(&t->ep->alert_record, c->id, f);
	add_event(t, c);
	t->ep->linked |= c->other != 0;
	count(t->ep, c);
}
