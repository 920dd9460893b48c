# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at every named point, restart: the tables of an undisturbed run."""
import os
import re
import sys
import tempfile

from daemon_lib import Box, FEES, ROOT, generate, rules, same

POINTS = ["sink_begin:2", "sink_copy:3", "sink_alerts:2", "sink_commit:1", "sink_commit:4",
          "sink_committed:3", "sink_committed:6", "spool_read:4", "spool_report:1", "spool_move:2",
          "archive_begin:2", "archive_copy:3", "archive_write:4", "archive_sync:3",
          "archive_rename:2", "journal_write:2", "journal_torn:2", "journal_sync:3",
          "journal_position:4", "journal_told:2", "journal_rotate:2", "journal_done:2",
          "journal_release:1"]


# Those that are in nobody's way through a large file.
SMALL = ["db_connect:1", "archive_open:2", "archive_read:3", "inflate:1", "memory:2",
         "queue_full:5", "clock_step:25"]


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
        assert code == -9, (f"{point}: exit {code}, the point was not reached; the log:\n"
                            + "\n".join(daemon.lines))
        daemon = box.start()
        daemon.wait("drained: ")
        daemon.term()
        same(expected, box.tables(), f"after {point}")
        box.chain_holds()
        box.balanced()
        assert not any("differ from" in line for line in daemon.lines), daemon.lines
        resumed = any("going on after row" in line for line in daemon.lines)
    print(f"{point}: the same tables" + (", a file continued in its middle" if resumed else ""))
    return resumed


def every_point_is_hit():
    with open(f"{ROOT}/daemon/host/fault.def", encoding="utf-8") as table:
        named = set(re.findall(r"^FAULT\((\w+),", table.read(), re.M))
    # Of segments in test_daemon_segments, of history in test_daemon_horizon, of temporary files
    # where memory is bounded.
    named = {name for name in named if not name.startswith(("segment_", "history_", "temp_"))}
    assert named == {point.split(":")[0] for point in POINTS + SMALL}, "fault.def and POINTS differ"


def kill_at(points, lines):
    """How many of them left a file to be continued in its middle."""
    with tempfile.TemporaryDirectory() as data:
        generated = generate(data, lines)
        calm = undisturbed(generated)
        return sum(disturbed(generated, point, calm) for point in points)


RULE = rules("""
规则 k.day 「同日」
  看        费用明细
  归并      人员、自然日
  触发      合计(数量) > 1
  说明      {人员}
""")


def lines(numbers):
    return FEES + "".join(f"F{n},M{n},S{n},H1,P{n % 3},2026-03-01 09:00:00,X1,1,1,1,1,"
                          "2026-05-01 00:00:00\n" for n in numbers)


def judgings(point):
    """Two files, an end at `point` or an orderly one, and another start: all that was judged."""
    with Box("judged") as box:
        box.rules = f"{box.dir}/rules"
        os.mkdir(box.rules)
        with open(f"{box.rules}/k.rules", "w", encoding="utf-8") as out:
            out.write(RULE)
        box.configure()
        box.put("fee_list_d_1.csv", lines(range(6)))
        box.put("fee_list_d_2.csv", lines(range(6, 10)))
        daemon = box.start(fault=point)
        if point:
            assert daemon.end() == -9, daemon.lines
        else:
            daemon.wait("drained: ")
            daemon.term()
        daemon = box.start()
        daemon.wait("drained: ")
        daemon.term()
        assert box.number("SELECT count(*) FROM fundwatch.account_rule_epoch") == 0
        return box.sql("SELECT scope_out + hit + excepted + unknown + no_hit, hit "
                       "FROM fundwatch.account_rule").strip()


def judgings_are_booked_with_their_epoch():
    """Epochs: the rules, a file each, the drained spool. Six lines are judged with the first file,
    all ten of the same persons with the second; a start judges what is there again."""
    for point, judged in (("", 6 + 10 + 10), ("sink_committed:2", 6 + 6 + 10),
                          ("sink_commit:3", 6 + 6 + 10), ("sink_committed:3", 6 + 10 + 10)):
        got = judgings(point)
        assert got == f"{judged}|{judged}", (point, judged, got)
    print("what rules judged is in the books with its epoch, killed or not")


every_point_is_hit()
judgings_are_booked_with_their_epoch()
# Files of more than one chunk, so that some end in several epochs.
continued = kill_at(sys.argv[1:] or POINTS, 60000)
assert continued or sys.argv[1:], "no file was continued in its middle: choose other points"
if not sys.argv[1:]:
    kill_at(SMALL, 8000)
print(f"{len(sys.argv[1:] or POINTS + SMALL)} kills, nothing lost, nothing twice")
