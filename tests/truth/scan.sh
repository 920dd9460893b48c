#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The shipped rules on generated data: what `fundwatch scan` finds against what
# was planted, and the same bytes for any number of threads.
# usage: scan.sh FUNDWATCH-GEN FUNDWATCH LINES [option of the generator…]
set -eu
gen=$1 fundwatch=$2 lines=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$gen" --out "$work/data" --lines "$lines" "$@"
for threads in 1 3; do
	"$fundwatch" scan --rules "$root/rules" --format ndjson \
		--threads $threads -o "$work/findings.$threads" "$work/data"
done
cmp "$work/findings.1" "$work/findings.3"
python3 "$here/compare.py" "$work/data/truth.csv" "$work/findings.1"
