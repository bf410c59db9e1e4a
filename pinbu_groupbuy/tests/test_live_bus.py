"""What is pushed to those who have a team's page open."""

import json
from datetime import timedelta

from odoo import fields
from odoo.tests import TransactionCase, tagged

from odoo.addons.bus.models.bus import channel_with_db
from odoo.addons.bus.tests.common import WebsocketCase

from .common import GroupBuyMixin

PUBLIC = {"token", "event", "state", "seats_paid", "missing", "deadline"}


class LiveBusMixin(GroupBuyMixin):
    def messages(self, team):
        """:return: what was said about this team, the oldest first"""
        channel = json.dumps(channel_with_db(self.env.cr.dbname, f"team/{team.token}"))
        self.env.cr.execute(
            "SELECT message FROM bus_bus WHERE channel = %s ORDER BY id", [channel.replace(" ", "")]
        )
        return [json.loads(message) for (message,) in self.env.cr.fetchall()]

    def told(self, team):
        return [
            (message["payload"]["event"], message["payload"]["seats_paid"])
            for message in self.messages(team)
        ]


@tagged("post_install", "-at_install")
class TestLiveBus(LiveBusMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop(size=3)
        cls.activity.allow_leaving = True

    def test_a_team_fills_up(self):
        team = self.join(self.shopper("张三")).team_id
        self.join(self.shopper("Bob"), team)
        self.assertEqual(self.told(team), [("seat_paid", 1), ("seat_paid", 2)])
        # Counting again is no news.
        team._tally(self.env.cr, team.id)
        self.join(self.shopper("Cat"), team)
        self.assertEqual(self.told(team), [("seat_paid", 1), ("seat_paid", 2), ("formed", 3)])
        for message in self.messages(team):
            self.assertEqual(message["type"], "pinbu.team")
            self.assertEqual(message["payload"].keys(), PUBLIC)
            self.assertEqual(message["payload"]["token"], team.token)
            self.assertEqual(message["payload"]["deadline"], team._to_api()[0]["deadline"])
        self.assertEqual(self.messages(team)[1]["payload"]["missing"], 1)
        self.assertEqual(self.messages(team)[2]["payload"]["state"], "formed")

    def test_a_member_leaves_and_the_team_fails(self):
        team = self.join(self.shopper("Ann")).team_id
        seat = self.join(self.shopper("Bob"), team)
        seat._leave()
        team.invalidate_recordset()
        past = fields.Datetime.now() - timedelta(minutes=1)
        self.env.cr.execute("UPDATE pinbu_team SET deadline = %s WHERE id = %s", [past, team.id])
        self.env.cr.execute(
            "UPDATE pinbu_seat SET paid_at = %s WHERE team_id = %s", [past, team.id]
        )
        self.env.invalidate_all()
        team._close()
        self.assertEqual(
            self.told(team),
            [("seat_paid", 1), ("seat_paid", 2), ("seat_left", 1), ("failed", 1)],
        )
        self.assertEqual(self.messages(team)[-1]["payload"]["state"], "failed")

    def test_where_to_listen(self):
        team = self.join(self.shopper("Ann")).team_id
        live = team._to_api()[0]["live"]
        self.assertEqual(live["channel"], f"team/{team.token}")
        self.assertRegex(live["url"], rf"^wss?://[^/]+/websocket\?version={live['version']}$")
        self.join(self.shopper("Bob"), team)
        self.join(self.shopper("Cat"), team)
        team.invalidate_recordset()
        self.assertIsNone(team._to_api()[0]["live"])


@tagged("post_install", "-at_install")
class TestLiveSocket(LiveBusMixin, WebsocketCase):
    def test_who_knows_the_token_is_told(self):
        self.set_up_shop(size=3)
        team = self.join(self.shopper("Ann")).team_id
        live = team._to_api()[0]["live"]
        self.assertTrue(self._WEBSOCKET_URL.endswith(f"?version={live['version']}"))
        self.env.flush_all()
        socket = self.websocket_connect()
        self.env["bus.bus"].search([]).unlink()
        self.subscribe(socket, [live["channel"]], self.env["bus.bus"]._bus_last_id())
        self.join(self.shopper("Bob"), team)
        self.env.flush_all()
        self.trigger_notification_dispatching([live["channel"]])
        [message] = json.loads(socket.recv())
        self.assertEqual(message["message"]["payload"]["event"], "seat_paid")
        self.assertEqual(message["message"]["payload"]["seats_paid"], 2)
