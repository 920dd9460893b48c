#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""grammar.py FUNDWATCH FILE [--update] - the grammar is what the program writes, in sound JSON."""
import json
import pathlib
import subprocess
import sys

got = subprocess.run([sys.argv[1], "help", "--grammar"], check=True, capture_output=True).stdout
tree = json.loads(got)
assert tree["scopeName"] == "source.fundwatch" and tree["repository"]["expression"]["patterns"]
for word in ("规则", "not-in-list", "首个有值", "医保年度"):
    assert word.encode() in got, word
file = pathlib.Path(sys.argv[2])
if "--update" in sys.argv:
    file.write_bytes(got)
elif file.read_bytes() != got:
    sys.exit(f"{file} is not what `fundwatch help --grammar` writes; run grammar.py with --update")
print("ok")
