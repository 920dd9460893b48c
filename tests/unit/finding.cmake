# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(diff)
