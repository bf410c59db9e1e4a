import contextlib
from unittest.mock import patch

from odoo import Command
from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tools import SQL

from .gate_common import GateCase


@tagged("post_install", "-at_install")
class TestOpenDeliveries(GateCase):
    """What a formed team won ships as Odoo ships anything, and other deliveries notice nothing."""

    def test_formed_team_is_ready_and_ships(self):
        self.win()
        self.assertEqual(self.picking.state, "assigned")
        self.assertFalse(self.picking.pinbu_gate_reason)
        self.picking.button_validate()
        self.assertEqual(self.picking.state, "done")

    def test_formed_pick_and_ship(self):
        self.warehouse.delivery_steps = "pick_ship"
        team = self.form_team("formed")
        order = team.order_ids[0]
        pick = order.picking_ids.with_user(self.clerk)
        self.assertEqual(pick.move_ids.pinbu_seat_id.sudo(), order.seat_ids)
        pick.button_validate()
        self.assertEqual(pick.state, "done")
        ship = order.picking_ids.with_user(self.clerk) - pick
        self.assertEqual(ship.move_ids.pinbu_seat_id.sudo(), order.seat_ids)
        self.assertFalse(ship.pinbu_is_gated)
        ship.move_ids._do_unreserve()
        ship.action_assign()
        ship.button_validate()
        self.assertEqual(ship.state, "done")
        self.assertEqual(order.order_line.qty_delivered, 1)

    def test_won_delivery_is_native(self):
        """Once won, all of the warehouse's own ways are open again."""
        activity = self.make_activity(max_quantity=5)
        team = self.form_team("won", activity=activity, quantity=3)
        cancelled, __, order = team.order_ids.sorted("amount_total")
        picking = order.picking_ids.with_user(self.clerk)
        move = picking.move_ids
        self.assertEqual(picking.state, "assigned")
        picking.do_unreserve()
        self.assertEqual(picking.state, "confirmed")
        picking.action_assign()

        # One now, the rest as a backorder.
        move.write({"quantity": 1, "picked": True})
        wizard = picking.button_validate()
        self.env["stock.backorder.confirmation"].with_user(self.clerk).with_context(
            **wizard["context"]
        ).create({}).process()
        self.assertEqual(picking.state, "done")
        backorder = picking.backorder_ids
        self.assertEqual(backorder.move_ids.pinbu_seat_id.sudo(), order.seat_ids)
        self.assertFalse(backorder.pinbu_is_gated)
        self.assertEqual(backorder.state, "assigned")

        # One broken, one split off.
        scrap = (
            self.env["stock.scrap"]
            .with_user(self.clerk)
            .create({"product_id": self.product.id, "scrap_qty": 1, "picking_id": backorder.id})
        )
        scrap.action_validate()
        backorder.move_ids.filtered("sale_line_id").write({"quantity": 1})
        backorder.action_split_transfer()
        split = order.picking_ids.with_user(self.clerk) - picking - backorder
        split.action_cancel()
        self.assertEqual(split.state, "cancel")
        backorder.button_validate()
        self.assertEqual(backorder.state, "done")
        self.assertEqual(order.order_line.qty_delivered, 2)

        # One comes back.
        wizard = (
            self.env["stock.return.picking"]
            .with_user(self.clerk)
            .with_context(active_model="stock.picking", active_id=picking.id)
            .create({"picking_id": picking.id})
        )
        wizard.product_return_moves.write({"quantity": 1, "to_refund": True})
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.with_user(self.clerk).button_validate()
        self.assertEqual(back.state, "done")
        self.assertEqual(order.order_line.qty_delivered, 1)

        # And a copy, a wave, a cancellation of another one.
        self.assertFalse(picking.copy().pinbu_is_gated)
        other = cancelled.picking_ids.with_user(self.clerk)
        other.move_line_ids._add_to_wave()
        self.assertTrue(other.batch_id.is_wave)
        other.action_cancel()
        self.assertEqual(other.state, "cancel")

    def test_ordinary_deliveries_stay_fast(self):
        """At most one query per batch looks for seats where there are none."""
        customer = self.shopper("ordinary")
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": customer.id,
                    "order_line": [Command.create({"product_id": self.product.id})],
                }
                for _number in range(5)
            ]
        )
        with self.seat_queries() as seen:
            orders.action_confirm()
        self.assertLessEqual(len(seen), 1, seen)
        pickings = orders.picking_ids.with_user(self.clerk)
        self.env.invalidate_all()
        with self.seat_queries() as seen:
            pickings.do_unreserve()
            pickings.action_assign()
        self.assertFalse(seen)
        self.env.invalidate_all()
        with self.seat_queries() as seen:
            pickings.move_ids.picked = True
            pickings._action_done()
        self.assertEqual(set(pickings.mapped("state")), {"done"})
        self.assertLessEqual(len(seen), 1, seen)

    @contextlib.contextmanager
    def seat_queries(self):
        """:return: a list that collects the queries that read seats"""
        seen = []
        execute = Cursor.execute

        def spy(cr, query, *args, **kwargs):
            text = query.code if isinstance(query, SQL) else query
            if 'FROM "pinbu_seat"' in text:
                seen.append(text)
            return execute(cr, query, *args, **kwargs)

        self.env.flush_all()
        with patch.object(Cursor, "execute", spy):
            yield seen
            self.env.flush_all()
