# SPDX-License-Identifier: GPL-3.0-or-later
"""Files made to harm: each gets its reason, memory stays bounded, good lines are kept, the
daemon goes on."""
import gzip
import os
import re
import zlib

from daemon_lib import Box

HEAD = ("feedetl_sn,mdtrt_id,setl_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,cnt,pric,"
        "det_item_fee_sumamt\n")
COLUMNS = HEAD.strip().split(",")
GIB = 1 << 30


def line(n, **change):
    row = dict(feedetl_sn=f"F{n}", mdtrt_id=f"M{n}", setl_id=f"S{n}", fixmedins_code="H1",
               psn_no=f"P{n}", fee_ocur_time="2026-03-01 09:00:00", med_list_codg="X1",
               cnt="1", pric="10.00", det_item_fee_sumamt="10.00")
    row.update(change)
    return ",".join(row.values()) + "\n"


def peak_kib(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as text:
        return int(re.search(r"VmHWM:\s+(\d+)", text.read()).group(1))


def packed(head, filler, times, tail):
    """A gzip member of a great content that is nowhere written out."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield pack.compress(head)
    for _ in range(times):
        yield pack.compress(filler)
    yield pack.compress(tail) + pack.flush()


def bomb(box):
    """1 GiB of one line in about 1 MB, a good line behind it."""
    with open(f"{box.spool}/fee_list_d_bomb.csv.gz.part", "wb") as out:
        for piece in packed((HEAD + line(1)).encode(), b"0" * (1 << 20), 1024,
                            ("\n" + line(2)).encode()):
            out.write(piece)
    os.rename(f"{box.spool}/fee_list_d_bomb.csv.gz.part", f"{box.spool}/fee_list_d_bomb.csv.gz")


def hole(box):
    """A line of 2 GiB and a bit, all NUL: a file with a hole takes no disk."""
    path = f"{box.spool}/fee_list_d_hole.csv"
    with open(path + ".part", "wb") as out:
        out.write((HEAD + line(3)).encode())
        out.seek(2 * GIB + 4096, os.SEEK_CUR)
        out.write(("\n" + line(4)).encode())
    os.rename(path + ".part", path)


ABSURD = [  # field, value, reason; None: the value is odd but a value
    ("fee_ocur_time", "0000-00-00", "bad-time"),
    ("fee_ocur_time", "2026-02-29 00:00:00", "bad-time"),
    ("fee_ocur_time", "99999-01-01", "bad-time"), ("fee_ocur_time", "2026-13-01", "bad-time"),
    ("fee_ocur_time", "-2026-01-01", "bad-time"),
    ("fee_ocur_time", "2026-03-01 24:61:00", "bad-time"),
    ("det_item_fee_sumamt", "1e308", "bad-number"), ("det_item_fee_sumamt", "9" * 40, "bad-number"),
    ("det_item_fee_sumamt", "NaN", "bad-number"), ("det_item_fee_sumamt", "inf", "bad-number"),
    ("det_item_fee_sumamt", "0x10", "bad-number"), ("det_item_fee_sumamt", "--1", "bad-number"),
    ("det_item_fee_sumamt", "1.00000000001", "bad-number"), ("det_item_fee_sumamt", "-0", None),
    ("cnt", "1" + "0" * 18, "bad-number"), ("cnt", "+1", None),
    ("psn_no", "P" * 70000, "text-too-long"),
    ("med_list_codg", "'; DROP TABLE fundwatch.fee; --", None),
    ("med_list_codg", "\\N", None), ("med_list_codg", "\x1b[31mred\x1b[0m", None),
]


def absurd(box):
    box.put("fee_list_d_absurd.csv",
            HEAD + "".join(line(100 + n, **{f: v}) for n, (f, v, _) in enumerate(ABSURD)))


def wide(box):
    """100,000 columns in the header of one file, in one line of another."""
    extra = ",".join(f"x{n}" for n in range(100000))
    box.put("fee_list_d_widehead.csv", HEAD.strip() + "," + extra + "\n" + line(5))
    box.put("fee_list_d_wideline.csv", HEAD + line(6).strip() + "," + extra + "\n" + line(7))


def json_lines(box):
    """Nested without end, a key a million times, a number of a megabyte; a good one."""
    deep = '{"feedetl_sn":' + "[" * 1000000 + "]" * 1000000 + "}\n"
    many = "{" + ",".join(f'"k{n}":1' for n in range(200000)) + "}\n"
    long = '{"cnt":' + "1" * 1000000 + "}\n"
    row = dict(zip(COLUMNS, line(8).strip().split(",")))
    good = "{" + ",".join(f'"{k}":"{v}"' for k, v in row.items()) + "}\n"
    box.put("fee_list_d_deep.ndjson", deep + many + long + '{"cnt":\n' + good)


NAMES = [b"fee_list_d_-rf.csv", b"fee_list_d_%2e%2e%2fetc.csv", b"fee_list_d_$(reboot).csv"]
BAD_NAMES = [b"fee_list_d_\xff\xfe.csv", b"fee_list_d_\nfake log line.csv",
             b"fee_list_d_\x1b[2J.csv",
             b"fee_list_d_" + b"n" * 240 + b".csv"]


def names(box):
    for n, name in enumerate(NAMES + BAD_NAMES):
        path = os.path.join(os.fsencode(box.spool), name)
        with open(path[:-3] + b"tmp", "w", encoding="utf-8") as out:
            out.write(HEAD + line(200 + n))
        os.rename(path[:-3] + b"tmp", path)


def check(box, daemon):
    serials = set(box.sql("SELECT feedetl_sn FROM fundwatch.fee").split("\n"))
    good = {f"F{n}" for n in (1, 2, 3, 4, 7, 8)}
    good |= {f"F{100 + n}" for n, (_, _, reason) in enumerate(ABSURD) if reason is None}
    good |= {f"F{200 + n}" for n in range(len(NAMES))}
    assert serials - {""} == good, (sorted(good - serials), sorted(serials - good))

    got = box.sql("SELECT file_name, line, r.reason FROM fundwatch.reject r JOIN "
                  "fundwatch.intake USING (intake_id) ORDER BY 1, 2").split("\n")
    want = [f"fee_list_d_absurd.csv|{n + 2}|{reason}"
            for n, (_, _, reason) in enumerate(ABSURD) if reason]
    assert [g for g in got if "absurd" in g] == want, got
    assert "fee_list_d_bomb.csv.gz|3|line-too-long" in got, got
    assert "fee_list_d_hole.csv|3|line-too-long" in got, got
    assert "fee_list_d_wideline.csv|2|bad-columns" in got, got
    assert "表头" in box.report("fee_list_d_widehead.csv", "failed")["reason"]
    deep = [g.split("|")[2] for g in got if "deep" in g]
    assert len(deep) == 4, deep
    assert max(len(raw) for raw in box.sql("SELECT raw FROM fundwatch.reject").split("\n")) \
        <= 2 << 20
    assert "drop table" not in box.sql("SELECT 1 FROM fundwatch.fee LIMIT 1").lower()
    log = "\n".join(daemon.lines)
    forged = re.search(r"^fake log line", log, re.M)
    assert "\x1b" not in log and not forged, "a name forged the log"


def replaced_while_read(box, daemon):
    """A file whose name gets a new content while the old one is read: each is taken once."""
    first = HEAD + "".join(line(10000 + n) for n in range(50000))
    box.put("fee_list_d_swap.csv", first)
    daemon.wait(r"fee_list_d_swap\.csv")
    box.put("fee_list_d_swap.csv", HEAD + line(99999))
    daemon.wait("drained: ")
    second = "SELECT count(*) FROM fundwatch.fee WHERE feedetl_sn = 'F99999'"
    if box.number(second) == 0:
        daemon.wait("drained: ")
    assert box.number(second) == 1
    n = box.number("SELECT count(*) FROM fundwatch.fee WHERE mdtrt_id ~ '^M[1-6][0-9]{4}$'")
    assert n == 50000, n


with Box("hostile") as box:
    for make in (bomb, hole, absurd, wide, json_lines, names):
        make(box)
    idle = box.start()
    idle.wait("drained: ")
    check(box, idle)
    peak = peak_kib(idle)
    bound = 1024 * 1024  # sanitizers keep freed memory for a while
    assert peak < bound, f"{peak} KiB at the peak"
    replaced_while_read(box, idle)
    idle.term()
    print(f"hostile files: {len(ABSURD)} absurd values, {len(NAMES + BAD_NAMES)} names, "
          f"{peak >> 10} MiB at the peak")
