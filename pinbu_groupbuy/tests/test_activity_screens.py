"""Publishing in three clicks, copies, and what the merchant sees of an activity."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .common import GroupBuyCase
from .job_common import JobMixin


@tagged("post_install", "-at_install")
class TestActivityScreens(JobMixin, GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(
            cls.env, "seller", groups="pinbu_groupbuy.group_user", lang="en_US"
        )

    def launch(self, user=None, **values):
        wizard = self.env["pinbu.activity.launch"].with_user(user or self.seller)
        product = self.make_product("Nuts", 10)
        return wizard.create({"product_tmpl_id": product.product_tmpl_id.id, **values})

    def made_by(self, action):
        return self.env["pinbu.activity"].browse(action["res_id"])

    def test_publish_a_product(self):
        wizard = self.launch()
        self.assertEqual(wizard.group_price, 24.0)
        activity = self.made_by(wizard.action_publish())
        self.assertEqual((activity.state, activity.size, activity.group_price), ("running", 3, 24))
        self.assertEqual(activity.ends_at - activity.starts_at, timedelta(days=7))
        self.assertEqual(self.join(self.shopper("Ann"), activity=activity).state, "paid")

    def test_keep_as_draft(self):
        activity = self.made_by(self.launch(quota=5, size=2).action_draft())
        self.assertEqual((activity.state, activity.quota, activity.size), ("draft", 5, 2))

    def test_each_variant_is_reduced(self):
        attribute = self.env["product.attribute"].create(
            {"name": "Bag", "value_ids": [Command.create({"name": n}) for n in ("1", "2")]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Tea",
                "list_price": 10,
                "taxes_id": False,
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [Command.set(attribute.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        template.attribute_line_ids.product_template_value_ids[1].price_extra = 5
        wizard = self.launch(product_tmpl_id=template.id, discount=50)
        activity = self.made_by(wizard.action_publish())
        self.assertEqual(sorted(activity.line_ids.mapped("group_price")), [5, 7.5])

    def test_only_goods_are_offered(self):
        """Both where an activity begins with its product: in the wizard and in its form."""
        carrier = self.env["delivery.carrier"].create(
            {"name": "Fast", "product_id": self.make_product("Fast delivery", 1).id}
        )
        discount = self.make_product("Discount", 1)
        self.company.sale_discount_product_id = discount
        nuts = self.make_product("Nuts", 1)
        for model in ("pinbu.activity.launch", "pinbu.activity"):
            field = self.env[model]._fields["product_tmpl_id"]
            templates = self.env["product.template"].with_user(self.seller)
            offered = templates.search(safe_eval(field.domain)).product_variant_ids
            self.assertEqual(offered & (carrier.product_id | discount | nuts), nuts)
        wizard = self.launch(product_tmpl_id=discount.product_tmpl_id.id)
        with self.assertRaisesRegex(UserError, "a fee, a discount or money"):
            wizard.action_publish()

    def test_nonsense_is_refused(self):
        for values in ({"discount": 100}, {"discount": -1}, {"days": 0}):
            with self.assertRaises(UserError):
                self.launch(**values).action_publish()

    def test_a_clerk_publishes_nothing(self):
        clerk = new_test_user(self.env, "clerk", groups="stock.group_stock_user")
        with self.assertRaises(AccessError):
            self.launch(user=clerk)

    def test_copy_for_next_week(self):
        old = self.make_activity(
            starts_at=fields.Datetime.now() - timedelta(days=17),
            ends_at=fields.Datetime.now() - timedelta(days=10),
            publish=False,
        )
        copy = self.made_by(old.with_user(self.seller).action_copy_next_week())
        # Two weeks on would have begun three days ago.
        self.assertEqual(copy.starts_at - old.starts_at, timedelta(weeks=3))
        self.assertEqual(copy.ends_at - copy.starts_at, old.ends_at - old.starts_at)
        self.assertEqual((copy.state, copy.line_ids.group_price), ("draft", 19.9))
        running = self.activity
        copies = (old + running).with_user(self.seller).action_copy_next_week()
        self.assertEqual(self.env["pinbu.activity"].search_count(copies["domain"]), 2)

    def test_bulk_stop_and_resume(self):
        both = self.activity + self.make_activity(name="Another")
        both.with_user(self.seller).action_stop()
        self.assertEqual(both.mapped("is_stopped"), [True, True])
        self.assertEqual(self.refusal_of(lambda: self.checkout(self.shopper("Ann"))), "activity_not_running")  # fmt: skip
        both.with_user(self.seller).action_resume()
        self.assertTrue(self.join(self.shopper("Ann")))

    def test_one_that_cannot_be_published_stops_no_other(self):
        drafts = self.env["pinbu.activity"].union(
            *(
                self.make_activity(self.make_product(name, 5), price=5, name=name, publish=False)
                for name in ("Nuts", "Tea", "Figs")
            )
        )
        drafts[1].line_ids.unlink()
        action = drafts.with_user(self.seller).action_publish_each()
        self.assertEqual(drafts.mapped("is_published"), [True, False, True])
        job = self.env["pinbu.job"].with_user(self.seller).browse(action["res_id"])
        self.assertEqual((job.state, job.done, job.failure_ids.name), ("failed", 3, "Tea"))
        self.assertIn("at least one variant", job.failure_ids.reason)
        # Likewise: a draft cannot be stopped.
        action = drafts.with_user(self.seller).action_stop_each()
        self.assertEqual(drafts.mapped("is_stopped"), [True, False, True])
        stopped = drafts[0] | drafts[2]
        action = stopped.with_user(self.seller).action_resume_each()
        self.assertEqual(action["tag"], "display_notification")
        self.assertFalse(any(drafts.mapped("is_stopped")))

    def test_many_are_published_in_the_background(self):
        drafts = self.env["pinbu.activity"].union(
            *(
                self.make_activity(self.make_product(name, 5), price=5, name=name, publish=False)
                for name in ("Nuts", "Tea")
            )
        )
        with patch("odoo.addons.pinbu_groupbuy.models.pinbu_activity_bulk.AT_ONCE", 1):
            drafts.with_user(self.seller).action_publish_each()
        self.assertFalse(any(drafts.mapped("is_published")))
        self.run_jobs()
        self.assertTrue(all(drafts.mapped("is_published")))

    def test_a_clerk_moves_nothing(self):
        clerk = new_test_user(self.env, "clerk", groups="stock.group_stock_user")
        for move in ("action_publish_each", "action_stop_each", "action_resume_each"):
            with self.assertRaises(AccessError):
                getattr(self.activity.with_user(clerk), move)()

    def test_the_switch_puts_it_in_the_shop(self):
        """The card's switch writes the field; the merchant's team opens all the same."""
        activity = self.make_activity(mode="super", size=100, publish=False)
        activity.with_user(self.seller).web_save({"is_published": True}, {})
        self.assertEqual(activity.super_team_id.state, "forming")

    def test_figures(self):
        self.activity.line_ids.quota = 10
        self.form_team("winner")
        self.pass_deadline(self.join(self.shopper("loser")).team_id)
        self.run_schedulers()
        self.join(self.shopper("waiting"))
        seen = self.activity.with_user(self.seller)
        self.assertEqual(
            (seen.teams_forming, seen.teams_formed, seen.teams_failed, seen.success_rate),
            (1, 1, 1, 0.5),
        )
        self.assertAlmostEqual(seen.amount_paid, 4 * 19.9)
        self.assertEqual((seen.quota, seen.quota_taken), (10, 4))

    def test_rules_and_preview_say_what_holds(self):
        activity = self.activity.with_user(self.seller)
        activity.write(
            {"allow_leaving": False, "limit_per_user": 0, "rules_text": "<p>Be kind</p>"}
        )
        before = set(activity._rule_sentences())
        activity.write({"allow_leaving": True, "limit_per_user": 7, "completes_from": 2})
        added = set(activity._rule_sentences()) - before
        self.assertEqual(len(added), 3)
        for text in (activity.rules_shown, activity.shopper_preview):
            for sentence in added:
                self.assertIn(sentence, text)
        self.assertIn("Be kind", activity.shopper_preview)
        self.assertIn(activity.name, activity.shopper_preview)
