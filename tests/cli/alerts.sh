#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# db migrate, db status, alerts list and show on a database filled by hand.
# usage: alerts.sh FUNDWATCH [--update]; FUNDWATCH_TEST_PG is a server's conninfo.
set -eu
fundwatch=$1
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${FUNDWATCH_TEST_PG:-}" ]; then
	echo 'SKIPPED: no PostgreSQL. Run: export FUNDWATCH_TEST_PG="$(scripts/pg start build/pg --no-fsync)"' >&2
	exit 77
fi
work=$(mktemp -d)
name=fw_alerts_$$
cleanup() {
	psql -qX "$FUNDWATCH_TEST_PG" -c "DROP DATABASE IF EXISTS $name WITH (FORCE)" >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap cleanup EXIT
psql -qX "$FUNDWATCH_TEST_PG" -c "CREATE DATABASE $name"
db="$FUNDWATCH_TEST_PG dbname=$name"
export LC_ALL=C.UTF-8
unset LANG LC_MESSAGES || true

run() {
	echo "\$ fundwatch $*"
	code=0
	"$fundwatch" "$@" --db "$db" 2>&1 || code=$?
	echo "--- exit $code"
}

{
	run db status
	run alerts list
	run db migrate
	run db migrate
	run db status --json
	run alerts list
	psql -qX -v ON_ERROR_STOP=1 "$db" -f "$here/alerts.sql"
	run alerts list
	run alerts list --lang en --sort date
	run alerts list --rule dup.same_day --limit 1
	run alerts list --facility H2
	run alerts list --person P2 --json
	run alerts list --since 2026-03-06
	run alerts list --state 已撤销
	run alerts list --trial
	run alerts list --suppressed
	run alerts list --suppressed --json --rule stay.split
	run account
	run account --by rule --lang en
	run account --by facility --json
	run account --by colour
	run account --since March
	run exceptions ledger
	run alerts show 7016
	run alerts show 7001
	run alerts show 7001 --lang en
	run alerts show 7001 --limit 1
	run alerts show 7002 --json
	run alerts show 7003
	run alerts show 7003 --lang en
	run alerts show 9999
	run alerts show 7005
	run alerts decide 7001 --state confirmed --by 王核查 --note 病历核对过
	run alerts decide 7001 --state dismissed --by 李复核 --lang en --json
	run alerts decide 9999 --state open --by 王核查
	run alerts decide 7001 --by 王核查
	run alerts decide 7001 --state checking
	run alerts note 7001 --by 王核查 --note 等院方答复
	run alerts note 7001 --by 王核查
	run alerts list --state dismissed
	run alerts list --state wrong
	run exceptions ledger
	run exceptions ledger --month 2026-03 --lang en
	run exceptions ledger --month 2026-04 --json
	run exceptions ledger --month 2026-3
} | sed -E 's/第 [0-9]+ 版（这次执行了 [1-9][0-9]* 步/第 N 版（这次执行了 K 步/; s/第 [0-9]+ 版/第 N 版/g; s/migration 0 of [0-9]+/migration 0 of N/
	s/"applied":[0-9]+,"wanted":[0-9]+/"applied":N,"wanted":N/' >"$work/got"

if [ "${2:-}" = --update ]; then
	cp "$work/got" "$here/alerts.out"
else
	diff -u "$here/alerts.out" "$work/got"
fi
echo ok
