# SPDX-License-Identifier: GPL-3.0-or-later
set(record_sources
	value.c field.c reject.c parse.c chunk.c identity.c)
