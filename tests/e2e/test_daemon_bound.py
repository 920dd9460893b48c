# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon with memory.limit takes a fraction of the memory of one without on the same data: taking
in, started again, and while the history of a rule that looks farther is read back. The peaks are
the kernel's (VmHWM); they are compared with each other only, by a wide ratio."""
import os
import pathlib
import tempfile

from daemon_lib import BIN, Box, FEES, ROOT, SANITIZED, SETTLEMENTS, rules, run, same

RULE = rules("""
规则 b.near 「{days} 天内重复」
  看        费用明细
  归并      人员、项目
  窗口      {days} 天
  触发      笔数 > {most}
  说明      {{人员}}{{笔数}}次
""")
LIMIT = "memory: { limit: 2 }\n"
LINES = 20000 if SANITIZED else 800000
OF_VISIT, PERSONS, DAYS = 10, LINES // 50, 360


def make(folder):
    """Visits of ten lines, evenly over a year."""
    fees, settled = f"{folder}/fee_list_d_1.csv", f"{folder}/setl_d_1.csv"
    with open(fees, "w", encoding="utf-8") as out, open(settled, "w", encoding="utf-8") as setl:
        out.write(FEES)
        setl.write(SETTLEMENTS)
        for visit in range(LINES // OF_VISIT):
            day = visit * DAYS // (LINES // OF_VISIT)
            at = f"2026-{day // 30 + 1:02}-{day % 30 % 28 + 1:02}"
            who = f"M{visit},S{visit},H{visit % 9},P{visit * 7919 % PERSONS}"
            visit_at = who.split(",")
            setl.write(f"S{visit},M{visit},{visit_at[2]},{visit_at[3]},{at} 10:00:00,11,100.00,"
                       "2027-01-01 00:00:00\n")
            for k in range(OF_VISIT):
                out.write(f"F{visit}x{k},{who},{at} 09:00:00,X{(visit + k) % 40},1,10.00,10.00,"
                          "10.00,2027-01-01 00:00:00\n")
    return settled, fees


def peak(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as text:
        return next(int(line.split()[1]) >> 10 for line in text if line.startswith("VmHWM"))


def change_rule(box, days, most):
    pathlib.Path(box.rules, "b.rules").write_text(RULE.format(days=days, most=most),
                                                  encoding="utf-8")


def story(name, paths, extra):
    """Tables after each step, and the peak of each process in MiB."""
    with Box(name, epoch_rows=5000) as box:
        box.rules = f"{box.dir}/rules"
        os.mkdir(box.rules)
        change_rule(box, 7, 1)
        box.extra = extra
        box.configure()
        daemon = box.start()
        daemon.wait("drained: ")
        for path in paths:
            box.drop(path)
            daemon.wait_all(f"`{os.path.basename(path)}` is done", "drained: ")
        steps, peaks = [box.tables()], [peak(daemon)]
        daemon.term()
        box.extra = extra + "history: { days: 20 }\n"
        box.configure()
        daemon = box.start()
        daemon.wait("drained: ")
        change_rule(box, 330, 12)
        run(f"{BIN}/fundwatch", "reload", "--conf", box.config, cwd=ROOT)
        daemon.wait("horizon: complete: ")
        daemon.wait("rule set .* is live")
        steps.append(box.tables())
        peaks.append(peak(daemon))
        daemon.term()
        box.chain_holds()
        return steps, peaks


def main():
    with tempfile.TemporaryDirectory() as data:
        paths = make(data)
        free, most = story("bound0", paths, "")
        tight, least = story("bound1", paths, LIMIT)
    names = ("taken in", "history read back")
    for name, a, b in zip(names, free, tight):
        same(a, b, name)
    if not SANITIZED:
        for name, a, b in zip(names, most, least):
            assert b * 2 < a, f"{name}: a peak of {b} MiB with a bound of 2, {a} without"
    print(f"{LINES} lines, bound and not: the same tables; peaks {least} and {most} MiB")


main()
