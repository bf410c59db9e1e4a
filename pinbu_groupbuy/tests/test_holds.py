"""Unpaid places: how long they are held, by whom, and how often."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestHolds(GroupBuyCase):
    def lapse(self, order):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_seat SET hold_until = hold_until - interval '1 hour' WHERE id = %s",
            [order.seat_ids.id],
        )
        self.env.invalidate_all()

    def minutes(self, order):
        left = order.seat_ids.hold_until - fields.Datetime.now()
        return round(left / timedelta(minutes=1))

    def test_the_last_place_is_held_for_less(self):
        team = self.join(self.shopper("1")).team_id
        self.assertEqual(self.minutes(self.checkout(self.shopper("2"), team)), 5)
        self.assertEqual(self.minutes(self.checkout(self.shopper("3"), team)), 2)

    def test_no_hold_outlives_the_deadline(self):
        team = self.join(self.shopper("1")).team_id
        team.deadline = fields.Datetime.now() + timedelta(minutes=1)
        order = self.checkout(self.shopper("2"), team)
        self.assertEqual(order.seat_ids.hold_until, team.deadline)

    def test_one_hold_for_each_shopper(self):
        """The newest wish counts; the older place is free at once."""
        shopper = self.shopper("undecided")
        team = self.join(self.shopper("1")).team_id
        other = self.make_activity(product=self.make_product("Nuts", 10))
        first = self.checkout(shopper, team)
        self.assertEqual(team.seats_taken, 2)
        second = self.checkout(shopper, activity=other)
        self.assertEqual((team.seats_taken, first.seat_ids.state), (1, "released"))
        self.run_schedulers()
        self.assertEqual(first.state, "cancel")
        # That was no lapse: the shopper may change their mind once more.
        third = self.checkout(shopper, team)
        self.assertEqual(second.seat_ids.state, "released")
        self.assertEqual(other.line_ids.quota_taken, 0)
        self.assertEqual(third.seat_ids.state, "held")

    def test_a_refused_wish_costs_no_hold(self):
        shopper = self.shopper("undecided")
        team = self.form_team()
        order = self.checkout(shopper)
        self.assertEqual(self.refusal_of(lambda: self.checkout(shopper, team)), "team_full")
        self.assertEqual(order.seat_ids.state, "held")

    def test_the_older_order_paid_after_all(self):
        """It gets its place back, or its money: here a place is free."""
        shopper = self.shopper("undecided")
        team = self.join(self.shopper("1")).team_id
        first = self.checkout(shopper, team)
        tx = first._pinbu_start_payment()
        self.checkout(shopper, activity=self.make_activity(product=self.make_product("Nuts", 10)))
        tx._set_done()
        self.run_schedulers()
        self.assertEqual((first.seat_ids.state, team.seats_paid), ("paid", 2))

    def test_no_second_hold_where_one_lapsed(self):
        shopper = self.shopper("blocker")
        team = self.join(self.shopper("1")).team_id
        self.lapse(self.checkout(shopper, team))
        for _round in ("before the scheduler", "after it"):
            self.assertEqual(
                self.refusal_of(lambda: self.checkout(shopper, team)), "not_allowed_now"
            )
            viewer = team._to_api(shopper)[0]["viewer"]
            self.assertEqual((viewer["can_join"], viewer["reason"]), (False, "not_allowed_now"))
            self.run_schedulers()
        self.assertEqual(team.seats_taken, 1)
        # Other teams, and opening one instead, are open to them.
        other = self.join(self.shopper("2")).team_id
        self.assertEqual(self.checkout(shopper, other).seat_ids.state, "held")
        self.assertTrue(self.checkout(shopper))

    def test_a_lapse_is_remembered_behind_another_checkout(self):
        shopper = self.shopper("blocker")
        team = self.join(self.shopper("1")).team_id
        self.lapse(self.checkout(shopper, team))
        self.checkout(shopper)
        self.assertEqual(self.refusal_of(lambda: self.checkout(shopper, team)), "not_allowed_now")

    def test_a_place_given_up_may_be_taken_again(self):
        shopper = self.shopper("1")
        team = self.join(self.shopper("2")).team_id
        self.checkout(shopper, team)._pinbu_cancel()
        self.assertEqual(self.checkout(shopper, team).seat_ids.state, "held")

    def test_who_comes_back_pays_what_the_place_was_taken_for(self):
        shopper = self.shopper("1")
        order = self.checkout(shopper)
        self.activity.line_ids.group_price = 25.0
        quote = self.env["pinbu.seat"]._quote(shopper, self.activity, self.product, 1, None)
        self.assertEqual(quote["amount"], 19.9)
        self.assertEqual(self.checkout(shopper), order)
        self.assertEqual(order._pinbu_start_payment().amount, 19.9)
        self.assertEqual(self.checkout(self.shopper("2")).amount_total, 25.0)
