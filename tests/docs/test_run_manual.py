# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner itself: a page that lies, or shows nothing, fails."""
import contextlib
import io
import os
import pathlib
import tempfile

from run_manual import Page

BIN = os.environ["FUNDWATCH_BIN_DIR"]
RULE = ("```rules short\n规则 a.b 「名」\n  看        费用明细\n  条件      数量 > 2\n\n  试例「三」\n"
        "    费用明细 | 数量 | 单价 |\n             | 3    | 10   |\n    应命中 %d 条\n```\n")
WRONG = "```rules error\n规则 a.b 「名」\n  看 费用明细\n  条件 数料 > 2\n```\n```text\n%s```\n"
ANSWER = ("错误[unknown-name] 不认识的名字：数料\n  rules/manual.rules:3:6\n    3 |   条件 数料 > 2\n"
          "      |        ^^^^\n      = 相近的名字：数量\n      = 建议：条件 数量 > 2\n")


def run(text, write=False):
    """How many failures, what was said, and the page afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "page.zh.md")
        path.write_text(text, encoding="utf-8")
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            failed = Page(path, os.path.abspath(BIN), write).run()
        return failed, said.getvalue(), path.read_text(encoding="utf-8")


def expect(text, failures, words=""):
    failed, said, _ = run(text)
    assert failed == failures, (text, failed, said)
    assert words in said, (text, said)


expect(RULE % 1, 0)
expect(RULE % 0, 1, "expected 命中 0 条")
expect("no block at all\n", 1, "no example ran")
expect("```rules short\n规则 a.b 「名」\n  看 费用明细\n  条件 数量 > 2\n```\n", 1,
       "no example in this block")
expect((RULE % 1).replace("看   ", "看"), 1, "the page says")
expect(RULE % 1 + "```rules shrt\n```\n", 1, "no such kind of block")
expect(RULE % 1 + WRONG % ANSWER, 0)
expect(RULE % 1 + WRONG % ANSWER.replace("数量 > 2\n", "数量 > 3\n"), 1, "the program says")
expect(RULE % 1 + (WRONG % ANSWER).replace("数料", "数量"), 1, "exit code 0")
expect(RULE % 1 + "```rules fragment: 费用明细\n数量 > 2\n单价 > 2\n```\n", 1, "needs-unit")
expect(RULE % 1 + "```diff rules/duplicate.rules\n-没有这一行\n+新的\n```\n", 1, "0 times")
expect(RULE % 1 + "```console\n$ fundwatch help nothing\n是\n```\n", 1, "the page says")
failures, _, page = run(RULE % 1 + WRONG % "", write=True)
assert failures == 0 and page == RULE % 1 + WRONG % ANSWER, page
print("the runner tells what is wrong")
