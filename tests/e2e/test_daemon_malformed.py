# SPDX-License-Identifier: GPL-3.0-or-later
"""Malformed files: every bad line a reject with its place, no good line lost, the daemon alive."""
import gzip
import os

from daemon_lib import Box

HEAD = ("feedetl_sn,mdtrt_id,setl_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,cnt,pric,"
        "det_item_fee_sumamt\n")


def line(n, **change):
    row = dict(feedetl_sn=f"F{n}", mdtrt_id=f"M{n}", setl_id=f"S{n}", fixmedins_code="H1",
               psn_no=f"P{n}", fee_ocur_time="2026-03-01 09:00:00", med_list_codg="X1",
               cnt="1", pric="10.00", det_item_fee_sumamt="10.00")
    row.update(change)
    return ",".join(row.values()) + "\n"


with Box("malformed") as box:
    box.put("fee_list_d_bad.csv", HEAD
            + line(1)                                           # line 2
            + line(2, cnt="many")                               # 3: bad-number, column 8
            + line(3, fee_ocur_time="2026-02-30 10:00:00")      # 4: bad-time, column 6
            + line(4, psn_no="")                                # 5: missing-required
            + line(5)                                           # 6
            + "one,two\n"                                       # 7: bad-columns
            + line(6, det_item_fee_sumamt="1,000.00")           # 8: one column too many
            + line(7)[:-1])                                     # 9: no newline at the end
    box.put("fee_list_d_bytes.csv", HEAD.encode() + line(11).encode()
            + line(12).replace("X1", "X\x00").encode()
            + line(13).encode().replace(b"H1", b"H\xff\xfe")
            + line(14).encode())
    whole = gzip.compress((HEAD + "".join(line(n) for n in range(100, 200))).encode())
    box.put("fee_list_d_cut.csv.gz", whole[:len(whole) - 20])
    box.put("fee_list_d_empty.csv", b"")
    box.put("letter.docx", b"what is this")
    os.symlink("/etc/passwd", f"{box.spool}/fee_list_d_link.csv")
    os.mkfifo(f"{box.spool}/fee_list_d_pipe.csv")
    os.mkdir(f"{box.spool}/fee_list_d_folder.csv")
    box.put("fee_list_d_zgood.csv", HEAD + line(300) + line(301))
    daemon = box.start()
    daemon.wait("drained: ")

    got = box.sql("SELECT line, column_no, r.reason, field FROM fundwatch.reject r "
                  "JOIN fundwatch.intake USING (intake_id) "
                  "WHERE file_name = 'fee_list_d_bad.csv' ORDER BY line").split()
    assert got == ["3|8|bad-number|cnt", "4|6|bad-time|fee_ocur_time",
                   "5|5|missing-required|psn_no", "7|0|bad-columns|", "8|0|bad-columns|"], got
    taken = box.sql("SELECT feedetl_sn, line FROM fundwatch.fee "
                    "JOIN fundwatch.intake USING (intake_id) "
                    "WHERE file_name = 'fee_list_d_bad.csv' ORDER BY line").split()
    assert taken == ["F1|2", "F5|6", "F7|9"], taken
    raw = box.sql("SELECT raw FROM fundwatch.reject WHERE reason = 'bad-number'").strip()
    assert raw == line(2, cnt="many").strip(), raw
    report = box.report("fee_list_d_bad.csv")
    assert report["rows"] == 8 and report["records"] == 3 and report["rejects"] == 5, report
    assert {"bad-number", "bad-time", "missing-required", "bad-columns"} == {
        r["reason"] for r in report["reject_reasons"]}
    assert report["sums"]["fee.det_item_fee_sumamt"] == "30.000000", report

    taken = box.sql("SELECT feedetl_sn FROM fundwatch.fee JOIN fundwatch.intake USING (intake_id) "
                    "WHERE file_name = 'fee_list_d_bytes.csv' ORDER BY line").split()
    assert "F11" in taken and "F14" in taken and "F12" not in taken, taken
    assert box.number("SELECT count(*) FROM fundwatch.reject WHERE reason = 'bad-byte'") == 1

    # A cut gzip: what was good before the cut is kept, the file fails with the reason.
    assert box.report("fee_list_d_cut.csv.gz", "failed")["reason"]
    assert box.number("SELECT count(*) FROM fundwatch.fee WHERE mdtrt_id LIKE 'M1__'") > 0
    assert "empty" in box.report("fee_list_d_empty.csv", "failed")["reason"]
    assert box.report("letter.docx", "failed")["reason"]
    left = sorted(name for name in os.listdir(box.spool) if not name.startswith("."))
    assert left == ["done", "failed", "fee_list_d_folder.csv", "fee_list_d_link.csv",
                    "fee_list_d_pipe.csv"], left
    refused = [l for l in daemon.lines if "is not taken" in l]
    assert len(refused) == 3, refused
    assert box.number("SELECT count(*) FROM fundwatch.fee WHERE mdtrt_id IN ('M300', 'M301')") == 2
    assert not any("P2" in l for l in daemon.lines if " debug " not in l), "a person in the log"
    daemon.term()
    print("rejects in their places, good lines kept")
