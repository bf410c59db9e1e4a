"""make demo, make shell, make clean."""

import contextlib
import os
import shutil
import signal
import sys

from . import databases, lock, odoo, paths, postgres, say, server, story

_ADDON = "pinbu_demo"
_OTHERS = (
    "marketing, warehouse, counter, accountant, officer, auditor"  # from pinbu_demo/data/users.xml
)


def _database():
    return os.environ.get("DB") or "pinbu_demo"


def _number(name, default):
    text = os.environ.get(name) or default
    if not text.isdigit():
        raise say.Stop(f"{name}={text} is not a number")
    return int(text)


def demo():
    """Build the demo shop, play a story through its API, and serve it until Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with odoo.session() as ready:
        site = server.Server(ready, _database(), _number("PORT", "8069"), _number("WORKERS", "0"))
        try:
            site.claim()
            make = databases.build if os.environ.get("FRESH") else databases.update
            make(ready, site.database, [_ADDON])
            site.start()
            records = _play(site) if os.environ.get("STORY", "1") != "0" else []
            _look(site, records)
            site.wait()
        except KeyboardInterrupt:
            say.line("")
        finally:
            # From here on a second Ctrl-C must not leave a server behind.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            site.stop()
    say.line("Stopped. The next `make demo` goes on with the same data.")


def _interrupt(*_args):
    raise KeyboardInterrupt


def _play(site):
    say.line(f"\nThe shop is up at {site.url}. Now a story, told through its public API:\n")
    try:
        return story.play(site.url, site.database)
    except story.Broken as broken:
        say.warn(f"THE STORY BROKE: {broken}")
        say.warn(f"The shop goes on serving; its log is {site.log}")
        return []


def _look(site, records):
    say.line(f"""
Where to look
  Back office   {site.url}/odoo        log-in admin, password admin
                (also {_OTHERS}, each with its name as password)
  API           {site.url}/pinbu/api/v1/activities   (shoppers log in with the code demo:<any name>)
  Server log    {site.log}""")
    for name, value in records:
        say.line(f"  {name:<13} {value}")
    say.line("\nServing until Ctrl-C.")


def shell():
    """odoo shell on the database DB."""
    with odoo.session() as ready:
        name = _database()
        if databases.marked(ready, name) is None:
            raise say.Stop(f"there is no database {name} of ours yet; `make demo` builds it")
        words = ready.command("shell", "-d", name, "--no-http", "--log-level=warn")
        code = os.spawnve(os.P_WAIT, words[0], words, ready.environ())
    sys.exit(code)


def clean():
    """Stop our PostgreSQL cluster and remove everything that was built in PINBU_HOME."""
    with lock.nobody_else() as alone, lock.building():
        if not alone:
            raise say.Stop("a demo or a test run is still using it; stop that first")
        cluster = postgres.remove()
        if cluster:
            say.line(f"Removed the PostgreSQL cluster in {cluster}, with all its databases")
        elif postgres.external():
            say.warn("Databases on the server that PG* variables name are left alone")
        for path in sorted(paths.HOME.iterdir()):
            # The locks are held; removing them would let a waiting run pass.
            if path.suffix == ".lock" or not _ours(path):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
            say.line(f"Removed {path}")
        with contextlib.suppress(OSError):
            paths.HOME.rmdir()


def _ours(path):
    starts = ("odoo-", "odoo.", "venv", "apt", "bin", "checkouts", "downloads", "filestores")
    return path.name.startswith(
        (*starts, "logs", "personal-data", "postgres", "pycache", "ruff-cache")
    )
