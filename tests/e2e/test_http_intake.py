# SPDX-License-Identifier: GPL-3.0-or-later
"""The same records over HTTP as through the spool: the same tables; killed anywhere, sent again:
nothing lost, nothing twice; the same key with other content is told."""
import http.client
import json
import os
import random
import tempfile
import threading

from daemon_lib import BIN, ROOT, Held, generate, run, same
from http_lib import FEE_HEAD, WAIT, HttpBox, fee, settle
from test_messages import Messages

SEED = 11
RULES = f"{ROOT}/rules"
MESSAGES = 400
PARTS = 3  # bodies a file is cut into


def cut(path):
    """A CSV file as PARTS bodies, each with the header."""
    with open(path, "rb") as text:
        head, *rows = text.readlines()
    for part in range(PARTS):
        mine = rows[part::PARTS]
        if mine:
            yield os.path.basename(path), head + b"".join(mine)


def through_the_spool(files):
    with HttpBox("spooled", rules=RULES) as box:
        box.key("--all", "--role", "intake")
        box.drop(*files)
        daemon = box.serve()
        settle(box, daemon, len(files))
        daemon.wait("drained: ")
        daemon.term()
        return box.records()


def over_http(files, expected):
    bodies = [body for path in files for body in cut(path)]
    random.Random(SEED).shuffle(bodies)
    with HttpBox("posted", settings="rows_max: 10000000", rules=RULES) as box:
        key = box.key("--all", "--role", "intake")
        daemon = box.serve()
        accepted = 0
        for number, (name, text) in enumerate(bodies):
            answer = box.send(key, f"b{number}", name, text, zipped=number % 2)
            assert answer.status == 200, answer.body
            accepted += answer.json()["accepted"]
            if number % 3 == 0:  # sent again, as after a lost answer
                again = box.send(key, f"b{number}", name, text, zipped=number % 2)
                assert again.body == answer.body, (again.body, answer.body)
        settle(box, daemon, len(bodies))
        daemon.term()
        assert box.number("SELECT count(*) FROM fundwatch.intake") == len(bodies)
        taken = box.number("SELECT sum(records) FROM fundwatch.intake")
        assert taken == accepted, (taken, accepted)
        daemon = box.serve()  # rules over facilities are judged when nothing waits
        daemon.wait("drained: ")
        daemon.term()
        same(expected, box.records(), "posted in any order")
    print(f"{len(bodies)} bodies in any order: the same records and findings as from the spool")


def post_all(box, key, messages):
    """One connection, one message after the other, each under its own msgid."""
    link = http.client.HTTPConnection("127.0.0.1", box.port, timeout=WAIT)
    for message in messages:
        link.request("POST", "/v1/intake/default", message.encode(),
                     {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        answer = link.getresponse()
        told = json.loads(answer.read())
        assert answer.status == 200 and told["key"] == json.loads(message)["msgid"], told
    link.close()


def message_by_message(folder):
    """Interface messages: one file in the spool, or each posted alone by senders at once."""
    run(f"{BIN}/fundwatch-gen", "--out", folder, "--lines", "600", "--seed", "3", "--gzip", "none",
        "--gb18030", "none")
    messages = Messages(folder)
    messages.tell()
    lines = messages.lines[:MESSAGES]
    with HttpBox("onefile", rules=RULES) as box:
        box.key("--all", "--role", "intake")
        box.put("messages.json", "\n".join(lines) + "\n")
        daemon = box.serve()
        settle(box, daemon, 1)
        daemon.wait("drained: ")
        daemon.term()
        expected = box.records()
    random.Random(SEED).shuffle(lines)
    with HttpBox("messages", rules=RULES) as box:
        key = box.key("--all", "--role", "intake")
        daemon = box.serve()
        senders = [threading.Thread(target=post_all, args=(box, key, lines[n::4] + lines[n:n + 3]))
                   for n in range(4)]
        for sender in senders:
            sender.start()
        settle(box, daemon, len(lines))  # and reads the log, lest it fills up
        for sender in senders:
            sender.join()
        daemon.term()
        daemon = box.serve()
        daemon.wait("drained: ")
        daemon.term()
        assert box.number("SELECT count(*) FROM fundwatch.intake") == len(lines)
        same(expected, box.records(), "message by message")
    print(f"{len(lines)} messages posted alone by four senders: as from one file")


def killed(point):
    """The daemon dies at `point` with the body in hand; the sender tries again."""
    text = FEE_HEAD + "".join(fee(n) for n in range(50))
    with HttpBox("killed") as box:
        key = box.key("--facility", "H1", "--role", "intake")
        daemon = box.serve(fault=point)
        try:
            answer = box.send(key, "once", "fee_list_d.csv", text)
            raise AssertionError(f"{point} was not reached: {answer.body}")
        except (http.client.HTTPException, OSError):
            pass
        assert daemon.end() == -9
        daemon = box.serve()
        other = box.send(key, "once", "fee_list_d.csv", text + fee(99))
        answer = box.send(key, "once", "fee_list_d.csv", text)
        durable = other.status == 409
        if durable:
            assert other.reason == "other-content"
            assert answer.status == 200 and answer.json()["accepted"] == 50, answer.body
        else:  # nothing was durable: the first to come has the key
            assert other.status == 200 and answer.status == 409, (other.body, answer.body)
        settle(box, daemon, 1)
        daemon.term()
        assert box.number("SELECT count(*) FROM fundwatch.fee") == (50 if durable else 51)
        assert box.number("SELECT count(*) FROM fundwatch.intake") == 1
    print(f"{point}: {'durable, ' if durable else 'not durable, '}nothing twice")
    return durable


def killed_on_the_way(box, daemon, bodies):
    """Whether the point was reached: how often the daemon commits depends on how many bodies had
    come when it could."""
    try:
        settle(box, daemon, bodies)
    except AssertionError:  # its log has ended
        pass
    daemon.process.terminate()
    code = daemon.end()
    assert code in (0, -9), (code, daemon.lines)
    return code == -9


def bodies_share_epochs(point=""):
    """Bodies that wait while the database is held up are committed together; killed on the way,
    each is there once after a restart."""
    bodies = 24
    with HttpBox("shared") as box:
        key = box.key("--all", "--role", "intake")
        daemon = box.serve(fault=point)
        daemon.wait("rule set [0-9a-f]* is live")
        lock = Held(box, "intake")
        for n in range(bodies):
            text = FEE_HEAD + fee(2 * n, f"H{n % 3}") + fee(2 * n + 1, f"H{n % 3}") + "x,y\n"
            answer = box.send(key, f"k{n}", "fee_list_d.csv", text)
            assert answer.status == 200 and answer.json()["accepted"] == 2, answer.body
        lock.let_go()
        died = killed_on_the_way(box, daemon, bodies)
        if died:
            daemon = box.serve()
            settle(box, daemon, bodies)
            daemon.term()
        shared = box.number("SELECT count(*) FROM fundwatch.epoch WHERE kind = 'intake' "
                            "AND intake_id IS NULL")
        epochs = box.number("SELECT count(*) FROM fundwatch.epoch WHERE kind = 'intake'")
        assert shared > 0 and epochs < bodies, (shared, epochs)
        assert box.number("SELECT count(*) FROM fundwatch.intake WHERE state = 'done' AND "
                          "rows_done = 3 AND records = 2 AND rejects = 1") == bodies
        assert box.number("SELECT count(*) FROM fundwatch.fee") == 2 * bodies
        assert box.number("SELECT count(DISTINCT intake_id) FROM fundwatch.reject") == bodies
        box.balanced()
        box.verified()
    print(f"{bodies} bodies in {epochs} epochs{', killed at ' + point if died else ''}: each once")
    return died


def answers_outlive_the_process():
    text = FEE_HEAD + fee(1) + "x,y\n"
    with HttpBox("again") as box:
        key = box.key("--facility", "H1", "--role", "intake")
        daemon = box.serve()
        first = box.send(key, "k", "fee_list_d.csv", text)
        assert first.status == 200 and first.json()["rejected"] == 1, first.body
        settle(box, daemon, 1)
        daemon.term()
        daemon = box.serve()
        assert box.send(key, "k", "fee_list_d.csv", text).body == first.body
        assert box.send(key, "k", "fee_list_d.csv", text + fee(2)).status == 409
        daemon.term()
    print("answers outlive the process")


def one_facility_does_not_block_another():
    with HttpBox("scopes") as box:
        one = box.key("--facility", "H1", "--role", "intake")
        two = box.key("--facility", "H2", "--role", "intake")
        daemon = box.serve()
        assert box.send(one, "k", "fee_list_d.csv", FEE_HEAD + fee(1)).status == 200
        answer = box.send(two, "k", "fee_list_d.csv", FEE_HEAD + fee(1, "H2"))
        assert answer.status == 200, answer.body
        foreign = box.send(two, "f", "fee_list_d.csv", FEE_HEAD + fee(1, "H2") + fee(2, "H1"))
        assert foreign.status == 403 and foreign.reason == "foreign-facility", foreign.body
        assert foreign.json()["error"]["rejects"][0]["line"] == 3, foreign.body
        settle(box, daemon, 2)
        daemon.term()
        assert box.number("SELECT count(*) FROM fundwatch.fee") == 2
    print("keys of two facilities do not meet; foreign rows refuse the whole body")


with tempfile.TemporaryDirectory() as data:
    generated = [path for path in generate(data, 12000) if path.endswith(".csv")]
    over_http(generated, through_the_spool(generated))
with tempfile.TemporaryDirectory() as data:
    message_by_message(data)
points = [killed(point) for point in ("journal_write:1", "journal_sync:1", "journal_told:1")]
assert any(points) and not all(points), points
assert not bodies_share_epochs()
kills = [bodies_share_epochs(at) for at in ("sink_copy:4", "sink_commit:5", "sink_committed:6")]
assert any(kills), "no point was reached: choose others"
answers_outlive_the_process()
one_facility_does_not_block_another()
