"""The few Debian packages that must be on the machine itself: installed when missing, else left alone."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import paths, say

# Installing Debian's `postgresql` would create and start a server on port 5432; ours is private.
_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/pinbu.conf")


def postgres_bin():
    """The newest folder of PostgreSQL server binaries, or None."""
    found = [
        path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if (path.parent / "postgres").exists()
    ]
    if found:
        return max(
            found, key=lambda path: [int(n) for n in path.parent.name.split(".") if n.isdigit()]
        )
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _has_font():
    return any(Path("/usr/share/fonts").glob("**/NotoSansCJK*"))


def _can_make_environments():
    return bool(importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"))


def chromium():
    """The browser of the tests, as Odoo looks for it, or None."""
    names = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
    own = str(paths.BIN)
    path = os.pathsep.join(p for p in os.environ.get("PATH", "").split(os.pathsep) if p != own)
    return next(filter(None, (shutil.which(name, path=path) for name in names)), None)


def wkhtmltopdf():
    """What turns Odoo's reports into PDF files, or None."""
    return shutil.which("wkhtmltopdf")


def node():
    """What runs the tests of the JavaScript client, or None."""
    return shutil.which("node") or shutil.which("nodejs")


def ensure(*, database=False, printing=False, tests=False):
    """Install what is missing.

    :param database: whether PostgreSQL's server binaries are needed.
    :param printing: whether Odoo is to print PDF files: all else works without.
    :param tests: whether the tests' browser and Node.js are needed, and printing for certain.
    :raise Stop: when packages are missing and we may not install them.
    """
    missing = []
    for_print = []
    if (printing or tests) and not wkhtmltopdf():
        for_print.append("wkhtmltopdf")
    # Posters show Chinese, too.
    if (printing or tests) and not _has_font():
        for_print.append("fonts-noto-cjk")
    if not _can_make_environments():
        missing.append(
            "python3-venv" if sys.executable.startswith("/usr/bin/") else "python3 python3-venv"
        )
    if database and not postgres_bin():
        missing.append("postgresql")
    if tests and not chromium():
        missing.append("chromium")
    if tests and not node():
        missing.append("nodejs")
    if missing:
        _install(" ".join(missing).split())
    if for_print:
        _install_for_print(for_print, tests)


def _install_for_print(packages, needed):
    try:
        _install(packages)
    except say.Stop as stop:
        text = (
            f"Odoo cannot print PDF files (in Chinese) without {' and '.join(packages)}: {stop}\n"
            "Where the distribution has no wkhtmltopdf, put a build of 0.12.6 on PATH."
        )
        if needed:
            raise say.Stop(text) from None
        say.warn(text)


def _install(packages):
    words = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    root = _as_root()
    if root is None:
        raise say.Stop(
            "these Debian packages are missing, and this user may not install them. Please run: "
            f"sudo apt-get update && sudo {' '.join(words)}"
        )
    options = ["-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"]
    env = [*root, "env", "DEBIAN_FRONTEND=noninteractive"]
    log = paths.LOGS / "apt-install.log"
    with (
        say.step(f"Installing Debian packages: {', '.join(packages)}"),
        _without_cluster(root, packages),
    ):
        if subprocess.run(
            [*root, "dpkg", "--configure", "-a"], capture_output=True, check=False
        ).returncode:
            say.warn("dpkg --configure -a did not succeed; trying all the same")
        try:
            say.run_quietly([*env, *words, *options], log, "apt-get install")
        except say.Stop:
            # Package lists that are absent or too old are the usual reason.
            say.run_quietly([*root, "apt-get", "update", *options], log, "apt-get update")
            say.run_quietly([*env, *words, *options], log, "apt-get install")


def _as_root():
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if (
        sudo
        and not subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode
    ):
        return [sudo, "-n"]
    return None


class _without_cluster:
    """While PostgreSQL's package is installed, keep it from creating a server of its own."""

    def __init__(self, root, packages):
        self.root = root
        self.needed = "postgresql" in packages

    def __enter__(self):
        if self.needed:
            self._shell(
                f"mkdir -p {_NO_CLUSTER.parent} && echo create_main_cluster = false > {_NO_CLUSTER}"
            )

    def __exit__(self, *_exc):
        if self.needed:
            self._shell(f"rm -f {_NO_CLUSTER}")

    def _shell(self, script):
        subprocess.run([*self.root, "sh", "-c", script], check=True)
