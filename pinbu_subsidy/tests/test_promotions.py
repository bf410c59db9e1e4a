from datetime import timedelta

from odoo import Command, fields
from odoo.tests import new_test_user, tagged

from .common import SubsidyCase


@tagged("post_install", "-at_install")
class TestPromotions(SubsidyCase):
    """A promotion that comes by itself and a group price do not add up unawares."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(cls.env, "marketer", groups="pinbu_groupbuy.group_user")
        cls.today = fields.Date.today()
        cls.draft = cls.make_activity(publish=False).with_user(cls.marketer)

    def promotion(self, rule=None, **vals):
        return self.env["loyalty.program"].create(
            {
                "name": "Three for two",
                "program_type": "promotion",
                "trigger": "auto",
                "applies_on": "current",
                "company_id": self.company.id,
                "rule_ids": [Command.create(rule or {})],
                "reward_ids": [Command.create({"discount": 10})],
                **vals,
            }
        )

    def test_an_automatic_promotion_does_not_stack(self):
        other = self.make_product("Something else", 1)
        for rule in ({}, {"product_ids": [Command.set((self.product + other).ids)]}):
            program = self.promotion(rule)
            with self.subTest(rule=rule), self.refusing("Three for two.*Other Discounts Allowed"):
                self.draft.action_publish()
            program.active = False

    def test_what_stands_for_money_is_not_offered(self):
        prepaid = self.make_product("Prepaid", 1)
        reward = self.promotion().reward_ids.discount_line_product_id
        self.promotion(
            program_type="gift_card",
            applies_on="future",
            rule={"product_ids": [Command.set(prepaid.ids)]},
        )
        shipped = self.env.ref("loyalty.gift_card_product_50") + self.env.ref(
            "loyalty.ewallet_product_50"
        )
        products = self.product + prepaid + reward + shipped
        offered = self.env["product.template"].with_user(self.marketer)
        offered = offered.search([("pinbu_is_offerable", "=", True)]).product_variant_ids
        self.assertEqual(offered & products, self.product)

    def test_the_merchant_may_allow_it(self):
        self.promotion()
        self.draft.allow_promotions = True
        self.draft.action_publish()
        with self.refusing("Three for two"):
            self.draft.allow_promotions = False

    def test_a_promotion_that_does_not_stack(self):
        other = self.make_product("Something else", 1)
        company = self.env["res.company"].create({"name": "Other shop"})
        day = timedelta(days=1)
        self.promotion({"product_ids": [Command.set(other.ids)]})
        self.promotion({"minimum_qty": 2})
        self.promotion(date_to=self.today - 2 * day)
        self.promotion(date_from=self.today + 60 * day, date_to=self.today + 61 * day)
        self.promotion(company_id=company.id)
        self.promotion(sale_ok=False)
        self.promotion(
            program_type="promo_code",
            trigger="with_code",
            rule=({"mode": "with_code", "code": "SECRET"}),
        )
        self.draft.action_publish()
        self.assertEqual(self.draft.state, "running")
