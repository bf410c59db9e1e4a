"""What two things at the wrong moment must not do to money, stock and places."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import tagged

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
