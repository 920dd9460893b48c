-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Periods closed by hand, and the horizon: what comes too late to be judged.

ALTER TABLE fundwatch.epoch DROP CONSTRAINT epoch_kind_check,
	ADD CONSTRAINT epoch_kind_check
	CHECK (kind IN ('intake', 'drain', 'rules', 'period'));

-- Who closed or opened which month, in order; never changed. region: a division code without
-- its trailing 00 pairs, '' is all.
CREATE TABLE fundwatch.period_event (
	epoch   bigint NOT NULL REFERENCES fundwatch.epoch,
	kind    text NOT NULL CHECK (kind IN ('close', 'reopen')),
	region  text NOT NULL,
	stream  text NOT NULL,
	month   date NOT NULL CHECK (extract(day FROM month) = 1),
	at      timestamptz NOT NULL,
	who     text NOT NULL,
	PRIMARY KEY (epoch, stream)
);

-- Each month that was ever closed, as it stands: closes counts re-closes too.
CREATE VIEW fundwatch.period AS
SELECT DISTINCT ON (region, stream, month) region, stream, month, kind = 'close' AS closed,
	at AS changed_at, who AS changed_by, epoch,
	count(*) FILTER (WHERE kind = 'close') OVER (PARTITION BY region, stream, month) AS closes
FROM fundwatch.period_event
ORDER BY region, stream, month, epoch DESC;
