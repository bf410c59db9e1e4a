import threading
from concurrent.futures import ThreadPoolExecutor

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.tests.concurrent_common import short_waits
from odoo.addons.pinbu_groupbuy.transactions import short_transaction

from ..models.pinbu_audit_log import is_sealed

RIVALS = 8
ROUNDS = 5
NAME = "Audited rival"


@tagged("post_install", "-at_install")
class TestAuditRaces(BaseCase):
    """The chain with many who append at once, on real cursors and committed data."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self.clean)
        with self.registry.cursor() as cr:
            cr.execute("SELECT COALESCE(max(id), 0) FROM pinbu_audit_log")
            self.before = cr.fetchone()[0]

    def env_of(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def clean(self):
        with self.registry.cursor() as cr:
            categories = self.env_of(cr)["pinbu.activity.category"]
            categories.search([("name", "like", NAME)]).unlink()

    def rows(self):
        with self.registry.cursor() as cr:
            cr.execute(SQL("SELECT * FROM pinbu_audit_log WHERE id >= %s ORDER BY id", self.before))
            return cr.dictfetchall()

    def assert_chained(self, count):
        """These rows were written, and continue from each other without a gap."""
        rows = self.rows()
        seal = rows.pop(0)["seal"] if self.before else ""
        self.assertEqual(
            [row["id"] for row in rows], list(range(self.before + 1, self.before + 1 + count))
        )
        for row in rows:
            self.assertTrue(is_sealed(seal, row), row["id"])
            seal = row["seal"]
        with self.registry.cursor() as cr:
            cr.execute("SELECT last_ref, seal FROM pinbu_audit_head")
            self.assertEqual(cr.fetchone(), (rows[-1]["id"], seal))

    def at_once(self, function):
        """Each of the rivals calls ``function(env, number)`` as a request does, all snapshots
        taken before anybody writes. :return: how often it was called"""
        start = threading.Barrier(RIVALS)
        calls = []

        def request(number):
            with self.registry.cursor() as cr:
                cr.execute("SELECT count(*) FROM pinbu_audit_log")
                start.wait(30)
                env = self.env_of(cr)

                def once():
                    calls.append(number)
                    function(env, number)

                retrying(once, env)

        with short_waits(), ThreadPoolExecutor(RIVALS) as pool:
            list(pool.map(request, range(RIVALS)))
        return len(calls)

    def test_requests_with_old_snapshots(self):
        """None of them has to be repeated because another one wrote to the log."""

        def several(env, number):
            for turn in range(ROUNDS):
                env["pinbu.activity.category"].create({"name": f"{NAME} {number} {turn}"})

        self.assertEqual(self.at_once(several), RIVALS)
        self.assert_chained(RIVALS * ROUNDS)

    def test_what_is_rolled_back_leaves_no_gap(self):
        """A savepoint that is given up took numbers, and gave them back."""

        def half(env, number):
            categories = env["pinbu.activity.category"]
            categories.create({"name": f"{NAME} {number} before"})
            try:
                with env.cr.savepoint():
                    categories.create({"name": f"{NAME} {number} never"})
                    env.cr.flush()
                    raise ZeroDivisionError
            except ZeroDivisionError:
                categories.create({"name": f"{NAME} {number} after"})

        self.at_once(half)
        self.assert_chained(RIVALS * 2)
        self.assertFalse([row for row in self.rows() if "never" in (row["record_name"] or "")])

    def test_a_transaction_that_fails_leaves_nothing(self):
        with self.assertRaises(ZeroDivisionError), self.registry.cursor() as cr:
            env = self.env_of(cr)
            env["pinbu.activity.category"].create({"name": f"{NAME} fails"})
            cr.flush()
            raise ZeroDivisionError
        self.assertEqual(len(self.rows()), 1 if self.before else 0)
        with self.registry.cursor() as cr:
            self.env_of(cr)["pinbu.activity.category"].create({"name": f"{NAME} succeeds"})
        self.assert_chained(1)

    def test_short_transactions_and_requests_together(self):
        def either(env, number):
            categories = env["pinbu.activity.category"]
            if number % 2:
                categories.create({"name": f"{NAME} {number}"})
                return
            with short_transaction(env) as cr:
                env["pinbu.audit.log"]._write("by_hand", env.company, reason="a test", cr=cr)

        self.at_once(either)
        self.assert_chained(RIVALS)
