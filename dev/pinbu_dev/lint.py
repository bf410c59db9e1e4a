"""make lint: ruff and pylint-odoo's mandatory set must pass; its advisory set is only shown."""

import os
import subprocess

from . import links, lock, odoo_package, paths, say, system, venv


def lint():
    """Check the code: ruff (rules and format), pylint-odoo."""
    with lock.building():
        system.ensure()
        bin_ = venv.ensure(odoo_package.ensure()) / "bin"
    failed = [
        what
        for what, command in (
            ("ruff check", [bin_ / "ruff", "check", "."]),
            ("ruff format", [bin_ / "ruff", "format", "--check", "."]),
            ("pylint-odoo", _pylint(bin_, ".pylintrc-mandatory")),
        )
        if _fails(what, command)
    ]
    _fails("pylint-odoo, advice", _pylint(bin_, ".pylintrc"))
    if failed:
        raise say.Stop(f"lint failed: {', '.join(failed)}")
    say.line("\nlint passed")


def _pylint(bin_, rc):
    # By their folders' names, so that the root add-on does not swallow the others.
    own = [
        str(path.relative_to(paths.CHECKOUT))
        for name, path in links.addons().items()
        if name != links.ROOT
    ]
    root = [name for name in ("__init__.py", "tests") if (paths.CHECKOUT / name).exists()]
    return [bin_ / "pylint", f"--rcfile={paths.CHECKOUT / rc}", *own, *root]


def _fails(what, command):
    say.line(f"\n=== {what} ===")
    env = {**os.environ, "PYLINTHOME": str(paths.HOME / "pycache" / "pylint")}
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=paths.CHECKOUT, env=env, check=False).returncode != 0
