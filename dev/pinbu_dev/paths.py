"""Where things are. Nothing is ever written into the checkout."""

import hashlib
import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def _home():
    if os.environ.get("PINBU_HOME"):
        return Path(os.environ["PINBU_HOME"]).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache").absolute() / "pinbu"


def digest(*parts):
    """A short name for a set of inputs; used in stamps and folder names."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


HOME = _home()
LOGS = HOME / "logs"
DOWNLOADS = HOME / "downloads"
ODOO_DATA = HOME / "filestores"
# What the demo's database seals personal data with; as long-lived as its databases.
PERSONAL_DATA_KEY = HOME / "personal-data.key"
BIN = HOME / "bin"
# Two checkouts (two branches, a fresh clone) share Odoo, the environment and the cluster, but each
# has its own folder of links.
CHECKOUT_KEY = digest(CHECKOUT)
LINKS = HOME / "checkouts" / CHECKOUT_KEY / "addons"


def make_home():
    HOME.mkdir(parents=True, exist_ok=True)
    # Holds passwords of nobody, but a demo shop's data; and a database that trusts who reaches it.
    HOME.chmod(HOME.stat().st_mode & ~0o022)
    for folder in (LOGS, DOWNLOADS, ODOO_DATA, BIN):
        folder.mkdir(exist_ok=True)
    # Compiled Python goes here instead of into the checkout.
    os.environ["PYTHONPYCACHEPREFIX"] = str(HOME / "pycache")
    os.environ["RUFF_CACHE_DIR"] = str(HOME / "ruff-cache")
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(HOME / "hypothesis")


def write_whole(path, text, mode=0o666):
    """Write a file so that it is there completely or not at all.

    :param mode: who may read it, before the umask.
    """
    partial = path.with_name(path.name + f".{os.getpid()}.partial")
    partial.touch(mode)
    partial.write_text(text)
    partial.replace(path)
