from odoo import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin

from .common import SubsidyMixin


@tagged("post_install", "-at_install")
class TestPromiseHttp(SubsidyMixin, ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.env.flush_all()

    def quote(self, token, team=None):
        answer = self.call("POST", "/orders/quote", self.wish(team), token)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data

    def test_a_promise_that_changed_is_refused(self):
        ann, ben = self.log_in("ann"), self.log_in("ben")
        self.rule.budget = 10.0
        quotes = [self.quote(token) for token in (ann, ben)]
        self.assertEqual(quotes[0]["promise_version"], quotes[1]["promise_version"])
        first = self.order(ann, promise_version=quotes[0]["promise_version"])
        self.assertEqual((first.status, first.data["promise"]), (201, quotes[0]["promise"]))
        # Coming back changes nothing.
        again = self.order(ann, promise_version=self.quote(ann)["promise_version"])
        self.assertEqual((again.status, again.data["promise"]), (200, quotes[0]["promise"]))

        late = self.order(ben, promise_version=quotes[1]["promise_version"])
        self.assertEqual((late.status, late.code), (409, "terms_changed"))
        partner = self.user_of("ben").partner_id
        self.assertFalse(self.env["pinbu.seat"].search([("partner_id", "=", partner.id)]))
        quote = self.quote(ben)
        none = {"items": [], "reserved": False, "reason": "budget_used_up"}
        self.assertEqual(quote["promise"], none)
        order = self.order(ben, promise_version=quote["promise_version"])
        self.assertEqual((order.status, order.data["promise"]), (201, none))

    def test_what_an_activity_says(self):
        self.rule.write({"newcomer_extra": 2.0, "delay_hours": 1.0, "cap_per_day": 3})
        self.env["pinbu.subsidy.rule"].create(
            self.plain_rule(
                activity_id=self.activity.id,
                sequence=20,
                amount=1.0,
                amount_max=3.0,
                amount_step=1.0,
            )
        )
        self.env.flush_all()
        activity = self.call("GET", f"/activities/{self.activity.id}").data
        first, second = activity["subsidy"]["items"]
        conditions = first.pop("conditions")
        self.assertEqual(
            first, {"type": "cash", "amount": 1000, "newcomer_extra": 200, "delay_minutes": 60}
        )
        self.assertIn("At most 3 times a day.", conditions)
        self.assertEqual((second["min_amount"], second["max_amount"]), (100, 300))
        rules = {rule["title"]: rule["text"] for rule in activity["rules"]}
        text = rules["If the team does not fill up"]
        self.assertIn("10.00", text)
        self.assertIn("At most 3 times a day.", text)
        # A newcomer is promised more than others, before they pay.
        quote = self.quote(self.log_in("ann"))
        self.assertEqual(quote["promise"]["items"][0]["amount"], 1200)
        self.assertNotIn("terms", quote["promise"]["items"][0])

    def test_two_of_three_get_each_type_and_one_alone_the_consolation(self):
        coupons = self.env["loyalty.program"].create(
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
        self.rule.write({"consolation": "coupon", "consolation_program_id": coupons.id})
        self.env["pinbu.subsidy.rule"].create(
            self.plain_rule(
                activity_id=self.activity.id,
                type="coupon",
                amount=0,
                program_id=coupons.id,
                budget=100,
            )
        )
        self.env.flush_all()
        ann, ben, carl = (self.log_in(name) for name in ("ann", "ben", "carl"))
        [_cash, coupon] = self.quote(ann)["promise"]["items"]
        self.assertIn("Five off", coupon["conditions"][0])
        order = self.buy(ann)
        self.buy(ben, order["team"])
        alone = self.buy(carl)
        for of_team in (order, alone):
            self.lose(self.env["pinbu.team"].search([("token", "=", of_team["team"]["token"])]))
        for _time in range(2):
            self.grant()
        for token, types in (
            (ann, ["cash", "coupon"]),
            (ben, ["cash", "coupon"]),
            (carl, ["coupon"]),
        ):
            owed = self.call("GET", "/me/subsidies", token=token).data["items"]
            self.assertEqual(sorted(row["type"] for row in owed), types)
            self.assertEqual({row["state"] for row in owed}, {"granted"})
        self.assertEqual(self.call("GET", "/me/wallet", token=ann).data["balance"], 1000)
        self.assertEqual(self.call("GET", "/me/wallet", token=carl).data["balance"], 0)
