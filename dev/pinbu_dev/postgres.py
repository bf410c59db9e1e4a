"""PostgreSQL: the server that PG* variables name, or a private cluster that only this user reaches.

The private one listens on no TCP port, only on a socket in a folder of mode 0700; so it needs no
password and cannot collide with a server that the machine has.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

from . import paths, say, system

_USER = "pinbu"
_NO_PID = 2**22 + 1  # beyond the highest that Linux gives out
_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    # Killing the server is one of the things we test: the data must survive it, so fsync stays on.
    "fsync": "on",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_min_messages": "warning",
    "timezone": "'UTC'",
}


def external():
    """Whether the person named a server of their own."""
    return any(
        os.environ.get(name) for name in ("PGHOST", "PGPORT", "PGUSER", "PGSERVICE", "PGDATABASE")
    )


def _owner():
    """Whom the server runs as: ourselves, or (PostgreSQL refuses root) the user of Debian's package."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise say.Stop(
        "PostgreSQL refuses to run as root, and there is no user `postgres` to run it as"
    )


def _folder():
    """The cluster's folder: in PINBU_HOME, unless its owner could not get there (as below /root)."""
    owner = _owner()
    reachable = all(parent.stat().st_mode & 0o001 for parent in (paths.HOME, *paths.HOME.parents))
    if owner is None or reachable:
        return paths.HOME / "postgres"
    return Path("/var/lib/pinbu") / paths.digest(paths.HOME) / "postgres"


def _socket_folder():
    folder = _folder() / "socket"
    # A socket's path may have 107 bytes.
    if len(os.fsencode(folder)) < 85:
        return folder
    return Path("/tmp") / f"pinbu-{os.geteuid()}-{paths.digest(folder)}"


def _data():
    return _folder() / "data"


def _run(*command, check=True):
    """Run one of PostgreSQL's programs, as the cluster's owner."""
    words = [str(system.postgres_bin() / command[0]), *map(str, command[1:])]
    owner = _owner()
    if owner:
        words = [
            "setpriv",
            f"--reuid={owner.pw_uid}",
            f"--regid={owner.pw_gid}",
            "--clear-groups",
            *words,
        ]
    return subprocess.run(
        words,
        cwd="/",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=check,
    )


def environment():
    """The PG* variables by which psycopg2, psql and Odoo find the server."""
    if external():
        return {}
    return {"PGHOST": str(_socket_folder()), "PGPORT": "5432", "PGUSER": _USER}


def _pid_file():
    return _data() / "postmaster.pid"


def _server():
    """What became of the process that postmaster.pid names: "runs", "gone" or "mistaken".

    Not `pg_ctl status`: it takes any process of that number for the server, be it a killed one that
    nobody has waited for yet, or ("mistaken") another program after a reboot.
    """
    try:
        process = Path("/proc") / _pid_file().read_text().split()[0]
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        command = (process / "cmdline").read_bytes()
    except (OSError, IndexError):
        return "gone"
    return "runs" if state != "Z" and os.fsencode(_data()) in command else "mistaken"


def running():
    return _server() == "runs"


def _answers():
    return (
        _run(
            "pg_isready", "-h", _socket_folder(), "-d", "postgres", "-U", _USER, check=False
        ).returncode
        == 0
    )


def _wait(good, seconds):
    deadline = time.monotonic() + seconds
    while not good():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def ensure():
    """Have a server that answers.

    :return: whether it was started just now.
    """
    if external():
        return False
    system.ensure(database=True)
    if not _data().exists():
        _create()
    _own(_socket_folder())
    # One that recovers from a crash, or is being killed, needs a moment until it is one or the other.
    if running() and _wait(lambda: _answers() or not running(), 120) and running():
        return False
    _start()
    return True


def _own(folder):
    folder.mkdir(parents=True, exist_ok=True)
    owner = _owner()
    if owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o700)


def _create():
    partial = _folder() / "data.partial"
    folder = _folder()
    if folder.parent != paths.HOME:
        folder.parent.mkdir(parents=True, exist_ok=True)
        paths.write_whole(folder.parent / "made-for", f"{paths.HOME}\n")
    _own(folder)
    shutil.rmtree(partial, ignore_errors=True)
    with say.step("Creating a private PostgreSQL cluster"):
        _initdb(partial)
        settings = "".join(f"{name} = {value}\n" for name, value in _SETTINGS.items())
        with (partial / "postgresql.conf").open("a") as conf:
            conf.write(f"\n# Pinbu's development cluster\n{settings}")
            conf.write(f"unix_socket_directories = '{_socket_folder()}'\n")
        partial.rename(_data())


def _initdb(folder):
    options = ("--auth=trust", f"--username={_USER}", "--encoding=UTF8", "--locale=C.UTF-8")
    made = _run("initdb", "-D", folder, *options, check=False)
    if made.returncode:
        raise say.Stop(f"initdb failed:\n{made.stdout[-2000:]}")


def _disown():
    """Make lock files name a process that cannot be, so that PostgreSQL sees that they are stale.

    Not by removing them: the first also tells it which shared memory to check for surviving backends.
    """
    for file in (_pid_file(), _socket_folder() / ".s.PGSQL.5432.lock"):
        if file.exists():
            lines = file.read_text().splitlines(keepends=True)
            with file.open("r+") as opened:
                opened.write("".join([f"{_NO_PID}\n", *lines[1:]]))
                opened.truncate()


def _start():
    log = _folder() / "postgres.log"
    options = f"-k {_socket_folder()}"
    with say.step("Starting PostgreSQL"):
        if _server() == "mistaken":
            _disown()
        words = ("-w", "-t", "120", "-s", "-D", _data(), "-l", log, "-o", options)
        # Backends of a server that was killed need a moment to end; until then it refuses to start.
        for _attempt in range(10):
            started = _run("pg_ctl", "start", *words, check=False)
            if not started.returncode or (running() and _answers()):
                return
            time.sleep(2)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""
    raise say.Stop(
        f"PostgreSQL does not start. {started.stdout.strip()}\nThe end of {log}:\n{tail}"
    )


def stop():
    """Stop the private cluster, keeping its data."""
    if not external() and running():
        _run("pg_ctl", "stop", "-m", "fast", "-w", "-t", "60", "-s", "-D", _data(), check=False)


def remove():
    """Stop the private cluster and delete it.

    :return: the folder that was removed, or None.
    """
    folder = _folder()
    if external() or not folder.exists():
        return None
    stop()
    if running():
        raise say.Stop(f"PostgreSQL in {folder} does not stop; nothing was removed")
    shutil.rmtree(_socket_folder(), ignore_errors=True)
    made_for = folder.parent / "made-for"
    shutil.rmtree(folder.parent if made_for.exists() else folder)
    return folder
