# SPDX-License-Identifier: GPL-3.0-or-later
#
# bash completion for fundwatch(1). Commands and options come from the program itself
# (fundwatch help --words), so they are those of the installed version.
_fundwatch() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local program=${COMP_WORDS[0]} word words=() command=() option argument

	# The command's one or two words: what stands before the first option.
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -* || ${#command[@]} -eq 2 ]] && break
		command+=("$word")
	done
	local known=0
	while read -r word; do
		[[ $word == "${command[*]}" || $word == "${command[0]-}" ]] && known=1
	done < <("$program" help --words 2>/dev/null)

	if ((!known)); then
		while read -r word; do
			if ((${#command[@]} == 1)); then
				[[ $word == "${command[0]-} "* ]] && words+=("${word#* }")
			else
				words+=("${word%% *}")
			fi
		done < <("$program" help --words 2>/dev/null)
		COMPREPLY=($(compgen -W "${words[*]}" -- "$cur"))
		return
	fi
	while read -r option argument; do
		if [[ $option == "$prev" && -n $argument ]]; then
			case $argument in
			*'|'*) COMPREPLY=($(compgen -W "${argument//|/ }" -- "$cur")) ;;
			FILE | DIR) COMPREPLY=($(compgen -f -- "$cur")) ;;
			esac
			return
		fi
		words+=("$option")
	done < <("$program" help --words "${command[@]}" 2>/dev/null ||
		"$program" help --words "${command[0]-}" 2>/dev/null)
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "${words[*]}" -- "$cur"))
	else
		COMPREPLY=($(compgen -f -- "$cur"))
	fi
}
complete -o filenames -F _fundwatch fundwatch
