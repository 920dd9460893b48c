# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGTERM drains, SIGHUP reloads or keeps the old rules, --check tells."""
import glob
import os
import shutil
import tempfile

from daemon_lib import BIN, Box, ROOT, generate, run, same, scan


def events(box, kind):
    """How many, after the rules changed for the first time."""
    return box.number(f"SELECT count(*) FROM fundwatch.alert_event WHERE kind = '{kind}' "
                      "AND epoch > (SELECT max(epoch) FROM fundwatch.epoch WHERE kind = 'drain')")


def term_in_the_middle(files):
    with Box("calm", epoch_rows=5000) as box:
        box.drop(*files)
        daemon = box.start()
        daemon.wait("drained: ")
        daemon.term()
        calm = box.tables()
    with Box("term", epoch_rows=5000) as box:
        box.drop(*files)
        daemon = box.start()
        daemon.wait("epoch: .* committed")
        daemon.term()
        drains = box.number("SELECT count(*) FROM fundwatch.epoch WHERE kind = 'drain'")
        assert drains == 0, "too late to prove it"
        daemon = box.start()
        daemon.wait("drained: ")
        daemon.term()
        same(calm, box.tables(), "after SIGTERM in the middle")
    print("SIGTERM in the middle, restart: the same tables")


def reload(files):
    with tempfile.TemporaryDirectory() as folder:
        rules = f"{folder}/rules"
        shutil.copytree(f"{ROOT}/rules", rules)
        with Box("hup", rules=rules) as box:
            box.drop(*files)
            daemon = box.start()
            first = daemon.wait("rule set .* is live")
            daemon.wait("drained: ")
            before = box.live()

            # A wrong file: the old set stays, with the reason in the log.
            with open(f"{rules}/wrong.rules", "w", encoding="utf-8") as out:
                out.write("规则 broken\n  看 不存在的流\n")
            daemon.hup()
            daemon.wait("reload refused, the old rules stay in force")
            daemon.wait("wrong.rules")
            assert box.live() == before
            done = run(f"{BIN}/fundwatchd", "--check", "-c", box.config, check=False, cwd=ROOT)
            assert done.returncode == 1 and "wrong.rules" in done.stderr, done.stderr
            os.remove(f"{rules}/wrong.rules")
            done = run(f"{BIN}/fundwatchd", "--check", "-c", box.config, cwd=ROOT)
            assert "are right" in done.stdout

            # A family taken out: its alerts are withdrawn, the others untouched.
            os.remove(f"{rules}/duplicate.rules")
            daemon.hup()
            line = daemon.wait("rule set .* is live")
            assert line.split("rule set ")[1][:32] != first.split("rule set ")[1][:32]
            expected = scan(rules, files)
            assert box.live() == expected, "a reload gives what a scan by the new rules finds"
            assert set(box.live()) < set(before)
            assert box.number("SELECT count(*) FROM fundwatch.alert WHERE state = 'withdrawn'") > 0
            assert events(box, "withdrawn") > 0

            # And back: the same alerts are raised again under their old numbers.
            shutil.copy(f"{ROOT}/rules/duplicate.rules", f"{rules}/duplicate.rules")
            daemon.hup()
            daemon.wait("rule set .* is live")
            assert box.live() == before
            assert events(box, "raised again") == events(box, "withdrawn")
            assert box.number("SELECT count(*) FROM fundwatch.rule_release") == 2
            box.chain_holds()
            daemon.term()
    print("SIGHUP: refused, changed, changed back")


with tempfile.TemporaryDirectory() as data:
    generated = generate(data, 20000)
    term_in_the_middle(generated)
    reload(generated)
