/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c - the fundwatch command; everything is in the parts so that tests can link them. */
#include <stdio.h>

#include "daemon/cli/cli.h"
#include "daemon/host/fault.h"

int main(int argc, char **argv)
{
	struct err e = { 0 };
	if (!fault_init(&e)) {
		(void)fprintf(stderr, "fundwatch: %s\n", e.text);
		return CLI_USAGE;
	}
	return cli_main(argc, argv);
}
