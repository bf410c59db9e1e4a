from odoo import Command
from odoo.tests import tagged

from .test_stock_policies import PolicyCase

SIZES = (5, 15)


@tagged("post_install", "-at_install")
class TestSettlementCost(PolicyCase):
    """Settling a batch asks the database less than Odoo's own ways for as many orders do.

    Each figure is what one more order adds: the difference between two sizes, per order.
    """

    def count(self, step):
        """:return: how many queries `step()` takes, starting with nothing in memory"""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        step()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def per_order(self, measure):
        small, large = (measure(size) for size in SIZES)
        return (large - small) / (SIZES[1] - SIZES[0])

    def native_orders(self, size):
        product = self.make_product("Native", 100)
        return self.env["sale.order"].create(
            [
                {
                    "partner_id": self.shopper(f"native {number}").id,
                    "order_line": [Command.create({"product_id": product.id})],
                }
                for number in range(size)
            ]
        )

    def paid_team(self, policy, size):
        """:return: the seats of a team in which all have paid and nothing is settled"""
        activity = self.activity_with(policy, size=size)
        seat = self.join(self.shopper("1"), activity=activity)
        for number in range(2, size + 1):
            seat |= self.join(self.shopper(f"{number}"), seat.team_id)
        self.assertEqual(set(seat.mapped("state")), {"won"})
        return seat

    def native_confirmation(self, size):
        return self.count(self.native_orders(size).action_confirm)

    def native_failure(self, size):
        orders = self.native_orders(size)
        orders.action_confirm()
        provider = self.provider
        txs = self.env["payment.transaction"].create(
            [
                {
                    "provider_id": provider.id,
                    "payment_method_id": provider.payment_method_ids.id,
                    "reference": f"native {order.name}",
                    "amount": order.amount_total,
                    "currency_id": order.currency_id.id,
                    "partner_id": order.partner_id.id,
                    "operation": "online_direct",
                    "sale_order_ids": [Command.set(order.ids)],
                    "state": "done",
                }
                for order in orders
            ]
        )

        def fail():
            orders._action_cancel()
            for tx in txs:
                tx._refund()

        with self.refunds_answered():
            return self.count(fail)

    def test_confirming(self):
        native = self.per_order(self.native_confirmation)
        for policy in ("payment", "success", "open"):
            with self.subTest(policy):
                ours = self.per_order(
                    lambda size, policy=policy: self.count(self.paid_team(policy, size)._settle)
                )
                self.assertLessEqual(ours, native)

    def test_opening_the_gate(self):
        """What is reserved already costs next to nothing when the team is formed."""

        def measure(size):
            activity = self.activity_with("payment", size=size)
            team = self.open_team(activity)
            for number in range(2, size):
                self.join(self.shopper(f"{number}"), team)
            self.run_scheduler("settle")
            seats = self.env["pinbu.seat"].browse(team.seat_ids.ids)
            self.join(self.shopper("last"), team)
            self.assertEqual(set(seats.mapped("state")), {"won"})
            self.assertTrue(all(seats.order_id.picking_ids.mapped("pinbu_is_gated")))
            return self.count(seats._settle)

        self.assertLess(self.per_order(measure), 1)

    def test_failing(self):
        def measure(size):
            activity = self.activity_with("payment", size=size)
            team = self.open_team(activity)
            for number in range(2, size):
                self.join(self.shopper(f"{number}"), team)
            self.run_scheduler("settle")
            self.pass_deadline(team)
            self.run_scheduler("close")
            seats = self.env["pinbu.seat"].browse(team.seat_ids.ids)
            self.assertEqual(set(seats.mapped("state")), {"lost"})
            count = self.count(seats._settle)
            self.assertEqual(set(seats.order_id.mapped("state")), {"cancel"})
            return count

        self.assertLessEqual(self.per_order(measure), self.per_order(self.native_failure))
