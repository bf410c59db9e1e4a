from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

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

    def test_without_a_program_that_comes_by_itself_it_is_asked_once_for_all(self):
        (self.points + self.coupons).active = False
        few, many = (self.team_of(self.shoppers(3)).order_ids for _team in range(2))
        many |= self.team_of(self.shoppers(3)).order_ids
        self.run_schedulers()
        asked = []
        # Once to fill what is kept in memory for good.
        for orders in (few, few, many):
            orders = orders.browse(orders.ids)  # read together, as a worker does
            orders.pinbu_loyalty_granted = False
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            orders._pinbu_grant_loyalty()
            self.env.flush_all()
            asked.append(self.env.cr.sql_log_count - before)
            self.assertEqual(set(orders.mapped("pinbu_loyalty_granted")), {True})
        self.assertEqual(len(few), 3)
        self.assertEqual(len(many), 6)
        self.assertEqual(*asked[1:])

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

    def assert_nothing_given(self):
        for program in self.points + self.coupons:
            self.assertFalse(program.coupon_ids)
        self.assertFalse(self.env["sale.order.coupon.points"].search([]))

    def test_a_member_who_leaves_gets_nothing(self):
        ann, ben = self.shoppers(2)
        self.activity.allow_leaving = True
        team = self.team_of(ann + ben)
        self.run_schedulers()
        team.seat_ids.filtered(lambda seat: seat.partner_id == ben)._leave()
        self.run_schedulers()
        self.assertEqual(sorted(team.seat_ids.order_id.mapped("state")), ["cancel", "sale"])
        self.assert_nothing_given()

    def test_a_team_that_the_merchant_stops_gets_nothing(self):
        team = self.team_of(self.shoppers(2))
        self.run_schedulers()
        with self.refusing("the team decides"):
            team.order_ids[0].action_cancel()
        team._fail_by_hand("no crisps today")
        self.run_schedulers()
        self.assert_nothing_given()

    def test_a_late_payment_gets_nothing(self):
        ann, ben = self.shoppers(2)
        team = self.join(ann).team_id
        order = self.checkout(ben, team)
        transaction = order._pinbu_start_payment()
        self.pass_deadline(team)
        transaction._set_done()
        self.run_schedulers(3)
        self.assertEqual((order.seat_ids.state, order.state), ("released", "cancel"))
        self.assert_nothing_given()

    def test_a_rerouted_payment_gets_what_its_new_team_gets(self):
        self.activity.allow_reroute = True
        partners = self.shoppers(5)
        team = self.join(partners[0]).team_id
        late = self.checkout(partners[1], team, accept_reroute=True)
        transaction = late._pinbu_start_payment()
        other = self.join(partners[2]).team_id
        self.pass_deadline(team)
        transaction._set_done()
        self.run_schedulers()
        self.assertEqual((late.seat_ids.team_id, late.state), (other, "sale"))
        self.assert_nothing_given()
        for partner in partners[3:]:
            self.join(partner, other)
            if partner == partners[3]:
                self.assert_nothing_given()
            if other.state == "formed":
                break
        self.run_schedulers()
        self.assertEqual(other.state, "formed")
        self.assertEqual(self.cards(self.points, partners[1]).points, 7)
        self.assertFalse(self.cards(self.points, partners[0]))

    def test_stock_policy_success_confirms_only_what_is_won(self):
        self.activity.stock_policy = "success"
        partners = self.shoppers(3)
        team = self.team_of(partners[:2])
        self.run_schedulers()
        self.assert_nothing_given()
        self.join(partners[2], team)
        self.run_schedulers()
        for partner in partners:
            self.assertEqual(self.cards(self.points, partner).points, 7)

    def test_a_won_order_that_is_cancelled_loses_what_it_gave(self):
        """As loyalty does with any order: the points go, and so does a coupon nobody used."""
        partners = self.shoppers(3)
        team = self.team_of(partners)
        self.run_schedulers()
        used = self.cards(self.coupons, partners[1])
        other = self.env["sale.order"].create(
            {
                "partner_id": partners[1].id,
                "order_line": [Command.create({"product_id": self.product.id})],
            }
        )
        other.applied_coupon_ids = used
        other._apply_program_reward(self.coupons.reward_ids, used)
        orders = {seat.partner_id: seat.order_id for seat in team.seat_ids}
        for partner in partners[:2]:
            orders[partner].action_cancel()
            self.assertEqual(orders[partner].state, "cancel")
            self.assertFalse(self.cards(self.points, partner).points)
        self.assertFalse(self.cards(self.coupons, partners[0]))
        self.assertTrue(used.exists())
        self.run_schedulers()
        self.assertFalse(self.cards(self.points, partners[0]).points)
        self.assertEqual(self.cards(self.points, partners[2]).points, 7)

    def test_who_may_cancel_a_won_order_takes_back_what_it_gave(self):
        """Though Odoo lets only its own sales managers delete points."""
        partners = self.shoppers(3)
        team = self.team_of(partners)
        self.run_schedulers()
        manager, seller = (
            new_test_user(self.env, login, f"pinbu_groupbuy.group_{group}")
            for login, group in (("boss", "manager"), ("seller", "user"))
        )
        self.assertFalse(manager.has_group("sales_team.group_sale_manager"))
        order = team.seat_ids[0].order_id
        with self.assertRaises(AccessError):
            order.with_user(seller).action_cancel()
        points = order.coupon_point_ids
        with self.assertRaises(AccessError):
            points.with_user(manager).unlink()
        order.with_user(manager).action_cancel()
        self.assertEqual(order.state, "cancel")
        self.assertFalse(points.exists())
        self.assertFalse(self.cards(self.points, order.partner_id).points)
        self.assertFalse(self.cards(self.coupons, order.partner_id))

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
