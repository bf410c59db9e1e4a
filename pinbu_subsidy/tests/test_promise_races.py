from odoo import Command
from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.tests.concurrent_common import ConcurrentCase

from .common import SubsidyMixin

RIVALS = 64
PROMISED = 10


@tagged("post_install", "-at_install")
class TestPromiseRaces(SubsidyMixin, ConcurrentCase):
    """Many shoppers at one budget at the same moment."""

    rivals = RIVALS

    @classmethod
    def set_up_shop(cls, **kwargs):
        super().set_up_shop(stock=1000, **kwargs)
        cls.activity.size = 2
        cls.rule.write({"budget": 10.0 * PROMISED, "min_paid_members": 1})

    def setUp(self):
        super().setUp()
        self.rule.budget = 10.0 * PROMISED
        self.open_cr.commit()
        self.addCleanup(self.clean_teams)

    @classmethod
    def clean_teams(cls):
        cls.open_cr.rollback()
        cls.open_cr.execute("DELETE FROM pinbu_subsidy")
        cls.open_cr.execute("DELETE FROM pinbu_subsidy_reservation")
        cls.open_cr.execute("UPDATE pinbu_subsidy_budget SET taken = 0, day_taken = 0")
        # Ten failed teams are enough for the circuit breaker.
        cls.open_cr.execute("UPDATE pinbu_activity SET is_subsidy_braked = FALSE")
        cls.open_cr.commit()
        super().clean_teams()

    @property
    def budget(self):
        return self.env["pinbu.subsidy.budget"].search([("rule_id", "=", self.rule.id)])

    def promised(self, orders):
        return orders.filtered(lambda order: order.pinbu_promise["reserved"])

    def test_a_budget_for_ten(self):
        orders = self.env["sale.order"].browse(self.at_once(self.checking_out(), self.people.ids))
        promised = self.promised(orders)
        self.assertEqual((len(orders), len(promised)), (RIVALS, PROMISED))
        self.assertEqual(
            {order.pinbu_promise["reason"] for order in orders - promised}, {"budget_used_up"}
        )
        self.assertEqual(self.budget.left, 0.0)

        # What three of them give up at once is promised to the next three, and to no more.
        given_up = promised[:3]
        self.at_once(
            lambda env, order_id: env["sale.order"].browse(order_id)._pinbu_cancel(), given_up.ids
        )
        unpaid = (orders - promised).seat_ids
        self.at_once(
            lambda env, seat_id: env["pinbu.seat"].browse(seat_id)._release_hold("test"),
            unpaid.ids,
        )
        again = self.env["sale.order"].browse(
            self.at_once(self.checking_out(), unpaid.partner_id.ids)
        )
        self.assertEqual(len(self.promised(again)), 3)

        # All ten are owed what was promised, and nobody else is.
        orders = (promised - given_up) | again
        self.pay_all(orders.ids)
        self.sql("UPDATE pinbu_seat SET paid_at = paid_at - interval '30 days'")
        self.sql("UPDATE pinbu_team SET deadline = deadline - interval '10 days'")
        self.in_processes(2, "close", "settle")
        subsidies = self.env["pinbu.subsidy"].search([("rule_id", "=", self.rule.id)])
        self.assertEqual(subsidies.mapped("amount_minor"), [1000] * PROMISED)
        self.assertEqual(subsidies.order_id, self.promised(orders))
        self.assertEqual((self.budget.reserved, self.budget.left), (100.0, 0.0))

    def test_who_was_shown_a_promise_gets_it_or_no_place(self):
        shown = self.activity._promise(
            self.people[0], self.activity.line_ids, 1, self.env["pinbu.team"]
        )
        self.assertTrue(shown["reserved"])
        self.open_cr.rollback()
        results = self.at_once(self.checking_out(expected=shown), self.people.ids)
        orders = [result for result in results if isinstance(result, int)]
        self.assertEqual(len(orders), PROMISED)
        self.assertEqual(set(results) - set(orders), {"terms_changed"})
        seats = self.env["pinbu.seat"].search([("activity_id", "=", self.activity.id)])
        self.assertEqual(set(seats.order_id.ids), set(orders))

    def test_variants_share_a_budget(self):
        """Who joins another team with another variant waits for no lock but the budget's."""
        size = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [Command.create({"name": name}) for name in "ABCD"]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Crisps in sizes",
                "list_price": 30.0,
                "taxes_id": [Command.clear()],
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": size.id,
                            "value_ids": [Command.set(size.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        variants = template.product_variant_ids
        activity = self.make_activity(
            product=variants[0],
            size=20,
            line_ids=[
                Command.create({"product_id": variant.id, "group_price": 19.9})
                for variant in variants
            ],
            subsidy_rule_ids=[Command.create(self.plain_rule(budget=10.0 * PROMISED))],
        )
        self.open_cr.commit()
        leaders, joiners = self.people[:4], self.people[4:]
        teams = [self.open_team(leader, activity) for leader in leaders]
        places = [
            (teams[number % 4], activity.line_ids[number % 4].id, shopper.id)
            for number, shopper in enumerate(joiners)
        ]

        def claim(env, place):
            team, line_id, shopper_id = place
            line = env["pinbu.activity.line"].browse(line_id)
            shopper = env["res.partner"].browse(shopper_id)
            seats = env["pinbu.seat"]
            return seats._claim(shopper, activity.with_env(env), line, 1, team.with_env(env)).id

        with self.slow("pinbu.activity", "_keep_to_budgets"):
            seat_ids = self.at_once(claim, places)
        seats = self.env["pinbu.seat"].browse(seat_ids)
        promised = seats.filtered(lambda seat: seat.promise["reserved"])
        self.assertEqual((len(seats), len(promised)), (RIVALS - 4, PROMISED - 4))

    def test_moving_between_two_places_meets_no_deadlock(self):
        """Each shopper gives one reservation up and takes another, all at the same time."""
        other = self.make_activity(limit_per_user=0)
        self.rule.budget = 10_000
        self.rule.copy({"activity_id": other.id})
        self.open_cr.commit()
        people = self.people.ids[:16]
        here, there = self.checking_out(), self.checking_out(activity=other)
        for number in range(4):
            wishes = [(here, there)[(place + number) % 2] for place in range(16)]
            self.at_once(
                lambda env, pair: pair[0](env, pair[1]), list(zip(wishes, people, strict=True))
            )
        budgets = self.env["pinbu.subsidy.budget"].search([])
        self.assertEqual(sum(budgets.mapped("reserved")), 160.0)
