-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Records as the engine reads them, and money counted once.

-- What the versions of an encounter add up to. A version with a transaction time and no update
-- time is a message and speaks of the fields it carries; any other is a full row and speaks of
-- all. Each field is that of the greatest version that speaks of it, of those of the person that
-- the greatest version of all names. Columns are those of the table, whatever it has.
DO $$
DECLARE
	columns text;
BEGIN
	SELECT string_agg(CASE
		WHEN attname = 'identity' THEN 'identity'
		WHEN attname IN ('intake_id', 'line', 'digest', 'revision', 'psn_no')
		THEN format('(array_agg(%1$I ORDER BY place))[1]::%2$s AS %1$I', attname,
			format_type(atttypid, atttypmod))
		ELSE format('(array_agg(%1$I ORDER BY place) FILTER (WHERE whole OR %1$I IS NOT NULL))'
			'[1]::%2$s AS %1$I', attname, format_type(atttypid, atttypmod))
		END, ', ' ORDER BY attnum)
	INTO columns FROM pg_attribute
	WHERE attrelid = 'fundwatch.encounter'::regclass AND attnum > 0 AND NOT attisdropped;
	EXECUTE 'CREATE OR REPLACE VIEW fundwatch.encounter_live AS SELECT * FROM (SELECT '
		|| columns || ' FROM (SELECT *, inf_time IS NULL OR updt_time IS NOT NULL AS whole,'
		' row_number() OVER greatest_first AS place,'
		' first_value(psn_no) OVER greatest_first AS owner'
		' FROM fundwatch.encounter WINDOW greatest_first AS (PARTITION BY identity'
		' ORDER BY revision DESC NULLS LAST, digest < 0 DESC, digest DESC)) version'
		' WHERE psn_no IS NOT DISTINCT FROM owner GROUP BY identity) merged'
		' WHERE vali_flag IS DISTINCT FROM ''0''';
END
$$;

-- What each record of an alert bears when every line counts once: alerts in the order of their
-- priority take what is still there. A line that was counted, alone or with its settlement or its
-- stay, is counted no more; a stay or settlement bears what its lines have not borne before.
CREATE FUNCTION fundwatch.bearing_record() RETURNS TABLE (alert_id bigint, seq integer, bears numeric)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	r record;
	at text := '';             -- the visit at hand
	done text[];               -- its records that were counted
	counted numeric;           -- of it, by all
	of_setl jsonb;             -- by lines, per settlement
	whole boolean;             -- a stay or visit was counted
BEGIN
	FOR r IN
		SELECT a.alert_id, x.seq, x.stream, x.record_id, x.amount,
			concat_ws(E'\x1f', x.fixmedins_code, x.mdtrt_id) AS visit,
			CASE x.stream
			WHEN 'settlement' THEN x.record_id
			WHEN 'fee' THEN (SELECT f.setl_id FROM fundwatch.fee f
				WHERE f.mdtrt_id = x.mdtrt_id AND f.feedetl_sn = x.record_id
				AND f.fixmedins_code = x.fixmedins_code
				ORDER BY f.revision DESC NULLS LAST LIMIT 1) END AS setl
		FROM fundwatch.alert_record x
		JOIN fundwatch.alert_live a USING (alert_id)
		WHERE NOT a.trial AND x.amount <> 0
		ORDER BY visit, fundwatch.alert_priority(a.nature, a.severity), a.rule_id, a.alert_id, x.seq
	LOOP
		IF r.visit <> at OR done IS NULL THEN
			at := r.visit;
			done := '{}';
			counted := 0;
			of_setl := '{}';
			whole := false;
		END IF;
		alert_id := r.alert_id;
		seq := r.seq;
		bears := 0;
		IF NOT whole AND NOT (r.stream || E'\x1f' || r.record_id) = ANY (done)
			AND NOT (r.stream = 'fee' AND r.setl IS NOT NULL
				AND ('settlement' || E'\x1f' || r.setl) = ANY (done)) THEN
			IF r.stream IN ('stay', 'visit', 'encounter') THEN
				bears := greatest(r.amount - counted, 0);
				whole := true;
			ELSIF r.stream = 'settlement' THEN
				bears := greatest(r.amount
					- coalesce((of_setl ->> r.record_id)::numeric, 0), 0);
			ELSE
				bears := r.amount;
				IF r.setl IS NOT NULL THEN
					of_setl := jsonb_set(of_setl, ARRAY[r.setl], to_jsonb(bears
						+ coalesce((of_setl ->> r.setl)::numeric, 0)));
				END IF;
			END IF;
			done := done || (r.stream || E'\x1f' || r.record_id);
			counted := counted + bears;
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;

CREATE OR REPLACE VIEW fundwatch.alert_bearing AS
SELECT alert_id, sum(bears) AS bearing_amount FROM fundwatch.bearing_record() GROUP BY alert_id;
