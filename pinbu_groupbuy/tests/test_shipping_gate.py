import contextlib

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestShippingGate(GroupBuyCase):
    """A unit of an unformed team cannot leave the warehouse by any route."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(cls.env, "clerk", groups="stock.group_stock_user")

    def setUp(self):
        super().setUp()
        self.seat = self.join(self.shopper("1"))
        self.run_schedulers()
        self.picking = self.seat.order_id.picking_ids.with_user(self.clerk)

    def assert_kept(self):
        self.env.invalidate_all()
        self.assertNotEqual(self.picking.state, "done")
        self.assertEqual(self.product.qty_available, 100)

    def test_reserved_but_not_ready(self):
        self.assertTrue(self.picking.pinbu_is_gated)
        self.assertEqual(self.picking.move_ids.state, "assigned")
        self.assertEqual(self.picking.state, "confirmed")
        self.assertIn("1 of 3", self.picking.pinbu_gate_reason)

    def test_button(self):
        with self.assertRaises(UserError):
            self.picking.button_validate()
        self.assert_kept()

    def test_batch(self):
        for is_picked in (False, True):
            batch = (
                self.env["stock.picking.batch"]
                .with_user(self.clerk)
                .create({"picking_ids": [Command.set(self.picking.ids)]})
            )
            self.picking.move_ids.picked = is_picked
            with contextlib.suppress(UserError), self.cr.savepoint():
                batch.action_confirm()
                batch.action_done()
            self.assert_kept()

    def test_batch_of_others_is_not_blocked(self):
        other = self.form_team().picking_ids[0]
        batch = self.env["stock.picking.batch"].create(
            {"picking_ids": [Command.set((self.picking | other).ids)]}
        )
        batch.action_confirm()
        other.move_ids.picked = True
        batch.action_done()
        self.assertEqual(other.state, "done")
        self.assertNotEqual(self.picking.state, "done")

    def test_rpc_write(self):
        with self.assertRaises(UserError):
            self.picking.move_ids.write({"state": "done"})
        self.assert_kept()

    def test_second_line(self):
        move = (
            self.env["stock.move"]
            .with_user(self.clerk)
            .create(
                {
                    "product_id": self.product.id,
                    "product_uom_qty": 1,
                    "picking_id": self.picking.id,
                    "location_id": self.picking.location_id.id,
                    "location_dest_id": self.picking.location_dest_id.id,
                }
            )
        )
        with self.assertRaises(UserError):
            move._action_confirm()
            move.quantity = 1
            move.picked = True
            move._action_done()
        self.assert_kept()

    def test_move_created_done(self):
        with self.assertRaises(UserError):
            self.env["stock.move"].with_user(self.clerk).create(
                {
                    "product_id": self.product.id,
                    "product_uom_qty": 1,
                    "state": "done",
                    "picking_id": self.picking.id,
                    "location_id": self.picking.location_id.id,
                    "location_dest_id": self.picking.location_dest_id.id,
                }
            )

    def test_cut_off_from_its_order(self):
        with self.assertRaises(UserError):
            self.picking.move_ids.write({"sale_line_id": False})

    def test_cancel_delete_unreserve(self):
        for attempt in (
            lambda: self.picking.action_cancel(),
            lambda: self.picking.do_unreserve(),
            lambda: self.picking.move_ids.unlink(),
            lambda: self.picking.move_ids.write({"product_uom_qty": 0}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                attempt()
        self.assert_kept()
        self.assertEqual(self.picking.move_ids.state, "assigned")

    def test_cut_delivery_off_from_its_order(self):
        with self.assertRaises(UserError):
            self.picking.sudo().write({"sale_id": False})
            self.env.flush_all()
            self.picking.button_validate()
        self.assert_kept()

    def test_failed_team_never_ships(self):
        self.pass_deadline(self.seat.team_id)
        self.run_schedulers()
        self.assertEqual(self.picking.state, "cancel")
        with self.assertRaises(UserError):
            self.picking.move_ids.write({"state": "done"})
        self.assert_kept()

    def test_pick_and_ship(self):
        self.warehouse.delivery_steps = "pick_ship"
        seat = self.join(self.shopper("2"))
        self.run_schedulers()
        for picking in seat.order_id.picking_ids.with_user(self.clerk):
            with self.assertRaises(UserError), self.cr.savepoint():
                picking.button_validate()
        self.assert_kept()

    def test_formed_team_is_ready_and_ships(self):
        team = self.seat.team_id
        self.join(self.shopper("2"), team)
        self.join(self.shopper("3"), team)
        self.run_schedulers()
        self.env.invalidate_all()
        self.assertEqual(self.picking.state, "assigned")
        self.assertFalse(self.picking.pinbu_gate_reason)
        self.picking.button_validate()
        self.assertEqual(self.picking.state, "done")
