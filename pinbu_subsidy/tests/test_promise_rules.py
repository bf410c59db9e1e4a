"""Rules as merchants see them: worst cases, warnings, presets, what a rule needs, who sees what."""

from psycopg2.errors import CheckViolation

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .promise_common import PromiseCase


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
