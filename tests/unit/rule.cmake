# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(value)
fundwatch_test(kernel)
fundwatch_test(form SOURCES unit/test_form.c support/world.c)
