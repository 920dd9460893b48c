# SPDX-License-Identifier: GPL-3.0-or-later
# The importer of official attachments; the shipped tables; the command that checks them.
fundwatch_script(import-nhsa LABEL golden
	COMMAND ${CMAKE_CURRENT_LIST_DIR}/test_import.py)
