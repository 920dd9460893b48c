#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The fundwatch command by its output.  usage: golden.sh FUNDWATCH [--update] [CASE...]
# cases/NAME.cmd is a shell script run in data/; cases/NAME.out holds what it prints, what it
# says on standard error, and its exit code. --update rewrites them: the diff is the review.
# Digests and seconds are masked.
set -u
program=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
update=0
if [ "${1:-}" = --update ]; then
	update=1
	shift
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/fundwatch"
export PATH="$work/bin:$PATH" LC_ALL=C.UTF-8 TMP_DIR="$work/tmp"
unset LANG LC_MESSAGES LANGUAGE PGHOST PGDATABASE PGUSER PGPORT PGSERVICE COLUMNS

mask() {
	sed -E 's/\b[0-9a-f]{32}\b/<digest>/g; s/[0-9.]+ 秒（[0-9,]+ 行\/秒）/# 秒/;
		s/[0-9.]+ s \([0-9,]+ rows\/s\)/# s/; s#'"$work"'#TMP#g; s/\.tmp-[0-9]+/.tmp/g'
}

failed=0 count=0
for script in "$here"/cases/*.cmd; do
	name=$(basename "$script" .cmd)
	[ $# -gt 0 ] && case " $* " in *" $name "*) ;; *) continue ;; esac
	count=$((count + 1))
	rm -rf "$work/tmp"
	mkdir "$work/tmp"
	(cd "$here/data" && sh -u "$script" >"$work/stdout" 2>"$work/stderr" </dev/null)
	code=$?
	{
		mask <"$work/stdout"
		if [ -s "$work/stderr" ]; then
			echo "--- stderr"
			mask <"$work/stderr"
		fi
		echo "--- exit $code"
	} >"$work/got"
	if [ $update = 1 ]; then
		cp "$work/got" "$here/cases/$name.out"
	elif diff -u --label expected --label found "$here/cases/$name.out" "$work/got" >"$work/diff" 2>&1; then
		echo "ok      $name"
	else
		failed=$((failed + 1))
		echo "FAILED  $name"
		cat "$work/diff"
	fi
done
if [ $count = 0 ]; then
	echo "golden.sh: no case ran" >&2
	exit 1
fi
echo "$count cases, $failed failed"
[ $failed = 0 ]
