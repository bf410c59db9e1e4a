"""Running Odoo: its configuration file, its environment, its command line."""

import base64
import json
import os
import secrets
import subprocess
from contextlib import contextmanager

from . import links, lock, odoo_package, paths, postgres, say, system, venv

_CONF = paths.LINKS.parent / "odoo.conf"


class Odoo:
    """An Odoo 19 with its environment, our add-ons on its path and a database server that answers."""

    def __init__(self, path, environment):
        self.path = path
        self.version = odoo_package.version(path)
        self.python = environment / "bin" / "python"
        self.bin = environment / "bin"
        self.conf = _CONF

    def environ(self):
        """Environment variables for Odoo's processes."""
        return {
            **os.environ,
            **postgres.environment(),
            "ODOO_RC": str(self.conf),
            "PATH": f"{paths.BIN}:{self.bin}:{os.environ.get('PATH', '')}",
            # Reports and tests must not depend on the machine's language.
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }

    def command(self, *words):
        return [str(self.python), str(self.bin / "odoo"), *map(str, words)]

    def run(self, log, what, *words, stdin=None):
        """Run Odoo's command line to its end, quietly."""
        say.run_quietly(self.command(*words), log, what, env=self.environ(), stdin=stdin)

    def query(self, statement, *values, database="postgres"):
        """Run one SQL statement outside a transaction.

        :return: the rows, as lists; None for a statement without any.
        :raise Stop: with PostgreSQL's message.
        """
        script = (
            "import json, psycopg2, sys\n"
            "database, statement, values = json.load(sys.stdin)\n"
            "try:\n"
            "    connection = psycopg2.connect(dbname=database)\n"
            "    connection.autocommit = True\n"
            "    cursor = connection.cursor()\n"
            "    cursor.execute(statement, values or None)\n"
            "except psycopg2.Error as error:\n"
            "    sys.exit(str(error).strip())\n"
            "print(json.dumps(cursor.fetchall() if cursor.description else None, default=str))\n"
        )
        done = subprocess.run(
            [str(self.python), "-c", script],
            input=json.dumps([database, statement, values]),
            capture_output=True,
            text=True,
            env=self.environ(),
            check=False,
        )
        if done.returncode:
            raise say.Stop(f"PostgreSQL says: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def others_connected(self):
        """Whether anybody is connected to the server: a person's psql, say."""
        return bool(
            self.query(
                "SELECT 1 FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid != pg_backend_pid()"
            )
        )


def ensure(*, tests=False):
    """Get everything Odoo needs to run, and leave the database server running.

    :param tests: whether what only the tests need is needed too.
    :return: an Odoo.
    """
    return _ensure(tests)[0]


@contextmanager
def session(*, tests=False):
    """As `ensure`; in the end, stop the private cluster if this run started it and no other uses it."""
    with lock.using() as users:
        odoo, started = _ensure(tests)
        try:
            yield odoo
        finally:
            if started and lock.last(users) and not odoo.others_connected():
                postgres.stop()


def _ensure(tests):
    with lock.building():
        system.ensure(database=not postgres.external(), printing=True, tests=tests)
        path = odoo_package.ensure()
        environment = venv.ensure(path)
        started = postgres.ensure()
        _write_conf(links.ensure())
    odoo = Odoo(path, environment)
    odoo.query("SELECT 1")
    return odoo, started


def _write_conf(addons):
    # A file of ours, so that a person's ~/.odoorc changes nothing here.
    key = _personal_data_key()
    text = f"""[options]
addons_path = {addons}
data_dir = {paths.ODOO_DATA}
http_interface = 127.0.0.1
list_db = False
max_cron_threads = 2
without_demo = True

[pinbu]
personal_data_keys = {key}
"""
    if not _CONF.exists() or _CONF.read_text() != text:
        paths.write_whole(_CONF, text, 0o600)


def _personal_data_key():
    """:return: the key of all databases here, made with the first one, as ``id:base64``"""
    file = paths.PERSONAL_DATA_KEY
    if not file.exists():
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        paths.write_whole(file, f"demo:{key}\n", 0o600)
    return file.read_text().strip()
