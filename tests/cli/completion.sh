#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# conf/completion/fundwatch.bash completes commands, options, choices.
# usage: completion.sh FUNDWATCH COMPLETION
set -u
PATH=$(dirname "$(realpath "$1")"):$PATH
# shellcheck source=/dev/null
. "$2"
failed=0

# expect "words typed, the last one unfinished" "what is offered, one a word"
expect() {
	read -ra COMP_WORDS <<<"$1"
	[[ $1 == *' ' ]] && COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_fundwatch
	local got
	got=$(printf '%s\n' "${COMPREPLY[@]}" | sort -u | tr '\n' ' ')
	if [[ ${got% } == "$2" ]]; then
		echo "ok      $1"
	else
		echo "FAILED  $1: offered '${got% }', not '$2'"
		failed=1
	fi
}

expect 'fundwatch sc' 'scan'
expect 'fundwatch al' 'alerts'
expect 'fundwatch alerts ' 'decide list note show'
expect 'fundwatch alerts list --fac' '--facility'
expect 'fundwatch alerts list --sort ' 'amount date'
expect 'fundwatch scan --format t' 'table'
expect 'fundwatch scan --ru' '--rule --rules'
expect 'fundwatch db m' 'migrate'
expect 'fundwatch journal ' 'list verify'
exit $failed
