# SPDX-License-Identifier: GPL-3.0-or-later
"""What the views say: encounters as their versions add up, money in which a line counts once.

Both against a model that goes version by version and alert by alert, on random cases from a
seed; a case that differs is made smaller before it is shown.
"""
import random

from daemon_lib import Box, run

FIELDS = ("begntime", "endtime", "adm_bed", "dscg_way")
TIMES = ("2026-03-01 09:00:00", "2026-03-02 10:00:00", "2026-03-03 11:00:00")


def execute(box, sql):
    run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", box.conninfo, input=sql)


# ---- encounters ----

def random_version(r):
    message = r.random() < 0.6
    version = {"revision": r.choice((None,) + TIMES), "digest": r.randrange(-4, 5) or 7,
               "psn_no": r.choice("PPPQ"), "vali_flag": r.choice((None, None, "1", "0")),
               "inf_time": r.choice(TIMES) if message or r.random() < 0.2 else None}
    version["updt_time"] = None if message or version["inf_time"] is None else TIMES[0]
    for field in FIELDS:
        value = r.choice(TIMES) if field.endswith("time") else r.choice("abc")
        version[field] = value if r.random() < 0.5 else None
    return version


def rank(version):
    """Greatest first: revision, then digest as an unsigned number."""
    return version["revision"] or "", version["digest"] % (1 << 64)


def merged(versions):
    """Field by field the greatest version that speaks of it; None when it is not valid."""
    versions = sorted(versions, key=rank, reverse=True)
    own = [v for v in versions if v["psn_no"] == versions[0]["psn_no"]]

    def said(field):
        for v in own:
            message = v["inf_time"] is not None and v["updt_time"] is None
            if not message or v[field] is not None:
                return v[field]
        return None

    if said("vali_flag") == "0":
        return None
    return [versions[0]["psn_no"], *(said(field) for field in FIELDS)]


def quoted(value):
    return "NULL" if value is None else str(value) if isinstance(value, int) else f"'{value}'"


def view_of(box, cases):
    rows = []
    for number, versions in enumerate(cases):
        for line, v in enumerate(versions):
            names = ("revision", "digest", "psn_no", "vali_flag", "inf_time", "updt_time") + FIELDS
            rows.append(f"('{number:032x}'::uuid, 1, {line}, 'M{number}', "
                        + ", ".join(quoted(v[name]) for name in names) + ")")
    box.sql("TRUNCATE fundwatch.encounter")
    execute(box, "INSERT INTO fundwatch.encounter (identity, intake_id, line, mdtrt_id, "
            "revision, digest, psn_no, vali_flag, inf_time, updt_time, "
            f"{', '.join(FIELDS)}) VALUES "
            + ", ".join(rows))
    got = [None] * len(cases)
    for row in box.sql(f"SELECT mdtrt_id, psn_no, {', '.join(FIELDS)} "
                       "FROM fundwatch.encounter_live").splitlines():
        visit, *values = row.split("|")
        got[int(visit[1:])] = [v or None for v in values]
    return got


def distinct(versions):
    """No two versions may rank the same: which is greater would be chance."""
    return list({rank(v): v for v in versions}.values())


def encounters(box, seed, n):
    r = random.Random(seed)
    cases = [distinct([random_version(r) for _ in range(r.randrange(1, 7))]) for _ in range(n)]
    for versions, got in zip(cases, view_of(box, cases)):
        if got == merged(versions):
            continue
        smaller = True
        while smaller:  # drop versions while it still differs
            smaller = False
            for i in range(len(versions)):
                fewer = versions[:i] + versions[i + 1:]
                if fewer and view_of(box, [fewer])[0] != merged(fewer):
                    versions, smaller = fewer, True
                    break
        raise AssertionError(f"seed {seed}: {versions}\n  view  {view_of(box, [versions])[0]}\n"
                             f"  model {merged(versions)}")
    live = sum(merged(c) is not None for c in cases)
    print(f"{n} encounters of random versions, {live} live: as they add up")


# ---- bearing ----

LINES = {f"F{i}": (f"M{i % 2}", f"S{i % 4}") for i in range(12)}  # line -> visit, settlement
PRIORITY = (("violation", "high"), ("violation", "low"), ("suspect", "high"), ("clue", "low"))


def random_alerts(r):
    alerts = []
    for number in range(r.randrange(1, 7)):
        records = []
        for name in r.sample(sorted(LINES), r.randrange(0, 4)):
            records.append(("fee", LINES[name][0], name, r.randrange(1, 9) * 10))
        if r.random() < 0.3:
            records.append(("stay", v := r.choice(("M0", "M1")), v, r.randrange(1, 40) * 10))
        if r.random() < 0.3:
            setl = r.choice(("S0", "S1", "S2", "S3"))
            records.append(("settlement", f"M{int(setl[1]) % 2}", setl, r.randrange(1, 20) * 10))
        alerts.append((number + 1, r.randrange(len(PRIORITY)), records))
    return alerts


def bearing(alerts):
    """Alert by alert, highest first: each takes what is still there of its records."""
    counted, total = {}, {}  # (visit, stream, id) -> borne
    for number, _, records in sorted(alerts, key=lambda a: (a[1], a[0])):
        total[number] = 0 if records else None
        for stream, visit, name, amount in records:
            here = {key: borne for key, borne in counted.items() if key[0] == visit}
            setl = LINES[name][1] if stream == "fee" else name
            if (any(key[1] == "stay" for key in here) or (visit, stream, name) in counted
                    or (stream == "fee" and (visit, "settlement", setl) in counted)):
                continue
            if stream == "stay":
                borne = max(amount - sum(here.values()), 0)
            elif stream == "settlement":
                borne = max(amount - sum(b for key, b in here.items() if key[1] == "fee"
                                         and LINES[key[2]][1] == name), 0)
            else:
                borne = amount
            counted[visit, stream, name] = borne
            total[number] += borne
    return {number: sum_ for number, sum_ in total.items() if sum_ is not None}


def bearing_of(box, alerts):
    columns = ("alert_id, rule_id, rule_digest, rule_set, category, nature, severity, trial, "
               "subject_kind, subject, key_name, key_value, psn_no, fixmedins_code, observed, "
               "threshold, n_records, sentence, finding, state, revision, first_found_at, "
               "changed_at")
    box.sql("TRUNCATE fundwatch.alert_record, fundwatch.alert CASCADE")
    rows, records = [], []
    for number, priority, parts in alerts:
        nature, severity = PRIORITY[priority]
        rows.append(f"({number}, 'r', 'd', 's', 'policy', '{nature}', '{severity}', false, "
                    "'person', 'P', "
                    "'{}', '{}', 'P', 'H', '', '', 0, '', '', 'raised', 1, now(), now())")
        records += [f"({number}, {i}, '{stream}', 'H', '{visit}', '{name}', NULL, 'this', {amount})"
                    for i, (stream, visit, name, amount) in enumerate(parts)]
    box.sql(f"INSERT INTO fundwatch.alert ({columns}) VALUES {', '.join(rows)}")
    if records:
        box.sql(f"INSERT INTO fundwatch.alert_record VALUES {', '.join(records)}")
    return {int(a): int(float(b)) for a, b in (row.split("|") for row in box.sql(
        "SELECT alert_id, bearing_amount FROM fundwatch.alert_bearing").splitlines())}


def amounts(box, seed, n):
    r = random.Random(seed)
    box.sql("INSERT INTO fundwatch.fee (identity, intake_id, line, digest, mdtrt_id, setl_id, "
            "fixmedins_code, psn_no, feedetl_sn, fee_ocur_time) VALUES "
            + ", ".join(f"(gen_random_uuid(), 1, 1, 1, '{v}', '{s}', 'H', 'P', '{f}', '{TIMES[0]}')"
                        for f, (v, s) in LINES.items()))
    overlapping = 0
    for _ in range(n):
        alerts = random_alerts(r)
        expected, got = bearing(alerts), bearing_of(box, alerts)
        assert got == expected, f"seed {seed}: {alerts}\n  view  {got}\n  model {expected}"
        overlapping += sum(expected.values()) < sum(a for x in alerts for *_, a in x[2])
    print(f"{n} random sets of alerts, {overlapping} with overlaps: each line counts once")


with Box("views") as once:
    once.sql("SELECT fundwatch.ensure_month('fee', '2026-03-01'), "
             "fundwatch.ensure_month('encounter', '2026-03-01'), "
             "fundwatch.ensure_month('encounter', '2026-02-01')")
    encounters(once, 1, 400)
    amounts(once, 2, 40)
