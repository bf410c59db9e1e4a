"""What is promised, reserved and owed: each guard, with the twin whom it stops."""

from datetime import date
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.models.pinbu_seat_promise import NO_PROMISE

from ..models import pinbu_activity_brake, pinbu_activity_promise
from .promise_common import PromiseCase


@tagged("post_install", "-at_install")
class TestPromise(PromiseCase):
    # === RESERVING === #

    def test_what_is_quoted_is_reserved_and_stored(self):
        ann, ben = self.shoppers(2)
        quoted = self.promise(ann)
        order = self.checkout(ann)
        self.assertEqual(order.pinbu_promise, quoted)
        self.assertEqual((quoted["reserved"], quoted["reason"]), (True, None))
        self.assertEqual((self.budget().reserved, self.budget().left), (10.0, 9990.0))

        team = self.pay(order).seat_ids.team_id
        self.join(ben, team)
        self.assertEqual(self.budget().reserved, 20.0)
        self.lose(team)
        self.assertEqual((self.budget().reserved, self.budget().paid), (20.0, 0.0))
        self.grant()
        self.env.invalidate_all()
        self.assertEqual((self.budget().reserved, self.budget().paid), (0.0, 20.0))
        self.assertEqual(self.budget().left, 9980.0)

    def test_a_used_up_budget_is_said_before_payment(self):
        self.rule.budget = 15.0
        ann, ben, carl = self.shoppers(3)
        team = self.join(ann).team_id
        none = {"items": [], "reserved": False, "reason": "budget_used_up"}
        self.assertEqual(self.promise(ben, team), none)
        order = self.checkout(ben, team)
        self.assertEqual(order.pinbu_promise, none)
        self.pay(order)
        self.lose(team)
        self.assertEqual(self.owed(team), {ann: ("cash", 1000)})
        # Ann's is spent for good: what is left does not do for Carl either.
        self.assertEqual(self.promise(carl), none)

    def test_what_is_given_up_is_free_again(self):
        self.rule.budget = 10.0
        ann, ben = self.shoppers(2)
        order = self.checkout(ann)
        self.assertEqual(self.promise(ben)["reason"], "budget_used_up")
        order._pinbu_cancel()
        self.assertEqual(self.amounts(self.promise(ben)), [1000])
        self.assertEqual(self.amounts(self.checkout(ben).pinbu_promise), [1000])
        self.assertEqual(self.promise(ann)["reason"], "budget_used_up")

    def test_a_shopper_who_changes_places_takes_the_reservation_along(self):
        self.rule.budget = 20.0
        ann, ben = self.shoppers(2)
        team = self.join(ann).team_id
        self.checkout(ben)
        self.assertEqual(self.amounts(self.promise(ben, team)), [1000])
        self.assertEqual(self.amounts(self.checkout(ben, team).pinbu_promise), [1000])
        self.assertEqual(self.budget().reserved, 20.0)

    def test_winning_frees_the_budget(self):
        self.rule.budget = 30.0
        team = self.form_team()
        self.assertEqual(team.state, "formed")
        self.assertEqual((self.budget().reserved, self.budget().left), (0.0, 30.0))
        self.assertEqual(self.amounts(self.checkout(self.shopper("Next")).pinbu_promise), [1000])

    def test_leaving_frees_the_budget_and_earns_nothing(self):
        self.activity.allow_leaving = True
        shoppers = self.shoppers(3)
        team = self.team_of(shoppers[:2])
        team.seat_ids.filtered(lambda seat: seat.partner_id == shoppers[1])._leave()
        self.join(shoppers[2], team)
        self.assertEqual(self.budget().reserved, 20.0)
        self.lose(team)
        self.assertEqual(set(self.owed(team)), {shoppers[0], shoppers[2]})

    def test_a_late_payment_that_finds_its_place_again_earns_nothing(self):
        ann, ben = self.shoppers(2)
        team = self.join(ann).team_id
        order = self.checkout(ben, team)
        payment = order._pinbu_start_payment()
        order.seat_ids._release_hold("hold lapsed")
        payment._set_done()
        self.env.invalidate_all()
        self.assertEqual(order.seat_ids.state, "paid")
        self.assertEqual(self.budget().reserved, 10.0)
        self.assertEqual(
            order._to_api()[0]["promise"], {"items": [], "reserved": False, "reason": "paid_late"}
        )
        self.lose(team)
        # It counts as a member, and gets its money back.
        self.assertEqual(self.owed(team), {ann: ("cash", 1000)})

    def test_coming_back_keeps_the_promise(self):
        self.activity.max_quantity = 2
        ann = self.shopper("Ann")
        order = self.checkout(ann)
        self.rule.amount = 4.0
        self.assertEqual(self.amounts(self.promise(ann)), [1000])
        self.assertEqual(self.checkout(ann), order)
        self.assertEqual(self.amounts(order.pinbu_promise), [1000])
        # Another wish is another offer.
        self.assertEqual(self.amounts(self.promise(ann, quantity=2)), [400])
        self.assertEqual(self.checkout(ann, quantity=2), order)
        self.assertEqual(self.amounts(order.pinbu_promise), [400])
        self.assertEqual(self.budget().reserved, 4.0)
        self.rule.active = False
        self.checkout(ann)
        self.assertEqual(order.pinbu_promise, NO_PROMISE)
        self.assertEqual(self.budget().reserved, 0.0)

    def test_whatever_is_edited_later(self):
        ann, ben = self.shoppers(2)
        team = self.team_of(ann + ben)
        self.rule.write({"amount": 1.0, "budget": 1.0, "min_paid_members": 3, "active": False})
        self.lose(team)
        self.assertEqual(self.owed(team), {ann: ("cash", 1000), ben: ("cash", 1000)})

    def test_without_a_rule_the_claim_does_nothing_more(self):
        self.rule.active = False
        ann = self.shopper("Ann")
        statements = []
        with patch.object(type(self.env["pinbu.activity"]), "_promise_facts", statements.append):
            order = self.checkout(ann)
        self.assertFalse(statements)
        self.assertFalse(order.seat_ids.promise)
        self.assertEqual(order.pinbu_promise, NO_PROMISE)

    def test_a_days_budget_turns_over_at_the_companys_midnight(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        self.rule.budget_per_day = 10.0
        ann, ben, carl = self.shoppers(3)
        # 23:50 in Shanghai is 15:50 in UTC; 16:10 is the next day there.
        clock = "'2030-05-01 %s'::timestamp"
        with self.at_clock(clock % "15:50:00"):
            self.assertEqual(self.amounts(self.checkout(ann).pinbu_promise), [1000])
            self.assertEqual(self.checkout(ben).pinbu_promise["reason"], "day_budget_used_up")
        with self.at_clock(clock % "16:10:00"):
            self.assertEqual(self.amounts(self.checkout(carl).pinbu_promise), [1000])
        budget = self.budget()
        self.assertEqual((budget.day, budget.day_taken), (date(2030, 5, 2), 1000))

    def at_clock(self, sql):
        return patch.object(pinbu_activity_promise, "SQL_NOW", pinbu_activity_promise.SQL(sql))

    # === TO WHOM === #

    def test_caps(self):
        for cap in ("cap_per_day", "cap_per_activity", "cap_for_life"):
            with self.subTest(cap):
                self.rule.write({"cap_per_day": 0, "cap_per_activity": 0, "cap_for_life": 0})
                self.rule[cap] = 2
                ann = self.shopper(cap)
                self.join(ann)
                self.assertEqual(self.amounts(self.promise(ann)), [1000])
                self.join(ann)
                self.assertEqual(self.promise(ann)["reason"], "limit_reached")
                self.assertEqual(self.checkout(ann).pinbu_promise["reason"], "limit_reached")
                self.assertEqual(self.amounts(self.promise(self.shopper("Ben"))), [1000])
        self.assertEqual(self.promise(ann)["reason"], "limit_reached")

    def test_what_a_cap_counts(self):
        other = self.make_activity(
            limit_per_user=0, subsidy_rule_ids=[Command.create(self.plain_rule())]
        )
        ann = self.shopper("Ann")
        self.join(ann, activity=other)
        for cap, is_refused in (
            ("cap_per_activity", False),
            ("cap_per_day", True),
            ("cap_for_life", True),
        ):
            self.rule.write({"cap_per_day": 0, "cap_per_activity": 0, "cap_for_life": 0, cap: 1})
            self.assertEqual(not self.promise(ann)["reserved"], is_refused, cap)
        self.rule.write({"cap_per_day": 1, "cap_for_life": 0})
        self.days_ago(ann, 1)
        self.assertTrue(self.promise(ann)["reserved"])

    def test_too_near_the_deadline(self):
        self.rule.min_paid_minutes = 60
        ann, ben = self.shoppers(2)
        team = self.join(ann).team_id
        self.assertEqual(self.amounts(self.promise(ben, team)), [1000])
        team.deadline = fields.Datetime.add(fields.Datetime.now(), minutes=59)
        self.assertEqual(self.promise(ben, team)["reason"], "too_near_deadline")
        self.join(ben, team)
        self.lose(team)
        self.assertEqual(self.owed(team), {ann: ("cash", 1000)})

    def test_cash_twice_without_a_win_then_a_coupon(self):
        self.rule.max_without_win = 2
        self.activity.fallback_program_id = self.coupons
        ann, ben = self.shoppers(2)
        for _time in range(2):
            self.fail_team(ann + ben)
        promise = self.promise(ann)
        self.assertEqual([item["type"] for item in promise["items"]], ["coupon"])
        self.assertEqual(promise["reason"], "too_often_without_win")
        team = self.fail_team(ann + ben)
        self.assertEqual(self.owed(team), {ann: ("coupon", None), ben: ("coupon", None)})
        self.assertEqual(team.subsidy_ids.program_id, self.coupons)
        self.activity.fallback_program_id = False
        self.assertFalse(self.promise(ann)["reserved"])

        # A win that is delivered starts it anew; one that came back does not count.
        team = self.team_of(ann + ben + self.shopper("Carl"))
        self.run_schedulers()
        self.assertFalse(self.promise(ann)["reserved"])
        self.deliver(team)
        self.assertEqual(ann._pinbu_delivered_wins(self.company), 1)
        self.assertEqual(self.amounts(self.promise(ann)), [1000])
        picking = team.seat_ids.filtered(lambda seat: seat.partner_id == ann).order_id.picking_ids
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        wizard.product_return_moves.quantity = 1
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.picked = True
        back.button_validate()
        self.assertEqual(ann._pinbu_delivered_wins(self.company), 0)
        self.assertFalse(self.promise(ann)["reserved"])
        self.assertEqual(self.amounts(self.promise(ben)), [1000])

    def test_decay(self):
        self.rule.has_decay = True
        ann = self.shopper("Ann")
        seen = []
        for _time in range(4):
            promise = self.promise(ann)
            seen.append((self.amounts(promise), promise["reason"]))
            self.join(ann)
        self.assertEqual(seen, [([1000], None), ([500], None), ([250], None), ([], "too_often")])
        self.days_ago(ann, 31)
        self.assertEqual(self.amounts(self.promise(ann)), [1000])

    def test_fresh_money_only(self):
        promise = self.promise(self.shopper("Ann"), is_fresh=False)
        self.assertEqual(promise, {"items": [], "reserved": False, "reason": "not_fresh_money"})

    def test_newcomers(self):
        self.rule.newcomer_extra = 3.0
        ann, ben = self.shoppers(2)
        self.assertEqual(self.amounts(self.promise(ann)), [1300])
        team = self.fail_team(ann + ben)
        self.assertEqual(self.owed(team), {ann: ("cash", 1300), ben: ("cash", 1300)})
        self.assertEqual(self.amounts(self.promise(ann)), [1000])

    # === WHAT IT COMES TO === #

    def test_consolation_of_a_team_of_one(self):
        ann, ben, carl = self.shoppers(3)
        self.assertEqual(self.owed(self.fail_team(ann)), {})
        self.assertEqual(self.budget().reserved, 0.0)
        self.rule.write({"consolation": "coupon", "consolation_program_id": self.coupons.id})
        self.assertEqual(self.owed(self.fail_team(ben)), {ben: ("coupon", None)})
        self.rule.write(
            {
                "consolation": "points",
                "consolation_program_id": self.stars.id,
                "consolation_points": 7,
            }
        )
        team = self.fail_team(carl)
        self.assertEqual(self.owed(team), {carl: ("points", 7)})
        self.assertEqual(self.budget().reserved, 0.0)
        self.grant()
        self.run_schedulers()
        self.assertEqual(team.state, "settled")

    def test_who_shares_a_phone_or_an_address_counts_as_one(self):
        ann, ben = self.shoppers(2)
        ann.phone, ben.phone = "+86 138 0013 8000", "13800138000"
        self.assertEqual(self.owed(self.fail_team(ann + ben)), {})
        ben.phone = "13900139000"
        self.assertEqual(len(self.owed(self.fail_team(ann + ben))), 2)

        addresses = [
            self.env["res.partner"].create(
                {"name": "Home", "type": "delivery", "parent_id": p.id, "street": street}
            )
            for p, street in ((ann, "1 Long Lane"), (ben, "1  long lane"))
        ]
        for is_shared in (True, False):
            team = self.pay(self.checkout(ann, address=addresses[0])).seat_ids.team_id
            self.pay(self.checkout(ben, team, address=addresses[1]))
            self.lose(team)
            self.assertEqual(len(self.owed(team)), 0 if is_shared else 2)
            addresses[1] = addresses[1].copy({"street": "2 Long Lane"})

    def test_a_leader_who_brings_nobody(self):
        self.rule.leader_min_friends = 1
        ann, ben = self.shoppers(2)
        team = self.fail_team(ann + ben)
        self.assertEqual(self.owed(team), {ben: ("cash", 1000)})
        team = self.join(ann).team_id
        self.join(ben, team, inviter=ann)
        self.lose(team)
        self.assertEqual(len(self.owed(team)), 2)

    def test_for_each_friend(self):
        self.activity.size = 5
        self.rule.write({"basis": "friend", "amount": 2.0, "max_friends": 2})
        ann, *friends = self.shoppers(4)
        promise = self.promise(ann)
        self.assertEqual(
            (promise["items"][0]["min_amount"], promise["items"][0]["max_amount"]), (0, 400)
        )
        team = self.join(ann).team_id
        for friend in friends:
            self.join(friend, team, inviter=ann)
        self.assertEqual(self.budget().reserved, 16.0)
        self.lose(team)
        self.assertEqual(self.owed(team), {ann: ("cash", 400)})
        self.assertEqual(self.budget().reserved, 4.0)

    def test_extra_for_friends(self):
        self.activity.size = 5
        self.rule.friend_extra = 1.5
        ann, *friends = self.shoppers(3)
        team = self.join(ann).team_id
        for friend in friends:
            self.join(friend, team, inviter=ann)
        self.lose(team)
        owed = self.owed(team)
        self.assertEqual(owed.pop(ann), ("cash", 1300))
        self.assertEqual(set(owed.values()), {("cash", 1000)})

    def test_in_proportion(self):
        self.activity.size = 5
        self.rule.basis = "progress"
        shoppers = self.shoppers(4)
        item = self.promise(shoppers[0])["items"][0]
        self.assertEqual((item["min_amount"], item["max_amount"]), (250, 1000))
        for members, each in ((2, 250), (4, 750)):
            team = self.fail_team(shoppers[:members])
            self.assertEqual(set(self.owed(team).values()), {("cash", each)})

    def test_a_range_is_drawn_once(self):
        self.rule.write({"amount": 5.0, "amount_max": 9.0, "amount_step": 2.0})
        shoppers = self.shoppers(2)
        item = self.promise(shoppers[0])["items"][0]
        self.assertEqual((item["min_amount"], item["max_amount"]), (500, 900))
        team = self.team_of(shoppers)
        self.assertEqual(self.budget().reserved, 18.0)
        self.lose(team)
        drawn = {row.partner_id: row.amount_minor for row in team.subsidy_ids}
        self.assertTrue(set(drawn.values()) <= {500, 700, 900}, drawn)
        self.assertEqual(self.budget().reserved, sum(drawn.values()) / 100)
        team._team_failed()
        self.assertEqual({r.partner_id: r.amount_minor for r in team.subsidy_ids}, drawn)

    def test_each_type_with_its_terms(self):
        self.rule.write({"delay_hours": 1.5, "withdraw_after_wins": 2})
        self.activity.write(
            {
                "subsidy_rule_ids": [
                    Command.create(self.plain_rule(amount=0, budget=5, **values))
                    for values in (
                        {"type": "coupon", "program_id": self.coupons.id, "valid_days": 14},
                        {"type": "points", "program_id": self.stars.id, "points": 2},
                        {"type": "ticket", "program_id": self.coupons.id},
                    )
                ]
            }
        )
        ann, ben, carl = self.shoppers(3)
        team = self.fail_team(ann + ben)
        rows = {row.type: row for row in team.subsidy_ids if row.partner_id == ann}
        self.assertEqual(set(rows), {"cash", "coupon", "points", "ticket"})
        wait = rows["cash"].due_at - rows["cash"].create_date
        self.assertEqual(round(wait.total_seconds() / 60), 90)
        self.assertEqual(rows["cash"].withdraw_after_wins, 2)
        self.assertEqual(rows["coupon"].valid_days, 14)
        self.assertEqual(rows["points"].points, 2)
        # 4 of 5 points are promised: two more do not fit, and everything else does.
        promise = self.promise(carl)
        self.assertEqual([i["type"] for i in promise["items"]], ["cash", "coupon", "ticket"])
        self.assertEqual(promise["reason"], "budget_used_up")

    def test_failed_by_the_merchant_or_by_the_stock(self):
        ann, ben = self.shoppers(2)
        team = self.team_of(ann + ben)
        team._fail_by_hand("test")
        self.run_scheduler("settle")
        self.assertEqual(len(self.owed(team)), 2)

    # === RULES OF A CATEGORY === #

    def test_a_category(self):
        category = self.env["product.category"].create({"name": "Snacks"})
        below = self.env["product.category"].create({"name": "Salty", "parent_id": category.id})
        self.rule.active = False
        rule = self.env["pinbu.subsidy.rule"].create(
            self.plain_rule(product_category_id=category.id, amount=3.0, budget=3.0)
        )
        ann, ben = self.shoppers(2)
        self.assertFalse(self.promise(ann)["reserved"])
        self.product.categ_id = below
        self.env.invalidate_all()
        other = self.make_activity(limit_per_user=0)
        self.assertEqual(self.amounts(self.checkout(ann).pinbu_promise), [300])
        self.assertEqual(self.promise(ben)["reason"], "budget_used_up")
        # Each activity has the budget for itself.
        self.assertEqual(self.amounts(self.checkout(ben, activity=other).pinbu_promise), [300])
        self.assertEqual(len(self.budget(rule)), 2)
        self.product.categ_id = category.copy({"name": "Sweets"})
        self.env.invalidate_all()
        self.assertFalse(self.promise(self.shopper("Carl"))["reserved"])

    # === NOT WORTH FARMING === #

    def test_a_farmer_earns_less_than_a_win_saves(self):
        """Thirty days of opening a team, waiting and being refunded."""
        self.rule.action_preset_guarded()
        # Without the circuit breaker, which would stop it as well.
        self.company.write({"pinbu_brake_failed_percent": 0, "pinbu_brake_subsidy_percent": 0})
        farmer = self.shopper("Farmer")
        line = self.activity.line_ids
        for _day in range(30):
            self.fail_team(farmer)
            self.grant()
            self.days_ago(farmer, 1)
        self.assertLess(self.balance(farmer) or 0, line.list_price - line.group_price)
        # The twin whom nothing guards.
        self.rule.action_preset_everyone()
        self.fail_team(farmer)
        self.grant()
        self.assertEqual(self.balance(farmer), 10.0)

    def test_two_farmers_earn_three_halves_once(self):
        self.rule.action_preset_guarded()
        self.company.write({"pinbu_brake_failed_percent": 0, "pinbu_brake_subsidy_percent": 0})
        farmers = self.shoppers(2)
        for _day in range(10):
            self.fail_team(farmers)
            self.grant()
            self.days_ago(farmers[0], 3)
            self.days_ago(farmers[1], 3)
        self.assertEqual(self.balance(farmers[0]), 15.0)

    def test_the_circuit_breaker(self):
        self.patch(pinbu_activity_brake, "TEAMS_AT_LEAST", 2)
        shoppers = self.shoppers(2)
        running = self.team_of(shoppers)
        self.fail_team(self.shopper("Alone"))
        self.assertFalse(self.activity.is_subsidy_braked)
        self.fail_team(self.shopper("Lonely"))
        self.assertTrue(self.activity.is_subsidy_braked)
        alerts = self.activity.activity_ids
        self.assertEqual((len(alerts), alerts.user_id), (1, self.activity._responsible_user()))

        ann = self.shopper("Ann")
        self.assertEqual(self.promise(ann), {"items": [], "reserved": False, "reason": "paused"})
        self.company.pinbu_fallback_program_id = self.coupons
        [item] = self.checkout(ann).pinbu_promise["items"]
        self.assertEqual(item["type"], "coupon")
        # What was promised stands, and nobody is told twice.
        self.lose(running)
        self.assertEqual(set(self.owed(running).values()), {("cash", 1000)})
        self.assertEqual(self.activity.activity_ids, alerts)
        self.activity.action_release_brake()
        self.assertEqual(self.amounts(self.promise(self.shopper("Ben"))), [1000])
        self.fail_team(self.shopper("Carl"))
        self.assertFalse(self.activity.is_subsidy_braked)

    def test_the_breaker_looks_at_the_cost_too(self):
        self.patch(pinbu_activity_brake, "TEAMS_AT_LEAST", 2)
        self.company.write({"pinbu_brake_failed_percent": 0, "pinbu_brake_subsidy_percent": 40})
        self.form_team()
        self.fail_team(self.shoppers(2))
        # 20.00 of 59.70.
        self.assertFalse(self.activity.is_subsidy_braked)
        self.fail_team(self.shoppers(2))
        self.assertTrue(self.activity.is_subsidy_braked)
