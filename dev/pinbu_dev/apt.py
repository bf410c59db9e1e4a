"""A private apt: Debian's sid beside the machine's own release, without touching the machine's lists.

The mirror is the one that the machine itself is set up to use; what is downloaded is vouched for by
the index that Debian's keyring signs.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from . import paths, say

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_ROOT = paths.HOME / "apt"


def _mirrors():
    """Addresses of Debian mirrors that this machine's apt is configured with, likeliest first."""
    fields = "$(CREATED_BY)|$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    shown = subprocess.run(
        ["apt-get", "indextargets", "--format", fields], capture_output=True, text=True, check=False
    ).stdout
    named, others = [], []
    for row in shown.splitlines():
        created_by, origin, label, uri = row.split("|", 3)
        if created_by == "Packages" and uri:
            # Origin and label are known only once the machine has fetched that index.
            (named if (origin, label) == ("Debian", "Debian") else others).append(uri)
    if not shown:
        others = _configured_sources()
    others = [uri for uri in others if re.search(r"/debian/?$", uri)]
    return list(dict.fromkeys(named + others))


def _configured_sources():
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    text = "\n".join(file.read_text() for file in files if file.is_file())
    return re.findall(r"^(?:URIs:|deb\s+(?:\[[^]]*\])?)\s*(\S+)", text, re.MULTILINE)


def _own_release():
    """The machine's release if it is a Debian that has one, else the current stable one."""
    release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    codename = re.search(r'^VERSION_CODENAME="?(\w+)', release, re.MULTILINE)
    is_debian = re.search(r"^ID=debian$", release, re.MULTILINE)
    return codename[1] if is_debian and codename else "stable"


def _options():
    values = {
        "Dir::Etc::SourceList": _ROOT / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": _ROOT / "state",
        "Dir::State::Lists": _ROOT / "lists",
        "Dir::State::status": _ROOT / "status",
        "Dir::Cache": _ROOT / "cache",
        "Acquire::Languages": "none",
        "Acquire::PDiffs": "false",
        "APT::Default-Release": "",
        "APT::Update::Post-Invoke": "",
        # apt's own download user cannot enter a private folder of root's.
        "APT::Sandbox::User": "root",
    }
    return [word for name, value in values.items() for word in ("-o", f"{name}={value}")]


def update():
    """Fetch the package lists.

    :raise Stop: when there is no apt, no keyring or no mirror that answers.
    """
    if not shutil.which("apt-get") or not _KEYRING.exists():
        raise say.Stop(
            "Odoo is fetched with Debian's apt-get and debian-archive-keyring, which are not here. "
            "Name an Odoo 19 that you have: make ... ODOO=/path/to/odoo"
        )
    for folder in ("state", "lists/partial", "cache/archives/partial"):
        (_ROOT / folder).mkdir(parents=True, exist_ok=True)
    (_ROOT / "status").touch()
    mirrors = _mirrors()
    if not mirrors:
        raise say.Stop(
            "found no Debian mirror in this machine's apt sources; or give ODOO=/path/to/odoo"
        )
    for index, mirror in enumerate(mirrors):
        source = f"deb [signed-by={_KEYRING} target=Packages] {mirror}"
        paths.write_whole(
            _ROOT / "sources.list", f"{source} sid main\n{source} {_own_release()} main\n"
        )
        try:
            with say.step("Fetching Debian's package lists"):
                say.run_quietly(
                    ["apt-get", *_options(), "-o", "APT::Update::Error-Mode=any", "update"],
                    paths.LOGS / "apt-update.log",
                    "apt-get update (private lists)",
                )
            return
        except say.Stop:
            if index == len(mirrors) - 1:
                raise


def versions(package):
    """The versions of a package that the signed index offers, newest first."""
    shown = subprocess.run(
        ["apt-cache", *_options(), "madison", package], capture_output=True, text=True, check=True
    ).stdout
    return list(dict.fromkeys(row.split("|")[1].strip() for row in shown.splitlines()))


def own_release():
    return _own_release()


def download(packages, folder):
    """Download packages (`name=version` or `name/release`) into a folder, showing how far it is.

    :return: package name -> path of its file.
    :raise Stop: when a download fails or does not match the signed index.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shown = subprocess.run(
        ["apt-get", *_options(), "download", "--print-uris", *packages],
        capture_output=True,
        text=True,
        check=False,
    )
    wanted = re.findall(r"^'[^']+' (\S+) (\d+)", shown.stdout, re.MULTILINE)
    if shown.returncode or len(wanted) != len(packages):
        raise say.Stop(f"apt does not offer all of {', '.join(packages)}:\n{shown.stderr.strip()}")
    total = sum(int(size) for _name, size in wanted)

    def progress():
        have = sum(file.stat().st_size for file in _files(folder))
        return f"{have / 1e6:.0f} of {total / 1e6:.0f} MB"

    with say.step(f"Downloading Odoo 19 and what it links to ({total / 1e6:.0f} MB)", progress):
        say.run_quietly(
            ["apt-get", *_options(), "download", *packages],
            paths.LOGS / "apt-download.log",
            "apt-get download",
            cwd=folder,
        )
    return {name.split("_")[0]: folder / name for name, _size in wanted}


def _files(folder):
    for name in os.listdir(folder):
        if (folder / name).is_file():
            yield folder / name
