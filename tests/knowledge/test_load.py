#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""250,000 code-level points in one dated table: every row is loaded, a line is judged by its
own row, and the time it took is told (not judged: it is the machine's).

usage: test_load.py FUNDWATCH"""
import json
import os
import subprocess
import sys
import tempfile
import time

POINTS = 250_000
RULES = """表「点」  来自 points.csv   键 项目   列 限定 : 代码   有效 begndate 至 enddate

规则 load.sex 「性别」
  版本      1
  依据      示例
  类别      政策类
  性质      违规
  环节      事后
  级别      中
  状态      启用

  看        费用明细
  条件      「点」[项目].限定 是 女
  违规金额  符合范围金额
  说明      {项目}

  试例「第一行」
    费用明细 | 流水 | 项目                    | 数量 | 单价 |
             | 1    | XA02BCQ001A001010100000 | 1    | 1    |
    应命中 1 条
  试例「别的」
    费用明细 | 流水 | 项目 | 数量 | 单价 |
             | 1    | A1   | 1    | 1    |
    应命中 0 条
"""


def code(i):
    return "XA02BCQ%03dA001010%06d" % (i % 1000, 100000 + i // 1000)


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "points.csv"), "w", encoding="utf-8") as f:
            f.write("项目,名称,限定,begndate,enddate\n")
            f.writelines("%s,第%d点,女,2025-01-01,\n" % (code(i), i) for i in range(POINTS))
        text = RULES.replace("XA02BCQ001A001010100000", code(POINTS - 1))
        with open(os.path.join(folder, "load.rules"), "w", encoding="utf-8") as f:
            f.write(text)
        begin = time.monotonic()
        done = subprocess.run([program, "knowledge", "list", "--json", folder],
                              capture_output=True, text=True, check=True)
        print("%d points: %.2f s" % (POINTS, time.monotonic() - begin))
        table = json.loads(done.stdout)["knowledge"][0]
        assert (table["rows"], table["in_force"]) == (POINTS, POINTS), table
        subprocess.run([program, "test", folder], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
