# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests nobody should send: each gets its answer, the daemon stays alive and small."""
import gzip
import os
import resource
import socket
import zlib

from http_lib import CSV, FEE_HEAD, JSON, HttpBox, fee

HEAD = "Host: a\r\n"
RAW = [  # bytes, status
    ("GET /healthz HTTP/1.1\r\nHost: a\0b\r\n\r\n", 400),
    ("\0\0\0\0\r\n\r\n", 400),
    ("GET /healthz HTTP/1.1\n\n", 400),
    ("GET /healthz HTTP/1.1\r\n\r\n", 400),
    ("GET http://a/healthz HTTP/1.1\r\n" + HEAD + "\r\n", 400),
    ("GET /healthz HTTP/3.0\r\n" + HEAD + "\r\n", 505),
    ("GET /" + "a" * 4000 + " HTTP/1.1\r\n" + HEAD + "\r\n", 414),
    ("GET / HTTP/1.1\r\n" + HEAD + "X: " + "a" * 40000 + "\r\n\r\n", 431),
    ("GET / HTTP/1.1\r\n" + HEAD + "".join(f"X{i}: a\r\n" for i in range(100)) + "\r\n", 431),
    ("POST /v1/reload HTTP/1.1\r\n" + HEAD + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ("POST /v1/reload HTTP/1.1\r\n" + HEAD + "Content-Length: -1\r\n\r\n", 400),
    ("POST /v1/reload HTTP/1.1\r\n" + HEAD + "Transfer-Encoding: chunked\r\n"
     "Content-Length: 3\r\n\r\n", 400),
    ("POST /v1/reload HTTP/1.1\r\n" + HEAD + "Transfer-Encoding: identity\r\n\r\n", 501),
    ("GET /healthz HTTP/1.1\r\n" + HEAD + "Expect: a miracle\r\n\r\n", 417),
    ("TRACE /healthz HTTP/1.1\r\n" + HEAD + "Connection: close\r\n\r\n", 405),
    ("GET /../../etc/passwd HTTP/1.1\r\n" + HEAD + "Connection: close\r\n\r\n", 404),
    ("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HEAD + "Connection: close\r\n\r\n", 404),
    ("GET /a%00 HTTP/1.1\r\n" + HEAD + "Connection: close\r\n\r\n", 400),
    ("GET /readyz?verbose=1 HTTP/1.1\r\n" + HEAD + "Connection: close\r\n\r\n", 400),
]
FEEDS = ["..", "%2e%2e", "../default", "default%2f..", "default%00", "DEFAULT", "default/",
         "%ff", "%", "a" * 1900]


def raw_requests(box):
    for text, status in RAW:
        got = box.raw(text)
        assert got.startswith(f"HTTP/1.1 {status} "), (text[:80], got[:200])


def pipelined(box, key):
    body = FEE_HEAD + fee(1)
    head = (f"POST /v1/intake/default?file=fee_list_d.csv HTTP/1.1\r\n{HEAD}"
            f"Authorization: Bearer {key}\r\nContent-Type: text/csv\r\n")
    one = head + f"Idempotency-Key: p1\r\nContent-Length: {len(body)}\r\n\r\n" + body
    two = head + "Idempotency-Key: p2\r\nTransfer-Encoding: chunked\r\n\r\n"
    two += "".join(f"1\r\n{c}\r\n" for c in body) + "0\r\nX: trailer\r\n\r\n"
    end = f"GET /healthz HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n"
    got = box.raw(one + two + end)
    assert got.count("HTTP/1.1 200 OK") == 3 and got.index('"p1"') < got.index('"p2"'), got


def unknown_senders_leave_nothing(box):
    """A body of somebody unknown is not even waited for."""
    got = box.raw("POST /v1/intake/default HTTP/1.1\r\n" + HEAD
                  + "Content-Length: 60000000\r\n\r\n")
    assert got.startswith("HTTP/1.1 401 "), got


def bodies(box, key):
    send = box.send
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = bomb.compress(FEE_HEAD.encode()) + b"".join(
        bomb.compress(b"a" * (1 << 20)) for _ in range(64)) + bomb.flush()
    assert len(packed) < 1 << 20
    rows = FEE_HEAD + "".join(fee(n) for n in range(1001))
    for status, reason, answer in [
            (413, "too-large", box.ask("POST", "/v1/intake/default?file=fee_list_d.csv", packed,
                                       key, Content_Type=CSV, Content_Encoding="gzip",
                                       Idempotency_Key="bomb")),
            (413, "too-large", send(key, "big", "fee_list_d.csv", "a" * ((1 << 20) + 1))),
            (413, "too-large", send(key, "rows", "fee_list_d.csv", rows)),
            (400, "bad-body", box.ask("POST", "/v1/intake/default?file=fee_list_d.csv",
                                      gzip.compress((FEE_HEAD + fee(1)).encode())[:-9], key,
                                      Content_Type=CSV, Content_Encoding="gzip",
                                      Idempotency_Key="cut")),
            (415, "unsupported-type", send(key, "t", "fee_list_d.csv", "a", media="text/html")),
            (415, "unsupported-type", box.ask("POST", "/v1/intake/default", "a", key,
                                              Content_Type=CSV, Content_Encoding="br",
                                              Idempotency_Key="br")),
            (415, "unsupported-type", send(key, "z", "fee_list_d.csv",
                                           gzip.compress(FEE_HEAD.encode()))),
            (400, "bad-idempotency-key", send(key, "", "fee_list_d.csv", rows)),
            (400, "bad-idempotency-key", send(key, "a b", "fee_list_d.csv", rows)),
            (400, "bad-idempotency-key", send(key, "", "", "{}", media=JSON)),
            (400, "bad-body", send(key, "e", "fee_list_d.csv", "")),
            (400, "bad-query", send(key, "q", "../../etc/passwd", rows)),
            (400, "bad-query", send(key, "q", ".hidden.csv", rows)),
            (400, "bad-query", send(key, "q", "unknown.bin", rows)),
            (401, "unauthorized", send("fw_x", "k", "fee_list_d.csv", rows))]:
        assert answer.status == status and answer.reason == reason, (status, reason, answer.body)
    got = box.raw(f"POST /v1/intake/default HTTP/1.1\r\n{HEAD}Authorization: Bearer {key}\r\n"
                  "Content-Type: text/csv\r\nIdempotency-Key: n\r\nConnection: close\r\n\r\n")
    assert got.startswith("HTTP/1.1 411 "), got
    for feed in FEEDS:
        answer = send(key, "f", "fee_list_d.csv", FEE_HEAD, feed=feed)
        assert answer.status in (400, 404), (feed, answer.status)
    nuls = send(key, "nul", "fee_list_d.csv", (FEE_HEAD + fee(1)).encode() + b"\0,\0\n" + b"\xff\n")
    assert nuls.status == 200 and nuls.json()["rejected"] >= 1, nuls.body


def slow(box):
    """Half a head, half a body, a connection that says nothing: told or ended, soon."""
    assert box.raw("GET /heal").startswith("HTTP/1.1 408 ")
    assert box.raw("") == ""


def crowd(box):
    """More connections than one address may have: the rest is turned away, nobody is hurt."""
    links = [socket.create_connection(("127.0.0.1", box.port)) for _ in range(20)]
    turned = 0
    for link in links:
        link.settimeout(60)
    for link in links:
        try:
            turned += link.recv(1) == b""
        except OSError:
            turned += 1
    assert turned == 20, turned  # too many at once, the others for saying nothing
    for link in links:
        link.close()


def without_descriptors(box, daemon):
    """No descriptor left for another connection: who waits is served when there is one again."""
    pid = daemon.process.pid
    used = len(os.listdir(f"/proc/{pid}/fd"))
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 4, before[1]))
    links = [socket.create_connection(("127.0.0.1", box.port)) for _ in range(9)]
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    last = socket.create_connection(("127.0.0.1", box.port), timeout=60)
    for link in links:
        link.close()
    last.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert last.recv(4096).startswith(b"HTTP/1.1 200 "), "not served"
    last.close()


def memory(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as text:
        return next(int(line.split()[1]) for line in text if line.startswith("VmRSS"))


with HttpBox("hostile", "body_max: 1, inflated_max: 1, rows_max: 1000, head_seconds: 1, "
             "idle_seconds: 1, per_address: 10") as hostile:
    intake = hostile.key("--facility", "H1", "--role", "intake")
    process = hostile.serve()
    before = memory(process)
    unknown_senders_leave_nothing(hostile)
    raw_requests(hostile)
    pipelined(hostile, intake)
    bodies(hostile, intake)
    slow(hostile)
    crowd(hostile)
    without_descriptors(hostile, process)
    for _ in range(3):
        raw_requests(hostile)
        bodies(hostile, intake)
    grown = memory(process) - before
    assert grown < 200 << 10, f"{grown} KiB more than at the start"
    good = hostile.send(intake, "good", "fee_list_d.csv", FEE_HEAD + fee(7))
    assert good.status == 200, good.body
    process.term()
print("every strange request got its answer, memory stayed, a good one was taken at the end")
