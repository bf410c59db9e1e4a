import threading

from odoo import SUPERUSER_ID, Command, api
from odoo.tests import TransactionCase, tagged

from odoo.addons.pinbu_groupbuy.transactions import short_transaction

MEMBERS = 20
RULES = 3


@tagged("post_install", "-at_install")
class TestConcurrency(TransactionCase):
    """Real cursors on committed data, as two schedulers or two workers would have them."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        with self.registry.cursor() as cr:
            cr.execute("SELECT COALESCE(MAX(id), 0) FROM ir_cron_trigger")
            self.last_trigger = cr.fetchone()[0]
            env = self._env(cr)
            self.had_program = bool(
                env["loyalty.program"].search_count([("pinbu_is_wallet", "=", True)])
            )
            self._make_failed_team(env)

    def _env(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def _make_failed_team(self, env):
        """A team whose members are owed `RULES` subsidies of 1.05 each."""
        product = env["product.product"].create({"name": "Threads", "list_price": 30.0})
        partners = env["res.partner"].create([{"name": f"Thread {n}"} for n in range(MEMBERS)])
        activity = env["pinbu.activity"].create(
            {
                "name": "Threads",
                "product_tmpl_id": product.product_tmpl_id.id,
                "size": MEMBERS,
                "line_ids": [Command.create({"product_id": product.id, "group_price": 20.0})],
            }
        )
        team = env["pinbu.team"].create(
            {
                "activity_id": activity.id,
                "company_id": activity.company_id.id,
                "size": MEMBERS,
                "state": "failed",
                "deadline": "2025-01-01",
            }
        )
        seats = env["pinbu.seat"].create(
            [
                {
                    "team_id": team.id,
                    "activity_id": activity.id,
                    "line_id": activity.line_ids.id,
                    "product_id": product.id,
                    "partner_id": partner.id,
                    "company_id": activity.company_id.id,
                    "state": "lost",
                }
                for partner in partners
            ]
        )
        env["pinbu.subsidy"].create(
            [
                {
                    "seat_id": seat.id,
                    "team_id": team.id,
                    "activity_id": activity.id,
                    "key": f"rule:{rule}",
                    "partner_id": seat.partner_id.id,
                    "company_id": seat.company_id.id,
                    "type": "cash",
                    "amount_minor": 105,
                    "reason": "team_failed",
                    "due_at": "2025-01-01",
                }
                for rule in range(RULES)
                for seat in seats
            ]
        )
        self.ids = {
            "product": product.product_tmpl_id.id,
            "partners": partners.ids,
            "activity": activity.id,
            "team": team.id,
        }

    def _clean_up(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            # What protects the ledger also stands in the way of a test's clean-up.
            for table in ("pinbu_wallet_entry", "pinbu_transition"):
                cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cr.execute("DELETE FROM pinbu_settlement WHERE team_id = %(team)s", self.ids)
            cr.execute("DELETE FROM pinbu_subsidy WHERE team_id = %(team)s", self.ids)
            cr.execute(
                "DELETE FROM pinbu_wallet_entry WHERE card_id IN"
                " (SELECT id FROM loyalty_card WHERE partner_id = ANY(%(partners)s))",
                self.ids,
            )
            cr.execute("DELETE FROM loyalty_card WHERE partner_id = ANY(%(partners)s)", self.ids)
            cr.execute("DELETE FROM pinbu_transition WHERE team_id = %(team)s", self.ids)
            cr.execute("DELETE FROM pinbu_seat WHERE team_id = %(team)s", self.ids)
            cr.execute("DELETE FROM pinbu_team WHERE id = %(team)s", self.ids)
            cr.execute("DELETE FROM ir_cron_trigger WHERE id > %s", [self.last_trigger])
            cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in ("pinbu_wallet_entry", "pinbu_transition"):
                cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            env["pinbu.activity"].browse(self.ids["activity"]).unlink()
            env["product.template"].browse(self.ids["product"]).unlink()
            env["res.partner"].browse(self.ids["partners"]).unlink()
            if not self.had_program:
                programs = env["loyalty.program"].search([("pinbu_is_wallet", "=", True)])
                products = programs.reward_ids.discount_line_product_id
                programs.active = False
                programs.unlink()
                products.unlink()

    def _at_once(self, *works):
        """Run each of `works(env)` in a thread with a cursor of its own, all at the same time."""
        barrier = threading.Barrier(len(works))
        failures = []

        def run(work):
            try:
                with self.registry.cursor() as cr:
                    env = self._env(cr)
                    barrier.wait(10)
                    work(env)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(failures, [])

    def _check_granted_once(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            subsidies = env["pinbu.subsidy"].search([("team_id", "=", self.ids["team"])])
            self.assertEqual(len(subsidies), MEMBERS * RULES)
            self.assertEqual(set(subsidies.mapped("state")), {"granted"})
            self.assertEqual(len(subsidies.entry_id), MEMBERS * RULES)
            wallets = env.company._pinbu_wallets(subsidies.partner_id)
            self.assertEqual(len(wallets), MEMBERS)
            for wallet in wallets.values():
                self.assertEqual(wallet.points, 3.15)
                self.assertEqual(sum(wallet.pinbu_entry_ids.mapped("amount_minor")), 315)

    def test_schedulers_that_grant_at_once(self):
        grant = lambda env: env["pinbu.subsidy"]._cron_grant()  # noqa: E731
        self._at_once(grant, grant, grant)
        with self.registry.cursor() as cr:
            # Those that were busy at the time are for the next run.
            self._env(cr)["pinbu.subsidy"]._cron_grant()
        self._check_granted_once()

    def test_a_scheduler_that_is_killed_half_way(self):
        with self.registry.cursor() as cr:
            self.assertEqual(len(self._env(cr)["pinbu.subsidy"]._grant_batch()), MEMBERS * RULES)
            cr.rollback()
        with self.registry.cursor() as cr:
            self.assertEqual(len(self._env(cr)["pinbu.subsidy"]._grant_batch(limit=7)), 7)
        with self.registry.cursor() as cr:
            self._env(cr)["pinbu.subsidy"]._cron_grant()
        self._check_granted_once()

    def test_postings_to_one_wallet_do_not_lose_each_other(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            partner = env["res.partner"].browse(self.ids["partners"][0])
            card_id = env.company._pinbu_wallets(partner, create=True)[partner.id].id

        def post(number):
            def work(env):
                for step in range(20):
                    with short_transaction(env) as cr:
                        env["loyalty.card"]._pinbu_post(
                            [
                                {
                                    "card_id": card_id,
                                    "kind": "subsidy",
                                    "amount_minor": 10,
                                    "idempotency_key": f"test:{number}:{step}",
                                }
                            ],
                            cr=cr,
                        )

            return work

        self._at_once(*(post(number) for number in range(8)))
        with self.registry.cursor() as cr:
            wallet = self._env(cr)["loyalty.card"].browse(card_id)
            self.assertEqual(wallet.points, 16.0)
            self.assertEqual(len(wallet.pinbu_entry_ids), 160)
            self.assertEqual(wallet.pinbu_entry_ids[0].balance_after_minor, 1600)
