#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/fundwatch.1 is what the program writes, and it is sound roff.  usage: man.sh FUNDWATCH FILE [--update]
set -eu
if [ "${3:-}" = --update ]; then
	"$1" help --man >"$2"
fi
"$1" help --man | diff -u "$2" - || {
	echo "FAILED: $2 is not what fundwatch help --man writes; run man.sh with --update"
	exit 1
}
if command -v groff >/dev/null; then
	test -z "$(groff -man -Tutf8 -ww -z "$2" 2>&1)"
fi
echo "ok"
