from odoo.tests import HttpCase, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin


@tagged("post_install", "-at_install")
class TestApiRisk(ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.activity.limit_per_user = 0
        cls.env.flush_all()

    def test_the_sixth_of_a_day_is_refused(self):
        ann, ben = self.log_in("ann"), self.log_in("ben")
        for _number in range(5):
            self.buy(ann)
        answer = self.order(ann)
        self.assertEqual((answer.status, answer.code), (403, "risk_blocked"))
        self.assertFalse(answer.details)
        # Joining counts as well; somebody else is not affected.
        team = self.buy(ben)["team"]
        self.assertEqual(self.order(ann, team).code, "risk_blocked")
        # An unpaid order is resumed without being counted.
        order = self.order(ben)
        self.assertEqual(order.status, 201)
        self.assertEqual(self.order(ben).status, 200)
