# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon whose timelines are more than memory.limit finds, file by file, what one without a limit
finds: through corrections that move records to other people, a reload, a restart and a kill."""
import csv
import os
import random
import shutil
import tempfile

from daemon_lib import Box, ROOT, generate, same

LIMIT = "memory: { limit: 1 }\n"
ASLEEP = "they are on disk from now on"


def move_some(paths, folder, every):
    """Some rows again, later, for the person of another row."""
    made = []
    for seed, path in enumerate(paths):
        stream = os.path.basename(path).rsplit("_", 1)[0]
        if stream not in ("fee_list_d", "mdtrt_d", "setl_d") or not path.endswith(".csv"):
            continue
        with open(path, "rb") as source:
            head, *lines = source.read().splitlines()
        names = head.split(b",")
        who, when = names.index(b"psn_no"), names.index(b"updt_time")
        chosen = [line.split(b",") for line in lines[seed % every::every]]
        chosen = [row for row in chosen if len(row) == len(names)]
        people = [row[who] for row in chosen]
        random.Random(seed).shuffle(people)
        for row, person in zip(chosen, people):
            row[who], row[when] = person, b"2027-12-31 00:00:00"
        made.append(f"{folder}/{stream}_moved{seed}.csv")
        with open(made[-1], "wb") as out:
            out.write(b"\n".join([head] + [b",".join(row) for row in chosen]) + b"\n")
    return made


def feed(box, daemon, files):
    for path in files:
        box.drop(path)
        daemon.wait_all(f"`{os.path.basename(path)}` is done", "drained: ")


def change_rules(box, daemon):
    os.remove(f"{box.rules}/duplicate.rules")
    daemon.hup()
    daemon.wait("rule set .* is live")


def start(box, extra, fault=""):
    box.extra = extra
    box.configure()
    return box.start(fault=fault)


def run(name, files, moved, rules, extra):
    """The tables at each step, and the live alerts before rules change."""
    shutil.copytree(f"{ROOT}/rules", rules)
    steps = []
    with Box(name, rules=rules, epoch_rows=3000) as box:
        daemon = start(box, extra)
        feed(box, daemon, files)
        steps.append(box.tables())
        feed(box, daemon, moved)
        steps.append(box.tables())
        live = box.live()
        if extra:
            assert any(ASLEEP in line for line in daemon.lines), "\n".join(daemon.lines)
        daemon.term()
        daemon = box.start()
        daemon.wait("drained: ")
        steps.append(box.tables())
        change_rules(box, daemon)
        steps.append(box.tables())
        box.chain_holds()
        daemon.term()
    return steps, live


def spoil(daemon):
    """A byte of each file of records that the daemon keeps open without a name."""
    folder = f"/proc/{daemon.process.pid}/fd"
    spoiled = 0
    for fd in os.listdir(folder):
        path = os.readlink(f"{folder}/{fd}")
        if "/.segments/" not in path or os.stat(f"{folder}/{fd}").st_size == 0:
            continue
        with open(f"{folder}/{fd}", "r+b", buffering=0) as f:
            at = os.fstat(f.fileno()).st_size // 2
            byte = os.pread(f.fileno(), 1, at)
            os.pwrite(f.fileno(), bytes([byte[0] ^ 1]), at)
            spoiled += 1
    assert spoiled > 10, spoiled


def killed(files, expected):
    """Killed at a commit with timelines on disk, and taken up again."""
    with Box("memkill", epoch_rows=3000) as box:
        box.drop(*files)
        daemon = start(box, LIMIT, fault="sink_commit:4")
        assert daemon.end() == -9, "\n".join(daemon.lines)
        daemon = box.start()
        daemon.wait("drained: ")
        assert box.live() == expected, "after a kill"
        daemon.term()


def damaged(files, moved, expected):
    """What is on disk is wrong: not believed, and read again from what is durable."""
    with Box("memhurt", epoch_rows=3000) as box:
        daemon = start(box, LIMIT)
        feed(box, daemon, files)
        spoil(daemon)
        box.drop(*moved)
        assert daemon.end() > 0, "\n".join(daemon.lines)
        assert any("timelines on disk" in line for line in daemon.lines), daemon.lines
        daemon = box.start()
        daemon.wait("drained: ")
        assert box.live() == expected, "after damage"
        daemon.term()


with tempfile.TemporaryDirectory() as data:
    files = generate(f"{data}/in", 8000)
    os.mkdir(f"{data}/moved")
    moved = move_some(files, f"{data}/moved", 20)
    calm, live = run("mem0", files, moved, f"{data}/rules0", "")
    tight, same_live = run("mem1", files, moved, f"{data}/rules1", LIMIT)
    names = ("taken in", "records moved", "started again", "rules changed")
    for name, a, b in zip(names, calm, tight):
        same(a, b, name)
    assert live == same_live and live
    killed(files + moved, live)
    damaged(files, moved, live)
    print(f"{len(files) + len(moved)} files, {len(live)} live alerts: the same with 1 MiB for "
          "timelines, after a kill, after damage")
