import threading

import requests

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.api import tokens
from odoo.addons.pinbu_groupbuy.tests.api_common import BASE
from odoo.addons.pinbu_groupbuy.tests.concurrent_common import short_waits

RIVALS = 8
TABLES = ("pinbu_transition", "pinbu_withdrawal", "pinbu_wallet_entry", "loyalty_card")


@tagged("post_install", "-at_install")
class TestWithdrawalHttpRaces(HttpCase):
    """Real requests on real transactions, so what they make has to be cleaned up."""

    registry_test_mode = False

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            had_program = bool(env["loyalty.program"].search([("pinbu_is_wallet", "=", True)]))
            user = env["res.users"].create(
                {
                    "name": "Hasty",
                    "login": "hasty-http",
                    "group_ids": [(6, 0, [env.ref("base.group_portal").id])],
                }
            )
            partner = user.partner_id
            partner.pinbu_identity_checked_at = fields.Datetime.now()
            company = env.company
            wallet = company._pinbu_wallets(partner, create=True)[partner.id]
            wallet._pinbu_post(
                [
                    {
                        "card_id": wallet.id,
                        "kind": "subsidy",
                        "amount_minor": 5000,
                        "idempotency_key": f"test:hasty:{wallet.id}",
                    }
                ]
            )
            self.token = tokens.issue(env, user)[0]
            self.user_id, self.card_id, self.had_program = user.id, wallet.id, had_program

    def clean(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            user = env["res.users"].browse(self.user_id)
            partner = user.partner_id
            withdrawals = env["pinbu.withdrawal"].search([("partner_id", "=", partner.id)]).ids
            for table in TABLES:
                cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cr.execute("DELETE FROM pinbu_transition WHERE withdrawal_id = ANY(%s)", [withdrawals])
            cr.execute("DELETE FROM pinbu_withdrawal WHERE id = ANY(%s)", [withdrawals])
            cr.execute("DELETE FROM pinbu_wallet_entry WHERE card_id = %s", [self.card_id])
            cr.execute("DELETE FROM loyalty_card WHERE id = %s", [self.card_id])
            cr.execute("DELETE FROM pinbu_api_idempotency WHERE user_id = %s", [self.user_id])
            for table in TABLES:
                cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            env.invalidate_all()
            user.unlink()
            partner.unlink()
            if not self.had_program:
                programs = env["loyalty.program"].search([("pinbu_is_wallet", "=", True)])
                products = programs.reward_ids.discount_line_product_id
                programs.active = False
                programs.unlink()
                products.unlink()

    def ask(self, keys):
        """Withdraw the whole balance under each of these keys, all at once.

        :return: the answers
        """
        answers = []
        barrier = threading.Barrier(len(keys))
        url = self.base_url() + BASE + "/me/withdrawals"

        def request(key):
            barrier.wait()
            headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
            answers.append(requests.post(url, json={"amount": 5000}, headers=headers, timeout=30))

        threads = [threading.Thread(target=request, args=(key,)) for key in keys]
        with mute_logger("odoo.sql_db", "odoo.service.model"), short_waits():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return answers

    def assert_withdrawn_once(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            card = env["loyalty.card"].browse(self.card_id)
            self.assertEqual(card.points, 0)
            self.assertEqual(card.pinbu_entry_ids.mapped("amount_minor"), [-5000, 5000])
            mine = [("partner_id", "=", card.partner_id.id)]
            self.assertEqual(env["pinbu.withdrawal"].search_count(mine), 1)

    def test_the_whole_balance_eight_times_at_once(self):
        answers = self.ask([f"key-{number}" for number in range(RIVALS)])
        refused = [
            answer.json()["error"]["code"] for answer in answers if answer.status_code != 201
        ]
        self.assertEqual(refused, ["insufficient_balance"] * (RIVALS - 1))
        self.assert_withdrawn_once()

    def test_one_request_repeated_at_once(self):
        answers = self.ask(["the same key"] * RIVALS)
        made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
        self.assertEqual(len(set(made)), 1)
        others = {answer.json()["error"]["code"] for answer in answers if answer.status_code != 201}
        self.assertLessEqual(others, {"in_progress"})
        self.assert_withdrawn_once()
