"""A few rivals for one thing, and what each of them gets."""

from odoo.tests import tagged

from .concurrent_common import ConcurrentCase


@tagged("post_install", "-at_install")
class TestConcurrency(ConcurrentCase):
    def test_last_places_of_a_team(self):
        """Seven rivals for two places: two orders, five polite refusals, never a third."""
        team = self.open_team(self.people[0])
        results = self.at_once(self.checking_out(team), [p.id for p in self.people[1:]])
        orders = [result for result in results if isinstance(result, int)]
        self.assertEqual(len(orders), 2, results)
        self.assertEqual(set(results) - set(orders), {"team_full"})
        self.assertEqual((team.seats_taken, team.seats_paid), (3, 1))
        self.assertEqual(
            self.env["pinbu.seat"].search_count(
                [("team_id", "=", team.id), ("state", "=", "held")]
            ),
            2,
        )

        # Both pay in the same moment: the team forms, once.
        self.pay_all(orders)
        self.assertEqual((team.state, team.seats_paid), ("formed", 3))
        self.assertEqual(set(team.seat_ids.mapped("state")), {"won"})
        formed = team.transition_ids.filtered(lambda row: row.to_state == "formed")
        self.assertEqual(len(formed), 1)

    def test_one_shopper_eight_times(self):
        """Eight taps on the same button: one order."""
        results = self.at_once(self.checking_out(), [self.people[1].id] * 8)
        self.assertEqual(len(set(results)), 1, results)
        order = self.env["sale.order"].browse(results[0])
        held = self.env["pinbu.seat"].search(
            [
                ("partner_id", "=", self.people[1].id),
                ("activity_id", "=", self.activity.id),
                ("state", "=", "held"),
            ]
        )
        self.assertEqual(held.order_id, order)

    def test_quota(self):
        line = self.activity.line_ids
        line.quota = line.quota_taken + 3
        self.open_cr.commit()
        results = self.at_once(self.checking_out(), [p.id for p in self.people])
        line.invalidate_recordset()
        self.assertEqual(line.quota_taken, line.quota)
        self.assertIn("sold_out", results)
        line.quota = 0
        self.open_cr.commit()

    def test_one_product_in_two_activities(self):
        """The stock is the product's, whichever activity sells it."""
        product = self.make_product("Rare crisps", 3)
        activities = [self.make_activity(product=product) for _number in range(2)]
        self.open_cr.commit()

        def check_out(env, job):
            shopper, activity = job
            order, _created = env["pinbu.seat"]._checkout(
                shopper.with_env(env), activity.with_env(env), product.with_env(env)
            )
            return order.id

        results = self.at_once(check_out, list(zip(self.people[:2], activities, strict=True)))
        self.assertEqual([type(result) for result in results].count(int), 1, results)
        self.assertIn("sold_out", results)

    def test_the_merchant_cancels_what_is_not_paid(self):
        """The release is committed beside the button's own, older snapshot."""
        order_id = self.committed(lambda env: self.checking_out()(env, self.people[6].id))
        self.committed(lambda env: env["sale.order"].browse(order_id).action_cancel())
        order = self.env["sale.order"].browse(order_id)
        self.assertEqual((order.state, order.seat_ids.state), ("cancel", "released"))

    def test_more_pieces_while_the_payment_comes_in(self):
        """Three pieces asked for, one paid, in the same moment: never three for the price of one."""
        activity = self.make_activity(max_quantity=3, limit_per_user=0)
        self.open_cr.commit()
        for _round in range(5):
            shopper = self.people[7]

            def ask(env, quantity, shopper=shopper):
                order, _created = env["pinbu.seat"]._checkout(
                    shopper.with_env(env),
                    activity.with_env(env),
                    self.product.with_env(env),
                    quantity=quantity,
                )
                return order.id

            order_id = self.committed(lambda env: ask(env, 1))
            tx_id = self.committed(
                lambda env, order_id=order_id: (
                    env["sale.order"].browse(order_id)._pinbu_start_payment().id
                )
            )

            def act(env, job, tx_id=tx_id):
                if job == "pay":
                    env["payment.transaction"].browse(tx_id)._set_done()
                else:
                    ask(env, 3)

            self.at_once(act, ["pay", "more"])
            for seat in self.env["pinbu.seat"].search(
                [("activity_id", "=", activity.id), ("state", "=", "paid")]
            ):
                self.assertEqual(seat.quantity, seat.order_id.order_line.product_uom_qty)
                self.assertEqual(seat.transaction_id.amount, seat.order_id.amount_total)
            self.env["pinbu.seat"].search(
                [("activity_id", "=", activity.id), ("state", "=", "held")]
            )._release_hold("next round")
            self.open_cr.commit()

    def test_payment_against_the_deadline(self):
        """The last payment and the deadline in the same moment: formed, or failed; never both."""
        for _round in range(5):
            self.activity.limit_per_user = 0
            self.open_cr.commit()
            leader, second, third = self.people[2:5]
            team = self.open_team(leader)
            orders = self.at_once(self.checking_out(team), [second.id, third.id])
            txs = [
                self.committed(
                    lambda env, order=order: (
                        env["sale.order"].browse(order)._pinbu_start_payment().id
                    )
                )
                for order in orders
            ]
            self.open_cr.execute(
                "UPDATE pinbu_team SET deadline = (clock_timestamp() AT TIME ZONE 'UTC')"
                " + interval '60 milliseconds' WHERE id = %s",
                [team.id],
            )
            self.open_cr.commit()

            def act(env, job):
                if job == "deadline":
                    env["pinbu.settlement"]._cron_close_teams()
                else:
                    env["payment.transaction"].browse(job)._set_done()

            self.at_once(act, [*txs, "deadline"])
            self.committed(lambda env: env["pinbu.settlement"]._cron_close_teams())
            states = set(team.seat_ids.mapped("state"))
            if team.state == "formed":
                self.assertEqual(states, {"won"})
            else:
                self.assertLessEqual(states, {"lost", "released"})
            self.assertFalse(
                self.env["pinbu.seat"].search([("state", "=", "paid"), ("is_counted", "=", False)])
            )

    def test_hold_that_lapses_while_it_is_paid(self):
        """The payer of a lapsed hold and a newcomer want the same last place: one gets it."""
        self.activity.limit_per_user = 0
        self.open_cr.commit()
        leader, second, slow, quick = self.people[4:8]
        team = self.open_team(leader)
        orders = self.at_once(self.checking_out(team), [second.id, slow.id])
        txs = [
            self.committed(
                lambda env, order=order: env["sale.order"].browse(order)._pinbu_start_payment().id
            )
            for order in orders
        ]
        self.open_cr.execute(
            "UPDATE pinbu_seat SET hold_until = hold_until - interval '1 hour' WHERE order_id = %s",
            [orders[1]],
        )
        self.open_cr.commit()

        def act(env, job):
            if job == "join":
                return self.checking_out(team)(env, quick.id)
            env["payment.transaction"].browse(job)._set_done()

        self.at_once(act, [txs[1], "join"])
        taken = self.env["pinbu.seat"].search_count(
            [("team_id", "=", team.id), ("state", "in", ("held", "paid", "won"))]
        )
        self.assertEqual((taken, team.seats_taken), (3, 3))
