#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command once and note its wall seconds and peak memory in MB.

timed.py FILE COMMAND...; one line is appended to FILE. The peak is the kernel's own
accounting of the largest single process among the command and its children.
"""
import resource
import subprocess
import sys
import time

start = time.monotonic()
status = subprocess.run(sys.argv[2:], check=False).returncode
seconds = time.monotonic() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
if status == 0:
    with open(sys.argv[1], "a", encoding="ascii") as out:
        out.write(f"{seconds:.3f} {peak:.0f}\n")
sys.exit(status)
