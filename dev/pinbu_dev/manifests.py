"""What the manifests say: which add-ons need which, and whether their code has changed."""

import ast
import hashlib

from . import links

_SKIP = {"__pycache__", "tests", "readme", "node_modules"}


def depends(name):
    manifest = ast.literal_eval((links.addons()[name] / "__manifest__.py").read_text())
    return manifest.get("depends", [])


def closure(names):
    """Our add-ons among `names` and what they need of ours, and the native modules all of them need.

    :return: (ours, native), both sorted lists.
    """
    own, native, todo = set(), set(), list(names)
    addons = links.addons()
    while todo:
        name = todo.pop()
        if name not in addons:
            native.add(name)
        elif name not in own:
            own.add(name)
            todo += depends(name)
    return sorted(own), sorted(native)


def code(names):
    """A digest of the files of our add-ons that a database is built from."""
    value = hashlib.sha256()
    addons = links.addons()
    for name in sorted(names):
        root = addons[name]
        inner = {folder for other, folder in addons.items() if other != name}
        for path in sorted(_files(root, inner, top=True)):
            value.update(f"{name}/{path.relative_to(root)}\0".encode())
            value.update(path.read_bytes())
    return value.hexdigest()[:16]


def _files(folder, inner, top=False):
    for path in folder.iterdir():
        if path.name in _SKIP or path.name.startswith(".") or path in inner:
            continue
        # Beside its add-on's own folders, the root holds the tooling and the benchmarks.
        if top and path.name in {"dev", "benchmarks"}:
            continue
        if path.is_dir():
            yield from _files(path, inner)
        elif path.suffix not in {".pyc", ".md", ".rst"}:
            yield path
