import contextlib
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models.stock_move import FLOW, FLOW_KEY
from .gate_common import GateCase


@tagged("post_install", "-at_install")
class TestShippingGate(GateCase):
    """A unit of an unformed team cannot leave the warehouse by any route."""

    def test_reserved_but_not_ready(self):
        self.assertTrue(self.picking.pinbu_is_gated)
        self.assertEqual(self.picking.move_ids.state, "assigned")
        self.assertEqual(self.picking.state, "confirmed")
        self.assertIn("1 of 3", self.picking.pinbu_gate_reason)

    def test_without_an_address_it_is_picked_up(self):
        self.assertTrue(self.picking.pinbu_is_pickup)
        home = self.env["res.partner"].create(
            {"name": "Home", "type": "delivery", "parent_id": self.seat.partner_id.id}
        )
        seat = self.join(self.shopper("2"), address=home)
        self.run_schedulers()
        self.assertFalse(seat.order_id.picking_ids.pinbu_is_pickup)

    def test_button_says_why_before_it_asks(self):
        """Odoo may ask the clerk something first; the refusal comes before."""
        with (
            patch.object(type(self.picking), "_pre_action_done_hook") as question,
            self.assertRaises(UserError),
        ):
            self.picking.button_validate()
        self.assertFalse(question.called)

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

    def test_failed_team_never_ships_after_a_detour(self):
        """A clerk cuts the delivery off from all it belongs to, then makes it live again."""
        self.lose()
        move = self.picking.move_ids
        self.assertEqual(move.pinbu_seat_id.sudo(), self.seat)
        for vals in (
            {"state": "draft"},
            {"state": "confirmed"},
            {"state": "assigned"},
            {"state": "done"},
            {"sale_line_id": False},
            {"reference_ids": [Command.clear()]},
            {"pinbu_seat_id": False},
            {"picking_id": self.other_delivery(0).id},
            {"location_id": self.warehouse.wh_output_stock_loc_id.id},
        ):
            self.refuses(lambda vals=vals: move.write(vals), vals)
        self.refuses(lambda: self.picking.write({"state": "done"}))
        self.refuses(lambda: self.picking.write({"sale_id": False}))
        self.refuses(lambda: self.picking.copy())
        # Even had it become live again by some way not thought of, and lost its links:
        self.env.cr.execute(
            "UPDATE stock_move SET state = 'draft', sale_line_id = NULL WHERE id = %s", [move.id]
        )
        self.env.cr.execute(
            "UPDATE stock_picking SET state = 'draft', sale_id = NULL WHERE id = %s",
            [self.picking.id],
        )
        self.env.invalidate_all()
        self.picking.action_confirm()
        self.picking.action_assign()
        self.env.flush_all()
        self.assertFalse(self.picking.sale_id)
        self.refuses(lambda: self.picking.button_validate())
        self.assert_kept()

    def test_state_by_hand(self):
        for state in ("draft", "waiting", "confirmed", "partially_available", "cancel", "done"):
            self.refuses(lambda state=state: self.picking.move_ids.write({"state": state}), state)
        for state in ("draft", "cancel", "done", "assigned"):
            self.refuses(lambda state=state: self.picking.write({"state": state}), state)
        self.assert_reserved()

    def test_move_stays_as_its_order_made_it(self):
        move = self.picking.move_ids
        other = self.other_delivery(0)
        ordinary = self.env["sale.order"].create({"partner_id": self.shopper("x").id})
        line = self.env["sale.order.line"].create(
            {"order_id": ordinary.id, "product_id": self.product.id}
        )
        won = self.form_team("won").seat_ids[0]
        for vals in (
            {"sale_line_id": False},
            {"sale_line_id": line.id},
            {"reference_ids": [Command.clear()]},
            {"pinbu_seat_id": False},
            {"pinbu_seat_id": won.id},
            {"product_id": self.make_product("Other", 3).id},
            {"product_uom_qty": 0},
            {"product_uom_qty": 2},
            {"product_uom": self.env.ref("uom.product_uom_dozen").id},
            {"picking_id": other.id},
            {"picking_id": False},
            {"location_id": self.warehouse.wh_output_stock_loc_id.id},
            {"location_dest_id": self.warehouse.lot_stock_id.id},
            {"quantity": 0},
        ):
            for recordset in (move, move.sudo()):
                self.refuses(lambda vals=vals, moves=recordset: moves.write(vals), vals)
        self.refuses(lambda: other.write({"move_ids": [Command.link(move.id)]}))
        self.refuses(lambda: self.picking.write({"move_ids": [Command.clear()]}))
        self.refuses(
            lambda: other.move_ids.create(self.move_vals(sale_line_id=move.sale_line_id.id))
        )
        self.refuses(lambda: self.picking.copy())
        # What does not touch the unit is the clerk's business.
        move.write({"picked": True, "picking_id": self.picking.id})
        self.picking.write({"note": "fragile", "location_id": self.picking.location_id.id})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(move.state, "assigned")
        self.assertEqual(move.move_line_ids.quantity, 1)

    def test_negative_line(self):
        """A move of minus one, merged into the team's, would cancel it."""
        line = self.picking.move_ids.sale_line_id

        def attempt():
            vals = self.move_vals(product_uom_qty=-1, picking_id=self.picking.id)
            move = self.env["stock.move"].with_user(self.clerk).create(vals)
            move.write({"sale_line_id": line.id})
            self.picking.action_confirm()

        self.refuses(attempt)
        self.assert_reserved()

    def test_flow_cannot_be_forged(self):
        move = self.picking.move_ids.with_context(pinbu_flow=True)
        self.refuses(lambda: move.write({"state": "draft"}))
        self.refuses(lambda: move.move_line_ids.unlink())
        self.refuses(lambda: move.write({"quantity": 0}))
        self.assert_reserved()

    def test_not_a_scrap(self):
        """Where the pieces go, a clerk may say: it does not make the delivery a scrap."""
        loss = self.env["stock.location"].search(
            [("usage", "=", "inventory"), ("company_id", "in", (False, self.company.id))], limit=1
        )
        scrap = (
            self.env["stock.scrap"]
            .with_user(self.clerk)
            .create({"product_id": self.product.id, "scrap_qty": 1})
        )
        for record in (self.picking, self.picking.move_ids, self.picking.move_line_ids):
            self.refuses(lambda record=record: record.write({"location_dest_id": loss.id}))
        self.picking.move_ids.write({"scrap_id": scrap.id})
        self.env.cr.execute(
            "UPDATE stock_move SET location_dest_id = %s WHERE id = %s",
            [loss.id, self.picking.move_ids.id],
        )
        self.env.invalidate_all()
        self.refuses(lambda: self.picking.button_validate())
        self.assert_kept()

    def test_scrap(self):
        """Broken pieces are taken out of stock, also from a delivery that waits."""
        scrap = (
            self.env["stock.scrap"]
            .with_user(self.clerk)
            .create({"product_id": self.product.id, "scrap_qty": 1, "picking_id": self.picking.id})
        )
        scrap.action_validate()
        self.env.invalidate_all()
        self.assertEqual(scrap.state, "done")
        self.assertEqual(self.product.qty_available, 99)
        self.assertEqual(self.picking.move_ids.filtered("sale_line_id").state, "assigned")
        self.assertEqual(self.picking.state, "confirmed")

    def test_reservation_by_hand(self):
        """What is reserved can neither be given back nor handed to another delivery."""
        other = self.other_delivery()
        other.action_confirm()
        line = self.picking.move_line_ids
        lot = self.env["stock.lot"].create({"name": "L", "product_id": self.product.id})
        package = self.env["stock.package"].create({})
        quant = self.env["stock.quant"].search(
            [("product_id", "=", self.product.id), ("location_id", "=", line.location_id.id)]
        )
        for vals in (
            {"quantity": 0},
            {"quantity": 2},
            {"quantity_product_uom": 0},
            {"move_id": other.move_ids.id, "picking_id": other.id},
            {"move_id": other.move_ids.id},
            {"picking_id": other.id},
            {"lot_id": lot.id},
            {"package_id": package.id},
            {"owner_id": self.seat.partner_id.id},
            {"quant_id": quant.id},
            {"state": "done"},
            {"product_uom_id": self.env.ref("uom.product_uom_dozen").id},
            {"location_id": self.warehouse.wh_output_stock_loc_id.id},
        ):
            self.refuses(lambda vals=vals: line.write(vals), vals)
        for attempt in (
            lambda: line.unlink(),
            lambda: self.picking.write({"move_line_ids": [Command.clear()]}),
            lambda: self.picking.move_ids.write({"move_line_ids": [Command.delete(line.id)]}),
            lambda: self.picking.move_ids.write({"lot_ids": [Command.link(lot.id)]}),
            lambda: other.write({"move_line_ids": [Command.link(line.id)]}),
            lambda: other.move_line_ids.write({"move_id": self.picking.move_ids.id}),
            lambda: line.copy(),
            lambda: line.create({"picking_id": self.picking.id, "product_id": self.product.id}),
            lambda: self.picking.action_split_transfer(),
            lambda: self.picking.unlink(),
        ):
            self.refuses(attempt)
        self.assertEqual(other.state, "assigned")
        other.button_validate()
        self.env.invalidate_all()
        self.assertEqual(self.picking.move_ids.state, "assigned")
        self.assertEqual(self.product.free_qty, 98)

    def test_forced_delivery_takes_the_unit(self):
        """What another delivery takes by force is short, not lost: it is reserved anew later."""
        product = self.make_product("Last ones", 3)
        seat = self.join(self.shopper("2"), activity=self.make_activity(product=product))
        self.run_schedulers()
        move = seat.order_id.picking_ids.move_ids
        self.assertEqual(move.state, "assigned")
        other = self.other_delivery(3, product_id=product.id)
        other.action_confirm()
        other.move_ids.write({"quantity": 3, "picked": True})
        other.button_validate()
        self.env.invalidate_all()
        self.assertEqual(other.state, "done")
        self.assertEqual(move.state, "confirmed")
        quants = self.env["stock.quant"]
        quants._update_available_quantity(product, self.warehouse.lot_stock_id, 2)
        move.picking_id.with_user(self.clerk).action_assign()
        self.assertEqual(move.state, "assigned")
        self.assertEqual(move.picking_id.state, "confirmed")

    def test_gate_flag_by_hand(self):
        self.refuses(lambda: self.picking.write({"pinbu_is_gated": False}))

    def test_new_delivery_of_a_gated_move_is_gated(self):
        """Were Odoo itself to put the move on another delivery, that one would wait as well."""
        other = self.other_delivery(0)
        move = self.picking.move_ids.sudo()
        move.with_context(**{FLOW_KEY: FLOW}).write({"picking_id": other.id})
        self.env.invalidate_all()
        self.assertTrue(other.pinbu_is_gated)
        self.assertEqual(other.state, "confirmed")

    def test_wave(self):
        waves = self.env["stock.add.to.wave"].with_user(self.clerk)
        line = self.picking.move_line_ids
        wizard = waves.with_context(active_model="stock.move.line", active_ids=line.ids)
        # Whole, it may lie in a wave, and does not leave with it.
        wizard.create({"mode": "new", "user_id": self.clerk.id}).attach_pickings()
        wave = self.picking.batch_id
        self.assertTrue(wave.is_wave)
        other = self.other_delivery()
        other.action_confirm()
        wave.picking_ids = [Command.link(other.id)]
        other.move_ids.picked = True
        wave.action_done()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(other.state, "done")
        self.assertNotEqual(self.picking.state, "done")
        self.assertEqual(self.picking.move_ids.state, "assigned")

    def test_wave_of_a_part(self):
        extra = (
            self.env["stock.move"]
            .with_user(self.clerk)
            .create(self.move_vals(picking_id=self.picking.id))
        )
        extra._action_confirm()
        extra._action_assign()
        line = (self.picking.move_ids - extra).move_line_ids
        waves = self.env["stock.add.to.wave"].with_user(self.clerk)
        wizard = waves.with_context(active_model="stock.move.line", active_ids=line.ids)
        self.refuses(
            lambda: wizard.create({"mode": "new", "user_id": self.clerk.id}).attach_pickings()
        )

    def test_automatic_waves_and_batches_pass_by(self):
        self.picking.picking_type_id.sudo().write(
            {"auto_batch": True, "wave_group_by_product": True, "batch_group_by_partner": True}
        )
        self.picking.with_context(skip_auto_waveable=True).action_assign()
        self.picking.action_confirm()
        self.assertFalse(self.picking.batch_id)

    def test_clerks_own_line_can_go_again(self):
        extra = (
            self.env["stock.move"]
            .with_user(self.clerk)
            .create(self.move_vals(picking_id=self.picking.id))
        )
        extra._action_confirm()
        extra._action_assign()
        extra._action_cancel()
        self.assertEqual(extra.state, "cancel")
        self.assert_reserved()
