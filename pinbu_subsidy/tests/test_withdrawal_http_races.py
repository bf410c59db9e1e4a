import threading

import requests

from odoo import SUPERUSER_ID, api
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.tests.api_common import BASE
from odoo.addons.pinbu_groupbuy.tests.concurrent_common import short_waits

from .withdrawal_http_common import HastyMixin

RIVALS = 8


@tagged("post_install", "-at_install")
class TestWithdrawalHttpRaces(HastyMixin, HttpCase):
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
