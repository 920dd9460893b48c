-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- What people ask: live alerts, amounts without double counting, whether the history is whole.

CREATE VIEW fundwatch.alert_live AS
SELECT * FROM fundwatch.alert WHERE state <> 'withdrawn';

-- Smaller is counted first.
CREATE FUNCTION fundwatch.alert_priority(nature text, severity text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT 3 * CASE nature WHEN 'violation' THEN 0 WHEN 'suspect' THEN 1 ELSE 2 END
		+ CASE severity WHEN 'high' THEN 0 WHEN 'middle' THEN 1 ELSE 2 END
$$;

-- Each record's share counts once over all rules, for the alert that comes first:
-- violations before suspicions before clues, then severity, then rule and alert id.
CREATE VIEW fundwatch.alert_bearing AS
SELECT alert_id, sum(CASE WHEN place = 1 THEN amount ELSE 0 END) AS bearing_amount
FROM (
	SELECT r.alert_id, r.amount,
		row_number() OVER (
			PARTITION BY r.stream, r.fixmedins_code, r.mdtrt_id, r.record_id
			ORDER BY fundwatch.alert_priority(a.nature, a.severity),
				a.rule_id, a.alert_id) AS place
	FROM fundwatch.alert_record r
	JOIN fundwatch.alert_live a USING (alert_id)
	WHERE NOT a.trial AND r.amount <> 0
) shares
GROUP BY alert_id;

CREATE VIEW fundwatch.rule_total AS
SELECT a.rule_id, a.nature, a.severity, a.trial, count(*) AS alerts,
	sum(a.violation_amount) AS violation_amount, sum(a.fund_amount) AS fund_amount,
	sum(b.bearing_amount) AS bearing_amount
FROM fundwatch.alert_live a
LEFT JOIN fundwatch.alert_bearing b USING (alert_id)
GROUP BY a.rule_id, a.nature, a.severity, a.trial;

CREATE FUNCTION fundwatch.alert_event_text(e fundwatch.alert_event) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT concat_ws(E'\x1f', e.event_id::text, e.alert_id::text, e.revision::text, e.kind,
		e.epoch::text, (extract(epoch FROM e.at) * 1000000)::bigint::text, e.who, e.why,
		e.rule_set, coalesce(e.amount_from::text, ''), coalesce(e.amount_to::text, ''),
		coalesce(e.finding, ''))
$$;

-- The first event whose chain does not hold, or no row.
CREATE VIEW fundwatch.alert_event_broken AS
SELECT event_id FROM (
	SELECT e.event_id, e.hash,
		sha256(coalesce(lag(e.hash) OVER (ORDER BY e.event_id), ''::bytea)
			|| convert_to(fundwatch.alert_event_text(e), 'UTF8')) AS expected,
		e.event_id - coalesce(lag(e.event_id) OVER (ORDER BY e.event_id), 0) AS step
	FROM fundwatch.alert_event e
) chain
WHERE hash <> expected OR step <> 1
ORDER BY event_id LIMIT 1;

-- A month's partition of a record table, made when its first row comes.
CREATE FUNCTION fundwatch.ensure_month(stream text, first_day date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	part text := format('%s_%s', stream, to_char(first_day, 'YYYY_MM'));
BEGIN
	IF to_regclass(format('fundwatch.%I', part)) IS NULL THEN
		EXECUTE format('CREATE TABLE fundwatch.%I PARTITION OF fundwatch.%I '
			'FOR VALUES FROM (%L) TO (%L)', part, stream, first_day,
			first_day + interval '1 month');
	END IF;
END
$$;
