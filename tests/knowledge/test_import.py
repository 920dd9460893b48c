#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/import-nhsa on small workbooks of every layout seen, made here, and on the published
samples where they lie beside the checkout. Each row of a sheet is taken, footer, or refused."""
import csv
import glob
import os
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import openpyxl
except ImportError:
    print("python3-openpyxl is missing")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
X = ["XA01BCD001A0010101%05d" % i for i in range(100)]
FAILED = []


def check(what, got, want):
    if got != want:
        FAILED.append(what)
        print("FAILED %s\n  got  %r\n  want %r" % (what, got, want))


def book(path, *sheets):
    """sheets: (title, rows, merged areas)."""
    wb = openpyxl.Workbook()
    wb.remove(wb.active)
    for title, rows, *merged in sheets:
        ws = wb.create_sheet(title)
        for row in rows:
            ws.append(row)
        for area in merged:
            ws.merge_cells(area)
    wb.save(path)
    return str(path)


class Run:
    def __init__(self, *files, out, more=()):
        done = subprocess.run([str(ROOT / "scripts/import-nhsa"), "--out", str(out), *more, *files],
                              capture_output=True, text=True, check=False)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.account = [tuple(map(int, m)) for m in re.findall(
            r"读 (\d+) 行 = 采用 (\d+) \+ 页脚 (\d+) \+ 拒收 (\d+)", done.stdout)]
        self.rows = {}
        for path in glob.glob(os.path.join(out, "*.csv")):
            with open(path, encoding="utf-8", newline="") as f:
                self.rows[os.path.basename(path)] = list(csv.reader(f))
        for read, taken, footer, refused in self.account:
            check("the account of %s" % (files,), read, taken + footer + refused)


def official_two_sheets(tmp):
    """Title rows, header in row 4, point numbers carried down on the sheet of codes, footers."""
    path = book(tmp / "1.“药品区分性别使用”规则对应知识点明细.xlsx", ("知识点明细", [
        ["附件1"], ["“药品区分性别使用”规则对应知识点明细"], [None, None, None],
        ["序号", "药品通用名", "限定性别", "逻辑依据（药品说明书）", "药品代码数量"],
        [1, "甲颗粒", "女", "用于月经不调", 2], [2, "乙片", None, "用于前列腺增生", 1],
        [3, "丙丸", None, "用于感冒", 1], ["合计", None, None, None, 4],
        ["备注：编码供参考", None, None, None, None]]), ("药品代码", [
            ["药品代码（供参考）"], ["知识点序号", "药品通用名", "国家医保代码"],
            [1, "甲颗粒", X[0]], [None, None, X[1]], [2, "乙片", X[2]], [3, "丙丸", X[3]],
            ["合计", 4, None]]))
    run = Run(path, out=tmp / "out", more=["--batch", "第一批", "--from", "2025-01-01"])
    check("two sheets: accounts", run.account, [(5, 2, 2, 1), (5, 3, 1, 1)])
    check("two sheets: exit code", run.code, 1)
    check("two sheets: refusal names the row", "第 7 行：看不出限男性还是女性：丙丸" in run.err, True)
    check("two sheets: orphan code", "第 6 行：知识点表里没有" in run.err, True)
    check("two sheets: rows", run.rows["drug_sex.csv"][1:], [
        [X[0], "甲颗粒", "女", "", "", "用于月经不调", "第一批", "2025-01-01", "", ""],
        [X[1], "甲颗粒", "女", "", "", "用于月经不调", "第一批", "2025-01-01", "", ""],
        [X[2], "乙片", "男", "", "", "用于前列腺增生", "第一批", "2025-01-01", "", ""]])


def header_in_row_two_codes_beside(tmp):
    """Codes in the row itself, several in a cell, names merged over the rows of their codes."""
    path = book(tmp / "第五批 药品限医疗机构级别.xlsx", ("Sheet1", [
        ["药品限医疗机构级别"], ["序号", "药品名称", "限定支付范围", "医保编码"],
        [1, "参附注射液", "限二级及以上医疗机构。", X[4]], [None, None, None, X[5]],
        [2, "某注射液", "限三级医院。", X[6] + "、" + X[7]],
        [3, "坏编码", "限二级及以上医疗机构。", "XABC"]], "B3:B4", "C3:C4"))
    run = Run(path, out=tmp / "out")
    check("beside: account", run.account, [(4, 3, 0, 1)])
    check("beside: rows", [r[:3] for r in run.rows["drug_hospital_level.csv"][1:]], [
        [X[4], "参附注射液", "二级"], [X[5], "参附注射液", "二级"],
        [X[6], "某注射液", "三级"], [X[7], "某注射液", "三级"]])
    check("beside: bad code", "第 6 行：编码不合规：XABC" in run.err, True)
    check("beside: batch of the name", run.rows["drug_hospital_level.csv"][1][6], "第五批")


def numeric_codes_and_repeated_header(tmp):
    """Service codes read as numbers lose zeros; the header is printed again on the next page."""
    path = book(tmp / "项目规则库（限定频次）.xlsx", ("Sheet1", [
        ["项目名称", "项目编码", "限定频次", "单位"], ["住院诊查费", 1102000050000, "1/日", "日"],
        ["项目名称", "项目编码", "限定频次", "单位"], ["脑电图监测", "003101000050000", "24/小时", "小时"],
        ["没有限定", "003101000050001", None, None]]))
    run = Run(path, out=tmp / "out")
    check("numbers: account", run.account, [(4, 2, 1, 1)])
    check("numbers: rows", [r[:5] for r in run.rows["item_frequency.csv"][1:]], [
        ["001102000050000", "住院诊查费", "1/日", "", "日"],
        ["003101000050000", "脑电图监测", "24/小时", "", "小时"]])


def header_of_two_rows(tmp):
    """限定 stands over two columns, whose own words are in the row below."""
    path = book(tmp / "药品区分性别使用.xlsx", ("Sheet1", [
        ["药品区分性别使用知识点"], ["序号", "药品通用名", "限定", None, "医保代码"],
        [None, None, "性别", "逻辑依据", None], [1, "甲", "女", "说明书", X[20]],
        [2, "乙", "男", "说明书", X[21]]], "C2:D2", "A2:A3", "B2:B3", "E2:E3"))
    run = Run(path, out=tmp / "out")
    check("two header rows: account", run.account, [(2, 2, 0, 0)])
    check("two header rows", [r[:3] + r[5:6] for r in run.rows["drug_sex.csv"][1:]], [
        [X[20], "甲", "女", "说明书"], [X[21], "乙", "男", "说明书"]])


def pairs_with_merged_footer(tmp):
    path = book(tmp / "第七批 “医疗服务项目重复收费”规则对应知识点明细.xlsx", ("明细", [
        ["医疗服务项目重复收费"], ["序号", "频度", "主项名称", "主项编码", "从项名称", "从项编码", "备注"],
        [1, "单日", "甲", "001103000010000", "乙", "001102000030000", "含乙"],
        [2, "6小时", "甲", "001103000010000", "丙", None, "含丙"],
        [3, None, "甲", "001103000010000", "丁", "001102000030100", "含丁"],
        ["合计", "三对", None, None, None, None, None]], "B6:G6"))
    run = Run(path, out=tmp / "out")
    check("pairs: account", run.account, [(4, 1, 1, 2)])
    check("pairs: rows", [r[:6] for r in run.rows["item_duplicate_pairs.csv"][1:]], [
        ["001103000010000", "甲", "001102000030000", "乙", "单日", "含乙"]])


def courses_in_words(tmp):
    path = book(tmp / "第六批 药品限支付疗程.xlsx", ("Sheet1", [
        ["药品通用名", "药品说明", "国标代码"], ["甲", "支付不超过14天。", X[10]],
        ["乙", "单次最多支付3天", X[11]], ["丙", "支付不超过12个月", X[12]], ["丁", "不限", X[13]]]))
    run = Run(path, out=tmp / "out")
    check("courses", [r[2] for r in run.rows["drug_course.csv"][1:]], ["14", "3", "365"])
    check("courses: account", run.account, [(4, 3, 0, 1)])


def two_groups_of_one_item(tmp):
    path = book(tmp / "第二批 手术项目未按规定折价收费.xlsx", ("Sheet1", [
        ["项目名称", "国标代码", "限定类型", "限定值域"],
        ["阑尾切除术", "003310030220000", "限定主次操作", "胃肠手术组"],
        ["阑尾切除术", "003310030220000", "限定主次操作", "经腹直肠手术组"]]))
    run = Run(path, out=tmp / "out")
    check("two groups", [r[2] for r in run.rows["item_surgery_group.csv"][1:]],
          ["经腹直肠手术组", "胃肠手术组"])
    again = Run(path, out=tmp / "out")
    check("again the same bytes", again.rows, run.rows)


def what_cannot_be_read(tmp):
    (tmp / "坏.xlsx").write_bytes(b"not a workbook")
    nobody = book(tmp / "说明.xlsx", ("Sheet1", [["只有文字"], ["没有表头"]]))
    run = Run(str(tmp / "坏.xlsx"), nobody, str(tmp / "没有.xlsx"), out=tmp / "out")
    check("unreadable: exit code", run.code, 2)
    check("unreadable: each is named", run.err.count("读不了"), 3)


def published_samples():
    folder = ROOT.parent / "shared/knowledge/nhsa_xlsx"
    files = sorted(str(p) for p in folder.glob("*.xlsx"))
    if not files:
        return print("no published samples beside the checkout")
    with tempfile.TemporaryDirectory() as out:
        run = Run(*files, out=out)
        check("samples: nothing refused", (run.code, sum(a[3] for a in run.account)), (0, 0))
        check("samples: rows", {k: len(v) - 1 for k, v in run.rows.items()}, {
            "drug_child_only.csv": 4398, "drug_sex.csv": 6472, "drug_visit_kind.csv": 736,
            "item_child_only.csv": 30, "item_duplicate_pairs.csv": 900, "item_sex.csv": 390,
            "item_surgery_group.csv": 378})
        for made, kept in (("drug_sex", "drug_sex"), ("drug_visit_kind", "drug_visit_kind"),
                           ("item_sex", "item_sex"), ("item_child_only", "item_age")):
            with open(ROOT / "rules/knowledge" / (kept + ".csv"), encoding="utf-8",
                      newline="") as f:
                carried = {(r[0], r[2]) for r in csv.reader(f)}
            lost = {(r[0], r[2]) for r in run.rows[made + ".csv"][1:]} - carried
            check("samples: every point of %s is carried" % kept, lost, set())


def main():
    for test in (official_two_sheets, header_in_row_two_codes_beside, two_groups_of_one_item,
                 numeric_codes_and_repeated_header, header_of_two_rows, pairs_with_merged_footer,
                 courses_in_words, what_cannot_be_read):
        with tempfile.TemporaryDirectory() as tmp:
            test(pathlib.Path(tmp))
        print("done   " + test.__name__)
    published_samples()
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
