#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command once and note its wall seconds, peak memory in MB and processor seconds.

timed.py FILE COMMAND...; one line is appended to FILE. Processor seconds, of all threads, user and
system, tell more than the clock where others use the machine too. The peak is the kernel's own
accounting of the largest single process among the command and its children.
"""
import resource
import subprocess
import sys
import time

start = time.monotonic()
status = subprocess.run(sys.argv[2:], check=False).returncode
seconds = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
peak = used.ru_maxrss / 1024
if status == 0:
    with open(sys.argv[1], "a", encoding="ascii") as out:
        out.write(f"{seconds:.3f} {peak:.0f} {used.ru_utime + used.ru_stime:.3f}\n")
sys.exit(status)
