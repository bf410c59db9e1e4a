from odoo import Command
from odoo.tests import tagged

from .common import SubsidyCase


@tagged("post_install", "-at_install")
class TestLoyalty(SubsidyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        programs = cls.env["loyalty.program"]
        programs.search([]).active = False
        cls.points = programs.create(
            {
                "name": "Points",
                "program_type": "loyalty",
                "applies_on": "both",
                "trigger": "auto",
                "rule_ids": [
                    Command.create({"reward_point_mode": "order", "reward_point_amount": 7})
                ],
                "reward_ids": [Command.create({"discount": 5, "required_points": 200})],
            }
        )
        cls.coupons = programs.create(
            {
                "name": "Next order",
                "program_type": "next_order_coupons",
                "applies_on": "future",
                "trigger": "auto",
                "rule_ids": [Command.create({"minimum_qty": 1})],
                "reward_ids": [Command.create({"discount": 10, "required_points": 1})],
            }
        )

    def cards(self, program, partner):
        return self.env["loyalty.card"].search(
            [("program_id", "=", program.id), ("partner_id", "=", partner.id)]
        )

    def test_a_confirmed_order_of_a_forming_team_gives_nothing(self):
        partners = self.shoppers(2)
        team = self.team_of(partners)
        self.run_schedulers()
        self.assertEqual(set(team.order_ids.mapped("state")), {"sale"})
        for program in self.points + self.coupons:
            self.assertFalse(program.coupon_ids)

        self.lose(team)
        self.assertEqual(set(team.order_ids.mapped("state")), {"cancel"})
        for program in self.points + self.coupons:
            self.assertFalse(program.coupon_ids)

    def test_a_won_order_gives_what_any_order_gives(self):
        partners = self.shoppers(3)
        team = self.team_of(partners)
        self.run_schedulers()
        self.assertEqual(team.state, "formed")
        for partner in partners:
            self.assertEqual(self.cards(self.points, partner).points, 7)
            self.assertEqual(len(self.cards(self.coupons, partner)), 1)
        team.seat_ids._seat_paid()
        self.assertEqual(self.cards(self.points, partners[0]).points, 7)
        self.assertEqual(len(self.cards(self.coupons, partners[0])), 1)

    def test_a_seat_order_takes_no_wallet_line(self):
        partners = self.shoppers(2)
        self.fail_team(partners)
        self.grant()
        order = self.checkout(partners[0])
        order.action_open_reward_wizard()
        self.assertFalse(order._get_claimable_rewards())
        self.assertEqual(order.amount_total, 19.9)
        self.pay(order)
        self.run_schedulers()
        self.assertEqual(order.state, "sale")
        self.assertEqual(self.balance(partners[0]), 10.0)
