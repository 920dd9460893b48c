# SPDX-License-Identifier: GPL-3.0-or-later
"""A scan with little memory finds what a scan with much finds, and holds to its bound.

    scan_memory.py                                        a small year, as the tests run it
    scan_memory.py --lines 50000000 --memory 512M --margin 128 --moved 100

Records are generated; one in ten comes a second time for another person, so that most visits
lie in several parts. All shipped rules judge them, those with cells by the hour too. The bound
is told of the process's peak, programs and rules (the peak of a scan of one line) taken off.
Then each call on temporary files fails once, the 1st, the 8th, the 64th time, ...: the
scan says so and leaves nothing behind, or it finds what it always finds.
"""
import argparse
import csv
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile

ROOT = os.environ["FUNDWATCH_SOURCE_DIR"]
BIN = os.environ["FUNDWATCH_BIN_DIR"]
MIB = 1 << 20
FAILING = (  # a call, and what is said when it fails; None: it goes on
    ("temp_open:{}:EMFILE", "no temporary file in {}: "),
    ("temp_write:{}:ENOSPC", "temporary file in {} cannot be written: "),
    ("temp_write:{}:EINTR", None),
    ("temp_read:{}:EIO", "temporary file in {} cannot be read: "),
    ("temp_read:{}:EINTR", None),
    ("temp_short:{}:EIO", None),
)


def command_of(files, rules, out, *more):
    return [f"{BIN}/fundwatch", "scan", "--rules", rules, "--threads", "2",
            "-o", f"{out}.ndjson", "--report", f"{out}.json", *more, *files]


def scan(files, rules, out, *more):
    """Runs a scan; its peak in bytes."""
    command = command_of(files, rules, out, *more)
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, f"{command}: {status}\n{said}"
    return usage.ru_maxrss * 1024


def move_some(path, to, seed, every):
    """Writes corrections: one in `every` rows again, later, for the person of another row."""
    with open(path, "rb") as source:
        try:
            source.read(MIB).decode("utf-8")
            charset = "utf-8"
        except UnicodeDecodeError as e:
            charset = "utf-8" if e.start > MIB - 4 else "gb18030"
    with open(path, newline="", encoding=charset) as source:
        rows = csv.DictReader(source)
        chosen = [row for i, row in enumerate(rows) if i % every == seed % every]
        names = rows.fieldnames
    people = [row["psn_no"] for row in chosen]
    random.Random(seed).shuffle(people)
    with open(to, "w", newline="", encoding=charset) as out:
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        for row, person in zip(chosen, people):
            row["psn_no"] = person
            row["updt_time"] = "2027-12-31 00:00:00"
            writer.writerow(row)


def move_all(folder, every):
    """In a process of its own: a scan's peak counts what this one had when it was forked."""
    for seed, name in enumerate(sorted(os.listdir(folder))):
        stream = name.rsplit("_", 1)[0]
        if stream in ("fee_list_d", "mdtrt_d", "setl_d") and name.endswith(".csv"):
            move_some(f"{folder}/{name}", f"{folder}/{stream}_moved{seed}.csv", seed, every)


def pour(source, pipe):
    """What a pipe brings has no size before."""
    with open(source, "rb") as bytes_in, open(pipe, "wb") as out:
        shutil.copyfileobj(bytes_in, out)


def scan_piped(files, rules, box, memory):
    """The same with the first file through a pipe of its name."""
    os.mkdir(f"{box}/pipe")
    pipe = f"{box}/pipe/{os.path.basename(files[0])}"
    os.mkfifo(pipe)
    sender = multiprocessing.Process(target=pour, args=(files[0], pipe))
    sender.start()
    peak = scan([pipe] + files[1:], rules, f"{box}/piped", "--memory", memory, "--temp", box)
    sender.join()
    assert same(f"{box}/few.ndjson", f"{box}/piped.ndjson"), "findings through a pipe differ"
    return peak


def has_faults():
    """Release builds have none; others do not take a point that is not there."""
    return subprocess.run([f"{BIN}/fundwatch", "version"], capture_output=True, check=False,
                          env=os.environ | {"FUNDWATCH_FAULT": "nothing"}).returncode == 2


def fail_once(files, rules, box, wish, says):
    """Whether the fault struck."""
    temp, out = f"{box}/temp", f"{box}/failed"
    os.mkdir(temp)
    ran = subprocess.run(command_of(files, rules, out, "--memory", "8M", "--temp", temp), cwd=ROOT,
                         env=os.environ | {"FUNDWATCH_FAULT": wish}, capture_output=True,
                         check=False)
    said = ran.stderr.decode()
    struck = "fault: " in said
    if struck and says:
        assert ran.returncode == 3, f"{wish}: {ran.returncode}\n{said}"
        assert says.format(temp) in said, f"{wish}:\n{said}"
        assert not os.path.exists(f"{out}.ndjson"), f"{wish}: a result is left behind"
    else:
        assert ran.returncode == 0, f"{wish}: {ran.returncode}\n{said}"
        assert same(f"{box}/calm.ndjson", f"{out}.ndjson"), f"{wish}: findings differ"
        os.remove(f"{out}.ndjson")
    os.rmdir(temp)  # nothing is in it
    return struck


def fail_each(files, rules, box):
    """Every call fails at its 1st, 8th, 64th, ... time, until it is not made so often."""
    for wish, says in FAILING:
        times, n = 0, 1
        while fail_once(files, rules, box, wish.format(n), says):
            times, n = times + 1, n * 8
        assert times > 0, f"{wish} never struck"
        print(f"{wish.format('N')}: struck {times} times")


def few_people(files, folder, share):
    """Data small enough to be scanned often."""
    os.mkdir(folder)
    for path in files:
        if not path.endswith(".csv"):
            continue
        with open(path, "rb") as source, open(f"{folder}/{os.path.basename(path)}", "wb") as out:
            out.writelines(line for i, line in enumerate(source) if i == 0 or i % share == 0)
    return sorted(f"{folder}/{name}" for name in os.listdir(folder))


def size(text):
    return int(text[:-1]) * {"K": 1 << 10, "M": MIB, "G": 1 << 30}[text[-1]]


def same(a, b):
    with open(a, "rb") as x, open(b, "rb") as y:
        return x.read() == y.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=60000)
    parser.add_argument("--memory", default="8M")
    parser.add_argument("--margin", type=int, default=32, help="MiB above the bound")
    parser.add_argument("--moved", type=int, default=10, help="one line in so many is corrected")
    parser.add_argument("--alone", action="store_true", help="do not compare with a whole scan")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as box:
        rules = f"{ROOT}/rules"
        subprocess.run([f"{BIN}/fundwatch-gen", "--out", f"{box}/in", "--lines", str(options.lines),
                        "--seed", "11"], check=True, capture_output=True)
        os.remove(f"{box}/in/truth.csv")
        mover = multiprocessing.Process(target=move_all, args=(f"{box}/in", options.moved))
        mover.start()
        mover.join()
        assert mover.exitcode == 0
        files = sorted(f"{box}/in/{name}" for name in os.listdir(f"{box}/in"))
        one = next(f for f in files if "fee_list_d" in f and f.endswith(".csv"))
        with open(one, "rb") as source, open(f"{box}/fee_list_d_one.csv", "wb") as out:
            out.writelines([next(source), next(source)])
        base = scan([f"{box}/fee_list_d_one.csv"], rules, f"{box}/base")
        few = scan(files, rules, f"{box}/few", "--memory", options.memory, "--temp", box)
        few = max(few, scan_piped(files, rules, box, options.memory))
        if not options.alone:
            all_ = scan(files, rules, f"{box}/all")
            assert os.path.getsize(f"{box}/all.ndjson") > 1000, "nothing found proves nothing"
            assert same(f"{box}/all.ndjson", f"{box}/few.ndjson"), "findings differ"
            assert same(f"{box}/all.json", f"{box}/few.json"), "reports differ"
            print(f"without bound {(all_ - base) / MIB:.0f} MiB")
        if has_faults() and not options.alone:
            files = few_people(files, f"{box}/less", 6)
            scan(files, rules, f"{box}/calm")
            fail_each(files, rules, box)
        print(f"{options.lines} lines, 1 in {options.moved} corrected to another person; bound "
              f"{options.memory}: peak {few / MIB:.0f} MiB, of it {base / MIB:.0f} MiB program "
              "and rules")
        if os.environ.get("FUNDWATCH_SANITIZED") or "asan" in BIN or "tsan" in BIN:
            print("SKIPPED: the bound, a sanitizer's memory is not the program's", file=sys.stderr)
            return
        bound = size(options.memory) + options.margin * MIB
        assert few - base <= bound, f"{(few - base) / MIB:.0f} MiB is over {bound / MIB:.0f} MiB"


main()
