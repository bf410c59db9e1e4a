"""Whether one more team may be opened."""

from odoo.tests import tagged

from ..transactions import short_transaction
from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestOpenings(GroupBuyCase):
    def refusal(self, *args, **kwargs):
        return self.refusal_of(lambda: self.checkout(*args, **kwargs))

    def scarce(self, stock, **vals):
        return self.make_activity(product=self.make_product("Rare crisps", stock), **vals)

    def test_stock_for_the_whole_team_and_for_those_that_form(self):
        """Eight pieces, teams of three: two teams owe six; two more pieces make no third team."""
        activity = self.scarce(8)
        self.join(self.shopper("1"), activity=activity)
        self.assertEqual(activity.stock_for_teams, 5)
        self.checkout(self.shopper("2"), activity=activity)
        self.assertEqual(activity.stock_for_teams, 2)
        self.assertEqual(self.refusal(self.shopper("3"), activity=activity), "sold_out")
        self.assertEqual(activity._can_open(), "sold_out")
        # Whoever joins still finds a piece.
        self.join(self.shopper("4"), activity.team_ids)

    def test_a_failed_team_owes_nothing(self):
        activity = self.scarce(3)
        team = self.join(self.shopper("1"), activity=activity).team_id
        self.assertEqual(self.refusal(self.shopper("2"), activity=activity), "sold_out")
        self.pass_deadline(team)
        self.run_schedulers()
        self.join(self.shopper("2"), activity=activity)

    def test_another_activity_owes_the_same_product(self):
        first = self.scarce(5)
        product = first.line_ids.product_id
        second = self.make_activity(product=product)
        self.join(self.shopper("1"), activity=first)
        self.assertEqual(self.refusal(self.shopper("2"), activity=second), "sold_out")

    def test_with_success_nothing_is_kept_and_all_is_owed(self):
        activity = self.scarce(6, stock_policy="success")
        self.join(self.shopper("1"), activity=activity)
        self.assertEqual(activity.stock_for_teams, 3)
        self.join(self.shopper("2"), activity=activity)
        self.assertEqual(self.refusal(self.shopper("3"), activity=activity), "sold_out")

    def test_with_open_all_is_kept(self):
        activity = self.scarce(5, stock_policy="open")
        self.checkout(self.shopper("1"), activity=activity)
        self.assertEqual(activity.line_ids.available, 2)
        self.assertEqual(activity.stock_for_teams, 2)
        self.assertEqual(self.refusal(self.shopper("2"), activity=activity), "sold_out")

    def test_a_presale_needs_no_stock(self):
        activity = self.scarce(1, stock_policy="success", publish=False)
        activity.write({"is_presale": True, "is_published": True})
        for name in ("1", "2", "3"):
            self.join(self.shopper(name), activity=activity)
        self.assertEqual(len(activity.team_ids), 3)

    def test_teams_at_once(self):
        activity = self.make_activity(max_forming_teams=2)
        team = self.join(self.shopper("1"), activity=activity).team_id
        order = self.checkout(self.shopper("2"), activity=activity)
        self.assertEqual(self.refusal(self.shopper("3"), activity=activity), "not_allowed_now")
        self.assertEqual(activity._can_open(), "not_allowed_now")
        # An opening given up, and a team that is decided, make room.
        order._pinbu_cancel()
        self.join(self.shopper("3"), activity=activity)
        self.pass_deadline(team)
        self.join(self.shopper("4"), activity=activity)
        self.assertEqual(self.refusal(self.shopper("5"), activity=activity), "not_allowed_now")

    def test_the_claim_itself_decides(self):
        """What the first look let through, the claim refuses: others may have been faster."""
        activity = self.make_activity(max_forming_teams=1)
        self.join(self.shopper("1"), activity=activity)
        late = self.shopper("2")

        def claim():
            self.env["pinbu.seat"]._claim(
                late, activity, activity.line_ids, 1, self.env["pinbu.team"]
            )

        self.assertEqual(self.refusal_of(claim), "not_allowed_now")
        self.assertFalse(self.env["pinbu.seat"].search([("partner_id", "=", late.id)]))

    def test_a_late_payment_opens_no_team_too_many(self):
        activity = self.make_activity(max_forming_teams=1)
        order = self.checkout(self.shopper("1"), activity=activity)
        tx = order._pinbu_start_payment()
        order._pinbu_cancel()
        self.join(self.shopper("2"), activity=activity)
        tx._set_done()
        self.run_schedulers()
        self.assertEqual(order.seat_ids.state, "released")
        self.assertEqual(order.seat_ids.refund_state, "done")

    def test_many_activities_cost_no_more_queries(self):
        def look(activities):
            self.env.invalidate_all()
            activities.mapped("stock_for_teams")

        activities = self.activity
        for _number in range(3):
            activities |= self.scarce(10)
        look(activities)
        self.env.flush_all()
        with self.assertQueryCount(4):
            look(activities[:1])
        with self.assertQueryCount(4):
            look(activities)

    def test_stock_is_counted_in_a_claim_as_in_a_look(self):
        activity = self.scarce(8)
        self.join(self.shopper("1"), activity=activity)
        with short_transaction(self.env) as cr:
            left = activity.line_ids._stock_left(cr, activity.line_ids.ids)
            counted = activity._stock_for_teams(cr, {activity.id: left})
        self.assertEqual(counted, {activity.id: activity.stock_for_teams})
