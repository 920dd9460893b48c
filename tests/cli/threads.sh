#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The same findings, byte for byte, whatever the threads, the order and the split of files, and
# whether all fields or only the rules' are read.  usage: threads.sh FUNDWATCH RULES DATA
set -eu
fundwatch=$1 rules=$2 data=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

scan() {
	out=$1
	shift
	"$fundwatch" scan --rules "$rules" -o "$work/$out" --report "$work/$out.json" "$@" 2>"$work/err" || {
		cat "$work/err"
		exit 1
	}
}
same() {
	cmp "$work/$1" "$work/$2" || {
		echo "FAILED: $3 changes the findings"
		diff "$work/$1" "$work/$2" | head -5
		exit 1
	}
	echo "ok      $3: $(wc -l <"$work/$1") findings"
}

scan one --threads 1 "$data"
test -s "$work/one"
for n in 2 3 4 7; do
	scan "t$n" --threads $n "$data"
	same one "t$n" "$n threads"
	cmp "$work/one.json" "$work/t$n.json" || { echo "FAILED: $n threads change the report"; exit 1; }
done
scan all --threads 2 --all-fields "$data"
same one all "every field read"

# The same lines cut into small files, header repeated, the last ones first and some gzipped.
mkdir "$work/split"
for file in "$data"/*.csv "$data"/*.csv.gz; do
	[ -f "$file" ] || continue
	name=$(basename "${file%.gz}" .csv)
	if [ "$file" != "${file%.gz}" ]; then
		gzip -dc "$file" >"$work/plain"
		file=$work/plain
	fi
	tail -n +2 "$file" | split -n r/3 - "$work/split/${name}_"
	for part in "$work/split/${name}_"??; do
		head -1 "$file" | cat - "$part" >"$part.csv"
		rm "$part"
	done
	gzip -n "$work/split/${name}_ab.csv"
done
scan cut --threads 3 "$work"/split/*_ac.csv "$work"/split/*_aa.csv "$work"/split/*_ab.csv.gz
same one cut "files split and shuffled"
