# SPDX-License-Identifier: GPL-3.0-or-later
list(APPEND cli_sources lsp/rpc.c lsp/text.c lsp/project.c lsp/server.c lsp/scene.c lsp/complete.c lsp/hover.c)
