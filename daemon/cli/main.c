/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c - the fundwatch command; everything is in the parts so that tests can link them. */
#include "daemon/cli/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
