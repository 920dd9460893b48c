# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL in every kind of trouble: intake goes on into the journal, then all of it is there.

Each story makes one trouble with a real server, waits for the one line that tells it, sees
that inputs are durable meanwhile, ends the trouble, and compares every table with those of a
calm run. test_daemon_database has the killed and the missing server.
"""
import os
import shutil
import signal
import sys
import tempfile
import time

from daemon_lib import BOUND, Box, Cluster, Held, ROOT, generate, psql, run, same

TROUBLE = "error +database: cannot commit"


def troubles(daemon):
    return [line for line in daemon.lines if "cannot commit" in line or "cannot connect" in line]


def one_line_each(daemon, n=1):
    assert len(troubles(daemon)) == n, troubles(daemon)


def until(what, bound=BOUND):
    """Looks again until it is so; for what no line of the log tells."""
    end = time.monotonic() + bound
    while not what():
        assert time.monotonic() < end, "waited in vain"
        os.sched_yield()


def taken(box, n):
    """All files are durable, whatever the database does."""
    until(lambda: box.journal()["waiting"] + box.number("SELECT count(*) FROM fundwatch.intake "
                                                        "WHERE state <> 'reading'") >= n)


def settled(box, daemon, calm, what):
    daemon.wait("drained: ")
    daemon.term()
    same(calm, box.tables(), what)
    box.chain_holds()
    box.balanced()
    assert box.journal()["waiting"] == 0
    assert box.verified()["whole"]
    print(f"{what}: the same tables")


def backends_are_killed(server, files, calm):
    with Box("backend", epoch_rows=5000, server=server) as box:
        box.drop(*files)
        daemon = box.start()
        for _ in range(3):
            daemon.wait("epoch: .* committed")
            box.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    f"WHERE datname = '{box.database}' AND pid <> pg_backend_pid()")
        settled(box, daemon, calm, "backends killed")


def a_lock_is_held(server, files, calm):
    with Box("lock", epoch_rows=5000, server=server, database=", lock_timeout: 1") as box:
        daemon = box.start()
        daemon.wait("ready")
        lock = Held(box, "settlement")
        box.drop(*files)
        line = daemon.wait(TROUBLE)
        assert "lock timeout" in line, line
        taken(box, len(files))
        one_line_each(daemon)
        lock.let_go()
        daemon.wait("database: commits again")
        settled(box, daemon, calm, "a lock held")
        lock = Held(box, "alert")
        daemon = box.start()
        line = daemon.wait("loading again, intake goes on")
        assert "lock timeout" in line, line
        box.put("fee_list_d_more.csv", "feedetl_sn\n")
        until(lambda: box.journal()["waiting"] == 1)
        lock.let_go()
        daemon.wait("drained: ")
        daemon.term()
    print("a lock held at the start: waited for")


def it_is_slow(server, files, calm):
    with Box("slow", epoch_rows=5000, server=server, database=", statement_timeout: 1") as box:
        box.sql("CREATE FUNCTION fundwatch.doze() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN PERFORM pg_sleep(30); RETURN NULL; END';"
                "CREATE TRIGGER doze AFTER INSERT ON fundwatch.intake "
                "FOR EACH STATEMENT EXECUTE FUNCTION fundwatch.doze()")
        box.drop(*files)
        daemon = box.start()
        line = daemon.wait(TROUBLE)
        assert "statement timeout" in line, line
        taken(box, len(files))
        box.sql("DROP TRIGGER doze ON fundwatch.intake; DROP FUNCTION fundwatch.doze()")
        daemon.wait("database: commits again")
        one_line_each(daemon)
        settled(box, daemon, calm, "statements too slow")


def it_is_frozen(server, files, calm):
    """A backend that does not even answer: given up by us, and its lock comes free."""
    with Box("frozen", epoch_rows=5000, server=server, database=", statement_timeout: 1") as box:
        box.drop(*files)
        daemon = box.start()
        daemon.wait("epoch: .* committed")
        pid = box.number("SELECT pid FROM pg_stat_activity WHERE application_name = 'fundwatch' "
                         f"AND datname = '{box.database}'")
        os.kill(pid, signal.SIGSTOP)
        line = daemon.wait(TROUBLE)
        assert "no answer in time" in line, line
        os.kill(pid, signal.SIGCONT)
        daemon.wait("database: commits again")
        settled(box, daemon, calm, "a frozen backend")


def the_schema_falls_behind(server, files, calm):
    with Box("behind", epoch_rows=5000, server=server) as box:
        box.sql("CREATE TABLE public.kept AS SELECT * FROM fundwatch.schema_migration "
                "ORDER BY number DESC LIMIT 1")
        box.drop(*files)
        daemon = box.start()
        daemon.wait("epoch: .* committed")
        box.sql("DELETE FROM fundwatch.schema_migration "
                "WHERE number = (SELECT number FROM public.kept);"
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{box.database}' AND pid <> pg_backend_pid()")
        daemon.wait("cannot commit: .*run `fundwatch db migrate`")
        taken(box, len(files))
        box.sql("INSERT INTO fundwatch.schema_migration SELECT * FROM public.kept")
        daemon.wait("database: commits again")
        settled(box, daemon, calm, "the schema behind")


def the_password_is_wrong(files, calm):
    with Cluster("--no-fsync") as own, Box("password", epoch_rows=5000, server=own.conninfo) as box:
        hba = own.sql("SHOW hba_file").strip()
        with open(hba, "r+", encoding="utf-8") as lines:
            rest = lines.read()
            lines.seek(0)
            lines.write("local all watcher scram-sha-256\n" + rest)
        own.sql("CREATE ROLE watcher SUPERUSER LOGIN PASSWORD 'yesterday'; "
                "SELECT pg_reload_conf()")
        asked = box.conninfo
        box.conninfo = asked.replace("user=fundwatch", "user=watcher") + " password=today"
        box.configure()
        box.conninfo = asked
        box.drop(*files)
        daemon = box.start()
        daemon.wait("cannot connect: .*password authentication failed")
        taken(box, len(files))
        own.sql("ALTER ROLE watcher PASSWORD 'today'")
        daemon.wait("database: connected")
        one_line_each(daemon)
        settled(box, daemon, calm, "a wrong password")


def the_journal_gets_full(server, files, calm):
    """Files wait in the spool when more than the bound waits, and go on when it does not."""
    with Box("full", epoch_rows=5000, server=server, database=", lock_timeout: 1",
             journal="segment: 1, bound: 1") as box:
        daemon = box.start()
        daemon.wait("ready")
        lock = Held(box, "intake")
        box.drop(*files)
        daemon.wait_all("journal: full: ", TROUBLE)
        assert box.journal()["waiting"] < len(files)
        assert sum("full: " in line for line in daemon.lines) == 1
        lock.let_go()
        daemon.wait_all("journal: has room again", "database: commits again")
        settled(box, daemon, calm, "the journal full")


class SmallDisk:
    """A cluster with a tablespace on a tiny file system, in a mount namespace of its own."""

    def __init__(self):
        self.cluster = Cluster()
        self.disk = tempfile.mkdtemp(prefix="fundwatch-disk-")

    def __enter__(self):
        c = self.cluster
        c.dir = tempfile.mkdtemp(prefix="fundwatch-pg-")
        os.chmod(c.dir, 0o755)
        made = run("unshare", "-m", "sh", "-c",
                   f"mount -t tmpfs -o size=1500k none {self.disk} && "
                   f"chown \"$(id -u postgres 2>/dev/null || id -u nobody)\" {self.disk} && "
                   f"exec {ROOT}/scripts/pg start {c.dir} --no-fsync", check=False)
        if made.returncode != 0:
            shutil.rmtree(c.dir)
            return None
        c.conninfo = made.stdout.strip()
        return self

    def __exit__(self, kind, value, trace):
        if os.path.isdir(self.cluster.dir):
            self.cluster.__exit__(kind, value, trace)
        os.rmdir(self.disk)

    def grow(self):
        run("nsenter", "-t", str(self.cluster.pid()), "-m", "mount", "-o", "remount,size=200m",
            self.disk)


def the_disk_is_full(files, calm):
    with SmallDisk() as small:
        if small is None:
            print("SKIPPED: the disk full: this user may not mount a small file system",
                  file=sys.stderr)
            return
        server = small.cluster.conninfo
        psql(server, f"CREATE TABLESPACE small LOCATION '{small.disk}'")
        with Box("disk", epoch_rows=5000, server=server) as box:
            psql(server, f"ALTER DATABASE {box.database} SET default_tablespace = small")
            box.drop(*files)
            daemon = box.start()
            line = daemon.wait(TROUBLE)
            assert "[53100]" in line, line  # disk full, as PostgreSQL numbers it
            taken(box, len(files))
            one_line_each(daemon)
            small.grow()
            daemon.wait("database: commits again")
            settled(box, daemon, calm, "the disk full")
        psql(server, "DROP TABLESPACE small")


def it_fails_over(files, calm):
    """The server dies; its synchronous standby takes over what it had."""
    second = tempfile.mkdtemp(prefix="fundwatch-pg-")
    with Cluster("--no-fsync") as first, \
            Box("over", epoch_rows=5000, server=first.conninfo) as box:
        os.chmod(second, 0o755)
        owner = os.stat(f"{first.dir}/data").st_uid
        group = os.stat(f"{first.dir}/data").st_gid
        os.chown(second, owner, group)
        run("pg_basebackup", "-D", f"{second}/data", "-R", "-N", "-c", "fast", "-d",
            first.conninfo,
            user=owner if os.geteuid() == 0 else None, cwd="/")
        standby = run(f"{ROOT}/scripts/pg", "start", second, check=False).stdout.strip()
        standby = standby or f"host={second}/s user=fundwatch dbname=fundwatch"
        first.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        first.sql("SELECT pg_reload_conf()")
        box.conninfo = (f"host={first.dir}/s,{second}/s user=fundwatch "
                        f"target_session_attrs=read-write dbname={box.database}")
        box.configure()
        box.drop(*files)
        daemon = box.start()
        daemon.wait("epoch: .* committed")
        first.kill()
        daemon.wait(TROUBLE)
        psql(standby, "ALTER SYSTEM RESET synchronous_standby_names")
        psql(standby, "SELECT pg_promote()")
        daemon.wait("database: commits again")
        one_line_each(daemon)
        settled(box, daemon, calm, "failed over to a synchronous standby")
        box.server = standby
    run(f"{ROOT}/scripts/pg", "remove", second)
    shutil.rmtree(second)


def it_comes_back_older(server, files, essence):
    """A backup is put back: what it lacks is told, and read again from the journal."""
    with Box("older", epoch_rows=5000, server=server, journal="segment: 65536") as box:
        old = f"{box.database}_old"
        box.drop(*files[:2])
        daemon = box.start()
        daemon.wait("drained: ")
        daemon.term()
        psql(server, f"CREATE DATABASE {old} TEMPLATE {box.database}")
        daemon = box.start()
        daemon.wait("drained: ")
        box.drop(*files[2:-1])
        daemon.wait("drained: ")
        psql(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
             f"WHERE datname = '{box.database}'")
        psql(server, f"DROP DATABASE {box.database} WITH (FORCE)")
        psql(server, f"ALTER DATABASE {old} RENAME TO {box.database}")
        box.drop(files[-1])
        daemon.wait("cannot commit: .*commits were lost")
        assert daemon.end() == 1
        daemon = box.start()
        daemon.wait("was committed, but the database does not have it any more: read again")
        daemon.wait("drained: ")
        daemon.term()
        same(essence, box.essence(), "after an older state came back")
        box.chain_holds()
        box.balanced()
    print("an older state of the database: told, and all is there again")


STORIES = {
    "backend": lambda s, f, c: backends_are_killed(s, f, c),
    "lock": lambda s, f, c: a_lock_is_held(s, f, c),
    "slow": lambda s, f, c: it_is_slow(s, f, c),
    "frozen": lambda s, f, c: it_is_frozen(s, f, c),
    "behind": lambda s, f, c: the_schema_falls_behind(s, f, c),
    "full": lambda s, f, c: the_journal_gets_full(s, f, c),
    "password": lambda s, f, c: the_password_is_wrong(f, c),
    "disk": lambda s, f, c: the_disk_is_full(f, c),
    "over": lambda s, f, c: it_fails_over(f, c),
    "older": lambda s, f, c: it_comes_back_older(s, f, essence),
}

with tempfile.TemporaryDirectory() as data:
    generated = generate(data, 30000)
    with Box("calm", epoch_rows=5000) as quiet:
        quiet.drop(*generated)
        running = quiet.start()
        running.wait("drained: ")
        running.term()
        undisturbed, essence = quiet.tables(), quiet.essence()
        for name in sys.argv[1:] or STORIES:
            STORIES[name](quiet.server, generated, undisturbed)
