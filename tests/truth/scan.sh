#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The shipped rules on generated data: what `fundwatch scan` finds against what
# was planted.  usage: scan.sh FUNDWATCH-GEN FUNDWATCH LINES [option of gen…]
set -eu
gen=$1 fundwatch=$2 lines=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$gen" --out "$work/data" --lines "$lines" "$@"
mv "$work/data/truth.csv" "$work/truth.csv"
"$fundwatch" scan --rules "$root/rules" --format ndjson \
	-o "$work/findings.ndjson" "$work/data"
python3 "$here/compare.py" "$work/truth.csv" "$work/findings.ndjson"
