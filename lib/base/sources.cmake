# SPDX-License-Identifier: GPL-3.0-or-later
set(base_sources err.c)
