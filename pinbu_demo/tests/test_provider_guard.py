from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestProviderGuard(TransactionCase):
    """Play money is refused as soon as a provider takes real money."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.ref("base.main_company")
        cls.demo = cls.env.ref("payment.payment_provider_demo")
        cls.shopper = cls.env["res.partner"].create({"name": "王小明"})

    def _transaction(self, reference, **values):
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.demo.id,
                "payment_method_id": self.demo.payment_method_ids[:1].id,
                "amount": 19.9,
                "currency_id": self.company.currency_id.id,
                "partner_id": self.shopper.id,
                "reference": reference,
                **values,
            }
        )

    def _enable_real_provider(self):
        # A provider without a module: `enabled` on the record is what the guard looks at.
        provider = self.env["payment.provider"].create(
            {
                "name": "Real money",
                "code": "none",
                "company_id": self.company.id,
                "payment_method_ids": [Command.set(self.demo.payment_method_ids.ids)],
            }
        )
        self.env.cr.execute(
            "UPDATE payment_provider SET state = 'enabled', code = 'wechat' WHERE id = %s",
            [provider.id],
        )
        provider.invalidate_recordset()

    def _simulate(self, reference):
        # What `/payment/demo/simulate_payment` does with a stranger's request.
        return (
            self.env["payment.transaction"]
            .sudo()
            ._process("demo", {"reference": reference, "simulated_state": "done"})
        )

    def test_demo_pays_while_alone(self):
        transaction = self._transaction("DEMO-1")
        self._simulate("DEMO-1")
        self.assertEqual(transaction.state, "done")

    def test_simulation_is_refused_beside_real_money(self):
        transaction = self._transaction("DEMO-2")
        self._enable_real_provider()
        with self.assertRaises(UserError):
            self._simulate("DEMO-2")
        self.assertEqual(transaction.state, "draft")

    def test_no_new_transaction_beside_real_money(self):
        self._enable_real_provider()
        with self.assertRaises(UserError):
            self._transaction("DEMO-3")

    def test_demo_is_not_offered_beside_real_money(self):
        def offered():
            return self.env["payment.provider"]._get_compatible_providers(
                self.company.id, self.shopper.id, 19.9, currency_id=self.company.currency_id.id
            )

        self.assertIn(self.demo, offered())
        self._enable_real_provider()
        self.assertNotIn(self.demo, offered())

    def test_play_money_may_be_given_back(self):
        transaction = self._transaction("DEMO-4")
        self._simulate("DEMO-4")
        self._enable_real_provider()
        refund = transaction._create_child_transaction(19.9, is_refund=True)
        refund._send_refund_request()
        self.assertEqual(refund.state, "done")
