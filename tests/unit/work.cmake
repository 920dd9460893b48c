# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(queue LABEL unit tsan LIBS fundwatch_work)
