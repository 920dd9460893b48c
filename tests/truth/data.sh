#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The generator against the independent oracle: several seeds, a month and a
# year; and the same seed gives the same bytes.  usage: data.sh FUNDWATCH-GEN
set -eu
gen=$1
here=$(cd "$(dirname "$0")" && pwd)
knowledge=$here/../../rules/knowledge
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() {
	"$gen" --out "$work/data" "$@"
	python3 "$here/check_truth.py" "$work/data" "$knowledge"
}

check --lines 50000 --seed 1
(cd "$work/data" && cksum -- *) >"$work/first"
check --lines 50000 --seed 1 >"$work/again.txt"
(cd "$work/data" && cksum -- *) >"$work/second"
cmp "$work/first" "$work/second"

check --lines 50000 --seed 2 --lookalikes 3
check --lines 60000 --seed 3 --from 2025-01-01 --days 365
check --lines 50000 --seed 4 --month 2026-02 --gzip none --gb18030 none
