#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The shipped rules on generated data: what `fundwatch scan` finds against what
# was planted; and the same bytes for any number of threads and any order of
# the files, corrections before what they correct included.
# usage: scan.sh FUNDWATCH-GEN FUNDWATCH LINES [option of the generator…]
set -eu
gen=$1 fundwatch=$2 lines=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$gen" --out "$work/data" --lines "$lines" "$@"
scan() {
	"$fundwatch" scan --rules "$root/rules" --format ndjson \
		--threads "$1" -o "$work/$2" "$work/$3"
}

# the same files under names that sort the other way round
mkdir "$work/turned"
for file in "$work"/data/*_d_0*; do
	name=${file##*/} stem=${file##*_d_0} number=${stem%%.*}
	ln -s "$file" "$work/turned/${name%%_d_0*}_d_0$((9 - number)).${stem#*.}"
done

scan 1 findings data
scan 3 findings.3 data
scan 2 findings.turned turned
cmp "$work/findings" "$work/findings.3"
cmp "$work/findings" "$work/findings.turned"
python3 "$here/compare.py" "$work/data/truth.csv" "$work/findings"
