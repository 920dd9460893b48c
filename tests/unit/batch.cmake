# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(batch LABEL unit LAYER batch)
