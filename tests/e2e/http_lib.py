# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon with HTTP, its keys, and clients of few words for the stories about it."""
import gzip
import http.client
import json
import os
import re
import socket
import ssl

from daemon_lib import BIN, ROOT, Box, run

CSV, NDJSON, JSON = "text/csv", "application/x-ndjson", "application/json"
WAIT = 120  # seconds a client waits for one answer, sanitizers included

FEE_HEAD = ("feedetl_sn,mdtrt_id,psn_no,fixmedins_code,med_list_codg,fee_ocur_time,cnt,pric,"
            "det_item_fee_sumamt,updt_time\n")


def fee(number, facility="H1", count="1"):
    time = "2026-01-02 08:00:00"
    return f"{number},M{number},P1,{facility},C1,{time},{count},2,2,{time}\n"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    @property
    def reason(self):
        return self.json()["error"]["reason"]


class HttpBox(Box):
    """A box whose daemon listens; `settings` are more of section http. Few rules, unless others
    are wanted: a start is quick then."""

    def __init__(self, name, settings="", rules=f"{ROOT}/tests/cli/data/rules", **options):
        super().__init__(name, rules=rules, **options)
        self.scheme, self.context = "http", None
        self.listen(settings)

    def listen(self, settings):
        self.extra = ("http: { listen: \"127.0.0.1:0\", rate: 1000000"
                      + (", " + settings if settings else "") + " }\n")

    def key(self, *words):
        """A new key: its text."""
        done = run(f"{BIN}/fundwatch", "key", "add", "--db", self.conninfo, "--json", *words)
        return json.loads(done.stdout)["key"]

    def serve(self, fault=""):
        """Starts the daemon; returns once it listens."""
        daemon = self.start(fault)
        line = daemon.wait("listening on ")
        self.port = int(re.search(r"listening on [^ ]*:(\d+)", line)[1])
        return daemon

    def ask(self, method, path, body=None, key=None, **headers):
        """One request on a connection of its own."""
        if self.scheme == "https":
            link = http.client.HTTPSConnection("localhost", self.port, timeout=WAIT,
                                               context=self.context)
        else:
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            sent["Authorization"] = f"Bearer {key}"
        try:
            link.request(method, path, body, sent)
            return Answer(link.getresponse())
        finally:
            link.close()

    def send(self, key, name, file, content, media=CSV, zipped=False, feed="default"):
        """One body under the idempotency key `name`."""
        body = content if isinstance(content, bytes) else content.encode("utf-8")
        headers = {"Content_Type": media}
        if name:
            headers["Idempotency_Key"] = name
        if zipped:
            body = gzip.compress(body, 1, mtime=0)
            headers["Content_Encoding"] = "gzip"
        query = f"?file={file}" if file else ""
        return self.ask("POST", f"/v1/intake/{feed}{query}", body, key, **headers)

    def raw(self, text, end=False):
        """Bytes as they are; everything that comes back until the other side ends."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=WAIT) as link:
            link.sendall(text if isinstance(text, bytes) else text.encode("latin-1"))
            if end:
                link.shutdown(socket.SHUT_WR)
            got = b""
            try:
                while piece := link.recv(65536):
                    got += piece
            except ConnectionResetError:
                pass
            return got.decode("utf-8", "replace")

    def records(self):
        """Live records without their provenance, and the findings: what must not depend on the
        way they came."""
        parts = {"finding": "\n".join(self.live())}
        for stream in ("encounter", "settlement", "fee", "diagnosis", "operation"):
            columns = self.sql("SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) "
                               "FROM information_schema.columns WHERE table_schema = 'fundwatch' "
                               f"AND table_name = '{stream}_live' AND column_name NOT IN "
                               "('intake_id', 'line')").strip()
            parts[stream] = self.sql(f"SELECT {columns} FROM fundwatch.{stream}_live "
                                     "ORDER BY 1, 2, 3")
        return parts


def certificate(folder, name, subject, issuer=None):
    """A key and a certificate NAME.key, NAME.pem signed by `issuer` or by itself."""
    base = f"{folder}/{name}"
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", subject,
        "-keyout", f"{base}.key", "-out", f"{base}.pem",
        *(["-CA", f"{folder}/{issuer}.pem", "-CAkey", f"{folder}/{issuer}.key",
           "-addext", "basicConstraints=CA:FALSE"] if issuer else []),
        "-addext", "subjectAltName=DNS:localhost")
    return base


def trusting(folder, mine=None):
    """A client that trusts ca.pem and may show a certificate of its own."""
    context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    if mine:
        context.load_cert_chain(f"{mine}.pem", f"{mine}.key")
    return context


def metrics(text):
    """{name{labels}: value} of Prometheus' text format."""
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in text.splitlines() if line and not line.startswith("#")}


def settle(box, daemon, ids):
    """Waits until the database has every one of these inputs."""
    while box.number("SELECT count(*) FROM fundwatch.intake WHERE state <> 'reading'") < ids:
        daemon.wait("committed: intake")


def source(path):
    return os.path.join(ROOT, path)
