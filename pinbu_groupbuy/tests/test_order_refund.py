from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from .common import GroupBuyCase
from .invariants import assert_invariants


@tagged("post_install", "-at_install")
class TestOrderRefund(GroupBuyCase):
    """What a manager or an accountant gives back of a won order, from the order itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "boss", groups="pinbu_groupbuy.group_manager")
        cls.accountant = new_test_user(cls.env, "books", groups="account.group_account_invoice")
        cls.others = [
            new_test_user(cls.env, "merch", groups="pinbu_groupbuy.group_user"),
            new_test_user(cls.env, "clerk", groups="stock.group_stock_user"),
            new_test_user(cls.env, "seller", groups="sales_team.group_sale_salesman_all_leads"),
        ]

    def setUp(self):
        super().setUp()
        self.team = self.form_team("won")
        self.order = self.team.order_ids[0]
        self.seat = self.order.seat_ids

    def refund(self, user=None, order=None, **values):
        wizards = self.env["pinbu.order.refund"].with_user(user or self.accountant)
        order = order or self.order
        with Form(wizards.with_context(default_order_id=order.id)) as form:
            for name, value in {"reason": "Broken bags", **values}.items():
                form[name] = value
        return form.record.action_refund()

    def refunds(self):
        return sorted(self.order._pinbu_refund_transactions().mapped("amount"))

    def ship(self):
        self.order.picking_ids.button_validate()

    def test_all_of_it_before_shipment(self):
        self.refund(kind="whole")
        self.run_schedulers()
        self.assertEqual((self.order.state, self.refunds()), ("cancel", [-19.9]))
        self.assertEqual(set(self.order.picking_ids.mapped("state")), {"cancel"})
        self.assertEqual((self.seat.state, self.seat.refund_state), ("won", "done"))
        # The others get what they won, and no place is free again.
        self.assertEqual((self.team.state, self.team.seats_paid), ("formed", 3))
        self.assertEqual(self.product.free_qty, 98)
        self.assertIn("Broken bags", self.seat.transition_ids.mapped("note"))
        self.assertIn(self.accountant, self.seat.transition_ids.user_id)
        assert_invariants(self.env.cr)

    def test_a_part_for_damage(self):
        self.ship()
        self.refund(self.manager, amount=5.0)
        self.run_schedulers()
        self.assertEqual((self.order.state, self.refunds()), ("sale", [-5.0]))
        self.assertEqual(self.order._pinbu_refund_transactions().state, "done")
        self.refund(amount=14.9)
        with self.refusing("0.00|0,00"):
            self.refund(amount=0.01)
        self.run_schedulers()
        self.assertEqual(self.refunds(), [-14.9, -5.0])
        self.assertEqual(self.order._pinbu_left_to_refund(), 0)
        assert_invariants(self.env.cr)

    def test_a_part_and_then_the_rest(self):
        self.refund(kind="part", amount=5.0)
        self.refund(kind="whole")
        self.run_schedulers()
        self.assertEqual((self.order.state, self.refunds()), ("cancel", [-14.9, -5.0]))

    def test_parts_do_not_give_the_goods_away(self):
        self.refund(kind="part", amount=5.0)
        with self.refusing("cancel|取消"):
            self.refund(kind="part", amount=14.9)
        self.assertEqual(self.refunds(), [-5.0])

    def test_a_part_and_then_a_return(self):
        """Whatever comes back afterwards, no more goes back than was paid."""
        self.ship()
        self.refund(amount=5.0)
        self.run_schedulers()
        request = self.env["pinbu.return"]._request(self.seat, 1, "", [])
        request._accept()
        request.picking_ids.move_ids.picked = True
        request.picking_ids.button_validate()
        self.run_schedulers()
        self.assertEqual(self.refunds(), [-14.9, -5.0])
        self.assertEqual(request.state, "refunded")

    def test_never_more_than_was_paid(self):
        self.ship()
        for amount in (19.91, 100, 0, -1):
            with self.subTest(amount), self.refusing("."):
                self.refund(amount=amount)
        self.assertFalse(self.refunds())

    def test_shipped_is_not_cancelled(self):
        wizard = self.env["pinbu.order.refund"].create(
            {"order_id": self.order.id, "reason": "Late", "kind": "whole"}
        )
        self.ship()
        with self.refusing("."):
            wizard.action_refund()
        self.assertEqual(self.order.state, "sale")
        self.env.invalidate_all()
        self.assertFalse(wizard.is_whole_possible)

    def test_forming_is_the_teams(self):
        order = self.join(self.shopper("forming")).order_id
        self.run_schedulers()
        for kind in ("whole", "part"):
            wizard = self.env["pinbu.order.refund"].create(
                {"order_id": order.id, "reason": "Asked", "kind": kind, "amount": 1}
            )
            with self.refusing("."):
                wizard.action_refund()
        self.assertEqual(order.seat_ids.state, "paid")

    def test_a_reason_is_said(self):
        with self.refusing("."):
            self.refund(kind="part", amount=1.0, reason="  ")

    def test_cancelling_a_won_order_is_a_refund(self):
        """By whatever door; what nobody has paid for is anybody's to cancel."""
        merchandiser = self.others[0]
        order = self.order.with_user(merchandiser)
        mass = self.env["sale.mass.cancel.orders"].with_user(merchandiser)
        for door in (
            order.action_cancel,
            order.action_pinbu_cancel_won,
            lambda: order.write({"state": "cancel"}),
            mass.create({"sale_order_ids": order.ids}).action_mass_cancel,
        ):
            with self.assertRaises(AccessError), self.cr.savepoint():
                result = door()
                # The wizard is for those only who may refund.
                self.env["pinbu.order.refund"].with_user(merchandiser).create(
                    {"order_id": order.id, "reason": "Mine", **result}
                )
        self.assertEqual(self.order.state, "sale")
        ordinary = self.env["sale.order"].create({"partner_id": self.shopper("Ann").id})
        ordinary.with_user(merchandiser).action_cancel()
        self.assertEqual(ordinary.state, "cancel")
        button = 'name="action_pinbu_cancel_won"'
        arch = {
            user: self.env["sale.order"].with_user(user).get_view(view_type="form")["arch"]
            for user in (merchandiser, self.manager)
        }
        self.assertNotIn(button, arch[merchandiser])
        self.assertIn(button, arch[self.manager])

    def test_a_manager_cancels_as_in_odoo(self):
        self.order.with_user(self.manager).action_cancel()
        self.run_schedulers()
        self.assertEqual((self.order.state, self.refunds()), ("cancel", [-19.9]))
        noted = self.seat.transition_ids.filtered(lambda row: row.user_id == self.manager)
        self.assertEqual(noted.reason, "taken off by hand")

    def test_the_button_asks_for_a_reason(self):
        action = self.order.with_user(self.manager).action_pinbu_cancel_won()
        self.assertEqual(action["res_model"], "pinbu.order.refund")
        wizards = self.env["pinbu.order.refund"].with_user(self.manager)
        with Form(wizards.with_context(**action["context"])) as form:
            self.assertEqual(form.kind, "whole")
            form.reason = "It never came"
        form.record.action_refund()
        self.assertEqual(self.order.state, "cancel")

    def test_nobody_elses_business(self):
        for user in self.others:
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self.env["pinbu.order.refund"].with_user(user).create(
                        {"order_id": self.order.id, "reason": "Mine"}
                    )
                with self.assertRaises(AccessError):
                    self.order.with_user(user)._pinbu_refund_part(1.0, "Mine")
                with self.assertRaises(AccessError):
                    self.order.with_user(user)._pinbu_take_off("Mine")
