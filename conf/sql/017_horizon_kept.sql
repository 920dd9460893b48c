-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- What was in memory when an epoch was judged: visits with an event on or after this day, NULL: all.
-- Rules over facilities are judged when the spool is drained; who is stopped or killed before loads
-- from the same day again, so that they see all that came.

ALTER TABLE fundwatch.epoch ADD COLUMN kept_from date;

-- A person's packs sold and reports, brought back with the rest.
CREATE INDEX trace_person ON fundwatch.trace (psn_no);
CREATE INDEX report_person ON fundwatch.report (psn_no);
