"""What the pages cost that clients poll, beside an Odoo route that does nothing or reads one record.

All of them on one server with two workers, in short rounds that take turns, so that whatever else
the machine does hits all. The exit status is 1 when a bound does not hold. In Odoo's environment
(`dev/run env`), on a database of your own that is full of activities afterwards; nginx must be there:

    python3 benchmarks/live_pages.py --database NAME [--rounds 10]
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from measured.load import Load
from measured.timing import HEADER, Result

HERE = Path(__file__).parent
NGINX = HERE.parent / "docs" / "nginx.conf"
BASE = "/pinbu/api/v1"
ACTIVITIES = 20
MEMBERS = 3
POLLING = 500


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--database", required=True)
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--seconds", type=float, default=1.0, help="of each turn in a round")
    options.add_argument("--clients", type=int, default=4)
    options = options.parse_args()

    from odoo.tools import config

    config.parse_config(["-d", options.database, "--log-level=error"], setup_logging=True)
    team, shopper = fill(options.database)
    with serving(options.database) as port, proxying(port) as proxy_port:
        loads = prepare(port, proxy_port, team, shopper, options.clients)
        for load in loads.values():
            load.rate(0.5)  # each worker builds what it keeps
        rates = {name: [] for name in loads}
        for _round in range(options.rounds):
            for name, load in loads.items():
                rates[name].append(load.rate(options.seconds))
    figures = {name: statistics.median(found) for name, found in rates.items()}
    print(HEADER)
    results = [
        Result(name, floor, figures[name], figures[floor], "requests/s", ">=", bound)
        for name, floor, bound in (
            ("team page", "one record", 0.85),
            ("team page, unchanged", "nothing", 0.9),
            ("team page of a shopper", "one record", 0.5),
            (f"list of {ACTIVITIES} activities", "one record", 0.5),
            (f"team page, nginx, {POLLING} clients", "one record", 10.0),
        )
    ]
    for result in results:
        print(result.line())
    sys.exit(not all(result.holds for result in results))


def fill(database):
    """:return: a forming team's token, and the token of a shopper's session"""
    from measured.shop import Shop

    shop = Shop(database).set_up()
    activity_ids = [
        shop.activity(shop.product(f"Crisps {number}"), size=5) for number in range(ACTIVITIES)
    ]
    from odoo.addons.pinbu_groupbuy.api import tokens

    with shop.request() as env:
        env["pinbu.activity"].search([("id", "not in", activity_ids)]).is_published = False
        # Else a benchmark is what the limits are there to stop.
        set_param = env["ir.config_parameter"].set_param
        set_param("pinbu_risk.trusted_networks", "127.0.0.0/8")
        set_param("pinbu_groupbuy.limit_read_shopper", "1000000")
        user = env["res.users"]._get_or_create_shopper("bench:leader", {"name": "Leader"})
        leader, session = user.partner_id.id, tokens.issue(env, user)[0]
    team_id = None
    for shopper in [leader, *shop.shoppers(MEMBERS - 1)]:
        team_id = shop.join(shopper, activity_ids[0], team_id)
    with shop.request() as env:
        return env["pinbu.team"].browse(team_id).token, session


def prepare(port, proxy_port, team, shopper, clients):
    page = f"{BASE}/teams/{team}"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}") as answer:
        tag = answer.headers["ETag"]
    return {
        "nothing": Load(port, "/floor/empty", clients=clients),
        "team page, unchanged": Load(
            port, page, {"If-None-Match": tag}, clients=clients, status=304
        ),
        "one record": Load(port, "/floor/record/1", clients=clients),
        "team page": Load(port, page, clients=clients),
        "team page of a shopper": Load(
            port, page, {"Authorization": f"Bearer {shopper}"}, clients=clients
        ),
        f"list of {ACTIVITIES} activities": Load(port, f"{BASE}/activities", clients=clients),
        f"team page, nginx, {POLLING} clients": Load(proxy_port, page, clients=POLLING),
    }


@contextlib.contextmanager
def serving(database):
    """An Odoo server with two workers and the floors. :return: its port"""
    from odoo.tools import config

    port = free_port()
    addons = [*config["addons_path"], str(HERE / "addons")]
    process = subprocess.Popen(
        [
            sys.executable, shutil.which("odoo"), "server", "-d", database,
            # No --db-filter: with one, Odoo lists the databases for each request.
            "--http-interface", "127.0.0.1",
            "--http-port", str(port), "--gevent-port", str(free_port()), "--workers", "2",
            "--max-cron-threads", "0", "--addons-path", ",".join(addons),
            "--load", "base,web,pinbu_floor", "--log-level", "warn",
        ],
        start_new_session=True,
    )  # fmt: skip
    with ending(process):
        wait_for(f"http://127.0.0.1:{port}/floor/empty", process)
        yield port


@contextlib.contextmanager
def proxying(port):
    """nginx as `docs/nginx.conf` sets it up, in front of that port. :return: its own port"""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not nginx:
        raise SystemExit("nginx is missing: apt-get install nginx-light")
    proxy_port = free_port()
    with tempfile.TemporaryDirectory(prefix="pinbu_nginx_") as folder:
        os.chmod(folder, 0o755)
        text = NGINX.read_text()
        for documented, here in (
            ("listen 443 ssl;", f"listen 127.0.0.1:{proxy_port};"),
            ("ssl_certificate ", "# "),
            ("ssl_certificate_key ", "# "),
            ("server 127.0.0.1:8069;", f"server 127.0.0.1:{port};"),
            ("/var/cache/nginx/pinbu", f"{folder}/cache"),
        ):
            text = text.replace(documented, here)
        Path(folder, "nginx.conf").write_text(
            f"daemon off; master_process off; pid {folder}/pid; error_log stderr warn;\n"
            f"events {{ worker_connections 2048; }}\nhttp {{ access_log off;\n{text}}}\n"
        )
        process = subprocess.Popen([nginx, "-p", folder, "-c", f"{folder}/nginx.conf"])
        with ending(process):
            wait_for(f"http://127.0.0.1:{proxy_port}/floor/empty", process)
            yield proxy_port


@contextlib.contextmanager
def ending(process):
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url, process):
    for _try in range(300):
        if process.poll() is not None:
            raise SystemExit("the server ended by itself")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server does not answer")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
