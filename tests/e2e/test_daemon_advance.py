# SPDX-License-Identifier: GPL-3.0-or-later
"""The horizon goes on while the daemon runs: a daemon that runs on has the tables, closed alerts
and records in memory of one that is started again after every month; one that is killed or stopped
in the midst of months, before rules over facilities have judged any, misses none of them."""
import contextlib
import os
import pathlib
import random
import re
import shutil

from daemon_lib import Box, FEES, SETTLEMENTS, rules, same

RULES = rules("""
规则 v.near 「七天内重复」
  看        费用明细
  归并      人员、项目
  窗口      7 天
  触发      笔数 > 1
  说明      {人员}{笔数}次

规则 v.month 「一月之内」
  看        费用明细
  归并      机构、自然月
  触发      合计(数量) > 30
  违规金额  合计(符合范围金额)
  说明      {机构}{自然月}{合计(数量)}次
""")
MONTHS = 5


def rows(month, rng, times=1):
    """A month of visits, and with it a few lines of two months ago: new ones, a line refunded, a
    line corrected, a line sent again."""
    made = [(f"{month}{i:04}", rng.randrange(40 * times), month, rng.randrange(1, 29), "1",
             "2027-01-01") for i in range(120 * times)]
    if month > 2:
        made += [(f"{month}L{i}", rng.randrange(40 * times), month - 2, rng.randrange(1, 29), "1",
                  "2027-01-01") for i in range(4)]
        again = random.Random(month - 2)
        old = rows(month - 2, again, times)[:3]
        made += [old[0], (*old[1][:4], "2", f"2027-02-{month:02}"),
                 (f"{month}R", *old[2][1:4], "-1", "2027-01-01")]
    return made


def files(folder, times=1):
    paths = []
    for month in range(1, MONTHS + 1):
        made = rows(month, random.Random(month), times)
        for name, head, line in (
                ("setl", SETTLEMENTS, "S{n},M{n},H{f},P{p},{d} 10:00:00,11,{a},{u} 00:00:00\n"),
                ("fee_list", FEES, "F{n},M{n},S{n},H{f},P{p},{d} 09:00:00,X1,{c},10.00,{a},{a},"
                                   "{u} 00:00:00\n")):
            path = f"{folder}/{name}_d_{month}.csv"
            paths.append(path)
            with open(path, "w", encoding="utf-8") as out:
                out.write(head)
                for n, person, m, day, count, updated in made:
                    out.write(line.format(n=n, f=person % 3, p=person, d=f"2026-{m:02}-{day:02}",
                                          c=count, a=f"{int(count) * 10}.00", u=updated))
    return paths


def loaded(daemon):
    """How many records each loading brought."""
    return [int(m.group(1)) for m in (re.search(r"load: (\d+) records from", line)
                                      for line in daemon.lines) if m]


def take(box, daemon, path):
    """Until it is judged and, when the horizon moves for it, all is judged anew."""
    before = daemon.seen
    box.drop(path)
    daemon.wait_all(f"`{os.path.basename(path)}` is done", "drained: ")
    moves = any("horizon: moves on" in line for line in daemon.lines[before:daemon.seen])
    if moves:
        daemon.wait("rule set .* is live")
    return moves


@contextlib.contextmanager
def bounded(name, epoch_rows):
    with Box(name, epoch_rows=epoch_rows) as box:
        box.rules = f"{box.dir}/rules"
        os.mkdir(box.rules)
        pathlib.Path(box.rules, "v.rules").write_text(RULES, encoding="utf-8")
        box.extra = "history: { days: 20 }\n"
        box.configure()
        yield box


def outcome(box):
    return box.tables() | {"closed": box.sql(
        "SELECT alert_id, closed FROM fundwatch.alert ORDER BY 1")}


def story(name, restart):
    with bounded(name, 1000) as box:
        daemon, steps, moved = box.start(), [], []
        daemon.wait("drained: ")
        for path in files(box.dir):
            moves = take(box, daemon, path)
            if "setl" in path:
                continue
            moved.append(moves)
            if restart:  # from the database; who runs on loads from segments
                daemon.term()
                shutil.rmtree(f"{box.spool}/.segments")
                daemon = box.start()
                daemon.wait("drained: ")
                assert any("from the database" in line for line in daemon.lines), daemon.lines
            steps.append(outcome(box))
        box.balanced()
        box.chain_holds()
        assert box.number("SELECT count(*) FROM fundwatch.alert WHERE closed") > 10
        assert box.number("SELECT count(*) FROM fundwatch.alert WHERE NOT closed") > 10
        kept = loaded(daemon)
        daemon.term()
        assert restart or any("from segments" in line for line in daemon.lines), daemon.lines
        return steps, kept, moved


def together(points):
    """All months lie there at once; each point ends a daemon before it is through."""
    with bounded("together", 1000) as box:
        box.drop(*files(box.dir, 12))
        for point in points:
            daemon = box.start(fault=point)
            assert daemon.end() == -9, daemon.lines
            assert not any("drained: " in line for line in daemon.lines), daemon.lines
        daemon = box.start()
        daemon.wait("moves on")
        daemon.wait("rule set .* is live")
        told = any("judged all that came" in line for line in daemon.lines)
        daemon.term()
        assert told == bool(points), daemon.lines
        box.balanced()
        box.chain_holds()
        return outcome(box)


def main():
    on, kept, moved = story("onward", False)
    again, last, _ = story("again", True)
    for i, (a, b) in enumerate(zip(again, on)):
        if not moved[i]:  # a start moves the floor by single days, too
            a["closed"] = b["closed"]
        same(a, b, f"after month {i + 1}")
    assert sum(moved) >= MONTHS - 2 and moved[-1], moved
    # What is in memory at the end is what a start loads, and less than there is.
    assert kept[-1] == last[-1] < MONTHS * 120, (kept, last)
    whole = together([])
    assert "|v.month|" in whole["alert"], whole["alert"]
    for points in (["sink_commit:6"], ["sink_begin:9", "sink_committed:3"]):
        same(whole, together(points), points)
    print("killed before anything was drained: no month is missed")
    print(f"{sum(moved)} moves of the horizon: the tables of {len(again)} restarts; "
          f"{kept[-1]} records are kept")


main()
