from odoo.tests import TransactionCase, tagged

from odoo.addons.pinbu_groupbuy.tests.webhook_common import WebhookMixin

from .grant_common import GrantMixin
from .withdrawal_common import WithdrawalMixin


@tagged("post_install", "-at_install")
class TestWebhooks(WebhookMixin, WithdrawalMixin, GrantMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.set_up_receiver()

    def test_a_granted_subsidy(self):
        webhook = self.make_webhook("subsidy.granted")
        ann, ben = self.shopper("Ann"), self.shopper("Ben")
        cash = self.owe(ann, "cash", key="webhook:1")
        coupon = self.owe(ben, "coupon", key="webhook:2")
        # What is owed is no gift yet.
        self.assertEqual(self.deliver(), [])
        self.grant()
        calls = {call.event["data"]["id"]: call for call in self.deliver()}
        self.assertEqual(set(calls), {cash.id, coupon.id})
        for call in calls.values():
            self.check_signature(call, webhook)
            self.assertEqual(call.event["type"], "subsidy.granted")
            self.assertNotIn("Ann", call.body)
        data = calls[cash.id].event["data"]
        self.assertEqual((data["type"], data["amount"]), ("cash", 300))
        self.assertEqual((data["customer_id"], data["order_id"]), (ann.id, None))
        # The coupon's code is as good as money.
        self.assertNotIn(coupon.card_id.code, calls[coupon.id].body)
        self.grant()
        self.assertEqual(self.deliver(), [])

    def test_a_paid_withdrawal(self):
        webhook = self.make_webhook("withdrawal.done")
        ann = self.rich("Ann")
        withdrawal = self.env["pinbu.withdrawal"].sudo()._request(ann, self.company, 1200)
        self.assertEqual(self.deliver(), [])
        withdrawal._to_sent("withdrawal sent")
        withdrawal._to_done("withdrawal paid")
        withdrawal._to_done("withdrawal paid")
        [call] = self.deliver()
        self.check_signature(call, webhook)
        data = call.event["data"]
        self.assertEqual((data["id"], data["amount"]), (withdrawal.id, 1200))
        self.assertEqual((data["number"], data["customer_id"]), (withdrawal.number, ann.id))
