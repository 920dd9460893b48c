/* SPDX-License-Identifier: GPL-3.0-or-later */
/* commands.h - every command's entry; each is defined in the file of its name. */
#pragma once

#include "daemon/cli/cli.h"

extern const struct command cmd_check;
extern const struct command cmd_fmt;
extern const struct command cmd_fix;
extern const struct command cmd_lsp;
extern const struct command cmd_translate;
extern const struct command cmd_test;
extern const struct command cmd_explain;
extern const struct command cmd_rules_list;
extern const struct command cmd_rules_show;
extern const struct command cmd_knowledge_list;
extern const struct command cmd_knowledge_check;
extern const struct command cmd_knowledge_unmapped;
extern const struct command cmd_scan;
extern const struct command cmd_db_migrate;
extern const struct command cmd_db_status;
extern const struct command cmd_alerts_list;
extern const struct command cmd_alerts_show;
extern const struct command cmd_alerts_decide;
extern const struct command cmd_alerts_note;
extern const struct command cmd_exceptions_list;
extern const struct command cmd_exceptions_ledger;
extern const struct command cmd_record_show;
extern const struct command cmd_hold_add;
extern const struct command cmd_hold_remove;
extern const struct command cmd_hold_list;
extern const struct command cmd_purge;
extern const struct command cmd_journal_list;
extern const struct command cmd_journal_verify;
extern const struct command cmd_reload;
extern const struct command cmd_period_close;
extern const struct command cmd_period_reopen;
extern const struct command cmd_period_list;
extern const struct command cmd_late_list;
extern const struct command cmd_account;
extern const struct command cmd_key_add;
extern const struct command cmd_key_list;
extern const struct command cmd_key_revoke;
extern const struct command cmd_top;
extern const struct command cmd_help;
