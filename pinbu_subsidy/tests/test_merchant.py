from odoo.tests import HttpCase, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin
from odoo.addons.pinbu_groupbuy.tests.merchant_common import MerchantMixin

from .grant_common import GrantMixin


@tagged("post_install", "-at_install")
class TestMerchant(MerchantMixin, GrantMixin, ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()

    def test_subsidies(self):
        ann = self.shopper("Ann")
        cash = self.owe(ann, "cash", key="merchant:1")
        coupon = self.owe(ann, "coupon", key="merchant:2")
        _record, key = self.make_key("subsidies")
        shown = self.read_with(key, "/subsidies?state=due")["items"][:2]
        self.assertEqual([item["id"] for item in shown], [coupon.id, cash.id])
        self.assertEqual((shown[1]["amount"], shown[1]["customer_id"]), (300, ann.id))
        self.assertEqual((shown[0]["amount"], shown[0]["granted_at"]), (None, None))
        self.grant()
        answer = self.call("GET", "/merchant/subsidies?state=granted", token=key)
        self.assertEqual([item["id"] for item in answer.data["items"][:2]], [coupon.id, cash.id])
        self.assertNotIn(coupon.card_id.code, answer.text)

    def test_needs_its_scope(self):
        _record, key = self.make_key("orders")
        self.assertEqual(self.read_with(key, "/subsidies", 403), "forbidden")
        self.assertEqual(self.read_with(None, "/subsidies", 401), "unauthenticated")
