-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Indexes of fee lines, by far the most rows, that cost taking in less.

-- Compared byte by byte, whatever the database's collation; it serves the same look-ups.
DROP INDEX fundwatch.fee_lookup;
CREATE INDEX fee_lookup ON fundwatch.fee (mdtrt_id text_pattern_ops);

-- All lines of a person are asked for seldom, when a late record brings them back: a filter for
-- each few pages finds them in a few milliseconds a million lines and costs a tenth of a tree.
DROP INDEX fundwatch.fee_person;
CREATE INDEX fee_person ON fundwatch.fee USING brin (psn_no text_bloom_ops)
	WITH (pages_per_range = 16);
