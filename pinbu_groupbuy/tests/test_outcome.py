"""How a team is decided: full, completed by the merchant, by hand, or short of stock."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.sale_order_money import SaleOrder
from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestMerchantCompletes(GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activity.completes_from = 2

    def test_enough_members_at_the_deadline(self):
        team = self.join(self.shopper("1")).team_id
        self.join(self.shopper("2"), team)
        waiting = self.checkout(self.shopper("3"), team)
        self.pass_deadline(team)
        self.run_schedulers()
        self.assertEqual((team.state, team.seats_paid, team.merchant_places), ("formed", 2, 1))
        self.assertEqual(waiting.seat_ids.state, "released")
        won = team.seat_ids.filtered(lambda seat: seat.state == "won")
        self.assertEqual(len(won), 2)
        self.assertEqual(set(won.order_id.picking_ids.mapped("state")), {"assigned"})
        # Shown as the merchant's, never as people.
        shown = team._to_api()[0]
        self.assertEqual(
            (shown["state"], shown["missing"], shown["members_total"]), ("formed", 0, 3)
        )
        self.assertEqual([m["is_merchant"] for m in shown["members"]], [False, False, True])
        self.assertEqual(shown["members"][-1]["name"], self.company.name)
        self.assertEqual(self.activity.participants, 2)

    def test_too_few_members_fail(self):
        team = self.join(self.shopper("1")).team_id
        self.pass_deadline(team)
        self.run_schedulers()
        self.assertEqual((team.state, team.merchant_places), ("settled", 0))

    def test_not_before_the_deadline(self):
        team = self.join(self.shopper("1")).team_id
        self.join(self.shopper("2"), team)
        self.run_schedulers()
        self.assertEqual(team.state, "forming")

    def test_a_payment_on_its_way_keeps_its_place(self):
        """Paid in time, counted after the merchant had completed the team: the member wins, and
        the merchant has one place less."""
        team = self.join(self.shopper("1")).team_id
        self.join(self.shopper("2"), team)
        order = self.checkout(self.shopper("3"), team)
        with patch(
            "odoo.addons.pinbu_groupbuy.models.payment_transaction.after_commit",
            lambda env, function: None,
        ):
            order._pinbu_start_payment()._set_done()
        self.env.flush_all()
        # As the deciding transaction saw it: the third payment was not committed yet.
        self.env["pinbu.team"]._form(
            self.env.cr, team.id, team.seat_ids[-2:].ids, "completed by the merchant"
        )
        self.env.invalidate_all()
        self.assertEqual((team.seats_paid, team.merchant_places, team.seats_taken), (2, 0, 3))
        self.run_schedulers()
        self.assertEqual((team.seats_paid, order.seat_ids.state), (3, "won"))

    def test_terms_of_the_team_count(self):
        team = self.join(self.shopper("1")).team_id
        self.join(self.shopper("2"), team)
        self.activity.completes_from = 0
        self.pass_deadline(team)
        self.run_schedulers()
        self.assertEqual(team.state, "formed")


@tagged("post_install", "-at_install")
class TestStockAtForming(GroupBuyCase):
    def take_away(self, product, left):
        product.stock_quant_ids.filtered(
            lambda quant: quant.location_id.usage == "internal"
        ).quantity = left

    def test_a_team_that_lost_its_pieces_fails_as_a_whole(self):
        """Another channel shipped what the last member paid for: nobody waits, all are paid back."""
        product = self.make_product("Rare crisps", 10)
        activity = self.make_activity(product=product)
        team = self.join(self.shopper("1"), activity=activity).team_id
        self.join(self.shopper("2"), team)
        self.run_schedulers()
        last = self.checkout(self.shopper("3"), team)
        self.take_away(product, 2)
        self.pay(last)
        self.run_schedulers(3)
        self.assertEqual((team.state, team.failure), ("settled", "stock"))
        self.assertEqual(set(team.seat_ids.mapped("state")), {"lost"})
        self.assertEqual(set(team.seat_ids.mapped("refund_state")), {"done"})
        alert = activity.activity_ids
        self.assertEqual(len(alert), 1)
        self.assertIn(team.display_name, alert.note)

    def test_formed_teams_come_first(self):
        """Two teams, pieces for one: whichever fills up first wins them."""
        product = self.make_product("Rare crisps", 10)
        activity = self.make_activity(product=product, stock_policy="success", size=2)
        first = self.join(self.shopper("1"), activity=activity).team_id
        second = self.join(self.shopper("2"), activity=activity).team_id
        orders = [
            self.checkout(self.shopper(name), team) for name, team in (("3", second), ("4", first))
        ]
        self.take_away(product, 3)
        for order in orders:
            self.pay(order)
        self.assertEqual((second.state, first.state), ("formed", "failed"))
        self.assertEqual(first.failure, "stock")

    def test_a_presale_forms_without_stock(self):
        product = self.make_product("Rare crisps", 0)
        activity = self.make_activity(product=product, stock_policy="success", publish=False)
        activity.write({"is_presale": True, "is_published": True})
        team = self.form_team(activity=activity)
        self.assertEqual(team.state, "formed")


@tagged("post_install", "-at_install")
class TestPaymentsInFlight(GroupBuyCase):
    """The provider is asked before a team fails."""

    def setUp(self):
        super().setUp()
        self.team = self.join(self.shopper("1")).team_id
        self.join(self.shopper("2"), self.team)
        self.order = self.checkout(self.shopper("3"), self.team)
        self.tx = self.order._pinbu_start_payment()
        self.pass_deadline(self.team)

    def close(self, answer):
        with (
            patch.object(SaleOrder, "_pinbu_refresh_payment", answer),
            mute_logger("odoo.addons.pinbu_groupbuy.models.pinbu_team_outcome"),
        ):
            self.run_schedulers()

    def test_paid_in_time(self):
        def answer(order):
            order.transaction_ids.pinbu_paid_at = self.team.deadline - timedelta(seconds=1)
            order.transaction_ids._set_done()

        self.close(answer)
        self.assertEqual((self.team.state, self.order.seat_ids.state), ("formed", "won"))

    def test_paid_too_late(self):
        def answer(order):
            order.transaction_ids._set_done()

        self.close(answer)
        self.run_schedulers()
        self.assertEqual((self.team.state, self.order.seat_ids.state), ("settled", "released"))
        self.assertEqual(self.order.seat_ids.refund_state, "done")

    def test_no_answer(self):
        def answer(order):
            raise ConnectionError("no route to the provider")

        self.close(answer)
        self.assertEqual((self.team.state, self.order.seat_ids.state), ("settled", "released"))

    def test_a_leader_whose_notice_comes_late_has_the_full_time(self):
        order = self.checkout(self.shopper("leader"))
        tx = order._pinbu_start_payment()
        tx.pinbu_paid_at = fields.Datetime.now() - timedelta(hours=30)
        tx._set_done()
        team = order.seat_ids.team_id
        self.assertEqual((order.seat_ids.state, team.state), ("paid", "forming"))
        self.assertEqual(team.deadline - team.opened_at, timedelta(hours=24))

    def test_a_clock_ahead_of_ours_is_not_believed(self):
        self.tx.pinbu_paid_at = fields.Datetime.now() + timedelta(days=1)
        self.tx._set_done()
        self.assertLess(self.order.seat_ids.paid_at, fields.Datetime.now() + timedelta(minutes=1))


@tagged("post_install", "-at_install")
class TestInterventions(GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "manager", groups="pinbu_groupbuy.group_manager,base.group_user"
        )
        cls.marketing = new_test_user(
            cls.env, "seller", groups="pinbu_groupbuy.group_user,base.group_user"
        )

    def intervene(self, team, action, user=None, reason="A shopper called", **vals):
        wizard = (
            self.env["pinbu.team.intervention"]
            .with_user(user or self.manager)
            .create({"team_id": team.id, "action": action, "reason": reason, **vals})
        )
        wizard.action_apply()
        self.run_schedulers()

    def last_note(self, team):
        row = team.transition_ids.filtered("note")[:1]
        return row.note, row.user_id

    def test_form_now(self):
        team = self.join(self.shopper("1")).team_id
        self.intervene(team, "form")
        self.assertEqual((team.state, team.merchant_places), ("formed", 2))
        self.assertEqual(self.last_note(team), ("A shopper called", self.manager))
        self.assertEqual(team.picking_ids.state, "assigned")

    def test_form_now_needs_stock(self):
        activity = self.make_activity(
            product=self.make_product("Rare crisps", 3), stock_policy="success"
        )
        team = self.join(self.shopper("1"), activity=activity).team_id
        activity.product_tmpl_id.product_variant_id.stock_quant_ids.filtered(
            lambda quant: quant.location_id.usage == "internal"
        ).quantity = 0
        with self.assertRaises(UserError):
            self.intervene(team, "form")
        self.assertEqual(team.state, "forming")

    def test_fail_now(self):
        seat = self.join(self.shopper("1"))
        self.intervene(seat.team_id, "fail")
        self.assertEqual((seat.team_id.state, seat.team_id.failure), ("settled", "merchant"))
        self.assertEqual(seat.refund_state, "done")
        self.assertEqual(self.last_note(seat.team_id), ("A shopper called", self.manager))

    def test_a_decided_team_stays(self):
        team = self.form_team()
        for action in ("form", "fail"):
            with self.assertRaises(UserError):
                self.intervene(team, action)

    def test_move_the_deadline(self):
        team = self.join(self.shopper("1")).team_id
        deadline = fields.Datetime.now().replace(microsecond=0) + timedelta(days=3)
        self.intervene(team, "deadline", deadline=deadline)
        self.assertEqual(team.deadline, deadline)
        self.assertEqual(self.last_note(team), ("A shopper called", self.manager))

    def test_move_a_member(self):
        origin = self.join(self.shopper("1")).team_id
        seat = self.join(self.shopper("2"), origin)
        target = self.join(self.shopper("3")).team_id
        self.join(self.shopper("4"), target)
        self.intervene(origin, "move", seat_id=seat.id, target_id=target.id)
        self.assertEqual((seat.team_id, seat.state), (target, "won"))
        self.assertEqual((origin.seats_taken, origin.seats_paid), (1, 1))
        self.assertEqual((target.state, target.seats_paid), ("formed", 3))
        self.assertIn("A shopper called", seat.transition_ids.mapped("note"))

    def test_move_the_leader_of_a_lonely_team(self):
        lonely = self.join(self.shopper("1"))
        origin = lonely.team_id
        target = self.join(self.shopper("2")).team_id
        self.intervene(origin, "move", seat_id=lonely.id, target_id=target.id)
        self.assertEqual(
            (origin.failure, lonely.team_id, lonely.is_leader), ("left", target, False)
        )
        self.assertEqual((target.seats_paid, target.leader_id.name), (2, "2"))

    def test_no_move_into_a_full_team_or_twice_into_one(self):
        self.activity.limit_per_user = 0
        seat = self.join(self.shopper("1"))
        full = self.form_team()
        with self.assertRaises(UserError):
            self.intervene(seat.team_id, "move", seat_id=seat.id, target_id=full.id)
        twin = self.join(seat.partner_id, activity=self.activity)
        with self.assertRaises(UserError):
            self.intervene(seat.team_id, "move", seat_id=seat.id, target_id=twin.team_id.id)
        self.assertEqual(seat.state, "paid")

    def test_try_again(self):
        team = self.form_team()
        self.intervene(team, "retry")
        self.assertEqual(team.state, "formed")
        self.assertEqual(self.last_note(team), ("A shopper called", self.manager))

    def test_a_reason_is_needed(self):
        team = self.join(self.shopper("1")).team_id
        with self.assertRaises(UserError):
            self.intervene(team, "fail", reason="  ")

    def test_a_merchandiser_may(self):
        origin = self.join(self.shopper("1")).team_id
        seat = self.join(self.shopper("2"), origin)
        target = self.join(self.shopper("3")).team_id
        deadline = fields.Datetime.now().replace(microsecond=0) + timedelta(days=3)
        self.intervene(target, "deadline", user=self.marketing, deadline=deadline)
        self.assertEqual(target.deadline, deadline)
        self.assertEqual(self.last_note(target), ("A shopper called", self.marketing))
        self.intervene(origin, "move", user=self.marketing, seat_id=seat.id, target_id=target.id)
        self.assertEqual(seat.team_id, target)
        self.intervene(origin, "fail", user=self.marketing)
        self.assertEqual(origin.failure, "merchant")
        self.intervene(target, "form", user=self.marketing)
        self.assertEqual(target.state, "formed")
        self.intervene(target, "retry", user=self.marketing)
        self.assertEqual(self.last_note(target), ("A shopper called", self.marketing))

    def test_no_change_without_the_wizard(self):
        team = self.join(self.shopper("1")).team_id
        with self.assertRaises(AccessError):
            team.with_user(self.marketing).deadline += timedelta(days=1)

    def test_nobody_else_may(self):
        clerk = new_test_user(self.env, "clerk", groups="stock.group_stock_user")
        other = self.env["res.company"].create({"name": "The other shop"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="pinbu_groupbuy.group_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        team = self.join(self.shopper("1")).team_id
        for user in (clerk, stranger):
            with self.assertRaises(AccessError):
                self.intervene(team, "fail", user=user)
        self.assertEqual(team.state, "forming")
