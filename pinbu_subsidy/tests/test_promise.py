"""What is promised, reserved and owed: each guard, with the twin whom it stops."""

from datetime import date
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.models.pinbu_seat_promise import NO_PROMISE

from ..models import pinbu_activity_brake, pinbu_activity_promise
from .common import SubsidyCase


class PromiseCase(SubsidyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coupons = cls.env["loyalty.program"].create(
            {
                "name": "Five off",
                "program_type": "coupons",
                "applies_on": "current",
                "trigger": "with_code",
                "reward_ids": [
                    Command.create({"reward_type": "discount", "discount": 5, "required_points": 1})
                ],
            }
        )
        cls.stars = cls.env["loyalty.program"].create(
            {
                "name": "Stars",
                "program_type": "loyalty",
                "applies_on": "both",
                "trigger": "auto",
                "reward_ids": [
                    Command.create({"reward_type": "discount", "discount": 1, "required_points": 9})
                ],
            }
        )

    def promise(self, shopper, team=None, is_fresh=True, quantity=1):
        """:return: what a quote shows"""
        team = team or self.env["pinbu.team"]
        return self.activity._promise(shopper, self.activity.line_ids, quantity, team, is_fresh)

    def amounts(self, promise):
        return [item.get("amount") for item in promise["items"]]

    def owed(self, team):
        """:return: what the team's members are owed, by shopper: type and amount, points or None"""
        return {
            row.partner_id: (row.type, row.amount_minor or row.points or None)
            for row in team.subsidy_ids
        }

    def budget(self, rule=None):
        return self.env["pinbu.subsidy.budget"].search([("rule_id", "=", (rule or self.rule).id)])

    def days_ago(self, shopper, days):
        """Move what this shopper was promised so far into the past."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_subsidy_reservation SET date = date - %(days)s * interval '1 day',"
            " day = day - %(days)s WHERE partner_id = %(shopper)s",
            {"days": days, "shopper": shopper.id},
        )
        self.env.invalidate_all()

    def deliver(self, team):
        for picking in team.picking_ids.filtered(lambda picking: picking.state != "done"):
            picking.move_ids.picked = True
            picking.button_validate()


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


@tagged("post_install", "-at_install")
class TestRuleScreens(PromiseCase):
    def test_the_worst_case_as_a_sentence(self):
        self.rule.budget = 2500
        self.activity.write(
            {
                "starts_at": fields.Datetime.add(fields.Datetime.now(), hours=1),
                "ends_at": fields.Datetime.add(fields.Datetime.now(), hours=97),
                "line_ids": [Command.update(self.activity.line_ids.id, {"quota": 100})],
            }
        )
        sentence = self.activity.subsidy_worst
        for part in (
            "A failed team of 3 has at most 2 payers:",
            "20.00",
            "100 units turning over 4 times before the activity ends: at most",
            "4,000.00",
            "2,500.00",
        ):
            self.assertIn(part, sentence)

    def test_a_warning_when_failing_pays(self):
        self.assertFalse(self.activity.subsidy_warning)
        with Form(self.activity) as form, form.subsidy_rule_ids.edit(0) as rule:
            rule.newcomer_extra = 0.1
        self.assertIn("10.10", self.activity.subsidy_warning)

    def test_presets(self):
        marketing = new_test_user(self.env, "marketer", "pinbu_groupbuy.group_user")
        rule = self.rule.with_user(marketing)
        self.assertEqual(rule.preset, "own")
        self.activity.with_user(marketing).action_subsidies_guarded()
        self.assertEqual(
            (rule.preset, rule.min_paid_members, rule.max_without_win, rule.has_decay),
            ("guarded", 2, 2, True),
        )
        self.activity.with_user(marketing).action_subsidies_everyone()
        self.assertEqual(
            (rule.preset, rule.min_paid_members, rule.max_without_win, rule.has_decay),
            ("everyone", 1, 0, False),
        )
        self.rule.unlink()
        action = self.activity.action_subsidies_everyone()
        with Form(self.env["pinbu.subsidy.rule"].with_context(**action["context"])) as form:
            form.amount = 5
            form.budget = 50
        self.assertEqual(self.activity.subsidy_rule_ids.preset, "everyone")
        default = self.env["pinbu.subsidy.rule"].new({"activity_id": self.activity.id})
        self.assertEqual(default.preset, "guarded")

    @mute_logger("odoo.sql_db")
    def test_what_a_rule_needs(self):
        for error, values in (
            (CheckViolation, {"budget": 0}),
            (CheckViolation, {"activity_id": False}),
            (CheckViolation, {"type": "points", "program_id": self.stars.id}),
            (ValidationError, {"type": "points", "program_id": self.coupons.id, "points": 5}),
            (ValidationError, {"type": "coupon", "program_id": self.stars.id}),
            (CheckViolation, {"amount_max": 20.0}),
            (CheckViolation, {"delay_hours": 73}),
            (CheckViolation, {"consolation": "coupon"}),
        ):
            with self.subTest(values), self.assertRaises(error):
                self.rule.write(values)
                self.env.flush_all()

    def test_who_sees_what(self):
        self.join(self.shopper("Ann"))
        budget = self.budget()
        held = self.env["pinbu.subsidy.reservation"].search([])
        marketing = new_test_user(self.env, "marketer", "pinbu_groupbuy.group_user")
        accountant = new_test_user(self.env, "books", "account.group_account_invoice")
        portal = new_test_user(self.env, "portal", "base.group_portal")
        self.assertEqual(budget.with_user(marketing).reserved, 10.0)
        self.assertTrue(held.with_user(marketing).seat_id)
        for record in (budget, held):
            with self.assertRaises(AccessError):
                record.with_user(marketing).write(
                    {"state": "released"} if record == held else {"taken": 0}
                )
            for user in (portal, accountant):
                with self.assertRaises(AccessError):
                    record.with_user(user).read()
        with self.assertRaises(AccessError):
            held.seat_id.with_user(portal).read(["promise"])
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "pinbu_groupbuy.group_user",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        for record in (budget, held, self.rule):
            with self.assertRaises(AccessError):
                record.with_user(stranger).read()

    def test_what_was_promised_is_not_deleted_nor_made_another_thing(self):
        self.rule.active = False
        category = self.env["product.category"].create({"name": "Snacks"})
        self.product.categ_id = category
        rule = self.env["pinbu.subsidy.rule"].create(
            self.plain_rule(product_category_id=category.id)
        )
        self.env.invalidate_all()
        self.checkout(self.shopper("Ann"))
        with self.assertRaises(UserError):
            rule.unlink()
        program = self.env["loyalty.program"].create(
            {"name": "Coupon", "program_type": "coupons", "company_id": self.company.id}
        )
        with self.assertRaises(UserError):
            rule.write({"type": "coupon", "program_id": program.id})
        # What it comes to may change: it was promised as it was.
        rule.amount = 5

    def test_queries_do_not_grow_with_rules_and_seats(self):
        """A quote, and a claim."""

        def count(function):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            function()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        def measure(name):
            ann, ben = self.shopper(f"{name} 1"), self.shopper(f"{name} 2")
            self.checkout(self.shopper(f"{name} 3"))
            return count(lambda: self.promise(ann)), count(lambda: self.checkout(ben))

        few = measure("few")
        for number in range(6):
            self.rule.copy({"amount": 1 + number})
        for number in range(10):
            self.join(self.shopper(f"Member {number}"))
        self.assertEqual(measure("many"), few)
