#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what the manual and the tutorial show.

    run_manual.py [--write] [--bin DIR] PAGE.md...

Fenced blocks say what they are behind the three backticks:

    rules                 rule files: no error, no doubt but a missing example or basis; their
                          examples pass, here and in the other language's words; as fmt writes it
    rules short           the same; rules without a header get one
    rules local           stands in rules/local/ beside the rules block before it
    rules error|warning   `check` answers exactly the text block that follows
    rules fragment: S     conditions over stream S, one a line, or clauses of one rule over S
    csv PATH              a file beside the rules below it (rules/PATH)
    csv data/PATH         records for `fundwatch scan` in a console
    diff PATH             an edit of a copy of the project's rules (`-` old, `+` new lines)
    console               `$ fundwatch ...` in that copy, and what it answers (of scan, the result)

Everything else is left alone. --write puts the real answers into text and console blocks.
A page without any example fails.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HEADER = {
    "zh": ["版本      1", "类别      政策类", "性质      可疑", "环节      事后", "级别      中",
           "状态      启用"],
    "en": ["version   1", "class     policy", "nature    suspect", "stage     after",
           "severity  middle", "state     on"],
}
SHORT = {"no-example", "no-positive-example", "no-negative-example", "no-refund-example",
         "no-basis", "no-say"}
STREAM = {"zh": "看", "en": "on"}
CLAUSE = re.compile(r"(令|触发|归并|窗口|违规金额|除外|条件|范围|说明|参数|同|先|按表|看|对照|同类|"
                    r"例外按|主体|生效|let|when|group|window|amount|unless|where|scope|say|param|"
                    r"same|first|by-table|on|compare|peers|excepted-by|subject|effective)\s")
PREAMBLE = {
    "按次可重复项目": "名单「按次可重复项目」 来自 knowledge/repeatable_items.csv 键 项目\n",
    "日上限表": "表「日上限表」 来自 knowledge/daily_cap.csv 键 项目 前缀 列 次数 : 笔数 "
                "有效 begndate 至 enddate\n",
}
DIGEST = re.compile(r"\b[0-9a-f]{32}\b")
TODAY = 1771120800  # 2026-02-15 in UTC+8: exceptions expire by the page's day, not by ours
PLACE = re.compile(r"(?<!manual)\.rules:\d+$")
TOTALS = re.compile(r"^(规则 \d+ 条|\d+ rules?\b)")


class Wrong(Exception):
    """An example that is not as the page says."""


class Block:
    def __init__(self, kind, line):
        self.kind, self.line, self.text = kind, line, []

    def join(self):
        return "".join(f"{line}\n" for line in self.text)


def blocks_of(lines):
    """The fenced blocks; `line` is the index of the first line inside."""
    found, open_block = [], None
    for i, line in enumerate(lines):
        if open_block is None and line.startswith("```"):
            open_block = Block(line[3:].strip(), i + 1)
        elif open_block is not None and line.rstrip() == "```":
            found.append(open_block)
            open_block = None
        elif open_block is not None:
            open_block.text.append(line)
    if open_block is not None:
        raise Wrong(f"line {open_block.line}: the block is never closed")
    return found


def with_header(text, language, at_end):
    """Rules without a header get one: behind their first line, or where no line number changes."""
    out, rest, missing = [], [], False
    lines = text.split("\n")
    for i, line in enumerate(lines):
        starts = re.match(r"(规则|rule)\s", line)
        if starts:
            body = "\n".join(lines[i + 1:])
            body = re.split(r"^\S", body, maxsplit=1, flags=re.M)[0]
            missing = not re.search(r"^\s+(版本|version)\s", body, re.M)
        out.append(line)
        if starts and missing:
            (rest if at_end else out).extend("  " + word for word in HEADER[language])
    return "\n".join(out).rstrip("\n") + "\n" + "".join(f"{line}\n" for line in rest)


class Page:
    def __init__(self, path, programs, write):
        self.path, self.write = path, write
        self.language = "en" if path.name.endswith(".en.md") else "zh"
        self.program = f"{programs}/fundwatch"
        self.lines = path.read_text(encoding="utf-8").split("\n")
        self.csv, self.rules = {}, None
        self.sandbox = None
        self.counts = dict.fromkeys(("examples", "translations", "fragments", "diagnostics",
                                     "edits", "commands"), 0)
        self.changes = []

    def fundwatch(self, folder, *arguments):
        environment = dict(os.environ, LANG="C.UTF-8", LC_ALL="", SOURCE_DATE_EPOCH=str(TODAY))
        return subprocess.run([self.program, *arguments, "--lang", self.language], cwd=folder,
                              capture_output=True, text=True, env=environment, check=False)

    # ---- a folder of rules ----

    def folder(self, files):
        made = tempfile.mkdtemp(prefix="fundwatch-manual-")
        for name, text in {**self.csv, **files}.items():
            place = pathlib.Path(made, "rules", name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        return made

    def check(self, folder, allowed):
        done = self.fundwatch(folder, "check", "--json", "rules")
        told = json.loads(done.stdout)["diagnostics"]
        bad = [d for d in told if d["severity"] == "error" or d["code"] not in allowed]
        if bad:
            raise Wrong("\n".join(f"{d['file']}:{d['line']}: {d['code']}: {d['text']}"
                                  for d in bad))

    def run_examples(self, folder):
        done = self.fundwatch(folder, "test", "--json", "rules")
        answer = json.loads(done.stdout)
        for x in answer.get("examples", []):
            if not x["passed"]:
                raise Wrong(f"{x['rule']} {x['example']}: expected {x['expected']}, "
                            f"found {x['found']}")
        if not answer.get("run"):
            raise Wrong("no example in this block")
        return answer["run"]

    def formatted(self, folder, block, name):
        """The block is as fmt would write it."""
        self.fundwatch(folder, "fmt", "rules")
        text = pathlib.Path(folder, "rules", name).read_text(encoding="utf-8")
        header = [f"  {line}" for line in HEADER[self.language]]
        told = text.rstrip("\n").split("\n")
        if header[0] not in block.text:
            told = [line for line in told if line not in header]
        self.compare(block, told)

    def translated(self, folder):
        """The same rules in the other language's words pass the same examples."""
        other = "en" if self.language == "zh" else "zh"
        done = self.fundwatch(folder, "translate", "--to", other, "--write", "rules")
        if done.returncode != 0:
            raise Wrong("cannot be translated:\n" + done.stdout + done.stderr)
        self.counts["translations"] += self.run_examples(folder)

    def try_rules(self, files, block, name):
        folder = self.folder(files)
        try:
            self.check(folder, SHORT)
            self.counts["examples"] += self.run_examples(folder)
            self.formatted(folder, block, name)
            self.translated(folder)
        finally:
            shutil.rmtree(folder)

    def do_rules(self, block, option):
        text = block.join()
        if option == "local":
            name = "local/local.rules"
            self.rules[name] = text
        else:
            name = "manual.rules"
            self.rules = {name: with_header(text, self.language, False)
                          if option == "short" else text}
        self.try_rules(self.rules, block, name)

    # ---- wrong rules ----

    def do_wrong(self, block, answer, code):
        folder = self.folder({"manual.rules": with_header(block.join(), self.language, True)})
        try:
            done = self.fundwatch(folder, "check", "rules")
        finally:
            shutil.rmtree(folder)
        told = [line for line in done.stdout.split("\n")
                if line and not TOTALS.match(line)
                and not re.match(r"(没有通过|not passed|通过|passed)", line)]
        told = self.without_short(told)
        if done.returncode != code:
            raise Wrong(f"exit code {done.returncode}, not {code}\n{done.stdout}")
        self.compare(answer, told)
        self.counts["diagnostics"] += 1

    @staticmethod
    def without_short(lines):
        """Without the doubts about missing examples that every short rule has."""
        kept, keep = [], True
        for line in lines:
            said = re.match(r"\S+?\[([a-z-]+)\]", line)
            if said:
                keep = said[1] not in SHORT
            if keep:
                kept.append(line)
        return kept

    # ---- fragments ----

    def do_fragment(self, block, stream):
        lines = [line for line in block.text if line.strip() and not line.startswith("#")]
        if CLAUSE.match(lines[0]):
            bodies = ["\n".join("  " + line for line in lines)]
        else:
            where = "条件" if self.language == "zh" else "where"
            bodies = [f"  {where} {line}" for line in lines]
        for body in bodies:
            self.try_fragment(body, stream)

    def try_fragment(self, body, stream):
        rule = "规则 manual.fragment 「片段」" if self.language == "zh" else "rule manual.fragment 「part」"
        text = "".join(line for name, line in PREAMBLE.items() if f"「{name}」" in body)
        on = "" if re.search(r"^  (看|on|对照|compare)\s", body, re.M) else \
            f"  {STREAM[self.language]} {stream}\n"
        text += f"{rule}\n" + "".join(f"  {h}\n" for h in HEADER[self.language]) + on + body + "\n"
        knowledge = {f"knowledge/{name}": (ROOT / "rules/knowledge" / name).read_text("utf-8")
                     for name in ("repeatable_items.csv", "daily_cap.csv")}
        folder = self.folder({"manual.rules": text, **knowledge})
        try:
            self.check(folder, SHORT | {"unused-let"})
        except Wrong as wrong:
            raise Wrong(f"{body.strip()}\n{wrong}") from None
        finally:
            shutil.rmtree(folder)
        self.counts["fragments"] += 1

    # ---- a session on a copy of the project's rules ----

    def box(self):
        if self.sandbox is None:
            self.sandbox = tempfile.mkdtemp(prefix="fundwatch-tutorial-")
            shutil.copytree(ROOT / "rules", f"{self.sandbox}/rules")
        return self.sandbox

    def do_diff(self, block, name):
        place = pathlib.Path(self.box(), name)
        text = place.read_text(encoding="utf-8") if place.exists() else ""
        old = "".join(f"{line[1:]}\n" for line in block.text if line[:1] in " -")
        new = "".join(f"{line[1:]}\n" for line in block.text if line[:1] in " +")
        if old and text.count(old) != 1:
            raise Wrong(f"{name} holds these lines {text.count(old)} times:\n{old}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.replace(old, new) if old else text + new, encoding="utf-8")
        self.counts["edits"] += 1

    def do_console(self, block):
        shown = []
        for line in block.text:
            if not line.startswith("$ "):
                continue
            words = line[2:].split()
            if words[0] == "cat" and len(words) == 2:
                told = pathlib.Path(self.box(), words[1]).read_text(encoding="utf-8")
                shown += [line] + told.rstrip("\n").split("\n")
                continue
            if words[0] != "fundwatch":
                raise Wrong(f"not a command of ours: {line}")
            done = self.fundwatch(self.box(), *words[1:])
            told = done.stdout if words[1] == "scan" else done.stdout + done.stderr
            shown += [line] + (told.rstrip("\n").split("\n") if told else [])
            self.counts["commands"] += 1
        self.compare(block, shown)

    # ---- answers ----

    @staticmethod
    def plain(line):
        """What changes with every rule of the project is not compared: digests, totals, places."""
        line = PLACE.sub(".rules:#", DIGEST.sub("…", line))
        return re.sub(r"\d+", "#", line) if TOTALS.match(line) else line

    def compare(self, block, told):
        told = [DIGEST.sub(lambda m: m[0][:8] + "…", line) for line in told]
        shape = [self.plain(re.sub(r"[0-9a-f]{8}…", "…", line)) for line in told]
        page = [self.plain(re.sub(r"[0-9a-f]{8}…", "…", line)) for line in block.text]
        if shape == page:
            return
        if not self.write:
            raise Wrong("the page says\n  " + "\n  ".join(block.text) + "\nthe program says\n  "
                        + "\n  ".join(told))
        self.changes.append((block.line, len(block.text), told))

    def one(self, blocks, i):
        block = blocks[i]
        kind, _, option = block.kind.partition(" ")
        if kind == "csv" and option.startswith("data/"):
            pathlib.Path(self.box(), "data").mkdir(exist_ok=True)
            pathlib.Path(self.box(), option).write_text(block.join(), encoding="utf-8")
        elif kind == "csv":
            self.csv[option] = block.join()
        elif kind == "diff":
            self.do_diff(block, option)
        elif kind == "console":
            self.do_console(block)
        elif kind == "rules" and option in ("error", "warning"):
            if i + 1 == len(blocks) or blocks[i + 1].kind != "text":
                raise Wrong("no text block with the answer follows")
            self.do_wrong(block, blocks[i + 1], option == "error")
        elif kind == "rules" and option.startswith("fragment: "):
            self.do_fragment(block, option[len("fragment: "):])
        elif kind == "rules" and option in ("", "short", "local"):
            self.do_rules(block, option)
        elif kind == "rules":
            raise Wrong(f"no such kind of block: {block.kind}")

    # ---- examples in generated tables ----

    def table_column(self, section, column):
        """The code in one column of a generated table."""
        text = "\n".join(self.lines)
        match = re.search(rf"<!-- generated: {section} -->\n(.*?)<!-- end -->", text, re.S)
        rows = match[1].strip().split("\n")[2:] if match else []
        return [re.search(r"`(.*)`", row.split(" | ")[column])[1] for row in rows]

    def try_expression(self, body, streams):
        for stream in streams[:-1]:
            try:
                return self.try_fragment(body, stream)
            except Wrong:
                continue
        return self.try_fragment(body, streams[-1])

    def do_tables(self):
        """Functions and aggregates as the tables write them (functions are shown in Chinese)."""
        let, group, when = (("令", "归并 人员、自然日", "触发 笔数() ≥ 1") if self.language == "zh"
                            else ("let", "group psn_no, day", "when count() ≥ 1"))
        for example in self.table_column("functions", 3):
            self.try_expression(f"  {let} x = {example}", ("fee", "stay"))
        for example in self.table_column("aggregates", 1):
            if "(" in example:  # 中位差 stands in comparisons only
                self.try_fragment(f"  {group}\n  {when}\n  {let} x = {example}", "fee")

    def run(self):
        failed = 0
        blocks = blocks_of(self.lines)
        for i, block in enumerate(blocks):
            try:
                self.one(blocks, i)
            except Wrong as wrong:
                failed += 1
                print(f"{self.path.name}:{block.line}: {wrong}", file=sys.stderr)
        try:
            self.do_tables()
        except Wrong as wrong:
            failed += 1
            print(f"{self.path.name}: a table: {wrong}", file=sys.stderr)
        if self.sandbox is not None:
            shutil.rmtree(self.sandbox)
        for start, count, told in reversed(self.changes):
            self.lines[start:start + count] = told
        if self.changes:
            self.path.write_text("\n".join(self.lines), encoding="utf-8")
        if self.counts["examples"] + self.counts["commands"] == 0 and not failed:
            failed += 1
            print(f"{self.path.name}: no example ran", file=sys.stderr)
        print(f"{self.path.name}: " + ", ".join(f"{n} {what}" for what, n in self.counts.items())
              + f", {failed} failed")
        return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--bin", default=os.environ.get("FUNDWATCH_BIN_DIR", ""))
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    failed = [Page(page, os.path.abspath(options.bin), options.write).run()
              for page in options.pages]
    sys.exit(1 if any(failed) else 0)


if __name__ == "__main__":
    main()
