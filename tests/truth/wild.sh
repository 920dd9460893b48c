#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Two evaluators on wild data, where findings are many and nobody planted them:
# `fundwatch scan` and the naive checks must agree on each, and on its sum.
# usage: wild.sh FUNDWATCH-GEN FUNDWATCH
set -eu
gen=$1 fundwatch=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

both() {
	rm -rf "$work/data"
	"$gen" --out "$work/data" --wild "$@"
	"$fundwatch" scan --rules "$root/rules" --format ndjson \
		-o "$work/findings" "$work/data"
	python3 "$here/differ.py" "$work/data" "$root/rules/knowledge" \
		"$work/findings"
}

both --lines 30000 --persons 400 --seed 1
both --lines 30000 --persons 400 --seed 2
both --lines 30000 --persons 60 --seed 3 --from 2025-11-15 --days 100
