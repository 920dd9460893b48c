# SPDX-License-Identifier: GPL-3.0-or-later
# What rules mean, point by point: each example of golden/meaning is one.
fundwatch_script(meaning LABEL golden COMMAND $<TARGET_FILE:fundwatch-cli> test tests/golden/meaning)
