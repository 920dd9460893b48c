# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit's exposure as systemd rates it, the protocol of readiness and watchdog, and an end that
answers what is under way."""
import os
import re
import select
import socket
import tempfile
import time

from daemon_lib import BOUND, run
from http_lib import FEE_HEAD, HttpBox, fee, source

RATED_AT_MOST = 3.0


def exposure():
    for unit in ("fundwatchd", "fundwatch-purge"):
        done = run("systemd-analyze", "security", "--offline=yes", "--no-pager",
                   source(f"conf/systemd/{unit}.service"))
        rated = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)[1])
        assert rated <= RATED_AT_MOST, done.stdout
        print(f"systemd rates {unit} {rated}, at most {RATED_AT_MOST} is promised")
    # The timer's calendar is one that systemd reads.
    run("systemd-analyze", "calendar", "*-*-* 02:30:00")
    with open(source("conf/systemd/fundwatch-purge.timer"), encoding="utf-8") as text:
        assert "OnCalendar=*-*-* 02:30:00" in text.read()


class Manager:
    """systemd's end of the socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.heard = []

    def hear(self, word):
        until = time.monotonic() + BOUND
        while word not in self.heard:
            ready, _, _ = select.select([self.socket], [], [], max(until - time.monotonic(), 0))
            assert ready, f"{word} was not told; heard {self.heard}"
            self.heard.append(self.socket.recv(4096).decode())
        self.heard.remove(word)


def under_way(box, key, name):
    """A request whose body is half sent."""
    body = (FEE_HEAD + fee(1)).encode()
    link = socket.create_connection(("127.0.0.1", box.port), timeout=BOUND)
    head = (f"POST /v1/intake/default?file=fee_list_d.csv HTTP/1.1\r\nHost: a\r\n"
            f"Authorization: Bearer {key}\r\nContent-Type: text/csv\r\nIdempotency-Key: {name}\r\n"
            f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n")
    link.sendall(head.encode())
    assert link.recv(4096).startswith(b"HTTP/1.1 100 ")
    link.sendall(body[:20])
    return link, body[20:]


def finish(link, rest):
    link.sendall(rest)
    got = b""
    while piece := link.recv(65536):
        got += piece
    link.close()
    return got.decode()


exposure()
with tempfile.TemporaryDirectory() as folder, HttpBox("systemd") as systemd_box:
    manager = Manager(f"{folder}/notify")
    token = systemd_box.key("--facility", "H1", "--role", "intake")
    os.environ["NOTIFY_SOCKET"] = f"{folder}/notify"
    os.environ["WATCHDOG_USEC"] = "200000"
    daemon = systemd_box.serve()
    manager.hear("READY=1")
    for _ in range(3):
        manager.hear("WATCHDOG=1")
    daemon.wait("ready")
    waiting = under_way(systemd_box, token, "last")
    idle = socket.create_connection(("127.0.0.1", systemd_box.port), timeout=BOUND)
    daemon.process.terminate()
    manager.hear("STOPPING=1")
    daemon.wait("finishing the epoch")
    answer = finish(*waiting)
    assert answer.startswith("HTTP/1.1 200 ") and "Connection: close" in answer, answer
    assert idle.recv(1) == b"", "an idle connection was kept"
    assert daemon.end() == 0, daemon.lines
    del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
    daemon = systemd_box.serve()
    daemon.wait("committed: intake 1")
    daemon.term()
    assert systemd_box.number("SELECT count(*) FROM fundwatch.fee") == 1
print("ready, watched, and what was under way at the end was taken and answered")
