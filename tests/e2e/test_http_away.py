# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL is gone: bodies are taken until the journal is full, then 503; when it is back all of
them are in the database, once."""
import json
import os

from daemon_lib import Cluster
from http_lib import FEE_HEAD, HttpBox, fee, settle

ROWS = 6000


def body(number):
    return FEE_HEAD + "".join(fee(number * ROWS + row) for row in range(ROWS))


def reasons(box):
    answer = box.ask("GET", "/readyz")
    return answer.status, [row["reason"] for row in answer.json()["reasons"]]


def fill(box, key, number):
    """Sends until the journal says no; how many bodies were taken."""
    while True:
        answer = box.send(key, f"n{number}", "fee_list_d.csv", body(number))
        if answer.status != 200:
            return number, answer
        number += 1


with Cluster() as cluster:
    with HttpBox("away", "keys_max_age: 2", server=cluster.conninfo) as box:
        with open(box.config, encoding="utf-8") as text:
            settings = text.read().replace("journal: { segment: 1 }\n", "")
        with open(box.config, "w", encoding="utf-8") as out:
            out.write(settings + "journal: { segment: 64, bound: 2 }\n")
        key = box.key("--facility", "H1", "--role", "intake")
        daemon = box.serve()
        daemon.wait("ready")
        answer = box.send(key, "n0", "fee_list_d.csv", body(0))
        assert answer.status == 200, answer.body
        settle(box, daemon, 1)
        assert reasons(box) == (200, []), reasons(box)
        cluster.kill()
        daemon.wait("keys: the database does not answer")
        assert reasons(box) == (503, ["database"]), reasons(box)
        taken, answer = fill(box, key, 1)
        assert taken > 2, "the journal took next to nothing"
        assert answer.status == 503 and answer.reason == "journal-full", answer.body
        assert int(answer.headers["retry-after"]) > 0
        status, why = reasons(box)
        assert status == 503 and "database" in why and "journal-full" in why, why
        again = box.send(key, "n1", "fee_list_d.csv", body(1))  # what was taken stays taken
        assert again.status == 200 and again.json()["accepted"] == ROWS, again.body
        daemon.process.kill()  # and a power cut on top
        daemon.end()
        daemon = box.serve()
        daemon.wait("cannot connect|does not answer")
        answer = box.send(key, f"n{taken}", "fee_list_d.csv", body(taken))
        assert answer.status == 503, answer.body
        # Keys that were read too long ago open nothing; the database makes them fresh again.
        daemon.process.kill()
        daemon.end()
        cache = f"{box.spool}/.http/keys"
        long_ago = os.stat(cache).st_mtime - 3 * 3600
        os.utime(cache, (long_ago, long_ago))
        daemon = box.serve()
        assert any("read more than 2 hours ago" in line for line in daemon.lines), daemon.lines
        assert box.send(key, "n0", "fee_list_d.csv", body(0)).status == 401
        cluster.start()
        daemon.wait("ready")
        settle(box, daemon, taken)
        answer = box.send(key, f"n{taken}", "fee_list_d.csv", body(taken))
        assert answer.status == 200, answer.body
        settle(box, daemon, taken + 1)
        for number in range(taken + 1):  # senders that never heard the answer
            assert box.send(key, f"n{number}", "fee_list_d.csv", body(number)).status == 200
        daemon.term()
        rows = (taken + 1) * ROWS
        got = json.loads(box.sql("SELECT json_build_array(count(*), count(DISTINCT feedetl_sn)) "
                                 "FROM fundwatch.fee"))
        assert got == [rows, rows], (got, rows)
print(f"{taken + 1} bodies over a database that was away: all there, none twice")
