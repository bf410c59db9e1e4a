"""A scheduler that dies at some moment of a long job, with data that is really committed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import config, mute_logger

from .job_common import marking


class Killed(BaseException):
    """As a signal: nothing between here and the end of the process answers it."""


@tagged("post_install", "-at_install")
class TestKilledJob(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())

    def setUp(self):
        super().setUp()
        self.addCleanup(self.committed, self.clean)
        self.partner_ids, self.job_id = self.committed(self.prepare)

    def committed(self, function):
        with self.registry.cursor() as cr:
            return function(api.Environment(cr, SUPERUSER_ID, {}))

    def sql(self, query, *params):
        self.committed(lambda env: env.cr.execute(query, params))

    def prepare(self, env):
        env["ir.cron"].search([("cron_name", "like", "Group-buying")]).active = False
        people = env["res.partner"].create([{"name": f"Killed {n}"} for n in range(6)])
        jobs = env["pinbu.job"].with_user(env.ref("base.user_admin"))
        with marking(self.registry):
            return people.ids, jobs._start("mark", "Mark", "killed", people.ids).id

    def clean(self, env):
        env["pinbu.job"].browse(self.job_id).unlink()
        env["res.partner"].browse(self.partner_ids).unlink()
        inactive = env["ir.cron"].with_context(active_test=False)
        inactive.search([("cron_name", "like", "Group-buying")]).active = True

    def run_cron(self, work=None):
        with marking(self.registry, work=work):
            self.committed(lambda env: env["pinbu.job"]._cron_work())

    def look(self):
        """:return: state, done and the marks, as another process sees them"""

        def read(env):
            job = env["pinbu.job"].browse(self.job_id)
            partners = env["res.partner"].browse(self.partner_ids)
            return job.state, job.done, [partner.ref or "" for partner in partners]

        return self.committed(read)

    def kill_process(self, moment, number):
        """Let another process work until that moment, and kill it by SIGKILL."""
        command = [
            sys.executable,
            str(Path(__file__).with_name("killed_job.py")),
            f"--database={get_db_name()}",
            f"--addons-path={','.join(config['addons_path'])}",
            "--log-level=critical",
            moment,
            str(number),
        ]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path[1:]))}
        done = subprocess.run(command, env=environment, timeout=300, check=False)
        self.assertEqual(done.returncode, -signal.SIGKILL)

    def test_a_process_is_killed_at_an_item(self):
        self.kill_process("item", self.partner_ids[3])
        self.assertEqual(self.look(), ("running", 2, ["x", "x", "", "", "", ""]))
        self.run_cron()
        self.assertEqual(self.look(), ("done", 6, ["x"] * 6))

    def test_a_process_is_killed_before_it_commits(self):
        self.kill_process("written", 4)
        self.assertEqual(self.look(), ("running", 2, ["x", "x", "", "", "", ""]))
        # So is the next one, at the last items.
        self.kill_process("written", 6)
        self.assertEqual(self.look(), ("running", 4, ["x"] * 4 + ["", ""]))
        self.run_cron()
        self.assertEqual(self.look(), ("done", 6, ["x"] * 6))

    def test_a_process_is_killed_after_it_has_committed(self):
        self.kill_process("committed", 4)
        self.assertEqual(self.look(), ("running", 4, ["x"] * 4 + ["", ""]))
        self.run_cron()
        self.assertEqual(self.look(), ("done", 6, ["x"] * 6))

    def test_killed_in_the_middle_of_some_items(self):
        def work(partner):
            if partner.id == self.partner_ids[3]:
                raise Killed

        with self.assertRaises(Killed):
            self.run_cron(work)
        # The first two are done for good, the next two wait.
        self.assertEqual(self.look(), ("running", 2, ["x", "x", "", "", "", ""]))
        self.run_cron()
        self.assertEqual(self.look(), ("done", 6, ["x"] * 6))

    def test_killed_again_and_again(self):
        """Wherever it dies, nothing is done twice; what always kills is given up."""

        def work(partner):
            if partner.id == self.partner_ids[5]:
                raise Killed

        for _time in range(5):
            with self.assertRaises(Killed):
                self.run_cron(work)
        self.run_cron(work)
        self.assertEqual(self.look(), ("cancelled", 4, ["x"] * 4 + ["", ""]))

    def test_cancelled_while_some_items_are_in_hand(self):
        """Another process cancels: what is in hand is undone, what was committed stays."""

        def cancel(env):
            env["pinbu.job"].browse(self.job_id).action_cancel()

        def work(partner):
            if partner.id == self.partner_ids[3]:
                self.committed(cancel)

        with mute_logger("odoo.sql_db"):
            self.run_cron(work)
        self.assertEqual(self.look(), ("cancelled", 2, ["x", "x", "", "", "", ""]))

    def test_others_are_faster_again_and_again(self):
        """A transaction that is lost is no failure of the job: it is tried again later."""
        losses = []

        def work(partner):
            if partner.id == self.partner_ids[3] and len(losses) < 7:
                losses.append(partner.id)
                self.sql("UPDATE res_partner SET comment = 'busy' WHERE id = %s", partner.id)

        while len(losses) < 7:
            with mute_logger("odoo.sql_db"):
                self.run_cron(work)
            self.assertEqual(self.look(), ("running", 2, ["x", "x", "", "", "", ""]))
            # It waits.
            self.run_cron()
            self.assertEqual(self.look()[1], 2)
            self.sql("UPDATE pinbu_job SET retry_at = '2020-01-01' WHERE id = %s", self.job_id)
        self.run_cron(work)
        self.assertEqual(self.look(), ("done", 6, ["x"] * 6))

    def test_two_processes_at_once(self):
        """The slower one of two that do the same items undoes them."""
        met = []

        def work(partner):
            if partner.id == self.partner_ids[1] and not met:
                met.append(True)
                with marking(self.registry):
                    self.committed(lambda env: env["pinbu.job"]._cron_work())

        with mute_logger("odoo.sql_db"):
            self.run_cron(work)
        self.assertEqual(self.look(), ("done", 6, ["x"] * 6))
