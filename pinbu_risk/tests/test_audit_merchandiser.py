from odoo.tests import new_test_user, tagged

from odoo.addons.pinbu_subsidy.tests.common import SubsidyMixin
from odoo.addons.pinbu_subsidy.tests.means_common import MeansMixin

from .test_audit import AuditCase


@tagged("post_install", "-at_install")
class TestAuditMerchandiser(MeansMixin, SubsidyMixin, AuditCase):
    """What a merchandiser does by hand, who is no manager, is written down all the same."""

    def setUp(self):
        super().setUp()
        self.seller = new_test_user(self.env, "seller", "pinbu_groupbuy.group_user")

    def last(self, record):
        row = self.log(("model", "=", record._name), ("res_id", "=", record.id))[-1]
        self.assertEqual((row.action, row.user_ref), ("by_hand", self.seller.id))
        return row

    def test_an_intervention(self):
        [ann] = self.shoppers(1)
        team = self.join(ann).team_id
        wizards = self.env["pinbu.team.intervention"].with_user(self.seller)
        wizards.create(
            {"team_id": team.id, "action": "fail", "reason": "They called"}
        ).action_apply()
        row = self.last(team)
        self.assertEqual(self.values(row), {"state": ["forming", "failed"]})
        self.assertEqual(row.why, "They called")

    def test_taken_off_before_shipment(self):
        order = self.form_team().seat_ids[0].order_id
        self.run_schedulers()
        payer = new_test_user(self.env, "payer", "account.group_account_invoice")
        self.env["pinbu.order.refund"].with_user(payer).create(
            {"order_id": order.id, "kind": "whole", "reason": "It never came"}
        ).action_refund()
        row = self.log(("model", "=", "sale.order"), ("res_id", "=", order.id))
        self.assertEqual((row.user_ref, row.why), (payer.id, "It never came"))
        self.assertEqual(self.values(row)["state"], ["sale", "cancel"])

    def test_cancelled_after_winning(self):
        order = self.form_team().seat_ids[0].order_id
        self.run_schedulers()
        boss = new_test_user(self.env, "boss", "pinbu_groupbuy.group_manager")
        order.with_user(boss).action_cancel()
        row = self.log(("model", "=", "sale.order"), ("res_id", "=", order.id))
        self.assertEqual(row.user_ref, boss.id)
        self.assertEqual(self.values(row), {"state": ["sale", "cancel"]})

    def test_refunded_in_part(self):
        order = self.form_team().seat_ids[0].order_id
        self.run_schedulers()
        payer = new_test_user(self.env, "payer", "account.group_account_invoice")
        self.env["pinbu.order.refund"].with_user(payer).create(
            {"order_id": order.id, "kind": "part", "amount": 5.0, "reason": "Broken bags"}
        ).action_refund()
        row = self.log(("model", "=", "sale.order"), ("res_id", "=", order.id))
        self.assertEqual((row.user_ref, row.why), (payer.id, "Broken bags"))

    def test_another_address(self):
        [ann] = self.shoppers(1)
        order = self.join(ann).order_id
        self.run_schedulers()
        old = order.partner_shipping_id
        self.env["pinbu.order.address"].with_user(self.seller).with_context(
            default_order_id=order.id
        ).create(
            {
                "name": "Her mother",
                "phone": "13900000000",
                "country_id": self.env.ref("base.cn").id,
                "city": "Hangzhou",
                "street": "9 Lake Road",
            }
        ).action_apply()
        row = self.last(order)
        [[[was, _name]], [[now, _other]]] = self.values(row)["partner_shipping_id"]
        self.assertEqual((was, now), (old.id, order.partner_shipping_id.id))
        # Who it goes to is read, as long as the shopper is one.
        self.assertIn("Her mother", row.changes_short)
        for text in ("Her mother", "Lake Road", "13900000000"):
            self.assertNotIn(text, row.changes)
        self.assertNotIn("13900000000", row.changes_html)

    def test_coupons(self):
        [ann] = self.shoppers(1)
        self.join(ann)
        self.env["pinbu.shopper"].with_user(self.seller).action_compute()
        program = self.make_program("Welcome", discount=5, discount_mode="per_order")
        self.env["pinbu.shopper.coupon"].with_user(self.seller).create(
            {"program_id": program.id, "newcomer": True, "silent": False}
        ).action_send()
        self.assertEqual(self.values(self.last(program)), {"coupons_sent": [None, 1]})
