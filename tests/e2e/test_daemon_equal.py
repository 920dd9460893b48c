# SPDX-License-Identifier: GPL-3.0-or-later
"""The alert table filled by the daemon is what `fundwatch scan` finds in the same files,
whatever the order they come in."""
import os
import random
import tempfile

from daemon_lib import Box, ROOT, STREAMS, generate, same, scan, suppressed



def held(box):
    """What the daemon holds back, as the scan tells it."""
    lines = box.sql("SELECT reason || chr(9) || finding FROM fundwatch.alert_suppressed")
    return sorted(tuple(line.split("\t")) for line in lines.splitlines())


with tempfile.TemporaryDirectory() as data, Box("equal", epoch_rows=5000) as box:
    files = generate(data, 20000)
    box.drop(*files)
    daemon = box.start()
    daemon.wait("drained: ")
    expected, got = scan(f"{ROOT}/rules", files), box.live()
    assert expected, "the scan found nothing: this test would prove nothing"
    assert got == expected, (f"daemon {len(got)}, scan {len(expected)}; "
                             f"only daemon {[l for l in got if l not in expected][:3]}, "
                             f"only scan {[l for l in expected if l not in got][:3]}")
    print(f"{len(got)} alerts, the same as the scan's")
    quiet = suppressed(f"{ROOT}/rules", files)
    assert quiet and held(box) == quiet, f"held back: {len(held(box))}, by the scan {len(quiet)}"
    assert box.number("SELECT sum(alerts) FROM fundwatch.suppressed_total") <= len(quiet)

    # The columns say what the canonical line says.
    differing = box.sql("""
        SELECT alert_id FROM fundwatch.alert_live a WHERE
            rule_id <> finding::json->>'rule' OR rule_digest <> finding::json->>'digest'
            OR subject <> finding::json->'subject'->>'id'
            OR violation_amount IS DISTINCT FROM (finding::json->>'amount')::numeric
            OR sentence <> finding::json->>'sentence'
            OR n_records <> json_array_length(finding::json->'records')
            OR n_records <> (SELECT count(*) FROM fundwatch.alert_record r
                             WHERE r.alert_id = a.alert_id)""")
    assert differing == "", f"columns differ from their line: {differing}"
    wrong = box.sql("""
        SELECT alert_id FROM fundwatch.alert_live JOIN fundwatch.alert_record r USING (alert_id)
        WHERE violation_amount IS NOT NULL
        GROUP BY alert_id, violation_amount HAVING sum(r.amount) <> violation_amount""")
    assert wrong == "", f"shares do not add up: {wrong}"
    assert box.number("SELECT count(*) FROM fundwatch.alert_bearing b JOIN fundwatch.alert a "
                      "USING (alert_id) WHERE bearing_amount > violation_amount") == 0
    box.chain_holds()

    # Nothing was lost between the files and the tables.
    for path in files:
        report = box.report(os.path.basename(path))
        assert report["rows"] == report["records"] + report["rejects"], report
    assert box.number("SELECT sum(records) FROM fundwatch.intake") == sum(
        box.number(f"SELECT count(*) FROM fundwatch.{stream}") for stream in STREAMS)
    assert box.number("SELECT count(*) FROM fundwatch.rule_release") == 1
    assert box.number("SELECT count(*) FROM fundwatch.rule_release_text") > 4
    daemon.term()

    # The same files again change nothing but are told to be known.
    before = box.tables()
    box.drop(*files)
    daemon = box.start()
    daemon.wait_all(*(f"`{os.path.basename(f)}` is done" for f in files), "drained: ")
    same(before, box.tables(), "the same files again")
    assert box.report(os.path.basename(files[0]) + ".2")["already_taken_in"]
    daemon.term()
    assert not any("differ from" in line for line in daemon.lines), daemon.lines

    # One by one, in other orders: the same live alerts.
    for seed in (1, 2):
        random.Random(seed).shuffle(files)
        with Box(f"order{seed}") as other:
            daemon = other.start()
            for path in files:
                other.drop(path)
                daemon.wait_all(f"`{os.path.basename(path)}` is done", "drained: ")
            assert other.live() == expected, f"order {seed} gives other alerts"
            assert held(other) == quiet, f"order {seed} holds back others"
            other.chain_holds()
            daemon.term()
    print("in two other orders: the same")
