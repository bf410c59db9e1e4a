"""The live board of teams, as a merchandiser sees it."""

import ast
import json
from datetime import timedelta

from lxml import etree
from websocket import WebSocketTimeoutException

from odoo import Command, fields
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.bus.tests.common import WebsocketCase
from odoo.addons.payment.models.payment_transaction import PaymentTransaction

from ..models.pinbu_live_bus import BOARD, BOARD_SUBCHANNEL
from .common import GroupBuyCase, GroupBuyMixin


@tagged("post_install", "-at_install")
class TestTeamBoard(GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(cls.env, "board seller", groups="pinbu_groupbuy.group_user")

    def found(self, *names):
        """:return: teams of the test's activities that these filters of the board show"""
        teams = self.env["pinbu.team"].with_user(self.seller)
        view = self.env.ref("pinbu_groupbuy.pinbu_team_view_search")
        arch = etree.fromstring(view.get_combined_arch())
        domain = [("activity_id.company_id", "=", self.company.id)]
        for name in names:
            [found] = arch.xpath(f"//filter[@name='{name}']")
            domain += ast.literal_eval(found.get("domain"))
        return teams.search(domain).with_user(self.env.user)

    def set_team(self, team, **values):
        self.env.flush_all()
        for column, value in values.items():
            self.env.cr.execute(
                SQL(
                    "UPDATE pinbu_team SET %s = %s WHERE id = %s",
                    SQL.identifier(column),
                    value,
                    team.id,
                )
            )
        self.env.invalidate_all()

    def test_faces(self):
        team = self.join(self.shopper("Ann")).team_id
        self.join(self.shopper("Bob"), team)
        waiting = self.checkout(self.shopper("Cat"), team).seat_ids
        seen = team.with_user(self.seller)
        self.assertEqual(
            [(face["name"], face["state"], face["is_leader"]) for face in seen.faces],
            [("Ann", "paid", True), ("Bob", "paid", False), ("Cat", "held", False)],
        )
        waiting.hold_until = fields.Datetime.now() - timedelta(minutes=1)
        self.env.invalidate_all()
        self.assertEqual([face["name"] for face in seen.faces], ["Ann", "Bob"])

    def test_faces_of_many_teams_cost_one_statement(self):
        teams = self.env["pinbu.team"].union(
            *(self.join(self.shopper(f"Leader {number}")).team_id for number in range(4))
        )
        self.env.invalidate_all()
        seen = teams.with_user(self.seller)
        seen.mapped("state")
        with self.assertQueryCount(1):
            self.assertEqual(len(seen.mapped("faces")), 4)

    def test_filters(self):
        one_missing = self.join(self.shopper("Ann")).team_id
        self.join(self.shopper("Bob"), one_missing)
        lonely = self.join(self.shopper("Cat")).team_id
        formed = self.form_team("winner")
        merchant_led = self.make_activity(
            mode="super", size=100, name="Merchant's team"
        ).super_team_id
        self.set_team(lonely, deadline=fields.Datetime.now() + timedelta(minutes=50))
        mine = one_missing + lonely + formed + merchant_led
        self.assertEqual(self.found("one_missing") & mine, one_missing)
        self.assertEqual(self.found("ending_soon") & mine, lonely)
        self.assertEqual(self.found("merchant_led") & mine, merchant_led)
        self.assertFalse(self.found("trouble") & mine)
        self.assertEqual(self.found("lately") & mine, mine)
        shipped = formed
        self.set_team(
            shipped, state="shipped", finished_at=fields.Datetime.now() - timedelta(days=4)
        )
        self.assertEqual(self.found("lately") & mine, mine - shipped)

    def test_a_stuck_refund_is_trouble(self):
        seat = self.join(self.shopper("Ann"))
        team = seat.team_id

        def refuse(tx):
            tx._set_error("The provider is down")

        self.pass_deadline(team)
        self.patch(PaymentTransaction, "_send_refund_request", refuse)
        for scheduler in ("close", "settle", "money"):
            self.run_scheduler(scheduler)
        self.assertEqual(team.with_user(self.seller).trouble, "refund")
        self.assertIn(team, self.found("trouble"))

    def test_an_undecided_team_is_trouble(self):
        team = self.join(self.shopper("Ann")).team_id
        self.assertFalse(team.trouble)
        self.pass_deadline(team)
        self.assertEqual(team.trouble, "overdue")
        self.assertIn(team, self.found("trouble"))

    def test_a_settlement_that_fails_is_trouble(self):
        team = self.form_team("winner")
        self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=team.seat_ids.ids[:1])
        self.assertFalse(team.trouble)
        self.env["pinbu.settlement"].search([("seat_id", "in", team.seat_ids.ids)]).attempts = 1
        self.env.invalidate_all()
        self.assertEqual(team.trouble, "settlement")

    def test_a_failed_team_that_waits_is_trouble(self):
        team = self.join(self.shopper("Ann")).team_id
        self.pass_deadline(team)
        self.run_scheduler("close")
        self.assertEqual((team.state, team.trouble), ("failed", False))
        self.set_team(team, finished_at=fields.Datetime.now() - timedelta(hours=2))
        self.assertEqual(team.trouble, "unsettled")

    def test_all_states_are_columns(self):
        teams = self.env["pinbu.team"].with_user(self.seller)
        groups = teams.with_context(read_group_expand=True).formatted_read_group(
            [("id", "=", 0)], ["state"], ["__count"]
        )
        self.assertEqual(
            [group["state"] for group in groups],
            ["forming", "formed", "shipped", "failed", "settled"],
        )


@tagged("post_install", "-at_install")
class TestTeamBoardSocket(GroupBuyMixin, WebsocketCase):
    def setUp(self):
        super().setUp()
        self.set_up_shop(size=3)
        self.other = self.env["res.company"].create({"name": "The other shop"})

    def listen(self, login, **values):
        """:return: the socket of somebody who has the board open, and was told all so far"""
        new_test_user(self.env, login, password="Password!1", **values)
        session = self.authenticate(login, "Password!1")
        socket = self.websocket_connect(cookie=f"session_id={session.sid}")
        socket.settimeout(2)
        self.subscribe(socket, [BOARD_SUBCHANNEL], self.env["bus.bus"]._bus_last_id())
        return socket

    def pushed(self, socket):
        """:return: what the board is told of a payment"""
        self.env["bus.bus"].search([]).unlink()
        self.join(self.shopper("Ann"))
        self.env.flush_all()
        self.trigger_notification_dispatching(
            [(self.company, BOARD_SUBCHANNEL), (self.other, BOARD_SUBCHANNEL), BOARD_SUBCHANNEL]
        )
        try:
            return [message["message"] for message in json.loads(socket.recv())]
        except WebSocketTimeoutException:
            return []

    def test_a_merchandiser_is_told(self):
        socket = self.listen("board seller", groups="pinbu_groupbuy.group_user")
        told = self.pushed(socket)
        # That something changed, and nothing of who or what.
        self.assertEqual(told[0], {"type": BOARD, "payload": {}})
        self.assertEqual({message["type"] for message in told}, {BOARD})

    def test_a_clerk_is_not_told(self):
        socket = self.listen("board clerk", groups="stock.group_stock_user")
        self.assertEqual(self.pushed(socket), [])

    def test_another_company_is_not_told(self):
        socket = self.listen(
            "board other",
            groups="pinbu_groupbuy.group_user",
            company_id=self.other.id,
            company_ids=[Command.set(self.other.ids)],
        )
        self.assertEqual(self.pushed(socket), [])


@tagged("post_install", "-at_install")
class TestDeadlineOnBoard(GroupBuyMixin, TransactionCase):
    def test_the_board_is_told_of_a_moved_deadline(self):
        self.set_up_shop()
        team = self.join(self.shopper("Ann")).team_id
        self.env["bus.bus"].search([]).unlink()
        team.deadline += timedelta(hours=1)
        self.env.cr.precommit.run()
        messages = self.env["bus.bus"].search([("channel", "like", BOARD_SUBCHANNEL)])
        self.assertEqual(json.loads(messages.message)["type"], BOARD)
        self.assertEqual(json.loads(messages.channel)[1:3], ["res.company", self.company.id])
