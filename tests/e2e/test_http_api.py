# SPDX-License-Identifier: GPL-3.0-or-later
"""Every route answers as openapi.json declares; metrics are clean and add up; keys come and go
while the daemon runs; who comes too often is told so."""
import json
import shutil
import subprocess
import tempfile

from daemon_lib import BIN, generate, run
from http_lib import CSV, FEE_HEAD, JSON, HttpBox, fee, metrics, settle, source

with open(source("docs/openapi.json"), encoding="utf-8") as page:
    API = json.load(page)

KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def fits(value, schema, where):
    """A value against the few words of JSON Schema that the document uses."""
    if "$ref" in schema:
        schema = API["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    known = {"type", "properties", "required", "additionalProperties", "items", "enum",
             "description"}
    assert set(schema) <= known, (where, set(schema) - known)
    assert isinstance(value, KINDS[schema["type"]]), (where, value)
    assert value in schema.get("enum", [value]), (where, value)
    if schema["type"] == "array":
        for at, item in enumerate(value):
            fits(item, schema["items"], f"{where}[{at}]")
    if schema["type"] != "object":
        return
    missing = set(schema.get("required", ())) - set(value)
    assert not missing, (where, missing)
    rest = schema.get("additionalProperties", {})
    for name, item in value.items():
        inner = schema.get("properties", {}).get(name, rest)
        assert inner is not False, (where, name)
        if inner:
            fits(item, inner, f"{where}.{name}")


class Checked:
    """Asks, and holds each answer against the document."""

    def __init__(self, box):
        self.box, self.seen = box, set()

    def ask(self, status, method, path, template=None, **options):
        template = template or path
        answer = self.box.ask(method, path, **options)
        assert answer.status == status, (method, path, answer.status, answer.body)
        declared = API["paths"][template][method.lower()]["responses"]
        assert str(status) in declared, (method, path, status)
        kinds = declared[str(status)]["content"]
        kind = answer.headers["content-type"]
        assert kind in kinds, (method, path, status, kind)
        if kind == JSON:
            fits(answer.json(), kinds[kind]["schema"], f"{method} {path} {status}")
        self.seen.add((template, method.lower(), status))
        return answer


def every_route(box, daemon, keys):
    check = Checked(box)
    post = {"body": FEE_HEAD + fee(1) + "bad\n", "key": keys["intake"], "Content_Type": CSV,
            "Idempotency_Key": "a"}
    intake, template = "/v1/intake/default?file=fee_list_d.csv", "/v1/intake/{feed}"
    check.ask(200, "GET", "/healthz")
    check.ask(200, "GET", "/readyz")
    check.ask(200, "GET", "/v1/openapi.json")
    for path, role in (("/metrics", "read"), ("/v1/status", "read")):
        check.ask(200, "GET", path, key=keys[role])
        check.ask(200, "GET", path, key=keys["operate"])
        check.ask(401, "GET", path)
        check.ask(403, "GET", path, key=keys["intake"])
    check.ask(401, "POST", "/v1/reload")
    check.ask(403, "POST", "/v1/reload", key=keys["read"])
    check.ask(202, "POST", "/v1/reload", key=keys["operate"])
    daemon.wait("asked to reload")
    check.ask(200, "POST", intake, template, **post)
    check.ask(409, "POST", intake, template, **dict(post, body=FEE_HEAD))
    check.ask(401, "POST", intake, template, **dict(post, key=None))
    check.ask(403, "POST", intake, template, **dict(post, key=keys["read"]))
    check.ask(403, "POST", intake, template, **dict(post, body=FEE_HEAD + fee(2, "H2"),
                                                    Idempotency_Key="b"))
    check.ask(404, "POST", "/v1/intake/other", template, **post)
    check.ask(400, "POST", intake, template, **dict(post, Idempotency_Key="a b"))
    check.ask(413, "POST", intake, template, **dict(post, body="a" * ((1 << 20) + 1)))
    check.ask(415, "POST", intake, template, **dict(post, Content_Type="text/html"))
    assert box.ask("GET", intake).status == 405
    assert box.ask("GET", "/v1/openapi.json").body.decode() == open(
        source("docs/openapi.json"), encoding="utf-8").read()
    for path, methods in API["paths"].items():
        for method, row in methods.items():
            good = min(int(status) for status in row["responses"])
            assert (path, method, good) in check.seen, f"{method} {path} {good} was not asked for"
    head = box.ask("HEAD", "/healthz")
    assert head.status == 200 and head.body == b"" and head.headers["content-length"] == "6"
    english = box.ask("GET", "/nothing", Accept_Language="en")
    assert english.json()["error"]["text"] == "there is nothing here", english.body
    print(f"{len(check.seen)} answers are as openapi.json says")


def promtool(text):
    if not shutil.which("promtool"):
        raise AssertionError("promtool is missing: scripts/setup --test installs it")
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0 and not done.stderr and not done.stdout, done.stderr + done.stdout


def everything_adds_up(box, key, files):
    """The sums of the accounting, from the metrics and against the database and `scan`."""
    text = box.ask("GET", "/metrics", key=key).body.decode()
    promtool(text)
    got = metrics(text)

    def of(name, **labels):
        inner = [f'{k}="{v}"' for k, v in labels.items()]
        return sum(value for line, value in got.items()
                   if line.split("{")[0] == f"fundwatch_{name}" and all(i in line for i in inner))

    assert of("rows_total") == of("records_total") + of("rejects_total"), text[:2000]
    assert of("records_total") == of("stream_records_total") == box.number(
        "SELECT sum(records) FROM fundwatch.intake")
    assert of("rejects_total") == box.number("SELECT count(*) FROM fundwatch.reject")
    for stream in ("fee", "encounter", "settlement", "diagnosis", "operation"):
        assert of("stream_records_total", stream=stream) == of("stream_outcomes", stream=stream)
        assert of("stream_records_total", stream=stream) - of(
            "stream_outcomes", stream=stream, outcome="resent") == box.number(
                f"SELECT count(*) FROM fundwatch.{stream}"), stream
    report = f"{box.dir}/report.json"
    run(f"{BIN}/fundwatch", "scan", "--rules", box.rules, "--report", report, *files)
    with open(report, encoding="utf-8") as text:
        scanned = json.load(text)
    for outcome in ("resent", "superseded", "retracted", "reversed", "live"):
        assert of("stream_outcomes", outcome=outcome) == scanned[outcome], outcome
    assert scanned["reversed"] > 0
    rules = {line.split('rule="')[1].split('"')[0] for line in got if 'rule="' in line}
    assert rules
    for rule in rules:
        assert of("rule_judged_total", rule=rule) == of("rule_outcomes_total", rule=rule), rule
        assert of("rule_alerts", rule=rule) == box.number(
            "SELECT count(*) FROM fundwatch.alert WHERE state <> 'withdrawn' AND NOT excepted "
            f"AND rule_id = '{rule}'"), rule
    assert of("raised_total") > 0 and of("journal_items") == 0
    look = json.loads(run(f"{BIN}/fundwatch", "top", "--once", "--json", "--conf",
                          box.config).stdout)
    assert look["values"]["rows_total"] == of("rows_total")
    assert {row["rule"]: row["alerts"] for row in look["rules"]} == {
        rule: of("rule_alerts", rule=rule) for rule in rules}
    shown = run(f"{BIN}/fundwatch", "top", "--once", "--lang", "en", "--conf", box.config).stdout
    assert "rows read" in shown and "journal [" in shown, shown
    print(f"metrics are clean; the sums of {len(rules)} rules and all streams hold")


def keys_come_and_go(box):
    token = box.key("--facility", "H1", "--role", "intake")
    ended = box.key("--all", "--role", "read", "--until", "2026-01-01")
    status = {}
    while status.get("new") != 200:  # the daemon hears of it; bounded by the client's patience
        answer = box.send(token, "live", "fee_list_d.csv", FEE_HEAD + fee(900))
        status["new"] = answer.status
        assert answer.status in (200, 401), answer.body
    assert box.ask("GET", "/metrics", key=ended).status == 401
    ident = token.split("_")[1]
    listed = json.loads(run(f"{BIN}/fundwatch", "key", "list", "--db", box.conninfo,
                            "--json").stdout)
    assert any(row["id"] == ident and row["facility"] == "H1" for row in listed["keys"])
    assert token.split("_", 2)[2] not in box.sql("SELECT * FROM fundwatch.api_key")
    run(f"{BIN}/fundwatch", "key", "revoke", ident, "--db", box.conninfo)
    assert run(f"{BIN}/fundwatch", "key", "revoke", ident, "--db", box.conninfo,
               check=False).returncode == 1
    while status.get("old") != 401:
        status["old"] = box.ask("GET", "/metrics", key=token).status
        assert status["old"] in (401, 403)
    print("a key opens at once, and a revoked one nothing any more, without a restart")


def rate_is_kept():
    with HttpBox("rate") as box:
        box.extra = "http: { listen: \"127.0.0.1:0\", rate: 30 }\n"
        box.configure()
        key = box.key("--all", "--role", "read")
        daemon = box.serve()
        for _ in range(3):
            assert box.ask("GET", "/metrics", key=key).status == 200
        answer = box.ask("GET", "/metrics", key=key)
        assert answer.status == 429 and 1 <= int(answer.headers["retry-after"]) <= 2, answer.headers
        daemon.term()
    print("who comes too often is told when to come again")


with (HttpBox("api", "body_max: 1", rules=source("rules")) as api,
      tempfile.TemporaryDirectory() as data):
    tokens = {role: api.key("--all", "--role", role) for role in ("read", "operate")}
    tokens["intake"] = api.key("--facility", "H1", "--role", "intake")
    process = api.serve()
    files = generate(data, 6000)
    api.drop(*files)
    settle(api, process, len(files))
    process.wait("drained: ")
    every_route(api, process, tokens)
    keys_come_and_go(api)
    settle(api, process, len(files) + 2)
    process.wait("drained: ")
    posted = f"{data}/fee_list_d_posted.csv"
    with open(posted, "w", encoding="utf-8") as csv:
        csv.write(FEE_HEAD + fee(1) + fee(900))
    everything_adds_up(api, tokens["read"], [*files, posted])
    process.term()
rate_is_kept()
