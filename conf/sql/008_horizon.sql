-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- The horizon: alerts that reach below it stand as they are; records older than anything still
-- kept are counted, not judged.

-- What was removed for good: records of events before this day are no more. Written by whoever
-- purges, before the rows go.
CREATE TABLE fundwatch.purge (
	purge_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	before   date NOT NULL,
	at       timestamptz NOT NULL DEFAULT now(),
	who      text NOT NULL
);

-- A record that came when its surroundings had been purged. The record itself is stored like
-- all others; what it would say of findings is not believed.
CREATE TABLE fundwatch.late (
	epoch          bigint NOT NULL REFERENCES fundwatch.epoch,
	intake_id      bigint NOT NULL,
	line           bigint NOT NULL,
	stream         text NOT NULL,
	psn_no         text NOT NULL,
	fixmedins_code text NOT NULL,
	mdtrt_id       text NOT NULL,
	event_time     timestamp NOT NULL,
	floor          date NOT NULL      -- of what was kept when it came
);
CREATE INDEX late_intake ON fundwatch.late (intake_id);

-- A late record brings back all of its person's.
CREATE INDEX encounter_person ON fundwatch.encounter (psn_no);
CREATE INDEX settlement_person ON fundwatch.settlement (psn_no);
CREATE INDEX fee_person ON fundwatch.fee (psn_no);
CREATE INDEX diagnosis_person ON fundwatch.diagnosis (psn_no);
CREATE INDEX operation_person ON fundwatch.operation (psn_no);
