"""make test: each add-on's tests, on a database that holds no more than it needs."""

import os
import re
import subprocess
import sys
import time

from . import databases, links, manifests, odoo, paths, say

_PREFIX = "pinbu_test_"


def test():
    """Run the tests: of all add-ons, or of ADDON; of those that match K."""
    only, expression = os.environ.get("ADDON") or None, os.environ.get("K")
    if only and only not in links.addons():
        raise say.Stop(f"ADDON={only}: there is no such add-on here")
    with odoo.session(tests=True) as ready:
        _sweep(ready)
        prefix = f"{_PREFIX}{os.getpid()}_"
        totals = dict.fromkeys(("passed", "failed", "skipped"), 0)
        made = {}
        try:
            layers = [name for name in _layers() if only in (None, name)]
            # All before the first test: else a copy would hold what the tests below have left.
            for name in layers:
                _database(ready, prefix, name, made)
            for name in layers:
                for outcome, number in _run(ready, name, made[name], expression).items():
                    totals[outcome] += number
        finally:
            for database in made.values():
                databases.drop(ready, database)
                (paths.HOME / f"database-{database}.lock").unlink(missing_ok=True)
    say.line("\n" + ", ".join(f"{number} {outcome}" for outcome, number in totals.items()))
    if totals["failed"]:
        raise SystemExit(1)
    if not totals["passed"]:
        raise say.Stop("no test ran")


def _layers():
    """The add-ons with tests, each after those it needs."""
    wanted, done = sorted(links.addons()), []
    # The more of ours an add-on needs, the later it comes.
    wanted.sort(key=lambda name: (len(manifests.closure([name])[0]), name))
    for name in wanted:
        if _folder(name).is_dir():
            done.append(name)
    return done


def _folder(name):
    # The root holds the other add-ons too: only its own folder of tests.
    return paths.LINKS / name / "tests"


def _database(ready, prefix, name, made):
    """A database with this add-on on top of the largest one that holds nothing it does not need.

    So each add-on proves that it installs with only what it depends on, and nothing is built twice.
    """
    needed = set(manifests.closure([name])[0])
    below = [other for other in made if set(manifests.closure([other])[0]) <= needed]
    base = max(below, key=lambda other: len(manifests.closure([other])[0]), default=None)
    databases.build(ready, prefix + name, [name], base=made.get(base))
    made[name] = prefix + name


def _run(ready, name, database, expression):
    say.line(f"\n=== {name} ===")
    command = [
        *(str(ready.bin / "pytest"), "-c", str(paths.CHECKOUT / "pyproject.toml")),
        *("--rootdir", str(paths.LINKS), f"--odoo-database={database}"),
        *("--odoo-http", "--odoo-log-level=error"),
        # Else a request that names no database finds several, and lands on none.
        *("--odoo-extra", f"db-filter=^{database}$"),
        *(["-k", expression] if expression else []),
        str(_folder(name)),
    ]
    running = subprocess.Popen(
        command,
        cwd=paths.LINKS,
        env=ready.environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = b""
    # By what has arrived, not by lines: pytest prints a dot per test.
    while chunk := os.read(running.stdout.fileno(), 1 << 16):
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        output = (output + chunk)[-4096:]
    counted = _count(output.decode(errors="replace"))
    # 5: nothing was collected, which may be so with K. Else pytest itself went wrong.
    if running.wait() not in (0, 5) and not counted["failed"]:
        counted["failed"] = 1
    return counted


def _count(output):
    """The numbers of pytest's last line: "== 1 failed, 5 passed, 2 subtests passed in 3.21s ==".

    From there, since its XML report counts each subtest as a test.
    """
    last = next((x for x in reversed(output.splitlines()) if re.search(r" in [\d.]+s", x)), "")
    words = {"passed": ("passed", "xpassed"), "failed": ("failed", "errors?")}
    words["skipped"] = ("skipped", "xfailed")
    return {
        outcome: sum(int(n) for n in re.findall(rf"(\d+) (?:{'|'.join(names)})\b", last))
        for outcome, names in words.items()
    }


def _sweep(ready):
    """Drop the test databases of runs that were killed."""
    rows = ready.query("SELECT datname FROM pg_database WHERE datname LIKE %s", f"{_PREFIX}%")
    for (name,) in rows:
        found = re.match(rf"{_PREFIX}(\d+)_", name)
        if found and not os.path.exists(f"/proc/{found[1]}"):
            databases.drop(ready, name)
    for file in paths.HOME.glob(f"database-{_PREFIX}*.lock"):
        if not os.path.exists(f"/proc/{file.stem.split('_')[2]}"):
            file.unlink()
    day = 24 * 3600
    for log in paths.LOGS.glob(f"*{_PREFIX}*"):
        if log.stat().st_mtime < time.time() - day:
            log.unlink()
