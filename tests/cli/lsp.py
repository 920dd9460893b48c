#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""lsp.py FUNDWATCH [--update] - a session with `fundwatch lsp`, its answers pinned in lsp.out.

Every message of the editor and every answer is written down, one a line, with the folder,
version and digests masked. Long lists are cut to what is asked for.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent

GOOD = """名单「可重复」  来自 repeat.csv   键 项目

规则 lsp.a 「同日」
  版本      1
  依据      测试依据
  类别      政策类
  性质      违规
  环节      事后
  级别      高
  状态      启用
  参数      上限 = 2
  看        费用明细
  条件      目录类别 是 医疗服务项目 且 项目 不在名单「可重复」
  归并      人员、自然日
  触发      合计(数量) > 上限
  说明      {人员}𠮷{笔数()}次

  试例「两次」
    费用明细 | 流水 | 人员 | 数量 | 目录类别 |
    | 1 | 甲 | 3 | 201 |
    应命中 1 条
"""


class Session:
    def __init__(self, program, root):
        self.root = root
        self.log = []
        self.next_id = 0
        self.process = subprocess.Popen([program, "--lang", "zh", "lsp"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def write(self, text):
        text = text.replace(self.root.as_uri(), "ROOT").replace(str(self.root), "ROOT")
        text = re.sub(r'"version":"[^"]*"', '"version":"*"', text)
        self.log.append(re.sub(r"\b[0-9a-f]{32}\b", "<digest>", text))

    def raw(self, body, header=None):
        data = body if isinstance(body, bytes) else body.encode()
        self.process.stdin.write((header or f"Content-Length: {len(data)}\r\n\r\n").encode() + data)
        self.process.stdin.flush()

    def read(self):
        length = 0
        while True:
            line = self.process.stdout.readline()
            if not line:
                return None
            if line == b"\r\n":
                break
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self.process.stdout.read(length))

    def notify(self, method, params, answers=0):
        self.write(f"> {method}")
        self.raw(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}))
        return [self.take() for _ in range(answers)]

    def take(self):
        message = self.read()
        self.write("< " + json.dumps(message, ensure_ascii=False, separators=(",", ":")))
        return message

    def ask(self, method, params, show=lambda r: r):
        self.next_id += 1
        self.raw(json.dumps({"jsonrpc": "2.0", "id": self.next_id, "method": method,
                             "params": params}))
        answer = self.read()
        assert answer.get("id") == self.next_id, answer
        body = show(answer["result"]) if "result" in answer else answer["error"]
        self.write(f"> {method}")
        self.write("< " + json.dumps(body, ensure_ascii=False, separators=(",", ":")))
        return answer.get("result")


def place(text, needle, after=0):
    """Position of a needle as an editor counts: UTF-16 units."""
    at = text.index(needle) + after
    line = text.count("\n", 0, at)
    start = text.rfind("\n", 0, at) + 1
    return {"line": line, "character": len(text[start:at].encode("utf-16-le")) // 2}


PAIR = """rule lsp.b 「pair」
  version   1
  class     policy
  nature    clue
  stage     after
  severity  low
  state     on
  on        stay first_one, stay second
  same      psn_no
  first     first_one then second gap 0 days to 7 days
  where     first_one.dscg_way is 2 and second.
  say       {psn_no}
"""


def labels(result):
    """The first words offered, and how many there are."""
    items = [i["label"] for i in result["items"]]
    return {"first": items[:6], "many": len(items) > 6}


def talk(s):
    uri = (s.root / "rules" / "a.rules").as_uri()
    doc = {"textDocument": {"uri": uri}}

    def at(text, needle, after=0):
        return dict(doc, position=place(text, needle, after))

    def change(text, answers=1):
        return s.notify("textDocument/didChange",
                        {"textDocument": {"uri": uri, "version": 2},
                         "contentChanges": [{"text": text}]}, answers)

    s.ask("textDocument/hover", at(GOOD, "同日"))
    s.ask("initialize", {"rootUri": s.root.as_uri(), "capabilities": {}})
    s.notify("initialized", {})
    s.notify("textDocument/didOpen", {"textDocument": {
        "uri": uri, "languageId": "fundwatch", "version": 1, "text": GOOD}}, 1)

    s.ask("textDocument/hover", at(GOOD, "lsp.a"))
    s.ask("textDocument/hover", at(GOOD, "目录类别", 1))
    s.ask("textDocument/hover", at(GOOD, "医疗服务", 1))
    s.ask("textDocument/hover", at(GOOD, "不在名单「可重复」", 6))
    s.ask("textDocument/hover", at(GOOD, "合计", 1))
    s.ask("textDocument/hover", at(GOOD, "笔数()", 1))  # behind a character of two units
    s.ask("textDocument/hover", at(GOOD, "测试依据", 1))
    s.ask("textDocument/definition", at(GOOD, "不在名单「可重复」", 6))
    s.ask("textDocument/definition", at(GOOD, "> 上限", 3))
    s.ask("textDocument/formatting", dict(doc, options={"tabSize": 8, "insertSpaces": True}))

    bad = GOOD.replace("名单「可重复」\n", "名单「可重覆」\n").replace("(数量)", "(数亮)")
    change(bad)
    s.ask("textDocument/codeAction", dict(doc, range={
        "start": place(bad, "可重覆"), "end": place(bad, "可重覆")}, context={"diagnostics": []}))
    change(GOOD)

    half = GOOD.replace("目录类别 是 医疗服务项目 且 项目 不在名单「可重复」", "目录类别 是 医")
    change(half)
    s.ask("textDocument/completion", at(half, "是 医", 3), labels)
    for tail, needle in (("项目 在名单「", "在名单「"), ("目录类别 是 药品 且 单", "且 单"),
                         ("目录", "  目录")):
        text = half.replace("目录类别 是 医", tail)
        change(text)
        s.ask("textDocument/completion", at(text, needle, len(needle)), labels)
    text = GOOD.replace("启用", "启")
    change(text)
    s.ask("textDocument/completion", at(text, "状态      启", 9), labels)
    text = GOOD.replace("看        费用明细", "看        费")
    change(text)
    s.ask("textDocument/completion", at(text, "看        费", 10), labels)
    text = GOOD + "规"
    change(text)
    s.ask("textDocument/completion", at(text, "\n规", 2), labels)
    change(GOOD)

    change(PAIR)
    s.ask("textDocument/completion", at(PAIR, "and second.", 11), labels)
    s.ask("textDocument/completion", at(PAIR, "dscg_way is ", 12), labels)
    s.ask("textDocument/completion", at(PAIR, "  where", 3), labels)
    s.ask("textDocument/completion", at(PAIR, "same      psn", 13), labels)
    whole = PAIR.replace("second.\n", "second.dscg_way is-not 2\n")
    change(whole)
    s.ask("textDocument/hover", at(whole, "second.dscg_way", 9))
    s.ask("textDocument/hover", at(whole, "days to", 1))
    s.ask("textDocument/formatting", dict(doc, options={}))
    change(GOOD)

    s.notify("textDocument/didClose", doc)
    s.ask("textDocument/hover", at(GOOD, "lsp.a"))
    s.ask("no/such", {})
    misbehave(s, uri)
    s.ask("shutdown", None)
    s.notify("exit", None)


def misbehave(s, uri):
    """Messages that are wrong in one way each; the server answers and goes on."""
    s.write("# broken messages")
    for body in ("{", "[]", "12", '{"id":7}', '{"id":8,"method":5}', b'{"id":9,"x":"\xff"}',
                 '{"id":10,"method":"textDocument/hover"}',
                 '{"id":11,"method":"textDocument/completion","params":{"textDocument":[]}}',
                 '{"id":12,"method":"textDocument/codeAction","params":{"range":3}}',
                 "[" * 100000):
        s.raw(body)
        s.take()
    s.raw("x" * (17 << 20))
    s.take()
    s.notify("textDocument/didOpen", {"textDocument": {"uri": "http://x", "text": "规则"}})
    s.notify("textDocument/didOpen", {"textDocument": {"uri": uri}})
    s.notify("textDocument/didChange", {"textDocument": {"uri": "file:///nowhere"}})


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        (root / "rules").mkdir()
        (root / "rules" / "a.rules").write_text(GOOD, encoding="utf-8")
        (root / "rules" / "repeat.csv").write_text("项目\n001\n002\n", encoding="utf-8")
        s = Session(sys.argv[1], root)
        talk(s)
        assert s.process.wait(timeout=60) == 0, "exit code"
    got = "\n".join(s.log) + "\n"
    want = HERE / "lsp.out"
    if "--update" in sys.argv:
        want.write_text(got, encoding="utf-8")
    elif want.read_text(encoding="utf-8") != got:
        sys.stdout.write(got)
        sys.exit("lsp.out differs; run lsp.py with --update and review the diff")
    # the stream breaks off: the server ends, and says so by its exit code
    for data in (b"", b"Content-Length: 50\r\n\r\n{", b"nonsense\r\n\r\n"):
        done = subprocess.run([sys.argv[1], "lsp"], input=data,
                              stdout=subprocess.DEVNULL, timeout=60)
        assert done.returncode == 1, done.returncode
    print("ok")


main()
