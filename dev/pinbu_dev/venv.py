"""The virtual environment: Odoo's requirements, the add-ons' own and the tests', all pinned."""

import shutil
import subprocess
import sys
import time

from . import paths, say

_FILES = ("dev/requirements-odoo.txt", "requirements.txt", "dev/requirements-test.txt")
_KEEP = 7 * 24 * 3600
# Another checkout may be building one with its own pins.
_ABANDONED = 3600
# `python -m odoo` breaks the websocket child of a server with workers; the script does not.
_SCRIPT = "import odoo.cli\n\nif __name__ == '__main__':\n    odoo.cli.main()\n"


def _folder():
    pins = [(paths.CHECKOUT / name).read_text() for name in _FILES]
    return paths.HOME / f"venv-{paths.digest(sys.version, sys.executable, *pins)}"


def ensure(odoo_path):
    """Have the environment, with Odoo on its path.

    :param odoo_path: the folder that holds the package `odoo`.
    :return: the environment's folder.
    """
    folder = _folder()
    ready = folder / "ready"
    if not ready.exists():
        _build(folder)
    site = next(folder.glob("lib/python3*/site-packages"))
    pth = site / "odoo.pth"
    if not pth.exists() or pth.read_text() != f"{odoo_path}\n":
        paths.write_whole(pth, f"{odoo_path}\n")
    script = folder / "bin" / "odoo"
    if not script.exists():
        paths.write_whole(script, f"#!{folder}/bin/python\n{_SCRIPT}")
        script.chmod(0o755)
    if not ready.exists():
        subprocess.run([str(folder / "bin/python"), "-c", "import odoo.cli"], check=True)
    ready.touch()
    link = paths.HOME / "venv"
    if not link.is_symlink() or link.readlink().name != folder.name:
        partial = paths.HOME / "venv.partial"
        partial.unlink(missing_ok=True)
        partial.symlink_to(folder.name)
        partial.replace(link)
    return folder


def _build(folder):
    # Scripts of an environment name its path, so it cannot be built elsewhere and renamed: it counts
    # once the file `ready` is in it, and is started anew until then.
    for old in paths.HOME.glob("venv-*"):
        used, age = old / "ready", _KEEP
        if not used.exists():
            used, age = old, _ABANDONED
        # Another checkout may use another set of pins.
        if old == folder or used.stat().st_mtime < time.time() - age:
            shutil.rmtree(old)
    with say.step("Making a virtual environment"):
        say.run_quietly(
            [sys.executable, "-m", "venv", str(folder)], paths.LOGS / "venv.log", "python -m venv"
        )
    requirements = [word for name in _FILES for word in ("-r", str(paths.CHECKOUT / name))]
    site = next(folder.glob("lib/python3*/site-packages"))
    with say.step(
        "Installing Python packages",
        lambda: f"{sum(1 for _ in site.glob('*.dist-info'))} in place",
    ):
        say.run_quietly(
            [
                str(folder / "bin/python"),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--use-pep517",
                *requirements,
            ],
            paths.LOGS / "pip.log",
            "installing Python packages",
        )
