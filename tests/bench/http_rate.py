#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many small messages a second are taken over HTTP, and how fast they reach the database.

usage: http_rate.py RULES MESSAGES SENDERS RUNS [--json]

Each of SENDERS pharmacies posts its sales (3505, one to three lines in each message) one after the
other over a connection of its own; the next one is sent when the one before was answered, which is
when it is durable. Timed: until the last answer, and until all are committed and judged by
RULES. Medians of RUNS rounds. Processor seconds are the daemon's; the senders are one
process beside it. Reads the same variables as daemon_rate.py.
"""
import json
import multiprocessing
import os
import pathlib
import re
import socket
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from daemon_lib import psql  # noqa: E402
from http_lib import HttpBox  # noqa: E402

BOUND = 3600
TICK = os.sysconf("SC_CLK_TCK")


def message(shop, number):
    facility = f"P33010600{shop:03}"
    at = f"2026-03-{number // 200 % 28 + 1:02} {8 + number % 12:02}:{number % 60:02}:00"
    lines = [{"med_list_codg": f"XA{number * 7 % 900:03}",
              "fixmedins_hilist_id": f"L{number % 900}",
              "fixmedins_hilist_name": "阿莫西林胶囊", "fixmedins_bchno": f"{number:08}-{k}",
              "prsc_dr_name": "张医师", "phar_name": "李药师", "rtal_docno": f"R{number:08}",
              "sel_retn_cnt": k + 1, "finl_trns_pric": "12.50", "sel_retn_time": at,
              "rx_flag": "1", "trdn_flag": "0", "psn_no": f"N{number * 31 % 5000:05}",
              "mdtrt_sn": f"M{shop}-{number}", "manu_lotnum": "20260101",
              "drug_trac_codg": f"8{shop:03}{number:012}{k}"}
             for k in range(number % 3 + 1)]
    return json.dumps({
        "infno": "3505", "msgid": f"{facility}{number:020}", "infver": "V1.0",
        "inf_time": at, "fixmedins_code": facility, "fixmedins_name": "某药房",
        "input": {"selinfo": lines}}, ensure_ascii=False).encode("utf-8")


def requests(shop, count, key):
    out = []
    for number in range(count):
        body = message(shop, number)
        out.append((f"POST /v1/intake/default HTTP/1.1\r\nHost: x\r\n"
                    f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n").encode("ascii") + body)
    return out


def post_all(port, shop, count, key, go, waits):
    """A sender: puts the seconds each of its requests waited."""
    todo = requests(shop, count, key)
    took = []
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        go.wait()
        for request in todo:
            start = time.monotonic()
            link.sendall(request)
            got = b""
            while b"\r\n\r\n" not in got:
                got += link.recv(65536)
            head, _, rest = got.partition(b"\r\n\r\n")
            length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])
            while len(rest) < length:
                rest += link.recv(65536)
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit((head + rest).decode("utf-8", "replace"))
            took.append(time.monotonic() - start)
    waits.put(took)


def daemon_cpu(daemon):
    with open(f"/proc/{daemon.process.pid}/stat", encoding="ascii") as text:
        fields = text.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def one_round(count, senders, rules):
    with HttpBox("httprate", rules=rules) as box:
        box.extra = "http: { listen: \"127.0.0.1:0\", rate: 1000000, per_address: 1000 }\n"
        box.configure()
        text = pathlib.Path(box.config).read_text(encoding="utf-8")
        text = text.replace("journal: { segment: 1 }\n", "").replace("debug", "info")
        pathlib.Path(box.config).write_text(text, encoding="utf-8")
        key = box.key("--all", "--role", "intake")
        daemon = box.serve()
        go, waits = multiprocessing.Event(), multiprocessing.Queue()
        people = [multiprocessing.Process(target=post_all,
                                          args=(box.port, n, count // senders, key, go, waits))
                  for n in range(senders)]
        for one in people:
            one.start()
        psql(box.server, "CHECKPOINT")
        before, start = daemon_cpu(daemon), time.monotonic()
        go.set()
        took = sorted(second for _ in people for second in waits.get())
        answered = time.monotonic() - start
        for one in people:
            one.join()
        daemon.wait("drained: rules over facilities", BOUND)
        while box.number("SELECT count(*) FROM fundwatch.intake") < len(took):
            daemon.wait("drained: rules over facilities", BOUND)
        committed = time.monotonic() - start
        cpu = daemon_cpu(daemon) - before
        epochs = box.number("SELECT count(*) FROM fundwatch.epoch WHERE kind = 'intake'")
        rows = box.number("SELECT count(*) FROM fundwatch.stock")
        daemon.term()
    return {"messages": len(took), "rows": rows, "epochs": epochs, "answered_seconds": answered,
            "committed_seconds": committed, "daemon_cpu": cpu,
            "median_wait_ms": 1000 * statistics.median(took),
            "p99_wait_ms": 1000 * took[len(took) * 99 // 100]}


def main():
    args = [a for a in sys.argv[1:] if a != "--json"]
    if len(args) != 4:
        sys.exit(__doc__)
    rounds = [one_round(int(args[1]), int(args[2]), args[0]) for _ in range(int(args[3]))]
    told = {name: round(statistics.median(r[name] for r in rounds), 3) for name in rounds[0]}
    told.update(senders=int(args[2]), runs=len(rounds))
    if "--json" in sys.argv:
        print(json.dumps(told))
        return
    n = told["messages"]
    print(f"{n} messages (3505) of {told['rows']} lines by {told['senders']} senders, each one "
          f"after the other; medians of {len(rounds)}")
    print(f"  durable and answered   {told['answered_seconds']:8.2f} s  "
          f"{n / told['answered_seconds']:8.0f} messages/s, waited {told['median_wait_ms']:.1f} ms "
          f"(median), {told['p99_wait_ms']:.1f} ms (99 of 100)")
    print(f"  committed and judged   {told['committed_seconds']:8.2f} s  "
          f"{n / told['committed_seconds']:8.0f} messages/s, {told['epochs']:.0f} transactions, "
          f"{told['daemon_cpu']:.2f} cpu s of the daemon")


main()
