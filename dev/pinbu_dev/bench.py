"""make bench: what the engine costs beside Odoo, on a database of its own."""

import os
import subprocess
import sys

from . import databases, odoo, paths, say


def bench():
    """Build a database with the add-ons ADDONS, run benchmarks/engine.py with ARGS, drop it."""
    addons = (os.environ.get("ADDONS") or "pinbu_groupbuy").split(",")
    with odoo.session() as ready:
        name = f"pinbu_bench_{os.getpid()}"
        try:
            databases.build(ready, name, addons)
            script = paths.CHECKOUT / "benchmarks" / "engine.py"
            words = (os.environ.get("ARGS") or "").split()
            say.line("")
            code = subprocess.call(
                [str(ready.python), str(script), "--database", name, *words], env=ready.environ()
            )
        finally:
            databases.drop(ready, name)
            (paths.HOME / f"database-{name}.lock").unlink(missing_ok=True)
    sys.exit(code)
