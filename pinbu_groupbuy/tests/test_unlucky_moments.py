"""What two things at the wrong moment must not do to money, stock and places."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..exceptions import PinbuError
from .invariants import assert_invariants
from .test_stock_policies import PolicyCase


@tagged("post_install", "-at_install")
class TestUnluckyMoments(PolicyCase):
    def stock_left(self, activity):
        self.env.flush_all()
        line = activity.line_ids[:1]
        return line._stock_left(self.env.cr, line.ids)[line.id]

    def test_super_open_team_can_fail(self):
        activity = self.make_activity(
            product=self.make_product("S", 150), mode="super", size=100, stock_policy="open"
        )
        team = activity.team_ids
        seat = self.join(self.shopper("1"), team)
        self.pass_deadline(team)
        self.run_schedulers()
        self.assertEqual((team.state, seat.refund_state), ("settled", "done"))

    def test_super_open_team_can_be_completed(self):
        activity = self.make_activity(
            product=self.make_product("S", 150),
            mode="super",
            size=100,
            stock_policy="open",
            completes_from=2,
        )
        team = activity.team_ids
        self.join(self.shopper("1"), team)
        self.join(self.shopper("2"), team)
        self.pass_deadline(team)
        self.run_schedulers()
        self.assertEqual(team.state, "formed")

    def test_open_team_can_fail_after_second_variant(self):
        template = self.env["product.template"].create(
            {"name": "V", "is_storable": True, "list_price": 30, "taxes_id": [Command.clear()]}
        )
        attribute = self.env["product.attribute"].create(
            {
                "name": "C",
                "value_ids": [Command.create({"name": "a"}), Command.create({"name": "b"})],
            }
        )
        template.attribute_line_ids = [
            Command.create(
                {"attribute_id": attribute.id, "value_ids": [Command.set(attribute.value_ids.ids)]}
            )
        ]
        first, second = template.product_variant_ids
        for product in (first, second):
            self.env["stock.quant"].with_context(inventory_mode=True).create(
                {
                    "product_id": product.id,
                    "location_id": self.warehouse.lot_stock_id.id,
                    "inventory_quantity": 20,
                }
            ).action_apply_inventory()
        activity = self.make_activity(product=first, stock_policy="open", size=3)
        seat = self.join(self.shopper("1"), activity=activity)
        team = seat.team_id
        self.run_schedulers()
        activity.write(
            {
                "stock_policy": "payment",
                "line_ids": [Command.create({"product_id": second.id, "group_price": 19})],
            }
        )
        self.pass_deadline(team)
        self.run_schedulers()
        self.assertEqual((team.state, seat.refund_state), ("settled", "done"))

    def test_cancelled_won_order_gives_its_pieces_back(self):
        before = self.stock_left(self.activity)
        team = self.form_team()
        team.order_ids[:1].action_cancel()
        self.run_schedulers()
        self.assertEqual(self.stock_left(self.activity), before - team.size + 1)

    def test_cancel_after_lapse_is_a_lapse(self):
        team = self.join(self.shopper("1")).team_id
        late = self.shopper("2")
        order = self.checkout(late, team)
        order.seat_ids.flush_recordset()
        self.env.cr.execute(
            "UPDATE pinbu_seat SET hold_until = hold_until - interval '1 hour' WHERE id = %s",
            order.seat_ids.ids,
        )
        self.env.invalidate_all()
        self.assertEqual(self.refusal_of(order._pinbu_cancel), "order_closed")
        self.assertEqual(self.refusal_of(lambda: self.checkout(late, team)), "not_allowed_now")

    def test_moved_members_delivery(self):
        one = self.join(self.shopper("1")).team_id
        moving = self.join(self.shopper("1b"), one)
        two = self.join(self.shopper("2")).team_id
        self.run_schedulers()
        picking = moving.order_id.picking_ids
        self.assertEqual(picking.pinbu_team_id, one)
        moving._move_to_team(two, "why")
        self.env.invalidate_all()
        self.run_schedulers()
        self.env.invalidate_all()
        self.assertEqual(moving.team_id, two)
        self.assertEqual(picking.pinbu_team_id, two)

    def paid_in_time(self, another):
        """Another shopper's checkout releases the lapsed hold before the scheduler can ask."""
        activity = self.make_activity(product=self.make_product("T", 50), size=2)
        team = self.join(self.shopper("1"), activity=activity).team_id
        order = self.checkout(self.shopper("2"), team)
        tx = order._pinbu_start_payment()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_team SET deadline = (now() at time zone 'UTC') - interval '5 seconds' WHERE id = %s",
            team.ids,
        )
        self.env.cr.execute(
            "UPDATE pinbu_seat SET hold_until = (now() at time zone 'UTC') - interval '5 seconds' WHERE id = %s",
            order.seat_ids.ids,
        )
        self.env.cr.execute(
            "UPDATE pinbu_seat SET paid_at = paid_at - interval '1 hour' WHERE team_id = %s AND state = 'paid'",
            team.ids,
        )
        self.env.invalidate_all()

        def answer(self):
            if self == tx and self.state != "done":
                self.pinbu_paid_at = fields.Datetime.now() - timedelta(seconds=60)
                self._set_done()
            return True

        with patch.object(type(self.env["payment.transaction"]), "_pinbu_query", answer):
            if another:
                self.checkout(self.shopper("3"), activity=activity)
            self.run_schedulers()
        self.assertEqual(team.state, "formed")

    def test_paid_in_time_control(self):
        self.paid_in_time(another=False)

    def test_paid_in_time_is_asked_for_though_the_hold_lapsed(self):
        self.paid_in_time(another=True)

    def test_completed_team_never_shows_as_failed(self):
        activity = self.make_activity(product=self.make_product("T", 50), size=3, completes_from=2)
        seat = self.join(self.shopper("1"), activity=activity)
        team = seat.team_id
        self.join(self.shopper("2"), team)
        self.pass_deadline(team)
        self.assertNotEqual(team._effective_state(), "failed")
        self.assertNotEqual(seat.order_id._pinbu_state(), "lost")

    def test_consent_to_reroute_is_that_of_the_last_checkout(self):
        shopper = self.shopper("1")
        order = self.checkout(shopper, accept_reroute=True)
        again = self.checkout(shopper, accept_reroute=False)
        self.assertEqual(order, again)
        self.env.invalidate_all()
        self.assertFalse(again.seat_ids.accept_reroute)

    def test_presale_team_stays_presale_for_joiners(self):
        activity = self.make_activity(
            product=self.make_product("P", 0), stock_policy="success", is_presale=True, size=2
        )
        team = self.join(self.shopper("1"), activity=activity).team_id
        self.env["stock.quant"].with_context(inventory_mode=True).create(
            {
                "product_id": activity.line_ids.product_id.id,
                "location_id": self.warehouse.lot_stock_id.id,
                "inventory_quantity": 1,
            }
        ).action_apply_inventory()
        activity.is_presale = False
        self.join(self.shopper("2"), team)
        self.assertEqual(team.state, "formed")

    def test_alert_goes_to_somebody_who_left(self):
        activity = self.make_activity(
            product=self.make_product("P", 5), stock_policy="success", size=2
        )
        user = self.env["res.users"].create(
            {
                "name": "Gone",
                "login": "gone-x",
                "group_ids": [Command.set([self.env.ref("base.group_user").id])],
            }
        )
        self.env.cr.execute(
            "UPDATE pinbu_activity SET create_uid = %s, user_id = %s WHERE id = %s",
            [user.id, user.id, activity.id],
        )
        user.active = False
        self.env.invalidate_all()
        seat = self.join(self.shopper("1"), activity=activity)
        team = seat.team_id
        order = self.checkout(self.shopper("2"), team)
        self.env["stock.quant"].search(
            [("product_id", "=", activity.line_ids.product_id.id)]
        ).sudo().write({"quantity": 0})
        self.pay(order)
        self.run_schedulers()
        self.assertEqual((team.failure, team.state), ("stock", "settled"))

    def test_late_payment_gets_the_last_piece(self):
        """Its own claim does not stand in its way."""
        activity = self.make_activity(product=self.make_product("Rare", 3), quota=3)
        team = self.join(self.shopper("1"), activity=activity).team_id
        self.join(self.shopper("2"), team)
        order = self.checkout(self.shopper("3"), team)
        payment = order._pinbu_start_payment()
        order._pinbu_cancel()
        payment._set_done()
        self.run_schedulers()
        self.assertEqual((order.seat_ids.state, team.state), ("won", "formed"))

    def test_who_left_is_not_put_back_by_a_payment(self):
        self.activity.allow_leaving = True
        team = self.join(self.shopper("1")).team_id
        seat = self.join(self.shopper("2"), team)
        first = seat.transaction_id
        second = first.copy(
            {"reference": "again", "sale_order_ids": [Command.set(seat.order_id.ids)]}
        )
        seat._leave()
        second._set_done()
        self.run_schedulers(3)
        self.assertEqual((seat.state, team.seats_taken), ("released", 1))
        self.assertEqual(len(seat.order_id._pinbu_refund_transactions()), 2)

    def test_no_deadline_is_moved_once_it_has_passed(self):
        team = self.join(self.shopper("1")).team_id
        self.pass_deadline(team)
        with self.assertRaises(UserError):
            team.deadline = fields.Datetime.now() + timedelta(days=1)

    def test_an_earlier_deadline_shortens_the_holds(self):
        team = self.join(self.shopper("1")).team_id
        order = self.checkout(self.shopper("2"), team)
        team.deadline = fields.Datetime.now() + timedelta(minutes=1)
        self.assertEqual(order.seat_ids.hold_until, team.deadline)

    def test_the_merchants_team_follows_changes_until_somebody_joins(self):
        activity = self.make_activity(
            product=self.make_product("Many", 500), mode="super", size=100
        )
        team = activity.team_ids
        activity.size = 200
        self.assertEqual((team.size, team.terms_id), (200, activity.terms_id))
        self.join(self.shopper("1"), team)
        with self.assertRaises(UserError):
            activity.size = 300

    def test_a_team_that_keeps_one_variant_takes_no_other(self):
        activity = self.make_activity(product=self.make_product("S", 50), stock_policy="open")
        team = self.join(self.shopper("1"), activity=activity).team_id
        activity.write({"stock_policy": "payment", "max_quantity": 2})
        with self.assertRaises(PinbuError) as caught:
            self.checkout(self.shopper("2"), team, quantity=2)
        self.assertEqual(caught.exception.code, "limit_reached")
        self.assertEqual(team.seats_taken, 1)

    def test_a_late_straggler_leaves_no_hole_in_a_completed_team(self):
        """The merchant completes the team while a payment is being committed that turns out late."""
        activity = self.make_activity(
            product=self.make_product("T", 50), size=3, completes_from=2, stock_policy="open"
        )
        team = self.join(self.shopper("1"), activity=activity).team_id
        self.join(self.shopper("2"), team)
        order = self.checkout(self.shopper("3"), team)
        with patch(
            "odoo.addons.pinbu_groupbuy.models.payment_transaction.after_commit",
            lambda env, function: None,
        ):
            order._pinbu_start_payment()._set_done()
        self.env.flush_all()
        members = team.seat_ids.filtered("is_counted")
        team._form(self.env.cr, team.id, members.ids, "completed by the merchant")
        # By the provider's word it was paid after the deadline.
        self.env.cr.execute(
            "UPDATE pinbu_seat SET paid_at = %s WHERE id = %s",
            [team.deadline + timedelta(minutes=1), order.seat_ids.id],
        )
        self.env.invalidate_all()
        self.skip_delay()
        self.run_schedulers(3)
        self.assertEqual((team.state, team.merchant_places, team.missing), ("formed", 1, 0))
        self.assertEqual(order.seat_ids.refund_state, "done")
        assert_invariants(self.env.cr)

    def test_what_others_paid_for_is_not_promised_to_a_team_that_kept_nothing(self):
        product = self.make_product("Rare", 10)
        kept = self.make_activity(product=product)
        waiting = self.make_activity(product=product, stock_policy="success", size=2)
        team = self.join(self.shopper("1"), activity=waiting).team_id
        last = self.checkout(self.shopper("2"), team)
        self.join(self.shopper("3"), activity=kept)
        # Paid for, and not reserved by Odoo yet.
        self.env["stock.quant"].search(
            [("product_id", "=", product.id), ("location_id.usage", "=", "internal")]
        ).sudo().quantity = 2
        self.pay(last)
        self.assertEqual((team.state, team.failure), ("failed", "stock"))

    def test_a_refund_that_cannot_even_be_tried_reaches_a_person(self):
        seat = self.join(self.shopper("1"))
        self.pass_deadline(seat.team_id)
        self.run_scheduler("close")
        self.run_scheduler("settle")
        refund = seat.order_id._pinbu_refund_transactions()
        with (
            patch.object(type(refund), "_post_process", lambda txs: None),
            self.refunds_answered(),
        ):
            self.let_time_pass(refund)
            self.env.cr.execute(
                "UPDATE payment_transaction SET create_date = '2020-01-01' WHERE id = %s",
                refund.ids,
            )
            self.env.invalidate_all()
            self.run_scheduler("money")
        self.assertEqual((refund.state, refund.pinbu_attempts), ("draft", 0))
        self.assertTrue(refund.pinbu_error)
        self.assertTrue(refund.pinbu_in_trouble)
        self.assertTrue(seat.order_id.activity_ids)
