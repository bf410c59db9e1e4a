import threading

import requests

from odoo import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.api import tokens
from odoo.addons.pinbu_groupbuy.tests.api_common import BASE
from odoo.addons.pinbu_groupbuy.tests.concurrent_common import short_waits

from .test_participation import LIMIT, AtOnceMixin


@tagged("post_install", "-at_install")
class TestParticipationHttp(AtOnceMixin, HttpCase):
    """Ten openings at once as real requests on real transactions, and what stays of them."""

    registry_test_mode = False

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            env = self._env(cr)
            user = env["res.users"].create(
                {
                    "name": "Everywhere",
                    "login": "everywhere-http",
                    "partner_id": self.partner_id,
                    "group_ids": [Command.set(env.ref("base.group_portal").ids)],
                }
            )
            self.user_id = user.id
            self.token = tokens.issue(env, user)[0]
            activities = env["pinbu.activity"].browse(self.activity_ids)
            self.product_id = activities.line_ids.product_id.id

    def _clean_up(self):
        with self.registry.cursor() as cr:
            env = self._env(cr)
            orders = env["sale.order"].search([("partner_id", "=", self.partner_id)])
            cr.execute(
                "UPDATE pinbu_seat SET order_id = NULL WHERE order_id = ANY(%s)", [orders.ids]
            )
            cr.execute("DELETE FROM pinbu_api_idempotency WHERE user_id = %s", [self.user_id])
            env.invalidate_all()
            orders._action_cancel()
            orders.unlink()
        super()._clean_up()

    def open(self, activity_id):
        headers = {
            "Accept-Language": "en",
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": f"open {activity_id}",
        }
        body = {"activity_id": activity_id, "product_id": self.product_id, "quantity": 1}
        url = self.base_url() + BASE + "/orders"
        return requests.post(url, json=body, headers=headers, timeout=60)

    def test_five_of_ten_pass_and_all_are_written_down(self):
        answers = []
        barrier = threading.Barrier(2 * LIMIT)

        def request(activity_id):
            barrier.wait(60)
            answers.append(self.open(activity_id))

        threads = [threading.Thread(target=request, args=(id_,)) for id_ in self.activity_ids]
        with mute_logger("odoo.sql_db", "odoo.service.model"), short_waits():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(120)
        refused = [answer for answer in answers if answer.status_code == 403]
        self.assertEqual(len(answers) - len(refused), LIMIT)
        for answer in refused:
            error = answer.json()["error"]
            self.assertEqual((error["code"], error["details"]), ("risk_blocked", {}), answer.text)
        with self.registry.cursor() as cr:
            events = self._env(cr)["pinbu.risk.event"].search(
                [("partner_ref", "=", self.partner_id), ("kind", "=", "open")]
            )
            self.assertEqual(
                sorted(events.mapped("outcome")), ["allowed"] * LIMIT + ["refused"] * LIMIT
            )
            self.assertEqual(set(events.mapped("address_prefix")), {"127.0.0.0/16"})
            seats = self._env(cr)["pinbu.seat"].search([("partner_id", "=", self.partner_id)])
            self.assertEqual(len(seats.filtered(lambda seat: seat.state == "held")), 1)
