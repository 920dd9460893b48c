-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- What came in, what was judged, what was found, and how each alert changed.
-- Applied in one transaction by `fundwatch db migrate`; never edited once released.

-- One input: a file of the spool. The same name, content and feed is the same intake.
CREATE TABLE fundwatch.intake (
	intake_id    bigint PRIMARY KEY,
	source       text NOT NULL,
	file_name    text NOT NULL,
	digest       text NOT NULL,          -- XXH3-128 of the bytes as they lay in the spool
	bytes        bigint NOT NULL,
	feed         text NOT NULL,
	feed_digest  text NOT NULL,
	state        text NOT NULL CHECK (state IN ('reading', 'done', 'failed')),
	rows_done    bigint NOT NULL,        -- input rows whose epoch is committed
	records      bigint NOT NULL,
	rejects      bigint NOT NULL,
	reason       text,                   -- why it failed
	report       json,                   -- as written beside the file; at its end only
	begun_at     timestamptz NOT NULL,
	changed_at   timestamptz NOT NULL,
	UNIQUE (file_name, digest, feed_digest)
);

-- One committed step: some rows of one intake, or a judging without new rows.
CREATE TABLE fundwatch.epoch (
	epoch        bigint PRIMARY KEY,
	kind         text NOT NULL CHECK (kind IN ('intake', 'drain', 'rules')),
	intake_id    bigint REFERENCES fundwatch.intake,
	rows_from    bigint NOT NULL,
	rows_to      bigint NOT NULL,
	records      bigint NOT NULL,
	rejects      bigint NOT NULL,
	raised       bigint NOT NULL,
	amended      bigint NOT NULL,
	withdrawn    bigint NOT NULL,
	rule_set     text NOT NULL,
	committed_at timestamptz NOT NULL,
	UNIQUE (intake_id, rows_from, rows_to)
);

-- A line that could not be taken. raw is the line, cut at 4 KiB, with bytes that are no text
-- replaced; as it came it stands in the file.
CREATE TABLE fundwatch.reject (
	intake_id    bigint NOT NULL,
	epoch        bigint NOT NULL,
	line         bigint NOT NULL,
	column_no    integer NOT NULL,       -- 0: the whole line
	stream       text,
	reason       text NOT NULL,
	field        text NOT NULL,
	sentence     text NOT NULL,
	raw          text NOT NULL
);
CREATE INDEX reject_intake ON fundwatch.reject (intake_id, line);

-- Every rule set that ever ran, for ever.
CREATE TABLE fundwatch.rule_release (
	digest       text PRIMARY KEY,
	published_at timestamptz NOT NULL,
	published_by text NOT NULL,
	engine       text NOT NULL,
	n_rules      integer NOT NULL
);

CREATE TABLE fundwatch.rule_release_rule (
	release      text NOT NULL REFERENCES fundwatch.rule_release,
	rule_id      text NOT NULL,
	rule_digest  text NOT NULL,
	title        text NOT NULL,
	version      bigint NOT NULL,
	basis        text NOT NULL,
	category     text NOT NULL,
	nature       text NOT NULL,
	severity     text NOT NULL,
	state        text NOT NULL,
	PRIMARY KEY (release, rule_id)
);

-- The texts a rule set was made from, each kept once.
CREATE TABLE fundwatch.rule_text (
	text_digest  text PRIMARY KEY,
	content      bytea NOT NULL
);

CREATE TABLE fundwatch.rule_release_text (
	release      text NOT NULL REFERENCES fundwatch.rule_release,
	path         text NOT NULL,
	text_digest  text NOT NULL REFERENCES fundwatch.rule_text,
	PRIMARY KEY (release, path)
);

-- An alert as it stands now. finding is its canonical line, the same bytes that
-- `fundwatch scan` writes; the columns are for asking.
CREATE TABLE fundwatch.alert (
	alert_id         bigint PRIMARY KEY,
	rule_id          text NOT NULL,
	rule_digest      text NOT NULL,
	rule_set         text NOT NULL,
	category         text NOT NULL,
	nature           text NOT NULL,
	severity         text NOT NULL,
	trial            boolean NOT NULL,
	subject_kind     text NOT NULL,
	subject          text NOT NULL,
	key_name         text[] NOT NULL,
	key_value        text[] NOT NULL,
	psn_no           text NOT NULL,
	fixmedins_code   text NOT NULL,
	event_begin      timestamp,
	event_end        timestamp,
	observed         text NOT NULL,
	threshold        text NOT NULL,
	violation_amount numeric(18,2),
	fund_amount      numeric(18,2),
	n_records        integer NOT NULL,
	sentence         text NOT NULL,
	finding          text NOT NULL,
	state            text NOT NULL CHECK (state IN ('raised', 'amended', 'withdrawn')),
	revision         integer NOT NULL,
	first_found_at   timestamptz NOT NULL,
	changed_at       timestamptz NOT NULL,
	withdrawn_at     timestamptz,
	closed           boolean NOT NULL DEFAULT false
);
CREATE INDEX alert_rule ON fundwatch.alert (rule_id, violation_amount DESC);
CREATE INDEX alert_person ON fundwatch.alert (psn_no);
CREATE INDEX alert_facility ON fundwatch.alert (fixmedins_code);

-- Exactly the records that make it fire now, in the finding's order.
CREATE TABLE fundwatch.alert_record (
	alert_id         bigint NOT NULL REFERENCES fundwatch.alert,
	seq              integer NOT NULL,
	stream           text NOT NULL,
	fixmedins_code   text NOT NULL,
	mdtrt_id         text NOT NULL,
	record_id        text NOT NULL,
	record_revision  timestamp,
	role             text NOT NULL,
	amount           numeric(18,2) NOT NULL,
	PRIMARY KEY (alert_id, seq)
);
CREATE INDEX alert_record_record
	ON fundwatch.alert_record (stream, fixmedins_code, mdtrt_id, record_id);

-- Every change of every alert, each row chained to the one before it:
-- hash = sha256(hash of event_id - 1, then the fields as alert_event_text spells them).
CREATE TABLE fundwatch.alert_event (
	event_id         bigint PRIMARY KEY,
	alert_id         bigint NOT NULL,
	revision         integer NOT NULL,
	kind             text NOT NULL CHECK (kind IN ('raised', 'raised again', 'amended', 'withdrawn')),
	epoch            bigint NOT NULL,
	at               timestamptz NOT NULL,
	who              text NOT NULL,
	why              text NOT NULL,
	rule_set         text NOT NULL,
	amount_from      numeric(18,2),
	amount_to        numeric(18,2),
	finding          text,               -- the canonical line after the change; none when withdrawn
	hash             bytea NOT NULL
);
CREATE INDEX alert_event_alert ON fundwatch.alert_event (alert_id, revision);
