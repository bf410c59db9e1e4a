"""Odoo 19: the one that ODOO names, or Debian's package unpacked into a folder of its own."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from . import apt, paths, say

_NAME = "odoo-19"
_VERSION = "19.0.0+dfsg-1"
_SHA256 = "9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf"
# What the package's links to fonts and scripts point into. All are Architecture: all.
_LINKED = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-inconsolata",
    "fonts-ocr-b",
)
# From the machine's own release: sid's has moved the files that Odoo links to.
_LINKED_OWN = ("fonts-font-awesome",)
# The package leaves out this library (used for blurred video backgrounds only). The web client logs
# an error when the file is missing, and a browser test fails on any logged error.
_HOLE = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"

_STAMP = paths.digest(_NAME, _VERSION, _SHA256, _LINKED, _LINKED_OWN, _HOLE, "1")
_FOLDER = paths.HOME / f"odoo-{_STAMP}"


def ensure():
    """Have an Odoo 19.

    :return: the folder to put on Python's path; it holds the package `odoo`.
    :raise Stop: when there is none and none can be had.
    """
    if os.environ.get("ODOO"):
        return _named(Path(os.environ["ODOO"]).expanduser().absolute())
    if not _FOLDER.exists():
        _build()
    return _dist_packages(_FOLDER)


def version(path):
    """A name for exactly this Odoo, for stamps."""
    mark = _FOLDER / "version"
    if path == _dist_packages(_FOLDER):
        return mark.read_text()
    release = path / "odoo" / "release.py"
    return f"{path} {paths.digest(release.read_text())}"


def _dist_packages(folder):
    return folder / "root/usr/lib/python3/dist-packages"


def _named(path):
    for candidate in (path, path.parent, path / "usr/lib/python3/dist-packages"):
        release = candidate / "odoo" / "release.py"
        if release.is_file():
            values = {}
            exec(compile(release.read_text(), str(release), "exec"), values)
            if values["version_info"][0] != 19:
                raise say.Stop(f"ODOO={path} is Odoo {values['version']}; Pinbu needs 19.0")
            return candidate
    raise say.Stop(f"ODOO={path} holds no Odoo (looked for odoo/release.py)")


def _sha256(path):
    with path.open("rb") as file:
        value = hashlib.sha256()
        while block := file.read(1 << 20):
            value.update(block)
    return value.hexdigest()


def _build():
    apt.update()
    offered = apt.versions(_NAME)
    version_ = _VERSION
    if _VERSION not in offered:
        version_ = next((v for v in offered if v.startswith("19.0")), None)
        if not version_:
            raise say.Stop(
                f"Debian sid no longer has an {_NAME} 19.0; give ODOO=/path/to/odoo instead"
            )
        say.warn(
            f"The pinned {_NAME} {_VERSION} is gone from Debian; taking {version_}, whose checksum "
            "Debian's signed index vouches for"
        )
    packages = [
        f"{_NAME}={version_}",
        *(f"{name}/sid" for name in _LINKED),
        *(f"{name}/{apt.own_release()}" for name in _LINKED_OWN),
    ]
    files = apt.download(packages, paths.DOWNLOADS)
    if version_ == _VERSION and _sha256(files[_NAME]) != _SHA256:
        files[_NAME].unlink()
        raise say.Stop(
            f"{files[_NAME].name} does not have the pinned checksum; deleted it, nothing was installed"
        )

    partial = paths.HOME / "odoo.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    with say.step(f"Unpacking Odoo {version_}"):
        for file in files.values():
            subprocess.run(["dpkg", "-x", str(file), str(partial / "root")], check=True)
        hole = _dist_packages(partial) / _HOLE
        hole.parent.mkdir(parents=True, exist_ok=True)
        hole.touch()
        (partial / "version").write_text(f"{_NAME} {version_}")
        for old in paths.HOME.glob("odoo-*"):
            shutil.rmtree(old)
        partial.rename(_FOLDER)
    shutil.rmtree(paths.DOWNLOADS, ignore_errors=True)
    paths.DOWNLOADS.mkdir()
