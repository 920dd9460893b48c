# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at every named point, restart: the tables of an undisturbed run."""
import sys
import tempfile

from daemon_lib import Box, generate, same

POINTS = ["sink_begin:2", "sink_copy:3", "sink_alerts:2", "sink_commit:1", "sink_commit:4",
          "sink_committed:2", "sink_committed:5", "spool_read:3", "spool_report:1", "spool_move:2"]


def undisturbed(files):
    with Box("calm", epoch_rows=5000) as box:
        box.drop(*files)
        daemon = box.start()
        daemon.wait("drained: ")
        daemon.term()
        return box.tables()


def disturbed(files, point, expected):
    with Box("kill", epoch_rows=5000) as box:
        box.drop(*files)
        daemon = box.start(fault=point)
        code = daemon.end()
        assert code == -9, f"{point}: exit {code}, the point was not reached; the log:\n" + "\n".join(daemon.lines)
        daemon = box.start()
        daemon.wait("drained: ")
        daemon.term()
        same(expected, box.tables(), f"after {point}")
        box.chain_holds()
        assert not any("differ" in line for line in daemon.lines), daemon.lines
    print(f"{point}: the same tables")


with tempfile.TemporaryDirectory() as data:
    generated = generate(data, 30000)
    calm = undisturbed(generated)
    for where in sys.argv[1:] or POINTS:
        disturbed(generated, where, calm)
    print(f"{len(sys.argv[1:] or POINTS)} kills, nothing lost, nothing twice")
