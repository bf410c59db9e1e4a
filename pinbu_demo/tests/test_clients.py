"""The clients of ``clients/`` in the demo shop, over HTTP."""

import os
import shutil
import subprocess
from pathlib import Path

from odoo.tests import HttpCase, tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME

_JAVASCRIPT = Path(__file__).resolve().parents[2] / "clients" / "javascript"


@tagged("post_install", "-at_install")
class TestJavascriptClient(HttpCase):
    """What a mini-program runs, run by Node with a `wx` that speaks real HTTP."""

    def run_node(self, name, env=None):
        node = shutil.which("node") or shutil.which("nodejs")
        self.assertTrue(node, "no Node.js: `make test` installs it")
        done = subprocess.run(
            [node, "--test", str(_JAVASCRIPT / "test" / name)],
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotRegex(done.stdout, r"# (skipped|todo) [1-9]")
        self.assertRegex(done.stdout, r"# pass [1-9]")

    def test_in_this_shop(self):
        with self.allow_requests():
            cookie = f"{TEST_CURSOR_COOKIE_NAME}={self.http_request_key}"
            self.run_node("shop.test.js", {"PINBU_SITE": self.base_url(), "PINBU_COOKIE": cookie})

    def test_where_things_go_wrong(self):
        self.run_node("faults.test.js")
