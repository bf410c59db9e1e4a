"""The demo's Odoo server: its socket, its process, and the end of both."""

import contextlib
import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from . import paths, say

# With Odoo's own backlog (8 per worker) most of a thousand clients at once get no answer at all.
_BACKLOG = 4096
# The socket has to be file descriptor 3, and LISTEN_PID the process that gets it. If the launcher is
# killed, the kernel ends the server too (PR_SET_PDEATHSIG = 1), so that the next run finds a free port.
_HAND_OVER = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[2]):
    sys.exit("the launcher has ended")
if sys.argv[1] != "3":
    os.dup2(int(sys.argv[1]), 3)
    os.close(int(sys.argv[1]))
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
"""


class Server:
    """An Odoo server on loopback, for one database; at most one per database and port.

    :param odoo: an Odoo.
    :param database: the database's name.
    :param port: the TCP port.
    :param workers: number of worker processes; 0 for one process with threads (and websockets).
    """

    def __init__(self, odoo, database, port, workers):
        self.odoo = odoo
        self.database = database
        self.port = port
        self.workers = workers
        self.url = f"http://127.0.0.1:{port}"
        self.log = paths.LOGS / f"server-{database}.log"
        self.process = None
        self._socket = None
        self._claim = None

    def claim(self):
        """Reserve database and port, early: before minutes are spent on a build.

        :raise Stop: when one of them is taken.
        """
        self._claim = (paths.HOME / f"server-{self.database}.lock").open("a+")
        self._wait_for(
            lambda: fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB), self._other_server
        )
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._wait_for(lambda: self._socket.bind(("127.0.0.1", self.port)), self._port_taken)
        # Workers accept from the same socket; one that comes too late must not hang in accept().
        self._socket.setblocking(False)
        self._claim.truncate(0)
        self._claim.write(json.dumps({"launcher": os.getpid(), "url": self.url}))
        self._claim.flush()

    def _wait_for(self, take, refusal):
        # The server of a run that was just killed needs a moment to end.
        for attempt in range(20):
            try:
                return take()
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EAGAIN, errno.EACCES):
                    raise
                other = self._told()
                if attempt == 19 or not other or _alive(other["launcher"]):
                    raise refusal(other) from None
                time.sleep(0.5)

    def _told(self):
        self._claim.seek(0)
        with contextlib.suppress(ValueError):
            return json.loads(self._claim.read())

    def _other_server(self, other):
        where = f" at {other['url']} (process {other['launcher']})" if other else ""
        return say.Stop(f"a server of ours for the database {self.database} already runs{where}")

    def _port_taken(self, _other):
        return say.Stop(
            f"port {self.port} is taken. Choose another: make demo PORT={self.port + 1}"
        )

    def start(self):
        """Start Odoo and wait until it answers.

        :raise Stop: when it ends, or does not answer in two minutes.
        """
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.old"))
        try:
            self._socket.listen(_BACKLOG)
        except OSError:
            # Two runs may bind the same port; only one may listen on it.
            raise self._port_taken(None) from None
        fd = self._socket.fileno()
        connections, threads = self._sizes()
        # No --db-filter: with one, Odoo asks PostgreSQL for all databases at each request.
        command = self.odoo.command(
            "server", "-d", self.database,
            "--http-interface", "127.0.0.1", "--http-port", self.port,
            "--gevent-port", _free_port(), "--workers", self.workers,
            "--db_maxconn", connections, "--no-database-list", "--logfile", self.log,
        )  # fmt: skip
        with say.step(f"Starting Odoo on {self.url}"):
            self.process = subprocess.Popen(
                [str(self.odoo.python), "-c", _HAND_OVER, str(fd), str(os.getpid()), *command],
                env={**self.odoo.environ(), "ODOO_MAX_HTTP_THREADS": str(threads)},
                # A Ctrl-C reaches the launcher only, which then stops the server in good order.
                start_new_session=True,
                # The lock too: the database counts as served until the server itself has ended.
                pass_fds=(fd, self._claim.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._socket.close()
            self._until_it_answers()

    def _sizes(self):
        """Connections for the server, and how many requests may run at once (two connections each)."""
        allowed = int(self.odoo.query("SHOW max_connections")[0][0])
        connections = max(allowed - 20, 10)
        return connections, max((connections - 20) // 2, 4)

    def _until_it_answers(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise say.Stop(f"Odoo ended by itself. The end of {self.log}:\n{self.tail()}")
            try:
                with urllib.request.urlopen(f"{self.url}/web/login", timeout=30) as answer:
                    if answer.status == 200:
                        return
            except (OSError, urllib.error.URLError):
                time.sleep(0.3)
        raise say.Stop(f"Odoo does not answer. The end of {self.log}:\n{self.tail()}")

    def tail(self):
        return (
            "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
            if self.log.exists()
            else ""
        )

    def wait(self):
        """Serve until somebody interrupts.

        :raise Stop: when the server ends by itself.
        """
        code = self.process.wait()
        raise say.Stop(
            f"Odoo ended by itself (exit code {code}). The end of {self.log}:\n{self.tail()}"
        )

    def stop(self):
        if self.process and self.process.poll() is None:
            with say.step("Stopping Odoo"):
                self.process.send_signal(signal.SIGTERM)
                try:
                    self.process.wait(30)
                except subprocess.TimeoutExpired:
                    os.killpg(self.process.pid, signal.SIGKILL)
                    self.process.wait()
        for held in (self._socket, self._claim):
            if held:
                held.close()


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
