# SPDX-License-Identifier: GPL-3.0-or-later
"""The database is not there, dies, comes back: nothing lost, nothing twice, one line each."""
import tempfile

from daemon_lib import BIN, Box, Cluster, generate, run, same


def dies_in_the_middle(cluster, files, calm):
    with Box("dies", epoch_rows=5000, server=cluster.conninfo) as box:
        box.drop(*files)
        daemon = box.start()
        daemon.wait("epoch: .* committed")
        cluster.kill()
        daemon.wait("error +database: cannot commit")
        cluster.start()
        daemon.wait("database: commits again")
        daemon.wait("drained: ")
        daemon.term()
        assert sum("cannot commit" in line for line in daemon.lines) == 1, daemon.lines
        same(calm, box.tables(), "after the server was killed")
        box.chain_holds()
    print("killed and started again: the same tables")


def stopped_while_it_is_away(cluster, files, calm):
    with Box("away", epoch_rows=5000, server=cluster.conninfo) as box:
        box.drop(*files)
        daemon = box.start()
        daemon.wait("epoch: .* committed")
        cluster.kill()
        daemon.wait("error +database: cannot commit")
        daemon.term()
        daemon = box.start()
        daemon.wait("error +database: cannot connect")
        cluster.start()
        daemon.wait("database: connected")
        daemon.wait("drained: ")
        daemon.term()
        same(calm, box.tables(), "after a stop while the server was away")
    print("stopped while it was away, started before it came: the same tables")


def missing_schema_is_waited_for(cluster, files, calm):
    with Box("schema", server=cluster.conninfo, epoch_rows=5000) as box:
        box.sql("DROP SCHEMA fundwatch CASCADE")
        box.drop(*files)
        daemon = box.start()
        daemon.wait("cannot connect: .*run `fundwatch db migrate`")
        run(f"{BIN}/fundwatch", "db", "migrate", "--db", box.conninfo)
        daemon.wait("database: connected")
        daemon.wait("drained: ")
        daemon.term()
        same(calm, box.tables(), "after the schema came")
        assert sum("cannot connect" in line for line in daemon.lines) == 1, daemon.lines
    print("a database without the schema: told what to do, and waited for")


with tempfile.TemporaryDirectory() as data, Cluster() as own:
    generated = generate(data, 60000)
    with Box("calm", epoch_rows=5000, server=own.conninfo) as quiet:
        quiet.drop(*generated)
        running = quiet.start()
        running.wait("drained: ")
        running.term()
        undisturbed = quiet.tables()
    dies_in_the_middle(own, generated, undisturbed)
    stopped_while_it_is_away(own, generated, undisturbed)
    missing_schema_is_waited_for(own, generated, undisturbed)
