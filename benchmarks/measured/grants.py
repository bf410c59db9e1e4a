"""From failed to granted: a thousand teams whose deadlines pass in the same second."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from odoo import Command
from odoo.sql_db import close_all
from odoo.tools import config

from odoo.addons.pinbu_groupbuy.transactions import wake

from .shop import Shop
from .timing import Result

TEAM = 3
PROMISE = 60
RULE = {"amount": 10, "budget": 1_000_000, "max_without_win": 0, "has_decay": False}
GIVE_UP = 900


def grants(shop, options):
    """Members of teams of three are owed cash, and a server like any other grants it: two workers
    for its scheduled actions, which at the same time cancel the orders and send the refunds."""
    database = shop.registry.db_name
    with shop.request() as env:
        if "pinbu.subsidy" not in env:
            print("grants: pinbu_subsidy is not installed (make bench ADDONS=pinbu_demo)")
            return
    activity = shop.activity(shop.product("Subsidised crisps"), size=TEAM + 1, limit_per_user=0)
    with shop.request() as env:
        env["pinbu.activity"].browse(activity).subsidy_rule_ids = [Command.create(RULE)]
    shoppers = shop.shoppers(options.teams * TEAM)
    _in_two_processes(shop, database, activity, shoppers)
    shop.settle()
    with _server(database):
        with shop.request() as env:
            _start_schedulers(env, activity)
        _wait_for_grants(shop, activity, len(shoppers))
    with shop.request() as env:
        env["ir.cron"].search([]).active = False
        env.cr.execute(
            """
            SELECT EXTRACT(EPOCH FROM MAX(subsidy.granted_at) - MIN(team.finished_at)),
                   EXTRACT(EPOCH FROM MAX(subsidy.granted_at - team.finished_at))
              FROM pinbu_subsidy subsidy JOIN pinbu_team team ON team.id = subsidy.team_id
             WHERE team.activity_id = %s
            """,
            [activity],
        )
        figures = map(float, env.cr.fetchone())
    names = ("first failed to last granted", "the slowest team")
    for name, figure in zip(names, figures, strict=True):
        yield Result(
            f"granting {options.teams} teams, {name}",
            "the minute that was promised",
            figure,
            PROMISE,
            "s",
            "<=",
            1.0,
        )


def _in_two_processes(shop, database, activity, shoppers):
    """Teams of three paid members each, one place short."""
    del shop.registry
    close_all()
    context = multiprocessing.get_context("fork")
    half = len(shoppers) // TEAM // 2 * TEAM
    processes = [
        context.Process(target=_fill_teams, args=(database, activity, part))
        for part in (shoppers[:half], shoppers[half:])
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert not any(process.exitcode for process in processes)
    shop.registry = Shop(database).registry


def _fill_teams(database, activity, shoppers):
    shop = Shop(database)
    team = None
    for place, person in enumerate(shoppers):
        team = shop.join(person, activity, team if place % TEAM else None)


def _start_schedulers(env, activity):
    """The deadline of all these teams has passed; the add-ons' own scheduled actions may run."""
    # As they are installed: also those that a fresh database would run today.
    env["ir.cron"].with_context(active_test=False).search(
        [("cron_name", "like", "Group-buying")]
    ).active = True
    env.cr.execute(
        "UPDATE pinbu_team SET deadline = (clock_timestamp() AT TIME ZONE 'UTC')"
        " WHERE activity_id = %s",
        [activity],
    )
    env.flush_all()
    # Deadlines are compared by the second.
    time.sleep(1)
    wake(env, env.cr, "pinbu_groupbuy.ir_cron_close_teams")


def _wait_for_grants(shop, activity, expected):
    started = time.monotonic()
    while True:
        with shop.request() as env:
            env.cr.execute(
                "SELECT count(*) FROM pinbu_subsidy WHERE activity_id = %s AND state = 'granted'",
                [activity],
            )
            if env.cr.fetchone()[0] == expected:
                return
        assert time.monotonic() - started < GIVE_UP, "the grants do not end"
        time.sleep(1)


@contextmanager
def _server(database):
    """A server with two processes for scheduled actions, on ports of its own."""
    command = [
        sys.executable,
        str(Path(__file__).parent.with_name("server.py")),
        f"--database={database}",
        "--workers=1",
        "--max-cron-threads=2",
        "--http-interface=127.0.0.1",
        f"--http-port={_free_port()}",
        f"--gevent-port={_free_port()}",
        "--log-level=critical",
    ]
    if config["config"]:
        command.append(f"--config={config['config']}")
    process = subprocess.Popen(command, start_new_session=True)
    try:
        time.sleep(10)
        assert process.poll() is None, "the server did not start"
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
