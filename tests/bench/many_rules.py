#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes N rules whose filters share predicates, as a large pack's do; to standard output.

Six in ten judge each line, three group a person's lines of a day, one slides a window. Limits
differ from rule to rule and are high: what is measured is judging, not telling.
"""
import sys

HEAD = """规则 grow.r{i:04d} 「增长 {i}」
  版本 1
  类别 政策类
  性质 可疑
  环节 事后
  级别 中
  状态 启用
  看   费用明细
  条件 {filter}
"""
FILTERS = ("收费类别 在 (检查费, 化验费)", "目录类别 是 药品", "单价 > 50 元",
           "收费类别 在 (检查费, 化验费) 且 单价 > 50 元", "机构 不为空")
FORMS = {
    "each": "  触发 金额 > {limit} 元\n  说明 {{人员}}「{{项目}}」{{金额}}元\n",
    "group": "  归并 人员、项目、自然日\n  触发 合计(数量) > {limit}\n"
             "  说明 {{人员}}{{自然日}}「{{项目}}」\n",
    "window": "  归并 人员、项目\n  窗口 7 天\n  触发 笔数 ≥ {limit}\n"
              "  说明 {{人员}}七日内「{{项目}}」{{笔数}}次\n",
}


def main():
    for i in range(int(sys.argv[1])):
        form = "each" if i % 10 < 6 else "group" if i % 10 < 9 else "window"
        limit = {"each": 90000 + i, "group": 60 + i, "window": 12 + i}[form]
        print(HEAD.format(i=i, filter=FILTERS[i % len(FILTERS)])
              + FORMS[form].format(limit=limit))


main()
