-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- What people do with alerts, and what must be kept because of it.
--
-- An alert goes on saying what the data say now. What a person decided on stays as it was then:
-- each act is a row with the alert's canonical line, chained like the events. When the data
-- change afterwards, the alert is flagged and the change is an act of its own, never silent.

CREATE TABLE fundwatch.alert_act (
	act_id           bigint PRIMARY KEY,
	alert_id         bigint NOT NULL REFERENCES fundwatch.alert,
	kind             text NOT NULL
		CHECK (kind IN ('decided', 'noted', 'data changed', 'data restored')),
	state            text NOT NULL       -- what was decided; '' before the first decision
		CHECK (state IN ('', 'open', 'checking', 'confirmed', 'dismissed')),
	at               timestamptz NOT NULL,
	who              text NOT NULL,
	note             text NOT NULL,
	revision         integer NOT NULL,   -- of the alert, as the act found it
	alert_state      text NOT NULL,
	violation_amount numeric(18,2),
	finding          text NOT NULL,      -- the canonical line, as the act found it
	hash             bytea NOT NULL
);
CREATE INDEX alert_act_alert ON fundwatch.alert_act (alert_id, act_id);

ALTER TABLE fundwatch.alert
	ADD COLUMN handled      text,        -- decided by a person; none: open
	ADD COLUMN handled_by   text,
	ADD COLUMN handled_at   timestamptz,
	ADD COLUMN handled_act  bigint REFERENCES fundwatch.alert_act,
	ADD COLUMN data_changed boolean NOT NULL DEFAULT false; -- since then
CREATE INDEX alert_data_changed ON fundwatch.alert (alert_id) WHERE data_changed;

CREATE FUNCTION fundwatch.alert_act_text(a fundwatch.alert_act) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT concat_ws(E'\x1f', a.act_id::text, a.alert_id::text, a.kind, a.state,
		(extract(epoch FROM a.at) * 1000000)::bigint::text, a.who, a.note,
		a.revision::text, a.alert_state, coalesce(a.violation_amount::text, ''), a.finding)
$$;

-- The first act whose chain does not hold, or no row.
CREATE VIEW fundwatch.alert_act_broken AS
SELECT act_id FROM (
	SELECT a.act_id, a.hash,
		sha256(coalesce(lag(a.hash) OVER (ORDER BY a.act_id), ''::bytea)
			|| convert_to(fundwatch.alert_act_text(a), 'UTF8')) AS expected,
		a.act_id - coalesce(lag(a.act_id) OVER (ORDER BY a.act_id), 0) AS step
	FROM fundwatch.alert_act a
) chain
WHERE hash <> expected OR step <> 1
ORDER BY act_id LIMIT 1;

-- One more act at the end of the chain. The alert's row is locked before the chain, by everyone.
CREATE FUNCTION fundwatch.alert_do(which bigint, what text, decided text, actor text, words text)
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

-- After the data changed these alerts: those somebody has decided on are flagged when they are
-- not what was decided on, and freed of the flag when they are again.
CREATE FUNCTION fundwatch.alert_recheck(which bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	FOR r IN
		SELECT a.alert_id, a.data_changed, (a.finding IS DISTINCT FROM d.finding
			OR (a.state = 'withdrawn') <> (d.alert_state = 'withdrawn')) AS differs
		FROM fundwatch.alert a JOIN fundwatch.alert_act d ON d.act_id = a.handled_act
		WHERE a.alert_id = ANY (which) AND a.handled IS NOT NULL
		ORDER BY a.alert_id
	LOOP
		IF r.differs OR r.data_changed THEN
			PERFORM fundwatch.alert_do(r.alert_id,
				CASE WHEN r.differs THEN 'data changed' ELSE 'data restored' END,
				NULL, 'fundwatchd', '');
			UPDATE fundwatch.alert SET data_changed = r.differs
			WHERE alert_id = r.alert_id;
		END IF;
	END LOOP;
END
$$;

-- Where each input came from, and whether it is still in the raw archive.
ALTER TABLE fundwatch.intake
	ADD COLUMN sender_key text NOT NULL DEFAULT '',
	ADD COLUMN scope      text NOT NULL DEFAULT '',   -- fixmedins_code the sender speaks for
	ADD COLUMN archive    text NOT NULL DEFAULT 'none'
		CHECK (archive IN ('none', 'kept', 'purged')),
	ADD COLUMN purged_at  timestamptz,
	ADD COLUMN purged_by  text;
CREATE INDEX intake_digest ON fundwatch.intake (digest);

-- What may not be purged, because a case needs it.
CREATE TABLE fundwatch.hold (
	hold_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind       text NOT NULL CHECK (kind IN ('alert', 'intake', 'person', 'facility')),
	value      text NOT NULL,
	reason     text NOT NULL CHECK (reason <> ''),
	added_at   timestamptz NOT NULL DEFAULT now(),
	added_by   text NOT NULL,
	removed_at timestamptz,
	removed_by text
);

-- Visits whose records are evidence: of alerts that stand or that somebody has decided on, and
-- of alerts that are held.
CREATE VIEW fundwatch.evidence_visit AS
SELECT DISTINCT r.fixmedins_code, r.mdtrt_id, r.alert_id
FROM fundwatch.alert a JOIN fundwatch.alert_record r USING (alert_id)
WHERE a.state <> 'withdrawn' OR a.handled IS NOT NULL
	OR EXISTS (SELECT FROM fundwatch.hold h WHERE h.removed_at IS NULL AND h.kind = 'alert'
		AND h.value = a.alert_id::text);

-- Why an input must stay, one row a reason: rather one too many than one too few. A record is
-- evidence with all that is known of its visit; stock belongs to its facility.
CREATE VIEW fundwatch.intake_needed AS
SELECT f.intake_id, 'alert ' || min(v.alert_id) AS why
FROM fundwatch.evidence_visit v JOIN fundwatch.fee f USING (mdtrt_id)
WHERE v.fixmedins_code = f.fixmedins_code GROUP BY f.intake_id
UNION ALL
SELECT s.intake_id, 'alert ' || min(v.alert_id)
FROM fundwatch.evidence_visit v JOIN fundwatch.settlement s USING (mdtrt_id)
WHERE v.fixmedins_code = s.fixmedins_code GROUP BY s.intake_id
UNION ALL
SELECT e.intake_id, 'alert ' || min(v.alert_id)
FROM fundwatch.evidence_visit v JOIN fundwatch.encounter e USING (mdtrt_id)
WHERE v.fixmedins_code = e.fixmedins_code GROUP BY e.intake_id
UNION ALL
SELECT d.intake_id, 'alert ' || min(v.alert_id)
FROM fundwatch.evidence_visit v JOIN fundwatch.diagnosis d USING (mdtrt_id)
GROUP BY d.intake_id
UNION ALL
SELECT o.intake_id, 'alert ' || min(v.alert_id)
FROM fundwatch.evidence_visit v JOIN fundwatch.operation o USING (mdtrt_id)
GROUP BY o.intake_id
UNION ALL
SELECT k.intake_id, 'alert ' || min(v.alert_id)
FROM fundwatch.evidence_visit v JOIN fundwatch.stock k USING (fixmedins_code)
GROUP BY k.intake_id
UNION ALL
SELECT i.intake_id, 'hold ' || h.hold_id
FROM fundwatch.hold h JOIN fundwatch.intake i
	ON h.kind = 'intake' AND h.value = i.intake_id::text
WHERE h.removed_at IS NULL
UNION ALL
SELECT r.intake_id, 'hold ' || min(h.hold_id)
FROM fundwatch.hold h JOIN (
	SELECT intake_id, psn_no AS person, fixmedins_code AS facility FROM fundwatch.fee
	UNION ALL SELECT intake_id, psn_no, fixmedins_code FROM fundwatch.settlement
	UNION ALL SELECT intake_id, psn_no, fixmedins_code FROM fundwatch.encounter
	UNION ALL SELECT intake_id, psn_no, fixmedins_code FROM fundwatch.diagnosis
	UNION ALL SELECT intake_id, psn_no, fixmedins_code FROM fundwatch.operation
	UNION ALL SELECT intake_id, psn_no, fixmedins_code FROM fundwatch.stock
	UNION ALL SELECT intake_id, psn_no, NULL FROM fundwatch.person
	UNION ALL SELECT intake_id, NULL, fixmedins_code FROM fundwatch.facility
) r ON (h.kind = 'person' AND h.value = r.person)
	OR (h.kind = 'facility' AND h.value = r.facility)
WHERE h.removed_at IS NULL GROUP BY r.intake_id;
