"""make screenshots: pictures of the main screens, from the demo's data."""

import os
import subprocess
from pathlib import Path

from . import databases, odoo, paths, say, server, story, system

_DATABASE = "pinbu_screenshots"
_ADDON = "pinbu_demo"


def screenshots():
    """Build a demo shop, play its story twice, and write pictures of its screens into the folder
    FOLDER, for a wide screen and for a phone, and a page that shows them all."""
    folder = Path(os.environ.get("FOLDER") or paths.HOME / "screenshots").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with odoo.session(tests=True) as ready:
        site = server.Server(ready, _DATABASE, int(os.environ.get("PORT") or 8069), 0)
        try:
            site.claim()
            databases.build(ready, _DATABASE, [_ADDON])
            site.start()
            for _time in range(2):
                story.play(site.url, site.database)
            script = paths.CHECKOUT / "dev" / "take_screenshots.py"
            words = [site.url, site.database, system.chromium(), str(folder)]
            subprocess.run([str(ready.python), str(script), *words], check=True)
        except story.Broken as broken:
            raise say.Stop(f"the story broke: {broken}; the log is {site.log}") from None
        except subprocess.CalledProcessError:
            raise say.Stop(f"no pictures of {site.url}; its log is {site.log}") from None
        finally:
            site.stop()
            databases.drop(ready, _DATABASE)
    say.line(f"\nThe pictures are in {folder}; index.html shows them all")
