-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Findings that an exception takes are judged and kept like all others, under the same
-- identity and with the same history, but nobody is told: they stand in the ledger, not
-- among the alerts. When the exception ends they come back as the alerts they were.
-- Findings of rules on trial are kept apart in the same way.

ALTER TABLE fundwatch.alert
	ADD COLUMN excepted      boolean NOT NULL DEFAULT false,
	ADD COLUMN except_owner  text NOT NULL DEFAULT '',
	ADD COLUMN except_reason text NOT NULL DEFAULT '',
	ADD COLUMN except_cells  text NOT NULL DEFAULT '',  -- fields of 例外按, joined by commas
	ADD COLUMN except_from   date,
	ADD COLUMN except_until  date;
CREATE INDEX alert_excepted ON fundwatch.alert (rule_id, except_owner) WHERE excepted;

-- Alerts that stand and are told.
CREATE OR REPLACE VIEW fundwatch.alert_live AS
SELECT * FROM fundwatch.alert WHERE state <> 'withdrawn' AND NOT trial AND NOT excepted;

-- What rules on trial say now.
CREATE VIEW fundwatch.alert_trial AS
SELECT * FROM fundwatch.alert WHERE state <> 'withdrawn' AND trial AND NOT excepted;

-- The ledger: what was found and not reported, because of which exception, from when to when.
-- gone_at: the records no longer say so.
CREATE VIEW fundwatch.exception_ledger AS
SELECT a.rule_id, a.except_owner AS owner, a.except_reason AS reason,
	a.except_cells AS cells, a.except_from AS valid_from, a.except_until AS valid_until,
	a.alert_id, a.trial, a.event_begin, a.event_end, a.violation_amount, a.fund_amount,
	a.sentence, a.finding,
	s.first_excepted_at, a.changed_at AS last_changed_at, a.withdrawn_at AS gone_at
FROM fundwatch.alert a
LEFT JOIN LATERAL (
	SELECT min(e.at) AS first_excepted_at FROM fundwatch.alert_event e
	WHERE e.alert_id = a.alert_id AND e.why = 'excepted'
) s ON true
WHERE a.excepted;

-- Alarms of the daemon itself: something a person must look at.
CREATE TABLE fundwatch.alarm (
	alarm_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at       timestamptz NOT NULL DEFAULT now(),
	kind     text NOT NULL,              -- 'reload': the rules could not be read again
	text     text NOT NULL,
	rule_set text NOT NULL               -- in force when it happened, and still
);
