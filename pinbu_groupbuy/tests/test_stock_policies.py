from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import GroupBuyCase


class PolicyCase(GroupBuyCase):
    """Teams under each stock policy, looked at as a plain warehouse clerk."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(cls.env, "clerk", groups="stock.group_stock_user")
        cls.seller = new_test_user(
            cls.env, "seller", groups="sales_team.group_sale_salesman_all_leads"
        )

    def activity_with(self, policy, stock=100, **vals):
        product = self.make_product(f"Policy {policy}", stock)
        return self.make_activity(product=product, stock_policy=policy, **vals)

    def open_team(self, activity):
        """:return: the team of one paid seat, settled"""
        seat = self.join(self.shopper("1"), activity=activity)
        self.run_scheduler("settle")
        return seat.team_id

    def fill(self, team):
        for number in range(team.seats_paid, team.size):
            self.join(self.shopper(f"member {number + 1}"), team)
        self.run_schedulers()
        self.assertEqual(team.state, "formed")

    def lose(self, team):
        self.pass_deadline(team)
        self.run_schedulers()
        self.assertEqual(team._effective_state(), "failed")

    def as_clerk(self, records):
        return records.with_user(self.clerk)

    def ship(self, pickings):
        """All steps, as the clerk who sees one after the other."""
        order = pickings.sale_id
        while waiting := self.as_clerk(order.picking_ids).filtered(
            lambda picking: picking.state not in ("done", "cancel")
        ):
            waiting.action_assign()
            waiting.button_validate()
            self.assertEqual(set(waiting.mapped("state")), {"done"})
        for line in order.order_line:
            self.assertEqual(line.qty_delivered, line.product_uom_qty)

    def moves_of(self, activity):
        return self.env["stock.move"].search(
            [
                ("product_id", "=", activity.line_ids.product_id.id),
                ("location_dest_usage", "!=", "internal"),
                ("location_usage", "!=", "inventory"),
            ]
        )

    def free(self, activity):
        product = activity.line_ids.product_id
        product.invalidate_recordset()
        return product.free_qty


@tagged("post_install", "-at_install")
class TestSuccessPolicy(PolicyCase):
    """Nothing waits in the warehouse for a team until it is formed."""

    def test_paid_order_stays_a_quotation(self):
        activity = self.activity_with("success")
        order = self.open_team(activity).order_ids
        self.assertEqual((order.seat_ids.state, order.state), ("paid", "draft"))
        self.assertEqual(order._pinbu_delivery_state(), "waiting")
        self.assertFalse(self.moves_of(activity))
        self.assertEqual(self.free(activity), 100)

    def test_not_confirmed_by_hand_either(self):
        order = self.open_team(self.activity_with("success")).order_ids
        with self.assertRaises(UserError):
            order.with_user(self.seller).action_confirm()
        ordinary = (
            self.env["sale.order"]
            .with_user(self.seller)
            .create(
                {
                    "partner_id": self.shopper("x").id,
                    "order_line": [Command.create({"product_id": self.product.id})],
                }
            )
        )
        ordinary.action_confirm()
        self.assertEqual((order.state, ordinary.state), ("draft", "sale"))

    def test_formed_team_is_confirmed_and_reserved_at_once(self):
        activity = self.activity_with("success")
        team = self.open_team(activity)
        self.fill(team)
        self.assertEqual(set(team.order_ids.mapped("state")), {"sale"})
        self.assertEqual(team.picking_ids.mapped("state"), ["assigned"] * 3)
        self.assertFalse(any(team.picking_ids.mapped("pinbu_is_gated")))
        self.assertEqual(set(team.seat_ids.mapped("is_reserved")), {True})
        self.assertEqual(self.free(activity), 97)
        self.ship(team.picking_ids[0])

    def test_won_order_waits_for_its_confirmation(self):
        team = self.open_team(self.activity_with("success"))
        for name in ("2", "3"):
            self.join(self.shopper(name), team)
        order = team.order_ids[0]
        self.assertEqual((order.seat_ids.state, order.state), ("won", "draft"))
        self.assertEqual(order._pinbu_delivery_state(), "waiting")
        self.run_scheduler("settle")
        self.assertEqual(order._pinbu_delivery_state(), "ready")

    def test_hooks_run_for_paid_seats(self):
        """What other modules do at payment does not depend on when stock is reserved."""
        seen = []
        self.patch(type(self.env["pinbu.seat"]), "_seat_paid", lambda seats: seen.extend(seats.ids))
        seat = self.open_team(self.activity_with("success")).seat_ids
        self.assertIn(seat.id, seen)

    def test_failed_team_leaves_no_trace_in_stock(self):
        activity = self.activity_with("success")
        team = self.open_team(activity)
        self.join(self.shopper("2"), team)
        self.lose(team)
        self.assertEqual(set(team.order_ids.mapped("state")), {"cancel"})
        self.assertEqual(team.state, "settled")
        self.assertEqual(set(team.seat_ids.mapped("refund_state")), {"done"})
        self.assertFalse(self.moves_of(activity))
        self.assertEqual(self.free(activity), 100)

    def test_presale_is_procured_by_the_routes_when_formed(self):
        """Made to order from another warehouse of the company, as Odoo's routes say."""
        source = self.env["stock.warehouse"].create({"name": "Plant", "code": "PLT"})
        self.warehouse.resupply_wh_ids = [Command.link(source.id)]
        make_to_order = self.env.ref("stock.route_warehouse0_mto")
        make_to_order.active = True
        activity = self.activity_with("success", is_presale=True)
        product = activity.line_ids.product_id
        product.route_ids = [Command.set((make_to_order | self.warehouse.resupply_route_ids).ids)]
        team = self.open_team(activity)
        self.assertFalse(self.moves_of(activity))
        for name in ("2", "3"):
            self.join(self.shopper(name), team)
        # Sold out meanwhile: made to order takes from the stock what is there.
        self.env["stock.quant"]._update_available_quantity(
            product, self.warehouse.lot_stock_id, -100
        )
        self.run_schedulers()
        self.assertEqual(set(team.order_ids.mapped("state")), {"sale"})
        self.assertFalse(any(team.picking_ids.mapped("pinbu_is_gated")))
        supply = self.env["stock.move"].search(
            [("product_id", "=", product.id), ("location_id", "=", source.lot_stock_id.id)]
        )
        self.assertEqual(sum(supply.mapped("product_uom_qty")), 3)


@tagged("post_install", "-at_install")
class TestPolicySteps(PolicyCase):
    """Each policy with a delivery in two steps."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse.delivery_steps = "pick_ship"

    def check_policy(self, policy, free_when_open):
        activity = self.activity_with(policy)
        team = self.open_team(activity)
        self.assertEqual(self.free(activity), free_when_open)
        for picking in self.as_clerk(self.moves_of(activity).picking_id | team.picking_ids):
            with self.assertRaises(UserError):
                picking.button_validate()
        self.fill(team)
        self.assertEqual(set(team.seat_ids.mapped("is_reserved")), {True})
        self.assertEqual(self.free(activity), 97)
        self.ship(team.picking_ids[0])
        self.assertEqual(self.free(activity), 97)

        failed = self.open_team(activity)
        self.assertEqual(self.free(activity), free_when_open - 3)
        self.lose(failed)
        self.assertEqual(self.free(activity), 97)

    def test_payment(self):
        self.check_policy("payment", free_when_open=99)

    def test_open(self):
        self.check_policy("open", free_when_open=97)

    def test_success(self):
        self.check_policy("success", free_when_open=100)


@tagged("post_install", "-at_install")
class TestReservation(PolicyCase):
    """Reserved, however the operation type would have it, and again after it was lost."""

    def test_by_hand_and_by_date(self):
        for method in ("manual", "by_date"):
            self.warehouse.out_type_id.write(
                {"reservation_method": method, "reservation_days_before": 0}
            )
            for policy in ("payment", "open", "success"):
                with self.subTest(method=method, policy=policy):
                    activity = self.activity_with(policy)
                    team = self.open_team(activity)
                    self.assertEqual(self.free(activity), 100 - self.waits_for(policy))
                    self.fill(team)
                    self.assertEqual(set(team.seat_ids.mapped("is_reserved")), {True})
                    self.assertEqual(self.free(activity), 97)

    @staticmethod
    def waits_for(policy):
        return {"payment": 1, "open": 3, "success": 0}[policy]

    def force_out(self, activity, quantity):
        """A clerk ships pieces that somebody else has reserved."""
        picking = (
            self.env["stock.picking"]
            .with_user(self.clerk)
            .create(
                {
                    "picking_type_id": self.warehouse.out_type_id.id,
                    "location_id": self.warehouse.lot_stock_id.id,
                    "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                    "move_ids": [
                        Command.create(
                            {
                                "product_id": activity.line_ids.product_id.id,
                                "product_uom_qty": quantity,
                                "location_id": self.warehouse.lot_stock_id.id,
                                "location_dest_id": self.env.ref(
                                    "stock.stock_location_customers"
                                ).id,
                            }
                        )
                    ],
                }
            )
        )
        picking.action_confirm()
        picking.move_ids.write({"quantity": quantity, "picked": True})
        picking.button_validate()
        self.assertEqual(picking.state, "done")

    def stock_comes(self, activity, quantity):
        self.env["stock.quant"]._update_available_quantity(
            activity.line_ids.product_id, self.warehouse.lot_stock_id, quantity
        )

    def queued(self):
        return self.env["pinbu.settlement"].search([])

    def test_lost_reservation_comes_back_with_the_stock(self):
        self.warehouse.out_type_id.reservation_method = "manual"
        activity = self.activity_with("payment", stock=3)
        team = self.open_team(activity)
        seat = team.seat_ids
        self.assertTrue(seat.is_reserved)
        self.force_out(activity, 3)
        self.run_schedulers()
        self.assertFalse(seat.is_reserved)
        # Nothing to reserve, nothing to do.
        self.queued().unlink()
        self.run_scheduler("close")
        self.assertFalse(self.queued())
        self.stock_comes(activity, 3)
        self.run_scheduler("close")
        self.assertEqual(self.queued().seat_id, seat)
        # Once is enough.
        self.run_scheduler("close")
        self.assertEqual(len(self.queued()), 1)
        self.run_scheduler("settle")
        self.assertTrue(seat.is_reserved)
        self.assertEqual(seat.order_id.picking_ids.move_ids.state, "assigned")
        self.assertTrue(seat.order_id.picking_ids.pinbu_is_gated)

    def test_what_is_won_stays_as_the_clerk_wants_it(self):
        self.warehouse.out_type_id.reservation_method = "manual"
        activity = self.activity_with("payment")
        team = self.open_team(activity)
        self.fill(team)
        picking = self.as_clerk(team.picking_ids[0])
        picking.do_unreserve()
        self.run_schedulers()
        self.assertEqual(picking.state, "confirmed")
        self.assertFalse(picking.sale_id.sudo().seat_ids.is_reserved)

    def test_lots(self):
        product = self.env["product.product"].create(
            {
                "name": "Numbered",
                "is_storable": True,
                "tracking": "serial",
                "list_price": 30.0,
                "taxes_id": [Command.clear()],
            }
        )
        for number in range(6):
            lot = self.env["stock.lot"].create({"name": f"N{number}", "product_id": product.id})
            self.env["stock.quant"]._update_available_quantity(
                product, self.warehouse.lot_stock_id, 1, lot_id=lot
            )
        for policy in ("payment", "open", "success"):
            with self.subTest(policy):
                activity = self.make_activity(product=product, stock_policy=policy, publish=False)
                activity.is_published = True
                before = self.free(activity)
                team = self.open_team(activity)
                self.assertEqual(self.free(activity), before - self.waits_for(policy))
                self.fill(team)
                lots = team.picking_ids.move_line_ids.lot_id
                self.assertEqual(len(lots), 3)
                self.ship(team.picking_ids[0])
                team.picking_ids.filtered(lambda p: p.state != "done").action_cancel()
                self.stock_comes_back(product, 1)

    def stock_comes_back(self, product, count):
        for _piece in range(count):
            lot = self.env["stock.lot"].create({"product_id": product.id})
            self.env["stock.quant"]._update_available_quantity(
                product, self.warehouse.lot_stock_id, 1, lot_id=lot
            )


@tagged("post_install", "-at_install")
class TestPlannedDates(PolicyCase):
    """Deliveries are planned from the day the team was formed, after its preparation."""

    def open_long_ago(self, activity):
        """:return: a team whose leader paid, and whose order was confirmed, three days ago"""
        team = self.open_team(activity)
        self.env.flush_all()
        for table, column in (
            ("sale_order", "date_order"),
            ("stock_move", "date"),
            ("stock_move", "date_deadline"),
            ("stock_picking", "scheduled_date"),
        ):
            self.env.cr.execute(
                f"UPDATE {table} SET {column} = {column} - interval '3 days' WHERE id = ANY(%s)",
                [
                    {
                        "sale_order": team.order_ids,
                        "stock_move": team.picking_ids.move_ids,
                        "stock_picking": team.picking_ids,
                    }[table].ids
                ],
            )
        self.env.invalidate_all()
        return team

    def assert_planned(self, team, days):
        expected = team.finished_at + timedelta(days=days)
        for picking in team.picking_ids:
            for date in (picking.scheduled_date, picking.move_ids.date_deadline):
                self.assertAlmostEqual(date, expected, delta=timedelta(minutes=1))

    def test_without_preparation(self):
        for policy in ("payment", "open", "success"):
            with self.subTest(policy):
                team = self.open_long_ago(self.activity_with(policy))
                self.fill(team)
                self.assert_planned(team, days=0)
                self.assertFalse(team.order_ids[0].commitment_date)

    def test_lead_time_counts_from_the_forming(self):
        activity = self.activity_with("payment")
        activity.line_ids.product_id.sale_delay = 5
        self.company.security_lead = 2
        team = self.open_long_ago(activity)
        self.fill(team)
        for picking in team.picking_ids:
            planned = picking.scheduled_date - team.finished_at
            self.assertAlmostEqual(planned, timedelta(days=3), delta=timedelta(minutes=1))

    def test_preparation(self):
        for policy in ("payment", "open", "success"):
            with self.subTest(policy):
                team = self.open_long_ago(self.activity_with(policy, preparation_days=10))
                self.fill(team)
                self.assert_planned(team, days=10)
                for order in team.order_ids:
                    promised = order.commitment_date - team.finished_at
                    self.assertAlmostEqual(promised, timedelta(days=10), delta=timedelta(minutes=1))

    def test_preparation_in_two_steps(self):
        self.warehouse.delivery_steps = "pick_ship"
        team = self.open_long_ago(self.activity_with("payment", preparation_days=10))
        self.fill(team)
        self.assert_planned(team, days=10)

    def test_preparation_is_that_of_the_terms(self):
        activity = self.activity_with("payment", preparation_days=10)
        team = self.open_team(activity)
        activity.preparation_days = 1
        self.fill(team)
        self.assert_planned(team, days=10)

    def test_the_warehouse_may_move_the_date(self):
        """Settlement may run again: it plans once, when the gate opens."""
        team = self.open_team(self.activity_with("payment", preparation_days=10))
        self.fill(team)
        picking = self.as_clerk(team.picking_ids[0])
        moved = fields.Datetime.now().replace(microsecond=0) + timedelta(days=20)
        picking.scheduled_date = moved
        self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=team.seat_ids.ids)
        self.run_schedulers()
        self.assertEqual(picking.scheduled_date, moved)
