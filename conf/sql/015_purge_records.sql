-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Records past their time leave, visit by visit and whole, unless a hold or an alert needs them.

-- Visits that ended before a day, and whether they must stay. One whose rows do not all say when
-- is not known to have ended.
CREATE FUNCTION fundwatch.old_visit(before date)
RETURNS TABLE (facility text, visit text, needed boolean) LANGUAGE sql STABLE AS $$
	WITH held AS (SELECT kind, value FROM fundwatch.hold WHERE removed_at IS NULL),
	event AS (
		SELECT fixmedins_code, mdtrt_id, psn_no, intake_id, greatest(begntime, endtime) AS at
		FROM fundwatch.encounter
		UNION ALL SELECT fixmedins_code, mdtrt_id, psn_no, intake_id, setl_time
		FROM fundwatch.settlement
		UNION ALL SELECT fixmedins_code, mdtrt_id, psn_no, intake_id, fee_ocur_time
		FROM fundwatch.fee)
	SELECT fixmedins_code, mdtrt_id,
		EXISTS (SELECT FROM fundwatch.evidence_visit v WHERE v.mdtrt_id = e.mdtrt_id
			AND v.fixmedins_code = coalesce(e.fixmedins_code, ''))
		OR fixmedins_code IN (SELECT value FROM held WHERE kind = 'facility')
		OR bool_or(psn_no IN (SELECT value FROM held WHERE kind = 'person'))
		OR bool_or(intake_id::text IN (SELECT value FROM held WHERE kind = 'intake'))
	FROM event e WHERE mdtrt_id IS NOT NULL
	GROUP BY 1, 2 HAVING max(at) < before AND count(*) = count(at)
$$;

-- Removes them and says how many rows of which table; `needed` are visits that stay. The day is
-- entered first: from then on the daemon believes nothing that would reach below it. Events, acts
-- and alerts stay, as do registers and what is known of inputs.
CREATE FUNCTION fundwatch.purge_records(before date, actor text)
RETURNS TABLE (what text, n bigint) LANGUAGE plpgsql AS $$
DECLARE
	of_stream text;
BEGIN
	INSERT INTO fundwatch.purge (before, who) VALUES (before, actor);
	CREATE TEMP TABLE old_visit ON COMMIT DROP AS
		SELECT o.facility, o.visit, coalesce(o.needed, false) AS needed
		FROM fundwatch.old_visit(before) o;
	CREATE INDEX ON old_visit (visit);
	ANALYZE old_visit;
	FOREACH of_stream IN ARRAY ARRAY['fee', 'settlement', 'encounter'] LOOP
		what := of_stream;
		EXECUTE format('DELETE FROM fundwatch.%I r USING old_visit o WHERE NOT o.needed '
			'AND r.mdtrt_id = o.visit AND r.fixmedins_code IS NOT DISTINCT FROM o.facility',
			of_stream);
		GET DIAGNOSTICS n = ROW_COUNT;
		RETURN NEXT;
	END LOOP;
	-- These may name no facility: they go when nothing of a visit of that number is left.
	FOREACH of_stream IN ARRAY ARRAY['diagnosis', 'operation'] LOOP
		what := of_stream;
		EXECUTE format('DELETE FROM fundwatch.%I r USING (SELECT DISTINCT visit FROM old_visit '
			'WHERE NOT needed) o WHERE r.mdtrt_id = o.visit '
			'AND NOT EXISTS (SELECT FROM fundwatch.encounter WHERE mdtrt_id = o.visit) '
			'AND NOT EXISTS (SELECT FROM fundwatch.settlement WHERE mdtrt_id = o.visit) '
			'AND NOT EXISTS (SELECT FROM fundwatch.fee WHERE mdtrt_id = o.visit)', of_stream);
		GET DIAGNOSTICS n = ROW_COUNT;
		RETURN NEXT;
	END LOOP;
	what := 'stock';
	DELETE FROM fundwatch.stock s WHERE s.inv_chg_time < before
		AND NOT EXISTS (SELECT FROM fundwatch.evidence_visit v
			WHERE v.fixmedins_code = s.fixmedins_code)
		AND NOT EXISTS (SELECT FROM fundwatch.hold h WHERE h.removed_at IS NULL
			AND ((h.kind = 'facility' AND h.value = s.fixmedins_code)
				OR (h.kind = 'person' AND h.value = s.psn_no)
				OR (h.kind = 'intake' AND h.value = s.intake_id::text)));
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN NEXT;
	what := 'needed';
	SELECT count(*) INTO n FROM old_visit o WHERE o.needed;
	RETURN NEXT;
	DROP TABLE old_visit;
END
$$;
