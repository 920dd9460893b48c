# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts from segments: the state before, exactly; a damaged file means the database."""
import glob
import os
import tempfile

from daemon_lib import Box, generate, same

POINTS = ["segment_write:2", "segment_sync:2", "segment_rename:1", "segment_named:2"]


def feed(box, daemon, files):
    box.drop(*files)
    daemon.wait_all(*(f"`{os.path.basename(f)}` is done" for f in files), "drained: ")


def loaded(box, source):
    """A restart: where its records came from; nothing changes by it."""
    before = box.tables()
    daemon = box.start()
    line = daemon.wait("records from .* alerts in")
    assert f"from {source}" in line, line
    daemon.wait("drained: ")
    same(before, box.tables(), f"restart from {source}")
    return daemon, line


def files_of(box):
    return sorted(glob.glob(f"{box.spool}/.segments/*.seg"))


def undisturbed(*times):
    with Box("calm", epoch_rows=1000) as box:
        if len(times) == 1:
            box.drop(*times[0])
        daemon = box.start()
        if len(times) == 1:
            daemon.wait("drained: ")
        for files in times if len(times) > 1 else ():
            feed(box, daemon, files)
        daemon.term()
        return box.tables()


def restarted(first, second, expected):
    with Box("seg", epoch_rows=1000) as box:
        daemon = box.start()
        feed(box, daemon, first)
        daemon.term()
        daemon, line = loaded(box, "segments")
        print("  ", line.split("load", 1)[-1])
        feed(box, daemon, second)
        daemon.term()
        same(expected, box.tables(), "after a restart from segments")

        # A file is gone, a byte is wrong: the database, and from then on a base of it.
        for damage in ("gone", "wrong"):
            victim = files_of(box)[0]
            if damage == "gone":
                os.remove(victim)
            else:
                with open(victim, "r+b") as f:
                    f.seek(os.path.getsize(victim) // 2)
                    byte = f.read(1)
                    f.seek(-1, os.SEEK_CUR)
                    f.write(bytes([byte[0] ^ 1]))
            daemon, line = loaded(box, "the database")
            assert any("segments: not believed" in l or "not believed" in l
                       for l in daemon.lines), daemon.lines
            daemon.term()
            daemon, line = loaded(box, "segments")
            daemon.term()
            assert any("base-" in f for f in files_of(box))
        # Leftovers of another life do no harm.
        with open(f"{box.spool}/.segments/.new", "wb") as f:
            f.write(b"half")
        with open(f"{box.spool}/.segments/{10**9:020}.seg", "wb") as f:
            f.write(b"later")
        daemon, line = loaded(box, "segments")
        daemon.term()
        assert not os.path.exists(f"{box.spool}/.segments/{10**9:020}.seg")


def killed(files, point, expected):
    with Box("segkill", epoch_rows=1000) as box:
        box.drop(*files)
        daemon = box.start(fault=point)
        code = daemon.end()
        assert code == -9, f"{point}: exit {code}\n" + "\n".join(daemon.lines)
        daemon = box.start()
        daemon.wait("records from segments")
        daemon.wait("drained: ")
        daemon.term()
        same(expected, box.tables(), f"after {point}")
        daemon, _ = loaded(box, "segments")
        daemon.term()
        box.chain_holds()


def write_fails(first):
    with Box("segfull", epoch_rows=1000) as box:
        daemon = box.start(fault="segment_write:2:ENOSPC")
        feed(box, daemon, first)
        assert sum("the next start reads from the database" in l for l in daemon.lines) == 1
        daemon.term()
        daemon, _ = loaded(box, "the database")
        daemon.term()
        daemon, _ = loaded(box, "segments")
        daemon.term()
    print("a full disk: one line in the log, intake goes on, the next start makes a base")


with tempfile.TemporaryDirectory() as data:
    generated = generate(data, 6000)
    half = (generated[::2], generated[1::2])
    calm = undisturbed(*half)
    restarted(*half, calm)
    print("restarts from segments: the same tables as without")
    calm = undisturbed(generated)
    for point in POINTS:
        killed(generated, point, calm)
    print(f"{len(POINTS)} kills while a segment is made: restarted from segments, nothing lost")
    write_fails(half[0])
