from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.tests.test_live_pages import LivePagesMixin, forget

from .promise_common import PromiseCase


@tagged("post_install", "-at_install")
class TestLiveSubsidies(LivePagesMixin, PromiseCase):
    def setUp(self):
        super().setUp()
        self.env["pinbu.subsidy.rule"].create(
            self.plain_rule(activity_id=self.activity.id, type="coupon", program_id=self.coupons.id)
        )
        self.team = self.join(self.shopper("Ann")).team_id

    def test_tables_are_watched(self):
        self.assertAllWatched(self.activity)
        self.assertAllWatched(self.team)

    def test_rules_and_coupons_are_shown_as_they_are(self):
        def shown():
            kept = self.env["pinbu.team"]._live_page(self.team.token, None).answer
            forget(self.env)
            self.assertEqual(self.env["pinbu.team"]._live_page(self.team.token, None).answer, kept)
            return kept

        before = shown()
        self.coupons.name = "Six off"
        named = shown()
        self.assertNotEqual(named, before)
        self.rule.amount = 3.5
        raised = shown()
        self.assertNotEqual(raised, named)
        self.activity.is_subsidy_braked = True
        self.assertNotEqual(shown(), raised)
