from contextlib import suppress
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.pinbu_transition import move_state
from .test_stock_policies import PolicyCase


class ReserveCase(PolicyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activity = cls.make_activity(
            product=cls.make_product("Held", 10), stock_policy="open", size=4
        )
        cls.held = cls.activity.line_ids.product_id

    def open_team(self, activity=None):
        return super().open_team(activity or self.activity)

    def reserve(self, team):
        return team.reserve_move_ids.filtered(lambda move: move.state != "cancel")

    def assert_held(self, team, pieces, free):
        """The reserve holds so many pieces, so many are free, and an order's piece is never in
        both."""
        self.env.flush_all()
        self.env.invalidate_all()
        reserve = self.reserve(team)
        self.assertEqual(sum(reserve.mapped("product_uom_qty")), pieces)
        self.assertEqual(sum(reserve.mapped("quantity")), pieces)
        self.assertEqual(self.free(team.activity_id), free)
        self.assertLessEqual(len(reserve), 1)


@tagged("post_install", "-at_install")
class TestTeamReserve(ReserveCase):
    """With policy ``open`` the warehouse holds a piece for every place of a team."""

    def test_opening_holds_all_places(self):
        team = self.open_team()
        self.assert_held(team, pieces=3, free=6)
        self.assertTrue(team.is_reserved)
        order = team.order_ids
        self.assertEqual((order.state, order.picking_ids.move_ids.state), ("sale", "assigned"))
        picking = self.as_clerk(self.reserve(team).picking_id)
        self.assertEqual(picking.picking_type_id, self.warehouse.out_type_id)
        self.assertEqual(picking.location_id, self.warehouse.lot_stock_id)
        self.assertEqual(picking.scheduled_date, team.deadline.replace(microsecond=0))
        self.held.invalidate_recordset()
        self.assertEqual((self.held.outgoing_qty, self.held.virtual_available), (4, 6))

    def test_clerk_sees_what_it_is(self):
        team = self.open_team()
        picking = self.as_clerk(self.reserve(team).picking_id)
        self.assertTrue(picking.pinbu_is_reserve)
        self.assertEqual(picking.pinbu_team_id, team)
        self.assertIn(team.display_name, picking.pinbu_gate_reason)
        self.assertEqual((picking.state, picking.pinbu_is_gated), ("confirmed", True))
        found = picking.search([("pinbu_is_reserve", "=", True)])
        self.assertIn(picking, found)
        self.assertNotIn(team.order_ids.picking_ids, found)
        self.assertFalse(team.order_ids.picking_ids.pinbu_is_reserve)
        # It is no delivery of the team: its members' are.
        self.assertNotIn(picking, team.picking_ids)

    def test_each_member_takes_their_piece_out_of_it(self):
        team = self.open_team()
        self.join(self.shopper("2"), team)
        self.run_scheduler("settle")
        self.assert_held(team, pieces=2, free=6)
        self.assertEqual(team.picking_ids.move_ids.mapped("state"), ["assigned"] * 2)
        self.assertEqual(len(team.reserve_move_ids), 1)

    def test_member_gets_the_last_piece(self):
        """Other orders may wait for the same pieces: what the reserve sets free is the member's."""
        team = self.open_team()
        for name in ("2", "3", "4"):
            self.join(self.shopper(name), team)
        self.env["stock.quant"]._update_available_quantity(
            self.held, self.warehouse.lot_stock_id, -6
        )
        greedy = self.env["sale.order"].create(
            {
                "partner_id": self.shopper("greedy").id,
                "order_line": [Command.create({"product_id": self.held.id, "product_uom_qty": 5})],
            }
        )
        greedy.action_confirm()
        self.run_scheduler("settle")
        self.assertEqual(set(team.seat_ids.mapped("is_reserved")), {True})
        self.assertEqual(team.picking_ids.mapped("state"), ["assigned"] * 4)
        self.assertFalse(greedy.picking_ids.move_ids.quantity)

    def test_team_that_holds_all_there_is_wins(self):
        """Nothing is free, since the team holds it: that is no shortage."""
        activity = self.activity_with("open", stock=4, size=4)
        team = self.open_team(activity)
        self.assert_held(team, pieces=3, free=0)
        self.fill(team)
        self.assert_held(team, pieces=0, free=0)
        self.assertEqual(set(team.seat_ids.mapped("is_reserved")), {True})

    def test_formed(self):
        team = self.open_team()
        self.fill(team)
        self.assert_held(team, pieces=0, free=6)
        self.assertEqual(team.reserve_move_ids.picking_id.state, "cancel")
        self.assertFalse(team.is_reserved)
        self.ship(team.picking_ids)
        self.run_schedulers()
        self.assertEqual(team.state, "shipped")

    def test_formed_before_all_are_confirmed(self):
        """Members whose orders wait for the next batch keep their pieces meanwhile."""
        team = self.open_team()
        for name in ("2", "3", "4"):
            self.join(self.shopper(name), team)
        self.assertEqual(team.state, "formed")
        first, second, third, fourth = team.seat_ids.sorted("id")
        second._settle()
        self.assert_held(team, pieces=2, free=6)
        team._settle()
        self.assert_held(team, pieces=2, free=6)
        (third | fourth)._settle()
        self.assert_held(team, pieces=0, free=6)
        self.assertTrue(first.is_reserved)

    def test_failed(self):
        team = self.open_team()
        self.join(self.shopper("2"), team)
        self.run_scheduler("settle")
        self.lose(team)
        self.assert_held(team, pieces=0, free=10)
        self.assertEqual(team.reserve_move_ids.picking_id.state, "cancel")
        self.assertFalse(team.is_reserved)
        self.assertEqual(team.state, "settled")

    def test_lapsed_hold_changes_nothing(self):
        team = self.open_team()
        held = self.checkout(self.shopper("2"), team).seat_ids
        self.assert_held(team, pieces=3, free=6)
        held._release_hold("hold lapsed")
        self.run_scheduler("settle")
        self.assertEqual(held.state, "released")
        self.assert_held(team, pieces=3, free=6)

    def test_place_of_a_cancelled_order_is_held_again(self):
        """A member who leaves gives their piece back to the team."""
        team = self.open_team()
        seat = self.join(self.shopper("2"), team)
        self.run_scheduler("settle")
        self.assert_held(team, pieces=2, free=6)
        self.env.flush_all()
        move_state(self.env.cr, self.env.uid, "pinbu_seat", seat.ids, ["paid"], "released", "left")
        self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=seat.ids)
        self.env.invalidate_all()
        self.run_scheduler("settle")
        self.assertEqual(seat.order_id.state, "cancel")
        self.assert_held(team, pieces=3, free=6)

    def test_settled_twice(self):
        team = self.open_team()
        for _time in range(2):
            team.seat_ids._settle()
            team._settle()
            self.assert_held(team, pieces=3, free=6)
        self.fill(team)
        team.seat_ids._settle()
        team._settle()
        self.assert_held(team, pieces=0, free=6)

    def test_killed_half_way(self):
        """Nothing of a batch that fails after the reserve has given way is left."""
        team = self.open_team()
        seat = self.join(self.shopper("2"), team)
        with (
            patch.object(type(seat), "_seat_paid", side_effect=ValueError),
            self.assertRaises(ValueError),
            self.cr.savepoint(),
        ):
            seat._settle()
        self.assert_held(team, pieces=3, free=6)
        seat._settle()
        self.assert_held(team, pieces=2, free=6)

    def test_merchants_team_is_held_before_anybody_joins(self):
        product = self.make_product("Super", 150)
        activity = self.make_activity(product=product, mode="super", size=100, stock_policy="open")
        self.run_scheduler("settle")
        team = activity.team_ids
        self.assert_held(team, pieces=100, free=50)
        self.assertTrue(team.is_reserved)
        self.join(self.shopper("1"), team)
        self.run_scheduler("settle")
        self.assert_held(team, pieces=99, free=50)

    def test_other_policies_have_none(self):
        for policy in ("payment", "success"):
            team = self.open_team(self.activity_with(policy))
            self.assertFalse(team.reserve_move_ids)
            self.assertFalse(team.is_reserved)

    def test_stock_that_is_not_kept_cannot_be_held(self):
        product = self.env["product.product"].create(
            {"name": "Flyer", "list_price": 30, "taxes_id": [Command.clear()]}
        )
        with self.refusing("stock is tracked"):
            self.make_activity(product=product, stock_policy="open")

    def test_two_companies_in_one_batch(self):
        """Each team is held and served in its own company's warehouse."""
        here = self.open_team()
        joined = self.join(self.shopper("2"), here)
        there = self.open_elsewhere()
        seats = joined | there.seat_ids
        seats.with_company(self.env.company)._settle()
        self.assert_held(here, pieces=2, free=6)
        reserve = self.reserve(there)
        self.assertEqual((reserve.company_id, reserve.quantity), (there.company_id, 3))
        self.assertEqual(reserve.warehouse_id.company_id or reserve.company_id, there.company_id)
        for team in (here, there):
            pickings = team.order_ids.picking_ids | self.reserve(team).picking_id
            self.assertEqual(pickings.company_id, team.company_id)
            self.assertEqual(pickings.picking_type_id.company_id, team.company_id)
            self.assertEqual(pickings.move_ids.company_id, team.company_id)
            self.assertEqual(set(pickings.move_ids.mapped("state")), {"assigned"})

    def open_elsewhere(self):
        """:return: a team of another company, whose leader has paid; not settled"""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.user.company_ids |= company
        here = type(self)
        kept = {name: getattr(here, name) for name in ("env", "company", "warehouse", "provider")}
        try:
            here.company = company
            here.env = self.env(context={"allowed_company_ids": company.ids})
            here.warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)])
            here.provider = self.make_provider()
            product = self.make_product("Elsewhere", 10)
            activity = self.make_activity(
                product=product, stock_policy="open", size=4, company_id=company.id
            )
            order = self.checkout(self.shopper("there"), activity=activity)
            return self.pay(order).seat_ids.team_id.with_env(kept["env"])
        finally:
            for name, value in kept.items():
                setattr(here, name, value)


@tagged("post_install", "-at_install")
class TestReserveGate(ReserveCase):
    """What a team's reserve holds leaves by no door, and stays as it is."""

    def setUp(self):
        super().setUp()
        self.team = self.open_team()
        self.move = self.as_clerk(self.reserve(self.team))
        self.picking = self.move.picking_id

    def refuses(self, attempt, what=None, error=UserError):
        with self.subTest(what), self.cr.savepoint(flush=True) as savepoint:
            with self.assertRaises(error):
                attempt()
                self.env.flush_all()
            savepoint.rollback()
        self.env.invalidate_all()

    def assert_kept(self):
        self.assert_held(self.team, pieces=3, free=6)
        self.assertEqual(self.picking.state, "confirmed")
        self.assertEqual(self.held.qty_available, 10)

    def test_does_not_ship(self):
        self.move.picked = True
        for what, attempt in {
            "button": lambda: self.picking.button_validate(),
            "done": lambda: self.picking._action_done(),
            "move done": lambda: self.move._action_done(),
            "written": lambda: self.move.write({"state": "done"}),
            "written with all rights": lambda: self.move.sudo().write({"state": "done"}),
            "delivery written": lambda: self.picking.write({"state": "done"}),
        }.items():
            self.refuses(attempt, what)
        self.assert_kept()

    def test_batch_and_wave(self):
        self.picking.picking_type_id.sudo().write(
            {"auto_batch": True, "wave_group_by_product": True, "batch_group_by_partner": True}
        )
        self.picking.action_assign()
        self.picking.action_confirm()
        self.assertFalse(self.picking.batch_id)
        batch = (
            self.env["stock.picking.batch"]
            .with_user(self.clerk)
            .create({"picking_ids": [Command.set(self.picking.ids)]})
        )
        batch.action_confirm()
        with suppress(UserError), self.cr.savepoint():
            batch.action_done()
        self.assert_kept()
        batch.picking_ids = [Command.clear()]
        self.move.move_line_ids._add_to_wave()
        self.assertTrue(self.picking.batch_id.is_wave)
        self.move.picked = True
        self.refuses(self.picking.batch_id.action_done)
        self.assert_kept()

    def test_stays_as_it_is(self):
        member = self.team.order_ids.picking_ids
        other = self.make_product("Other", 5)
        line = self.team.order_ids.order_line
        for vals in (
            {"state": "draft"},
            {"state": "confirmed"},
            {"state": "cancel"},
            {"product_id": other.id},
            {"product_uom_qty": 2},
            {"product_uom_qty": 0},
            {"product_uom": self.env.ref("uom.product_uom_dozen").id},
            {"quantity": 1},
            {"quantity": 0},
            {"picking_id": member.id},
            {"picking_id": False},
            {"location_id": self.warehouse.wh_output_stock_loc_id.id},
            {"location_dest_id": self.warehouse.lot_stock_id.id},
            {"sale_line_id": line.id},
            {"pinbu_team_id": False},
            {"pinbu_seat_id": self.team.seat_ids.id},
        ):
            self.refuses(lambda vals=vals: self.move.write(vals), vals)
            self.refuses(lambda vals=vals: self.move.sudo().write(vals), vals)
        for attempt in (
            lambda: self.move.unlink(),
            lambda: self.move._action_cancel(),
            lambda: self.move._do_unreserve(),
            lambda: self.picking.action_cancel(),
            lambda: self.picking.do_unreserve(),
            lambda: self.picking.unlink(),
            lambda: self.picking.copy(),
            lambda: self.picking.action_split_transfer(),
            lambda: self.picking.write({"move_ids": [Command.clear()]}),
            lambda: self.picking.write({"pinbu_is_gated": False}),
            lambda: self.picking.write({"location_id": member.location_dest_id.id}),
        ):
            self.refuses(attempt)
        self.assert_kept()

    def test_reserved_pieces_stay(self):
        line = self.move.move_line_ids
        member = self.team.order_ids.picking_ids.move_ids
        for vals in (
            {"quantity": 1},
            {"quantity": 4},
            {"move_id": member.id},
            {"picking_id": member.picking_id.id},
            {"location_id": self.warehouse.wh_output_stock_loc_id.id},
            {"state": "done"},
        ):
            self.refuses(lambda vals=vals: line.write(vals), vals)
        for attempt in (
            lambda: line.unlink(),
            lambda: line.copy(),
            lambda: self.picking.write({"move_line_ids": [Command.clear()]}),
        ):
            self.refuses(attempt)
        self.assert_kept()

    def test_flow_cannot_be_forged(self):
        forged = self.move.with_context(pinbu_flow=True)
        self.refuses(lambda: forged._do_unreserve())
        self.refuses(lambda: forged.write({"product_uom_qty": 1}))
        self.refuses(lambda: forged.move_line_ids.unlink())
        self.assert_kept()

    def test_nobody_makes_one_by_hand(self):
        vals = {
            "product_id": self.held.id,
            "product_uom_qty": 1,
            "location_id": self.picking.location_id.id,
            "location_dest_id": self.picking.location_dest_id.id,
        }
        moves = self.env["stock.move"].with_user(self.clerk)
        self.refuses(lambda: moves.create({**vals, "pinbu_team_id": self.team.id}))
        self.refuses(
            lambda: moves.with_context(default_pinbu_team_id=self.team.id).create(dict(vals))
        )
        own = moves.create(dict(vals))
        self.refuses(lambda: own.write({"pinbu_team_id": self.team.id}))
        self.assertFalse(own.pinbu_team_id)
        with mute_logger("odoo.sql_db"):
            self.refuses(
                lambda: moves.sudo().create({**vals, "pinbu_team_id": self.team.id}),
                error=IntegrityError,
            )

    def test_never_ships_when_the_team_is_over(self):
        self.lose(self.team)
        for vals in ({"state": "draft"}, {"state": "confirmed"}, {"state": "done"}):
            self.refuses(lambda vals=vals: self.move.write(vals), vals)
        self.refuses(lambda: self.picking.button_validate())
        self.refuses(lambda: self.move.unlink())
        self.assertEqual(self.picking.state, "cancel")
        self.assertEqual(self.held.qty_available, 10)

    def test_what_a_clerk_may_do(self):
        self.picking.write({"note": "do not touch", "priority": "1"})
        self.picking.action_assign()
        self.picking.action_confirm()
        self.assert_kept()

    def test_others_ship(self):
        """The twin: the same product leaves by an ordinary delivery of the same clerk."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.shopper("x").id,
                "order_line": [Command.create({"product_id": self.held.id, "product_uom_qty": 6})],
            }
        )
        order.action_confirm()
        self.ship(order.picking_ids)
        self.assertEqual(self.free(self.activity), 0)
        self.assertEqual(self.move.quantity, 3)

    def test_loss_by_force_and_recovery(self):
        """What is forced out is a claim again, until the stock comes."""
        picking = self.as_clerk(self.env["stock.picking"]).create(
            {
                "picking_type_id": self.warehouse.out_type_id.id,
                "location_id": self.picking.location_id.id,
                "location_dest_id": self.picking.location_dest_id.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.held.id,
                            "product_uom_qty": 8,
                            "location_id": self.picking.location_id.id,
                            "location_dest_id": self.picking.location_dest_id.id,
                        }
                    )
                ],
            }
        )
        picking.action_confirm()
        picking.move_ids.write({"quantity": 8, "picked": True})
        picking.button_validate()
        self.run_scheduler("close")
        self.assertEqual(picking.state, "done")
        self.assertFalse(self.team.is_reserved)
        self.env["stock.quant"]._update_available_quantity(
            self.held, self.warehouse.lot_stock_id, 8
        )
        self.run_scheduler("close")
        self.run_scheduler("settle")
        self.assertTrue(self.team.is_reserved)
        self.assert_held(self.team, pieces=3, free=6)

    def test_outsiders_do_not_read_it(self):
        outsider = self.env["res.users"].create({"name": "Outsider", "login": "outsider"})
        with self.assertRaises(AccessError):
            self.picking.with_user(outsider).read(["pinbu_team_id"])
        self.assertTrue(self.picking.read(["pinbu_team_id"]))
