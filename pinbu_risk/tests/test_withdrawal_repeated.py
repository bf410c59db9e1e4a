from unittest.mock import patch

import requests

from odoo import SUPERUSER_ID, api
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.tests.api_common import BASE
from odoo.addons.pinbu_groupbuy.tests.concurrent_common import short_waits
from odoo.addons.pinbu_subsidy.tests.withdrawal_http_common import HastyMixin


@tagged("post_install", "-at_install")
class TestWithdrawalRepeated(HastyMixin, HttpCase):
    """Odoo repeats a request whose wallet a rival touched: it is judged and written down once."""

    def clean(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            mine = env["res.users"].browse(self.user_id).partner_id.ids
            cr.execute("ALTER TABLE pinbu_risk_event DISABLE TRIGGER USER")
            cr.execute("DELETE FROM pinbu_risk_event WHERE partner_ref = %s", mine)
            cr.execute("ALTER TABLE pinbu_risk_event ENABLE TRIGGER USER")
            cr.execute("DELETE FROM pinbu_risk_case WHERE partner_id = %s", mine)
            env["pinbu.risk.rule"].search([("name", "=", "Looks at withdrawals")]).unlink()
        super().clean()

    def test_what_is_repeated_is_one_withdrawal(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["res.users"].browse(self.user_id).partner_id.phone = "13800000001"
            env["pinbu.risk.rule"].create(
                {
                    "name": "Looks at withdrawals",
                    "measure": "shoppers",
                    "subject": "phone",
                    "threshold": 0,
                    "window_minutes": 60,
                    "action": "review",
                    "on_open": False,
                    "on_join": False,
                    "on_withdrawal": True,
                }
            )
        cards = self.registry["loyalty.card"]
        post = cards._pinbu_post
        tries = []

        def slow(cards_, moves):
            tries.append(moves)
            if len(tries) == 1:
                with self.registry.cursor() as rival:
                    rival.execute(
                        "UPDATE loyalty_card SET active = active WHERE id = %s", cards_.ids
                    )
            return post(cards_, moves)

        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": "once"}
        url = self.base_url() + BASE + "/me/withdrawals"
        with (
            patch.object(cards, "_pinbu_post", slow),
            mute_logger("odoo.sql_db", "odoo.service.model"),
            short_waits(),
        ):
            answer = requests.post(url, json={"amount": 5000}, headers=headers, timeout=30)
        self.assertEqual((answer.status_code, len(tries)), (201, 2), answer.text)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            partner = env["res.users"].browse(self.user_id).partner_id
            events = env["pinbu.risk.event"].search([("partner_ref", "=", partner.id)])
            self.assertEqual(events.mapped("kind"), ["withdrawal"])
            case = env["pinbu.risk.case"].search([("partner_id", "=", partner.id)])
            self.assertEqual(case.hits, 1)
            # What was said the first time holds.
            withdrawal = env["pinbu.withdrawal"].search([("partner_id", "=", partner.id)])
            self.assertEqual((withdrawal.state, withdrawal.review_reason), ("review", "risk"))
