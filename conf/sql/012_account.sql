-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- The books, day by day: what became of every record read, by the source it came from, its
-- facility and its stream; and what the rules said. Each epoch adds its changes in its own
-- transaction, so that the sums hold to the last record whatever happens to the daemon.

-- A day's changes; a retraction, a reversal or its end takes effect on the day it came, so that
-- numbers of a day may be negative and sums over days say how things stand. Diagnoses, operations
-- and registers belong to no facility; a reject has none that is sure.
CREATE TABLE fundwatch.account (
	day        date NOT NULL,            -- of the commit, China's
	feed       text NOT NULL,            -- '' where no input was at hand
	facility   text NOT NULL,
	stream     text NOT NULL,            -- '' for rejects of lines that are of no stream
	records    bigint NOT NULL,
	rejects    bigint NOT NULL,
	resent     bigint NOT NULL,
	superseded bigint NOT NULL,
	retracted  bigint NOT NULL,
	reversed   bigint NOT NULL,
	PRIMARY KEY (day, feed, facility, stream)
);

-- Judgings of records: judged = the five outcomes, each day.
CREATE TABLE fundwatch.account_rule (
	day       date NOT NULL,
	rule_id   text NOT NULL,
	scope_out bigint NOT NULL,
	hit       bigint NOT NULL,
	excepted  bigint NOT NULL,
	unknown   bigint NOT NULL,
	no_hit    bigint NOT NULL,
	PRIMARY KEY (day, rule_id)
);

-- Read = rejects + re-sent + superseded + retracted + reversed + live.
CREATE VIEW fundwatch.account_day AS
SELECT day, feed, facility, stream, records + rejects AS read, rejects, resent, superseded,
	retracted, reversed, records - resent - superseded - retracted - reversed AS live
FROM fundwatch.account;

CREATE FUNCTION fundwatch.account_add(at timestamptz, of_feed text, lines json, rules json)
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
	INSERT INTO fundwatch.account_rule AS a
	SELECT (at AT TIME ZONE 'Asia/Shanghai')::date, l ->> 0, (l ->> 1)::bigint, (l ->> 2)::bigint,
		(l ->> 3)::bigint, (l ->> 4)::bigint, (l ->> 5)::bigint
	FROM json_array_elements(rules) l
	ON CONFLICT (day, rule_id) DO UPDATE SET
		scope_out = a.scope_out + excluded.scope_out, hit = a.hit + excluded.hit,
		excepted = a.excepted + excluded.excepted, unknown = a.unknown + excluded.unknown,
		no_hit = a.no_hit + excluded.no_hit;
$$;
