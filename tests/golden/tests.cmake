# SPDX-License-Identifier: GPL-3.0-or-later
# What rules mean, point by point: each example of golden/meaning is one.
fundwatch_script(meaning LABEL golden COMMAND $<TARGET_FILE:fundwatch-cli> test tests/golden/meaning)
# What users read when a rule file is wrong; `test_diagnostics --update` writes it anew.
fundwatch_test(diagnostics LABEL golden)
fundwatch_test(translate LABEL golden LAYER rule
	SOURCES golden/test_translate.c support/rulefolder.c)
fundwatch_test(rewrite LABEL golden LAYER rule
	SOURCES golden/test_rewrite.c support/rulefolder.c)
# The shipped rules are laid out as fundwatch fmt does it.
fundwatch_script(fmt LABEL golden COMMAND $<TARGET_FILE:fundwatch-cli> fmt --check rules)
