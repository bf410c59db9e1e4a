"""Commands of dev/run. The Makefile's targets call them."""

import os
import sys

from . import databases, odoo, odoo_package, paths, postgres, say, venv
from .bench import bench
from .demo import clean, demo, shell
from .lint import lint
from .screenshots import screenshots
from .tests import test


def setup():
    """Get Odoo, the virtual environment and PostgreSQL; print where they are."""
    ready = odoo.ensure()
    say.line(f"Odoo:       {ready.version} in {ready.path}")
    say.line(f"Python:     {ready.python}")
    say.line(f"PostgreSQL: {' '.join(f'{k}={v}' for k, v in postgres.environment().items())}")
    say.line(f"Add-ons:    {paths.LINKS}")


def env():
    """Print `export` lines: with them, psql, odoo and pytest find everything."""
    path = odoo_package.ensure()
    ready = odoo.Odoo(path, venv.ensure(path))
    wanted = {**postgres.environment(), "ODOO_RC": str(ready.conf)}
    wanted["PATH"] = f"{paths.BIN}:{ready.bin}:{os.environ['PATH']}"
    wanted["PYTHONPYCACHEPREFIX"] = os.environ["PYTHONPYCACHEPREFIX"]
    for name, value in wanted.items():
        say.line(f"export {name}='{value}'")


def database():
    """Build (FRESH=1) or update the database DB with the add-ons ADDONS (commas between)."""
    ready = odoo.ensure()
    name, addons = os.environ["DB"], os.environ["ADDONS"].split(",")
    if os.environ.get("FRESH"):
        databases.build(ready, name, addons)
    else:
        databases.update(ready, name, addons)


_COMMANDS = {
    function.__name__: function
    for function in (demo, test, lint, bench, screenshots, shell, clean, setup, env, database)
}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in _COMMANDS:
        raise say.Stop(f"usage: [NAME=value ...] dev/run {'|'.join(_COMMANDS)}")
    paths.make_home()
    _COMMANDS[sys.argv[1]]()


try:
    main()
except say.Stop as stop:
    sys.exit(f"\npinbu: {stop}")
except BrokenPipeError:
    sys.exit(1)
except KeyboardInterrupt:
    sys.exit("\npinbu: stopped")
