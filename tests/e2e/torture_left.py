# SPDX-License-Identifier: GPL-3.0-or-later
"""What a round of torture leaves behind in its database, as digests and row by row."""
import collections

from daemon_lib import STREAMS

BOOKS = ("SELECT facility, stream, sum(read), sum(rejects), sum(resent), sum(superseded), "
         "sum(retracted), sum(reversed), sum(live) FROM fundwatch.account_day "
         "GROUP BY 1, 2 HAVING sum(read) <> 0 OR sum(live) <> 0")

# What may differ from run to run is when it happened; what must not, is in these.
TABLES = {
    "alert": "SELECT alert_id, rule_id, rule_digest, nature, severity, subject, key_value, "
             "violation_amount, fund_amount, n_records, state, revision, finding "
             "FROM fundwatch.alert",
    "alert_record": "SELECT * FROM fundwatch.alert_record",
    "alert_event": "SELECT alert_id, revision, kind, why, amount_from, amount_to, finding "
                   "FROM fundwatch.alert_event",
    "reject": "SELECT intake_id, line, column_no, reason, field, raw FROM fundwatch.reject",
    "intake": "SELECT intake_id, file_name, digest, state, rows_done, records, rejects "
              "FROM fundwatch.intake",
    "account": BOOKS,
} | {stream: f"SELECT * FROM fundwatch.{stream}" for stream in STREAMS}

# The same where a failed call has let another file go first: no numbers given by order.
CONTENT = {
    "live": "SELECT finding FROM fundwatch.alert_live",
    "reject": "SELECT line, column_no, reason, field, raw FROM fundwatch.reject",
    "intake": "SELECT file_name, digest, state, rows_done, records, rejects FROM fundwatch.intake",
    "account": BOOKS,
} | {stream: f"SELECT to_jsonb(r) - 'intake_id' FROM fundwatch.{stream} r" for stream in STREAMS}

# Of a mixed round: closes have names of their own, and whether the raw text of a reject is gone
# depends on what was known when somebody purged.
PERIOD = "period"
MIXED_TABLES = CONTENT | {
    "closed": "SELECT finding FROM fundwatch.alert_live WHERE closed",
    "reject": "SELECT line, column_no, reason, field FROM fundwatch.reject",
    "intake": CONTENT["intake"] + f" WHERE source <> '{PERIOD}'",
}


def digests(box):
    """One digest a table, and the breaks of the chain of events."""
    parts = [f"SELECT '{name}', md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))) "
             f"FROM ({sql}) r" for name, sql in TABLES.items()]
    parts.append("SELECT 'broken', string_agg(event_id::text, ' ') FROM "
                 "fundwatch.alert_event_broken")
    rows = box.sql(" UNION ALL ".join(parts)).splitlines()
    return dict(row.split("|") for row in rows)


def rows(box, tables):
    """Every row of every table, for counting what is lost or twice."""
    parts = [f"SELECT '{name}' || E'\\t' || r::text FROM ({sql}) r"
             for name, sql in tables.items()]
    got = {name: collections.Counter() for name in tables}
    for row in box.sql(" UNION ALL ".join(parts)).splitlines():
        name, _, text = row.partition("\t")
        if name in got:
            got[name][text] += 1
    return got


def rows_of(box):
    return rows(box, TABLES)


def content_of(box):
    return rows(box, CONTENT)


def mixed_of(box):
    return rows(box, MIXED_TABLES)
