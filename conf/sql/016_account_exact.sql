-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- What the rules judged is booked with every epoch, in its own transaction, so that a crash loses
-- none of it. An epoch writes one row; now and then these rows are added up by day and rule.

ALTER TABLE fundwatch.account_rule RENAME TO account_rule_folded;

-- Judgings of an epoch that are not added up yet: [[rule, scope_out, hit, excepted, unknown,
-- no_hit], ...].
CREATE TABLE fundwatch.account_rule_epoch (
	epoch bigint PRIMARY KEY,
	day   date NOT NULL,                 -- of the commit, China's
	rules json NOT NULL
);

-- Judgings of records: judged = the five outcomes, each day.
CREATE VIEW fundwatch.account_rule AS
SELECT day, rule_id, sum(scope_out)::bigint AS scope_out, sum(hit)::bigint AS hit,
	sum(excepted)::bigint AS excepted, sum(unknown)::bigint AS unknown,
	sum(no_hit)::bigint AS no_hit
FROM (
	SELECT * FROM fundwatch.account_rule_folded
	UNION ALL
	SELECT day, l ->> 0, (l ->> 1)::bigint, (l ->> 2)::bigint, (l ->> 3)::bigint,
		(l ->> 4)::bigint, (l ->> 5)::bigint
	FROM fundwatch.account_rule_epoch, json_array_elements(rules) l
) judged
GROUP BY day, rule_id;

DROP FUNCTION fundwatch.account_add(timestamptz, text, json, json);

CREATE FUNCTION fundwatch.account_add(at timestamptz, of_feed text, lines json)
RETURNS void LANGUAGE sql AS $$
	INSERT INTO fundwatch.account AS a
	SELECT (at AT TIME ZONE 'Asia/Shanghai')::date, of_feed, l ->> 0, l ->> 1, (l ->> 2)::bigint,
		(l ->> 3)::bigint, (l ->> 4)::bigint, (l ->> 5)::bigint, (l ->> 6)::bigint,
		(l ->> 7)::bigint
	FROM json_array_elements(lines) l
	ON CONFLICT (day, feed, facility, stream) DO UPDATE SET
		records = a.records + excluded.records, rejects = a.rejects + excluded.rejects,
		resent = a.resent + excluded.resent,
		superseded = a.superseded + excluded.superseded,
		retracted = a.retracted + excluded.retracted,
		reversed = a.reversed + excluded.reversed;
$$;

CREATE FUNCTION fundwatch.account_rules_add(of_epoch bigint, at timestamptz, of_rules json)
RETURNS void LANGUAGE sql AS $$
	INSERT INTO fundwatch.account_rule_epoch
	VALUES (of_epoch, (at AT TIME ZONE 'Asia/Shanghai')::date, of_rules);
$$;

CREATE FUNCTION fundwatch.account_rules_fold() RETURNS void LANGUAGE sql AS $$
	WITH gone AS (DELETE FROM fundwatch.account_rule_epoch RETURNING day, rules)
	INSERT INTO fundwatch.account_rule_folded AS a
	SELECT day, l ->> 0, sum((l ->> 1)::bigint), sum((l ->> 2)::bigint),
		sum((l ->> 3)::bigint), sum((l ->> 4)::bigint), sum((l ->> 5)::bigint)
	FROM gone, json_array_elements(rules) l GROUP BY 1, 2
	ON CONFLICT (day, rule_id) DO UPDATE SET
		scope_out = a.scope_out + excluded.scope_out, hit = a.hit + excluded.hit,
		excepted = a.excepted + excluded.excepted, unknown = a.unknown + excluded.unknown,
		no_hit = a.no_hit + excluded.no_hit;
$$;
