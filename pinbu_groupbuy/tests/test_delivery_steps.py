from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .test_receipt import AfterPurchaseCase


@tagged("post_install", "-at_install")
class TestDeliverySteps(AfterPurchaseCase):
    """A warehouse that picks, perhaps packs, and then ships: Odoo makes each step when the one
    before it is done."""

    QUANTITY = 2

    def steps(self, order):
        """:return: the deliveries that the clerk has to do now"""
        return order.picking_ids.filtered(lambda p: p.state == "assigned").with_user(self.clerk)

    def stage(self, order):
        """:return: where the order stands for the merchant, the shopper and the shopper's list"""
        self.env.invalidate_all()
        orders = self.env["sale.order"].with_user(self.marketing)
        stage = order.with_user(self.marketing).pinbu_stage
        self.assertIn(order, orders.search([("pinbu_stage", "=", stage)]))
        return stage, self.seen(order)["delivery"]["state"], self.tabs_of(order)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketing = new_test_user(cls.env, "steps_merch", groups="pinbu_groupbuy.group_user")
        cls.manager = new_test_user(cls.env, "steps_boss", groups="pinbu_groupbuy.group_manager")

    def on_shelf(self):
        return self.product.with_context(location=self.warehouse.lot_stock_id.id).qty_available

    def test_each_step_waits_for_the_team(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        mine = self.buy(self.ann, quantity=2)
        self.run_schedulers()
        order = self.env["sale.order"].browse(mine["id"])
        self.assertEqual(order.picking_ids.picking_type_code, "internal")
        self.assertEqual(order.picking_ids.pinbu_mark, "forming")
        with self.assertRaises(UserError):
            order.picking_ids.with_user(self.clerk).button_validate()
        self.assertEqual(order.picking_ids.state, "confirmed")

    def test_to_ship_until_it_has_left_the_house(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        order = self.win()
        team = order.seat_ids.team_id
        for _step in range(3):
            self.assertEqual(self.stage(order), ("to_ship", "ready", ["to_ship"]))
            self.assertEqual([d["state"] for d in self.seen(order)["deliveries"]], ["ready"])
            self.assertFalse(order.seat_ids.shipped_at)
            self.validate(self.steps(order))
        self.assertEqual(self.stage(order), ("shipped", "shipped", ["to_receive"]))
        self.assertEqual([d["state"] for d in self.seen(order)["deliveries"]], ["shipped"])
        self.assertTrue(order.seat_ids.shipped_at)
        self.assertEqual(team.state, "formed")
        other = team.order_ids - order
        while steps := self.steps(other):
            self.validate(steps)
        self.run_schedulers()
        self.assertEqual(team.state, "shipped")

    def test_what_lies_on_the_shelf_is_told_after_two_days(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self.win()
        order.seat_ids.team_id.finished_at -= timedelta(days=3)
        order.picking_ids.scheduled_date -= timedelta(days=3)
        domain = self.env["pinbu.dashboard"]._unshipped_domain(self.company)
        late = self.env["stock.picking"].search(domain)
        self.assertIn(order.picking_ids, late)

    def test_what_never_left_is_not_received(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self.win()
        picked = order.picking_ids
        self.validate(picked)
        self.env["pinbu.order.refund"].with_user(self.manager).create(
            {"order_id": order.id, "reason": "Asked for it", "kind": "whole"}
        ).action_refund()
        self.run_schedulers()
        self.assertFalse(order.seat_ids.shipped_at)
        self.assertEqual(self.stage(order), ("refunded", "none", ["done"]))
        self.assertEqual(self.seen(order)["actions"], [])
        # The goods go back on the shelf.
        wizard = self.env["stock.return.picking"].with_user(self.clerk)
        wizard = wizard.create({"picking_id": picked.id})
        wizard.product_return_moves.quantity = 2
        self.validate(wizard._create_return())
        self.assertEqual(self.on_shelf(), 100)

    def test_what_comes_back_is_stored_and_not_shipped(self):
        self.warehouse.reception_steps = "three_steps"
        order = self.win()
        self.validate(self.steps(order))
        asked = self.post(f"/orders/{order.id}/returns", {"quantity": 2, "reason": "Too salty"})
        request = self.env["pinbu.return"].browse(asked.data["id"])
        request._accept()
        # One of two is there, then the other.
        self.validate(self.steps(order), 1)
        ready = self.env["pinbu.batch.by.activity"]._ready_domain([])
        seen = self.seen(order)
        for _step in range(6):
            back = self.steps(order)
            self.assertTrue(back, _step)
            self.assertFalse(back.filtered(lambda picking: not picking.return_id))
            self.assertFalse(any(back.mapped("pinbu_mark")))
            self.assertFalse(back.filtered_domain(ready))
            self.assertEqual(self.stage(order), ("shipped", "delivered", ["done"]))
            self.assertEqual(seen["deliveries"], self.seen(order)["deliveries"])
            self.validate(back[:1])
            if not self.steps(order):
                break
        self.run_schedulers()
        self.assertEqual((request.state, request.quantity_received), ("refunded", 2))
        self.assertEqual(self.on_shelf(), 100)
