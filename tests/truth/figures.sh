#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Precision and recall of every shipped rule: generated background, the cases of all
# examples with look-alikes at five times the violations, and ordinary lives. Fails below
# the bounds, and when figures.csv is not what comes out.
# usage: figures.sh FUNDWATCH-GEN FUNDWATCH [--update] [LINES [VIOLATIONS [SEED]]]
set -eu
gen=$1 fundwatch=$2
shift 2
update=
[ "${1:-}" != --update ] || { update=1; shift; }
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$gen" --out "$work/data" --goods --lines "${1:-30000}" --seed "${3:-21}"
"$root/scripts/gen.d/cases.py" --out "$work/data" --violations "${2:-10}" \
	--seed "${3:-21}" "$root/rules" "$root/scripts/gen.d/cases"
"$fundwatch" scan --rules "$root/rules" --format ndjson \
	-o "$work/findings" --trial "$work/trial" "$work/data" >"$work/scan.txt"
cat "$work/trial" >>"$work/findings"
"$here/score.py" "$work/data" "$work/findings" --csv "$work/figures.csv"
if [ -n "$update" ]; then
	cp "$work/figures.csv" "$here/figures.csv"
elif [ $# -eq 0 ]; then
	diff -u "$here/figures.csv" "$work/figures.csv" || {
		echo "tests/truth/figures.csv is stale: run figures.sh … --update"
		exit 1
	}
fi
