# SPDX-License-Identifier: GPL-3.0-or-later
set(batch_sources batch.c)
