# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that wait are judged and committed together: fewer epochs, the same records, findings and
books as file by file, killed or not."""
import os
import pathlib
import random

from daemon_lib import Box, FEES, Held, rules, same

RULE = rules("""
规则 g.near 「七天内重复」
  看        费用明细
  归并      人员、项目
  窗口      7 天
  触发      笔数 > 2
  说明      {人员}{笔数}次
""")
FILES, LINES = 12, 1000


def make(folder):
    """Few persons, so that every file touches all of them; some lines again, some corrected."""
    rng, paths, before = random.Random(5), [], []
    for k in range(FILES):
        rows = [f"F{k}x{i},M{k}x{i},S{k}x{i},H1,P{rng.randrange(15)},2026-{k + 1:02}-"
                f"{rng.randrange(1, 29):02} 09:00:00,X{rng.randrange(12)},1,10.00,10.00,10.00,"
                "2027-01-01 00:00:00\n" for i in range(LINES - 20)]
        again = [row if i % 2 else row.replace(",1,10", ",2,10").replace("2027-01", "2027-02")
                 for i, row in enumerate(before[:20])]
        before = rows
        paths.append(f"{folder}/fee_list_d_{k:02}.csv")
        with open(paths[-1], "w", encoding="utf-8") as out:
            out.write(FEES + "".join(rows + again))
    return paths


def start_with_all(box, paths, fault=""):
    """Loading waits for a lock until every file is durable: all wait when the engine asks."""
    lock = Held(box, "alert")
    box.drop(*paths)
    daemon = box.start(fault=fault)
    daemon.wait("` is taken")
    while box.journal()["waiting"] < len(paths):
        assert daemon.process.poll() is None, "\n".join(daemon.lines)
    lock.let_go()
    return daemon


def story(most, kill=""):
    with Box("grow", epoch_rows=1000) as box:
        box.rules = f"{box.dir}/rules"
        os.mkdir(box.rules)
        pathlib.Path(box.rules, "g.rules").write_text(RULE, encoding="utf-8")
        box.epoch_most = most
        box.configure()
        daemon = start_with_all(box, make(box.dir), kill)
        if kill:
            assert daemon.end() == -9, "\n".join(daemon.lines)
            daemon = box.start()
        daemon.wait("drained: ")
        while box.journal()["waiting"] > 0:
            daemon.wait("drained: ")
        epochs = box.number("SELECT count(*) FROM fundwatch.epoch WHERE kind = 'intake'")
        shared = box.number("SELECT count(*) FROM fundwatch.epoch WHERE kind = 'intake' AND "
                            "intake_id IS NULL")
        daemon.term()
        box.balanced()
        box.chain_holds()
        return box.essence(), epochs, shared


def main():
    alone, epochs, shared = story(1000)
    assert (epochs, shared) == (FILES, 0), (epochs, shared)
    together, fewer, shared = story(4000)
    same(alone, together, "together")
    assert shared > 0 and fewer <= FILES // 2, (shared, fewer)
    for point in ("sink_copy:4", "sink_commit:5", "sink_committed:6", "spool_read:9"):
        same(alone, story(4000, point)[0], point)
    print(f"{FILES} files in {fewer} epochs: the tables of {epochs}, killed or not")


main()
