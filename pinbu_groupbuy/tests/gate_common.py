from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user

from .common import GroupBuyCase


class GateCase(GroupBuyCase):
    """A paid seat of a forming team, its delivery as a plain warehouse clerk sees it."""

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
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertNotEqual(self.picking.state, "done")
        self.assertEqual(self.product.qty_available, 100)

    def assert_reserved(self):
        self.assert_kept()
        move = self.picking.move_ids.filtered("sale_line_id")
        self.assertEqual(move.state, "assigned")
        self.assertEqual(move.move_line_ids.quantity, 1)
        self.assertEqual(self.product.free_qty, 99)

    def refuses(self, attempt, what=None):
        """Each on its own: what one attempt left behind does not help the next."""
        with self.subTest(what), self.cr.savepoint(flush=True) as savepoint:
            with self.assertRaises(UserError):
                attempt()
                self.env.flush_all()
            savepoint.rollback()
        self.env.invalidate_all()

    def other_delivery(self, quantity=1, **vals):
        """An ordinary delivery of the clerk's."""
        return (
            self.env["stock.picking"]
            .with_user(self.clerk)
            .create(
                {
                    "picking_type_id": self.picking.picking_type_id.id,
                    "location_id": self.picking.location_id.id,
                    "location_dest_id": self.picking.location_dest_id.id,
                    "move_ids": [Command.create(self.move_vals(product_uom_qty=quantity, **vals))]
                    if quantity
                    else [],
                }
            )
        )

    def move_vals(self, **vals):
        return {
            "product_id": self.product.id,
            "product_uom_qty": 1,
            "location_id": self.picking.location_id.id,
            "location_dest_id": self.picking.location_dest_id.id,
            **vals,
        }

    def lose(self):
        self.pass_deadline(self.seat.team_id)
        self.run_schedulers()
        self.assertEqual(self.seat.state, "lost")

    def win(self):
        team = self.seat.team_id
        self.join(self.shopper("2"), team)
        self.join(self.shopper("3"), team)
        self.run_schedulers()
        self.assertEqual(self.seat.state, "won")
