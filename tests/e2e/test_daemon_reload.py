# SPDX-License-Identifier: GPL-3.0-or-later
"""`fundwatch reload` answers with the rule set now live, or why the old one stays; a refusal is an
alarm; every set that ran is kept with its texts; rules on trial and off tell nobody."""
import json
import os
import pathlib
import re
import shutil
import stat

from daemon_lib import BIN, Box, ROOT, run

DATA = f"{ROOT}/tests/cli/data"


def fundwatch(*words, code=0):
    done = run(f"{BIN}/fundwatch", "--lang", "en", *words, check=False, cwd=ROOT)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout


def digest(rules):
    return re.search("rule set ([0-9a-f]{32})", fundwatch("check", rules))[1]


class Site:
    def __init__(self, box):
        self.box = box
        self.rules = f"{box.dir}/rules"
        shutil.copytree(f"{DATA}/rules", self.rules)
        self.file = pathlib.Path(self.rules, "sample.rules")
        box.rules = self.rules
        box.configure()

    def edit(self, old, new):
        text = self.file.read_text(encoding="utf-8")
        assert old in text, old
        self.file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def reload(self, code=0):
        return fundwatch("reload", "--conf", self.box.config, code=code)

    def alerts(self, *more):
        said = json.loads(fundwatch("alerts", "list", "--db", self.box.conninfo, "--json", *more))
        return sorted(a["finding"]["rule"] for a in said["alerts"])


def refused(site, live):
    site.edit("合计(数量) > 1", "合计(数目) > 1")
    said = site.reload(code=1)
    assert "错误[" in said and "sample.rules:" in said and f"rule set {live} stays live" in said, said
    site.box.daemons[0].wait("reload refused, the old rules stay in force")
    status = fundwatch("reload", "--status", "--conf", site.box.config)
    assert f"rule set {live} is live" in status and "rows=" in status, status
    site.edit("合计(数目) > 1", "合计(数量) > 1")
    assert f"rule set {live} is live" in site.reload()
    alarms = site.box.sql("SELECT kind, rule_set, text LIKE '%sample.rules:%' FROM fundwatch.alarm")
    assert alarms == f"reload|{live}|t\n", alarms
    print("a refused reload: told, in the log, and an alarm; the old set stays")


def states(site):
    assert site.alerts() == ["cli.same_day"] * 2, site.alerts()
    assert site.alerts("--trial") == ["cli.dear"]
    assert site.box.sql("SELECT rule_id FROM fundwatch.rule_total") == "cli.same_day\n"
    site.edit("状态      启用", "状态      试行")
    site.reload()
    site.box.daemons[0].wait("is live")
    assert site.alerts() == [] and site.box.live() == []
    assert site.alerts("--trial") == ["cli.dear"] + ["cli.same_day"] * 2
    site.edit("状态      试行", "状态      停用")
    site.reload()
    site.box.daemons[0].wait("is live")
    assert site.alerts() == [] and site.alerts("--trial") == ["cli.dear"]
    assert site.box.number("SELECT count(*) FROM fundwatch.alert WHERE rule_id = 'cli.same_day' "
                           "AND state = 'withdrawn'") == 2
    site.edit("状态      停用", "状态      启用")
    site.reload()
    site.box.daemons[0].wait("is live")
    assert site.alerts() == ["cli.same_day"] * 2
    print("on, trial, off, on: told, kept apart, withdrawn, told again")


def kept(site, sets):
    """Each set that was live stands in rule_release with the texts it was made from."""
    for one in sets:
        texts = site.box.number("SELECT count(*) FROM fundwatch.rule_release_text t JOIN "
                                f"fundwatch.rule_text USING (text_digest) WHERE release = '{one}'")
        assert texts == 2, (one, texts)
    print("every set is kept with its texts")


with Box("reload") as the_box:
    the_site = Site(the_box)
    no_daemon = run(f"{BIN}/fundwatch", "reload", "--conf", the_box.config, check=False)
    assert no_daemon.returncode == 3 and "fundwatchd" in no_daemon.stderr, no_daemon.stderr
    the_box.drop(f"{DATA}/county/setl_d.csv", f"{DATA}/county/fee_list_d.csv")
    the_daemon = the_box.start()
    the_daemon.wait("drained: ")
    mode = os.lstat(f"{the_box.spool}/.fundwatchd.socket").st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600, oct(mode)
    first = digest(the_site.rules)
    assert f"rule set {first} is live" in the_site.reload()
    the_daemon.wait("is live")
    refused(the_site, first)
    the_daemon.wait("is live")
    states(the_site)
    the_site.edit("版本      1", "版本      9")
    second = digest(the_site.rules)
    assert second != first and f"rule set {second} is live" in the_site.reload()
    the_daemon.wait(f"{second} is live")
    kept(the_site, [first, second])
    the_daemon.term()
    assert not os.path.exists(f"{the_box.spool}/.fundwatchd.socket")
