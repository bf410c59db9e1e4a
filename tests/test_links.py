import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from odoo.tests import BaseCase, tagged

_DEV = Path(__file__).resolve().parents[1] / "dev"


@tagged("post_install", "-at_install")
class TestLinks(BaseCase):
    """The folder of links that `make` keeps for Odoo and pytest."""

    def ensure(self, home):
        answer = subprocess.run(
            [sys.executable, "-c", "from pinbu_dev import links; print(links.ensure())"],
            env={**os.environ, "PINBU_HOME": home, "PYTHONPATH": str(_DEV)},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return Path(answer.stdout.strip())

    def test_links_are_made_again_and_what_a_tool_left_stays(self):
        with TemporaryDirectory() as home:
            links = self.ensure(home)
            self.assertTrue((links / "pinbu_groupbuy" / "__manifest__.py").exists())
            (links / ".hypothesis" / "constants").mkdir(parents=True)
            (links / "pinbu_gone").symlink_to("/nowhere")
            (links / "pinbu_groupbuy").unlink()
            self.assertEqual(self.ensure(home), links)
            self.assertTrue((links / ".hypothesis" / "constants").is_dir())
            self.assertFalse((links / "pinbu_gone").is_symlink())
            self.assertTrue((links / "pinbu_groupbuy" / "__manifest__.py").exists())
