# SPDX-License-Identifier: GPL-3.0-or-later
"""Every link of the project's pages leads to a file that is there and a heading that it has."""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(os.environ["FUNDWATCH_SOURCE_DIR"])
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")


def slugs(page):
    """The anchors of a page's headings, as forges make them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    found = set()
    for title in re.findall(r"^#+ +(.*)$", text, re.M):
        plain = re.sub(r"[^\w\- ]", "", title.strip().lower())
        found.add("#" + plain.replace(" ", "-"))
    return found


def pages():
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("rules/**/*.md")])


def main():
    links, broken = 0, []
    for page in pages():
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
        for target, anchor in LINK.findall(re.sub(r"`[^`\n]*`", "", text)):
            if re.match(r"[a-z]+:", target):
                continue
            links += 1
            place = page.parent / target if target else page
            if not place.exists():
                broken.append(f"{page.relative_to(ROOT)}: no such file: {target}")
            elif anchor and place.suffix == ".md" and anchor not in slugs(place):
                broken.append(f"{page.relative_to(ROOT)}: no such heading: {target}{anchor}")
    print("\n".join(broken + [f"{links} links, {len(broken)} broken"]))
    sys.exit(1 if broken or links == 0 else 0)


main()
