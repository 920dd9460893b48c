# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that fail and a clock that steps: what passes, what ends the process, the same tables.

Kills at every point are in test_daemon_kill, failing disks under the journal in
test_daemon_disk; here are the other failures a machine has to offer.
"""
import os
import re
import tempfile

from daemon_lib import Box, ROOT, generate, same

# The call that fails, what the log says of it, and the exit code (None: it goes on by itself).
FAILING = (
    ("db_connect:1:EACCES", "cannot connect: .*; trying again, intake goes on", None),
    ("archive_open:2:EMFILE", "cannot be read: .*; trying again", None),
    ("queue_full:1:ENOMEM", "journal: full: 0 inputs", None),  # before anything is on its way
    ("queue_full:2:ENOMEM", "journal: full: ", None),
    ("archive_read:2:EIO", "cannot go on: .*; the next start reads it again", 1),
    ("inflate:1:ENOMEM", "cannot go on: .*inflating: ", 1),
    ("memory:2:ENOMEM", "fundwatch: out of memory", -6),
    ("memory:5", None, -9),
)
# The same with timelines and cells on disk, in temporary files.
BOUNDED = "memory: { limit: 1 }\n"
FAILING_BOUNDED = (
    ("temp_open:5:EMFILE", "no temporary file in .*; loading again, intake goes on", None),
    ("temp_write:9:ENOSPC", "timelines on disk: .* cannot be written: ", 1),
    ("temp_read:3:EIO", "timelines on disk: .* cannot be read: ", 1),
    ("temp_short:7:EIO", "fault: temp_short fails", None),
)
# The wall clock jumps by 400 days: while it starts, while it takes in, on its way out; to and fro.
STEPS = ("clock_step:1:BACK", "clock_step:1:FORTH", "clock_step:20:BACK", "clock_step:20:FORTH",
         "clock_step:60:BACK", "clock_step:60:FORTH")


def a_call_fails(files, calm, wish, line, code, extra=""):
    with Box("faults", epoch_rows=5000) as box:
        box.extra = extra
        box.configure()
        box.drop(*files)
        daemon = box.start(fault=wish)
        if line:
            daemon.wait(line)
        if code is not None:
            assert daemon.end() == code, daemon.lines
            daemon = box.start()
        daemon.wait("drained: ")
        daemon.term()
        same(calm, box.essence(), f"after {wish}")
        box.balanced()
        box.chain_holds()
        assert box.journal()["waiting"] == 0
        assert box.verified()["whole"]
    print(f"{wish}: {'went on' if code is None else 'ended'}, the same tables")


def the_clock_steps(files, calm, wish):
    """Every table to the byte, alert numbers and revisions too; then a restart on the old time."""
    with Box("clock", epoch_rows=5000) as box:
        box.drop(*files)
        daemon = box.start(fault=wish)
        daemon.wait("drained: ")
        daemon.term()
        assert any("fault: clock_step" in said for said in daemon.lines), daemon.lines
        same(calm, box.tables(), f"after {wish}")
        daemon = box.start()
        daemon.wait("drained: ")
        daemon.term()
        same(calm, box.tables(), f"after {wish} and a restart")
        box.balanced()
        box.chain_holds()
        assert box.verified()["whole"]
    print(f"{wish}: no finding, no ledger changed")


def one_place_reads_the_clock():
    """Else a step would not reach all there is. The command line asks what day it is."""
    for folder, _, names in os.walk(f"{ROOT}/daemon"):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".c") and not re.search(r"/cli/|host/clock\.c$", path):
                with open(path, encoding="utf-8") as text:
                    found = re.search(r"\btime\(NULL\)|CLOCK_REALTIME|gettimeofday", text.read())
                assert not found, f"{path} reads the clock by itself: {found.group()}"


one_place_reads_the_clock()
with tempfile.TemporaryDirectory() as data:
    generated = generate(data, 8000)
    with Box("calm", epoch_rows=5000) as quiet:
        quiet.drop(*generated)
        running = quiet.start()
        running.wait("drained: ")
        running.term()
        undisturbed, without_numbers = quiet.tables(), quiet.essence()
    for point, said, ends in FAILING:
        a_call_fails(generated, without_numbers, point, said, ends)
    for point, said, ends in FAILING_BOUNDED:
        a_call_fails(generated, without_numbers, point, said, ends, BOUNDED)
    for point in STEPS:
        the_clock_steps(generated, undisturbed, point)
