# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon, a database and a spool of its own for one test.

Waiting is for events only: a line of the daemon's log, or its end. Each wait is bounded
and fails with the log when the bound is reached.
"""
import glob
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.environ["FUNDWATCH_SOURCE_DIR"]
BIN = os.environ["FUNDWATCH_BIN_DIR"]
SERVER = os.environ.get("FUNDWATCH_TEST_PG", "")
STREAMS = ("encounter", "settlement", "fee", "diagnosis", "operation", "trace", "report",
           "stock", "person", "facility", "practitioner", "item")
SANITIZED = any(kind in BIN for kind in ("asan", "tsan"))  # its memory is not the program's
BOUND = 240  # seconds any single wait may take, sanitizers included


def run(*command, check=True, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def psql_program():
    """Debian's psql is a script of Perl that looks for the program: that takes longer than most
    questions do."""
    found = glob.glob("/usr/lib/postgresql/*/bin/psql")
    return max(found, key=lambda path: int(path.split("/")[4])) if found else "psql"


PSQL = (psql_program(), "-X", "-q", "-A", "-t")
NEXT = "==== the next answer ===="


def psql(conninfo, sql):
    return run(*PSQL, "-v", "ON_ERROR_STOP=1", conninfo, "-c", sql).stdout


def psql_all(conninfo, questions):
    """The answers to named questions, asked one after the other in one session."""
    words = [word for sql in questions.values() for word in ("-c", sql, "-c", f"\\echo {NEXT}")]
    answers = run(*PSQL, "-v", "ON_ERROR_STOP=1", conninfo, *words).stdout.split(NEXT + "\n")
    assert len(answers) == len(questions) + 1 and answers[-1] == "", answers
    return dict(zip(questions, answers))


class Cluster:
    """A PostgreSQL of the test's own, to be killed; without fsync when only its process is."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="fundwatch-pg-")
        os.chmod(self.dir, 0o755)  # the server's own user must come in
        self.conninfo = self.start()
        return self

    def __exit__(self, kind, value, trace):
        run(f"{ROOT}/scripts/pg", "remove", self.dir)
        shutil.rmtree(self.dir)

    def start(self):
        return run(f"{ROOT}/scripts/pg", "start", self.dir, *self.options).stdout.strip()

    def kill(self):
        run(f"{ROOT}/scripts/pg", "stop", self.dir, "--kill")

    def sql(self, text):
        return psql(self.conninfo, text)

    def pid(self):
        return int(self.sql("SELECT pg_read_file('postmaster.pid')").split()[0])


class Daemon:
    """One running fundwatchd; its log is read line by line."""

    def __init__(self, box, fault=""):
        environment = dict(os.environ, FUNDWATCH_FAULT=fault)
        self.process = subprocess.Popen(
            [f"{BIN}/fundwatchd", "-c", box.config], stderr=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=ROOT, env=environment)
        self.fd = self.process.stderr.fileno()
        self.lines = []
        self.rest = b""
        self.seen = 0

    def read(self, until):
        """Reads what comes; False at the end of the log."""
        left = until - time.monotonic()
        ready, _, _ = select.select([self.fd], [], [], max(left, 0))
        if not ready:
            raise AssertionError("waited in vain; the log:\n" + "\n".join(self.lines))
        piece = os.read(self.fd, 65536)
        *lines, self.rest = (self.rest + piece).split(b"\n")
        self.lines += [line.decode("utf-8", "replace") for line in lines]
        return piece != b""

    def wait(self, pattern, bound=BOUND):
        """The first log line after the last one waited for that matches."""
        until = time.monotonic() + bound
        while True:
            while self.seen < len(self.lines):
                self.seen += 1
                if re.search(pattern, self.lines[self.seen - 1]):
                    return self.lines[self.seen - 1]
            if not self.read(until):
                raise AssertionError(f"ended before `{pattern}`; the log:\n"
                                     + "\n".join(self.lines))

    def wait_all(self, *patterns, bound=BOUND):
        """Lines of different threads that may come in any order; one for each pattern."""
        start, last = self.seen, self.seen
        for pattern in patterns:
            self.seen = start
            self.wait(pattern, bound)
            last = max(last, self.seen)
        self.seen = last

    def end(self, bound=BOUND):
        """Waits for the end of the process; its exit code (negative: the signal)."""
        until = time.monotonic() + bound
        while self.read(until):
            pass
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.wait(bound)

    def term(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.end()
        assert code == 0, f"exit {code}; the log:\n" + "\n".join(self.lines)

    def hup(self):
        self.process.send_signal(signal.SIGHUP)


LIVE = "SELECT finding FROM fundwatch.alert_live"


def books_sql(by):
    return (f"SELECT {by}, sum(read), sum(rejects), sum(resent), sum(superseded), "
            "sum(retracted), sum(reversed), sum(live) FROM fundwatch.account_day "
            f"GROUP BY {by} HAVING sum(read) <> 0 OR sum(live) <> 0 ORDER BY {by}")


class Box:
    """Folders and a database, gone at the end."""

    def __init__(self, name, rules=None, epoch_rows=10000, server=SERVER, database="", journal=""):
        if not server:
            print("SKIPPED: no PostgreSQL. Run: export FUNDWATCH_TEST_PG="
                  "\"$(scripts/pg start build/pg --no-fsync)\"", file=sys.stderr)
            sys.exit(77)
        self.dir = tempfile.mkdtemp(prefix=f"fundwatch-{name}-")
        self.spool = f"{self.dir}/spool"
        self.rules = rules or f"{ROOT}/rules"
        self.database = f"fw_e2e_{name}_{os.getpid()}"
        self.server = server
        self.conninfo = f"{server} dbname={self.database}"
        self.config = f"{self.dir}/fundwatch.yaml"
        self.epoch_rows = self.epoch_most = epoch_rows  # histories of alerts go by epochs
        self.more = {"database": database, "journal": journal}  # settings of these sections
        self.daemons = []
        self.year = "01-01"  # the insurance year's first day
        self.extra = ""  # more sections of the settings

    def __enter__(self):
        psql(self.server, f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
        psql(self.server, f"CREATE DATABASE {self.database}")
        run(f"{BIN}/fundwatch", "db", "migrate", "--db", self.conninfo)
        os.mkdir(self.spool)
        self.configure()
        return self

    def __exit__(self, kind, value, trace):
        for daemon in self.daemons:
            if daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()
        psql(self.server, f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
        shutil.rmtree(self.dir)

    def configure(self):
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(f"database: {{ conninfo: \"{self.conninfo}\", retry_max: 1"
                      f"{self.more['database']} }}\n"
                      f"spool: {{ dir: \"{self.spool}\", quiet: 0 }}\n"
                      f"rules: {{ path: [ \"{self.rules}\" ], insurance_year: {self.year} }}\n"
                      f"journal: {{ {self.more['journal'] or 'segment: 1'} }}\n"
                      f"engine: {{ workers: 2, epoch_rows: {self.epoch_rows}, "
                      f"epoch_most: {self.epoch_most} }}\n"
                      "log: { level: debug }\n" + self.extra)

    def start(self, fault=""):
        daemon = Daemon(self, fault)
        self.daemons.append(daemon)
        return daemon

    def drop(self, *paths):
        for path in paths:
            name = os.path.basename(path)
            shutil.copy(path, f"{self.spool}/{name}.part")
            os.rename(f"{self.spool}/{name}.part", f"{self.spool}/{name}")

    def put(self, name, content):
        with open(f"{self.spool}/{name}.part", "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode("utf-8"))
        os.rename(f"{self.spool}/{name}.part", f"{self.spool}/{name}")

    def report(self, name, folder="done"):
        with open(f"{self.spool}/{folder}/{name}.report.json", encoding="utf-8") as text:
            return json.load(text)

    def sql(self, text):
        return psql(self.conninfo, text)

    def journal(self):
        """What `fundwatch journal list` says."""
        done = run(f"{BIN}/fundwatch", "journal", "list", "--json", "-c", self.config)
        return json.loads(done.stdout)

    def verified(self):
        done = run(f"{BIN}/fundwatch", "journal", "verify", "--json", "--all", "-c", self.config)
        return json.loads(done.stdout)

    def number(self, text):
        return int(self.sql(text) or 0)

    def live(self):
        """Canonical lines of the live alerts, sorted."""
        return sorted(self.sql(LIVE).splitlines())

    def tables(self):
        """Everything that must not depend on crashes, as text."""
        questions = {
            "alert": "SELECT alert_id, rule_id, rule_digest, nature, severity, subject, "
                     "key_value, violation_amount, fund_amount, n_records, state, "
                     "revision, finding FROM fundwatch.alert ORDER BY alert_id",
            "alert_record": "SELECT * FROM fundwatch.alert_record ORDER BY alert_id, seq",
            "alert_event": "SELECT alert_id, revision, kind, why, amount_from, amount_to, "
                           "finding, other FROM fundwatch.alert_event "
                           "ORDER BY alert_id, revision",
            "reject": "SELECT intake_id, line, column_no, reason, field, raw "
                      "FROM fundwatch.reject ORDER BY 1, 2, 3, 4",
            "intake": "SELECT intake_id, file_name, digest, state, rows_done, records, "
                      "rejects FROM fundwatch.intake ORDER BY intake_id",
            "account": books_sql("feed, facility, stream"),
        }
        for stream in STREAMS:
            questions[stream] = ("SELECT count(*), md5(string_agg(r::text, ' ' "
                                 f"ORDER BY r::text)) FROM fundwatch.{stream} r")
        return psql_all(self.conninfo, questions)

    def essence(self):
        """What may not depend on the order in which inputs came."""
        questions = {
            "alert": LIVE,
            "intake": "SELECT file_name, digest, state, rows_done, records, rejects "
                      "FROM fundwatch.intake ORDER BY file_name",
            "account": books_sql("facility, stream"),
        }
        for name in STREAMS:
            questions[name] = (
                "SELECT count(*), md5(string_agg(r, ' ' ORDER BY r)) FROM (SELECT "
                f"(to_jsonb(s) - 'intake_id')::text AS r FROM fundwatch.{name} s) x")
        tables = psql_all(self.conninfo, questions)
        tables["alert"] = "\n".join(sorted(tables["alert"].splitlines()))
        return tables

    def balanced(self):
        """Rows read are records and rejects, to the last one, in tables, intakes and epochs."""
        questions = {"stored": "SELECT " + " + ".join(
            f"(SELECT count(*) FROM fundwatch.{stream})" for stream in STREAMS),
                     "refused": "SELECT count(*) FROM fundwatch.reject"}
        for table in ("intake", "epoch"):
            questions[table] = f"SELECT sum(records), sum(rejects) FROM fundwatch.{table}"
        got = {name: text.strip() for name, text in psql_all(self.conninfo, questions).items()}
        for table in ("intake", "epoch"):
            assert got[table] == f"{got['stored']}|{got['refused']}", (table, got)
        self.books_hold()

    def books(self, by):
        """The books over all days."""
        return self.sql(books_sql(by))

    def books_hold(self):
        """Each stream's books beside its table: versions, and what was sent again or lost to a
        greater version; what was taken out is no more than there was."""
        got = {row.split("|")[0]: [int(n) for n in row.split("|")[1:]]
               for row in self.books("stream").splitlines()}
        refused = self.number("SELECT count(*) FROM fundwatch.reject")
        assert sum(books[1] for books in got.values()) == refused, (got, refused)
        stored = self.sql(" UNION ALL ".join(
            f"SELECT '{stream}', count(*), count(DISTINCT identity), "
            f"count(DISTINCT (identity, digest)) FROM fundwatch.{stream}" for stream in STREAMS))
        for line in stored.splitlines():
            stream, rows, kept, distinct = (int(n) if n.isdigit() else n for n in line.split("|"))
            read, rejects, resent, superseded, retracted, reverse, live = got.get(stream, [0] * 7)
            assert read - rejects == rows, (stream, read, rejects, rows)
            assert (resent, superseded) == (rows - distinct, distinct - kept), \
                (stream, resent, superseded, rows, distinct, kept)
            assert min(retracted, reverse, live) >= 0 and retracted + reverse + live == kept, \
                (stream, retracted, reverse, live, kept)
        for line in self.sql("SELECT rule_id, least(sum(scope_out), sum(hit), sum(excepted), "
                             "sum(unknown), sum(no_hit)) FROM fundwatch.account_rule "
                             "GROUP BY rule_id").splitlines():
            assert int(line.split("|")[1]) >= 0, line

    def chain_holds(self):
        broken = self.sql("SELECT event_id FROM fundwatch.alert_event_broken")
        assert broken == "", f"the chain of events breaks at {broken}"


class Held:
    """A lock somebody else holds."""

    def __init__(self, box, table):
        self.psql = subprocess.Popen([*PSQL, box.conninfo],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.psql.stdin.write(f"BEGIN; LOCK TABLE fundwatch.{table}; SELECT 'held';\n")
        self.psql.stdin.flush()
        assert self.psql.stdout.readline() == "held\n"

    def let_go(self):
        self.psql.stdin.close()
        self.psql.stdout.close()
        self.psql.wait()


HEAD_LINES = """  版本      1
  类别      管理类
  性质      可疑
  环节      事后
  级别      中
  状态      启用
"""
# What a story sends: fee lines and settlements of the default feed.
FEES = ("feedetl_sn,mdtrt_id,setl_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,cnt,pric,"
        "det_item_fee_sumamt,inscp_amt,updt_time\n")
SETTLEMENTS = ("setl_id,mdtrt_id,fixmedins_code,psn_no,setl_time,med_type,medfee_sumamt,"
               "updt_time\n")


def rules(text):
    """Rules as a story writes them, from the title on to what it is about."""
    return re.sub(r"^(规则 .*\n)", lambda title: title[1] + HEAD_LINES, text, flags=re.M)


def same(expected, got, what):
    """Equal tables, or the first difference."""
    for name, text in expected.items():
        if text == got[name]:
            continue
        a, b = set(text.splitlines()), set(got[name].splitlines())
        lost, new = sorted(a - b)[:3], sorted(b - a)[:3]
        raise AssertionError(f"{what}: table {name} differs\n"
                             f"  only undisturbed: {lost}\n  only here: {new}")


def generate(folder, lines, seed=7, *options):
    run(f"{BIN}/fundwatch-gen", "--out", folder, "--lines", str(lines), "--seed", str(seed),
        *options)
    return sorted(f"{folder}/{name}" for name in os.listdir(folder)
                  if name != "truth.csv" and not name.endswith(".md"))


def suppressed(rules, paths):
    """What exclusions and exceptions hold back of the same files, each line with its reason."""
    with tempfile.TemporaryDirectory() as work:
        run(f"{BIN}/fundwatch", "scan", "--rules", rules, "-o", f"{work}/found",
            "--suppressed", f"{work}/held", "--feed", f"{ROOT}/conf/feeds/default.yaml", *paths,
            cwd=ROOT)
        with open(f"{work}/held", encoding="utf-8") as f:
            return sorted((x["suppressed"]["reason"], line.split(',"suppressed":')[0] + "}")
                          for line in f for x in [json.loads(line)])


def scan(rules, paths, *options):
    """What `fundwatch scan` finds in the same files: its lines, sorted."""
    done = run(f"{BIN}/fundwatch", "scan", "--rules", rules,
               "--feed", f"{ROOT}/conf/feeds/default.yaml", *options, *paths, cwd=ROOT)
    return sorted(done.stdout.splitlines())
