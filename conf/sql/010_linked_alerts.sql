-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Alerts that were merged or split: the events and acts name the other alert, and what people did
-- follows the records.

ALTER TABLE fundwatch.alert_event
	ADD COLUMN other bigint;         -- withdrawn, merged: into; raised, split: from

CREATE OR REPLACE FUNCTION fundwatch.alert_event_text(e fundwatch.alert_event) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT concat_ws(E'\x1f', e.event_id::text, e.alert_id::text, e.revision::text, e.kind,
		e.epoch::text, (extract(epoch FROM e.at) * 1000000)::bigint::text, e.who, e.why,
		e.rule_set, coalesce(e.amount_from::text, ''), coalesce(e.amount_to::text, ''),
		coalesce(e.finding, ''), e.other::text)
$$;
CREATE INDEX alert_event_linked ON fundwatch.alert_event (epoch) WHERE other IS NOT NULL;
CREATE INDEX alert_event_other ON fundwatch.alert_event (other) WHERE other IS NOT NULL;

ALTER TABLE fundwatch.alert_act
	ADD COLUMN other bigint REFERENCES fundwatch.alert,  -- where the act comes from
	DROP CONSTRAINT alert_act_kind_check,
	ADD CONSTRAINT alert_act_kind_check CHECK (kind IN ('decided', 'noted', 'data changed',
		'data restored', 'merged', 'split'));

CREATE OR REPLACE FUNCTION fundwatch.alert_act_text(a fundwatch.alert_act) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT concat_ws(E'\x1f', a.act_id::text, a.alert_id::text, a.kind, a.state,
		(extract(epoch FROM a.at) * 1000000)::bigint::text, a.who, a.note,
		a.revision::text, a.alert_state, coalesce(a.violation_amount::text, ''), a.finding,
		a.other::text)
$$;

-- Alerts people have acted on: where alerts merge, these go on.
CREATE VIEW fundwatch.alert_acted AS
SELECT DISTINCT alert_id FROM fundwatch.alert_act WHERE kind IN ('decided', 'noted', 'merged');

DROP FUNCTION fundwatch.alert_do(bigint, text, text, text, text);

-- One more act at the end of the chain. The alert's row is locked before the chain, by everyone.
CREATE FUNCTION fundwatch.alert_do(which bigint, what text, decided text, actor text, words text,
	origin bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	a fundwatch.alert;
	last fundwatch.alert_act;
	n fundwatch.alert_act;
BEGIN
	SELECT * INTO a FROM fundwatch.alert WHERE alert_id = which FOR UPDATE;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	PERFORM pg_advisory_xact_lock(7031415928);
	SELECT * INTO last FROM fundwatch.alert_act ORDER BY act_id DESC LIMIT 1;
	n.act_id := coalesce(last.act_id, 0) + 1;
	n.alert_id := which;
	n.kind := what;
	n.state := coalesce(decided, a.handled, '');
	n.at := clock_timestamp();
	n.who := actor;
	n.note := words;
	n.revision := a.revision;
	n.alert_state := a.state;
	n.violation_amount := a.violation_amount;
	n.finding := a.finding;
	n.other := origin;
	n.hash := sha256(coalesce(last.hash, ''::bytea)
		|| convert_to(fundwatch.alert_act_text(n), 'UTF8'));
	INSERT INTO fundwatch.alert_act SELECT n.*;
	IF what = 'decided' THEN
		UPDATE fundwatch.alert SET handled = nullif(decided, 'open'), handled_by = actor,
			handled_at = n.at, handled_act = n.act_id, data_changed = false
		WHERE alert_id = which;
	END IF;
	RETURN n.act_id;
END
$$;

-- What people did with alerts that were merged or split in this epoch. Where the records went, an
-- act says so; if nobody has decided on that alert, the decision goes on there, flagged: it was
-- made on other data. An alert split off starts open, with a word on where it comes from.
CREATE FUNCTION fundwatch.alert_follow(in_epoch bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	-- before the chain, as everyone
	PERFORM FROM fundwatch.alert WHERE alert_id IN (SELECT unnest(ARRAY[alert_id, other])
		FROM fundwatch.alert_event WHERE epoch = in_epoch AND other IS NOT NULL)
	ORDER BY alert_id FOR UPDATE;
	FOR r IN
		SELECT v.kind, v.alert_id, v.other, a.handled, a.handled_by, a.handled_at, a.handled_act
		FROM fundwatch.alert_event v
		JOIN fundwatch.alert_acted d ON d.alert_id =
			CASE WHEN v.kind = 'withdrawn' THEN v.alert_id ELSE v.other END
		JOIN fundwatch.alert a ON a.alert_id = d.alert_id
		WHERE v.epoch = in_epoch AND v.other IS NOT NULL ORDER BY v.event_id
	LOOP
		IF r.kind <> 'withdrawn' THEN
			PERFORM fundwatch.alert_do(r.alert_id, 'split', r.handled, 'fundwatchd', '',
				r.other);
			CONTINUE;
		END IF;
		PERFORM fundwatch.alert_do(r.other, 'merged', r.handled, 'fundwatchd', '', r.alert_id);
		UPDATE fundwatch.alert SET handled = r.handled, handled_by = r.handled_by,
			handled_at = r.handled_at, handled_act = r.handled_act, data_changed = true
		WHERE alert_id = r.other AND handled IS NULL AND r.handled IS NOT NULL;
	END LOOP;
END
$$;
