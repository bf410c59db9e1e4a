"""The folder of links: the checkout seen as a folder of add-ons.

The checkout is an add-on itself (`pinbu`), with the others below it. Odoo wants a folder of add-ons,
and pytest-odoo names a test module by the folder that holds the manifest, so both look at links.
"""

from . import paths

ROOT = "pinbu"


def addons():
    """The add-ons of the checkout: technical name -> folder."""
    found = {
        path.parent.name: path.parent for path in sorted(paths.CHECKOUT.glob("*/__manifest__.py"))
    }
    if (paths.CHECKOUT / "__manifest__.py").exists():
        found[ROOT] = paths.CHECKOUT
    return found


def ensure():
    """Make the links agree with the checkout.

    :return: the folder of links, for addons_path.
    """
    paths.LINKS.mkdir(parents=True, exist_ok=True)
    wanted = addons()
    for entry in paths.LINKS.iterdir():
        # What a tool left here (a cache, say) is not ours to remove.
        if entry.is_symlink() and entry.name not in wanted:
            entry.unlink()
    for name, folder in wanted.items():
        link = paths.LINKS / name
        if not link.is_symlink() or link.readlink() != folder:
            link.unlink(missing_ok=True)
            link.symlink_to(folder)
    return paths.LINKS
