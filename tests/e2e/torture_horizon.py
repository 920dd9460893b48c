# SPDX-License-Identifier: GPL-3.0-or-later
"""A round of torture in which the past is not kept: files of it come behind a first drain, when
the horizon has moved over them, with rules that look back a few days only."""
import os
import pathlib

from daemon_lib import rules

RULES = rules("""
规则 p.near 「七天内重复」
  看        费用明细
  归并      人员、项目
  窗口      7 天
  触发      笔数 > 1
  违规金额  合计(符合范围金额)
  说明      {人员}{项目}{笔数}次

规则 p.visit 「一次就诊诸多」
  看        费用明细
  归并      就诊
  触发      笔数 > 3
  说明      {就诊}{笔数}

规则 p.month 「一月之内」
  看        费用明细
  归并      机构、自然月
  触发      合计(数量) > 30
  违规金额  合计(符合范围金额)
  说明      {机构}{自然月}{合计(数量)}
""")


def bounded(box):
    """A box, not yet entered, with a horizon of a few days."""
    box.rules = f"{box.dir}/rules"
    os.mkdir(box.rules)
    pathlib.Path(box.rules, "p.rules").write_text(RULES, encoding="utf-8")
    box.extra = "history: { days: 10 }\n"
    return box


def was_passed(daemon):
    """The undisturbed round is about what it says."""
    said = "\n".join(daemon.lines)
    assert "older visits are not in memory" in said and "brought back" in said, said


def waves(files):
    """Every second file of what happens in visits comes late."""
    second = [path for path in sorted(files) if os.path.basename(path).startswith(
        ("fee_list", "setl_list", "mdtrt"))][::2]
    return [[path for path in files if path not in second], second]
