# SPDX-License-Identifier: GPL-3.0-or-later
set(finding_sources
	finding.c
	finding_json.c
	finding_make.c
	diff.c
	period.c
	judge.c
	verdict.c
	kept.c
	example_build.c
	example.c
	witness.c
	witness_record.c
	witness_doubt.c
	coverage.c)
