# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that fail under journal and archive; inputs that are nowhere but in the journal."""
import os
import tempfile

from daemon_lib import BIN, Box, generate, run, same

# Errors that pass: the input waits and is taken later. fault.def has the points.
PASSING = ("archive_write:3:ENOSPC", "archive_sync:2:EIO", "archive_copy:2:EIO",
           "journal_torn:3:ENOSPC", "journal_rotate:2:ENOSPC")
# Errors that leave unknown what the disk holds: the process ends, the next start reads it.
LASTING = ("journal_sync:3:EIO", "journal_position:4:EIO")


def errors_pass(files, calm, fault):
    with Box("disk", epoch_rows=5000) as box:
        box.drop(*files)
        daemon = box.start(fault=fault)
        if not fault.startswith("journal_rotate"):
            daemon.wait("journal: cannot take inputs: ")
            daemon.wait("journal: takes inputs again")
        daemon.wait("drained: ")
        daemon.term()
        assert sum("cannot take inputs" in line for line in daemon.lines) < 2, daemon.lines
        same(calm, box.essence(), f"after {fault}")
        box.balanced()
        assert box.verified()["whole"]
    print(f"{fault}: taken later, the same tables")


def errors_end_it(files, calm, fault):
    with Box("disk", epoch_rows=5000) as box:
        box.drop(*files)
        daemon = box.start(fault=fault)
        daemon.wait("journal: cannot go on: ")
        assert daemon.end() == 1, daemon.lines
        daemon = box.start()
        daemon.wait("drained: ")
        daemon.term()
        same(calm, box.essence(), f"after {fault}")
        box.balanced()
        assert box.verified()["whole"]
    print(f"{fault}: the process ended, the next start has it all")


def only_in_the_journal(files, calm):
    """Killed while the database is away, and the spool emptied by somebody: nothing is lost."""
    with Box("only", epoch_rows=5000) as box:
        box.sql("ALTER SCHEMA fundwatch RENAME TO away")
        box.drop(*files)
        daemon = box.start()
        daemon.wait("cannot connect: ")
        while box.journal()["waiting"] < len(files):
            os.sched_yield()
        daemon.process.kill()
        daemon.end()
        for path in files:
            os.remove(f"{box.spool}/{os.path.basename(path)}")
        box.sql("ALTER SCHEMA away RENAME TO fundwatch")
        daemon = box.start()
        daemon.wait(f"{len(files)} inputs of .* wait since before the start")
        daemon.wait("drained: ")
        daemon.term()
        same(calm, box.tables(), "from the journal alone")
        box.balanced()
        assert box.journal()["waiting"] == 0
    print("the spool emptied behind a killed daemon: the same tables from the journal")


def damage_is_told(files):
    """A flipped bit: verify and the daemon name the place, and nothing is skipped."""
    with Box("damage", epoch_rows=5000) as box:
        box.sql("ALTER SCHEMA fundwatch RENAME TO away")
        box.drop(*files)
        daemon = box.start()
        daemon.wait("cannot connect: ")
        while box.journal()["waiting"] < len(files):
            os.sched_yield()
        daemon.term()
        segment = f"{box.spool}/.journal/0000000000000001.journal"
        with open(segment, "r+b") as f:
            f.seek(100)
            byte = f.read(1)
            f.seek(100)
            f.write(bytes([byte[0] ^ 4]))
        told = run(f"{BIN}/fundwatch", "journal", "verify", "--lang", "en", "-c", box.config,
                   check=False)
        place = "segment 0000000000000001 is damaged at offset 64"
        assert told.returncode == 1 and place in told.stdout, told
        daemon = box.start()
        assert daemon.end() == 1 and any(place in line for line in daemon.lines), daemon.lines
    print("a flipped bit: named by verify and by the daemon, which does not start over it")


with tempfile.TemporaryDirectory() as data:
    generated = generate(data, 12000)
    with Box("calm", epoch_rows=5000) as quiet:
        quiet.drop(*generated)
        running = quiet.start()
        running.wait("drained: ")
        running.term()
        undisturbed, without_numbers = quiet.tables(), quiet.essence()
    for point in PASSING:
        errors_pass(generated, without_numbers, point)
    for point in LASTING:
        errors_end_it(generated, without_numbers, point)
    only_in_the_journal(generated, undisturbed)
    damage_is_told(generated)
