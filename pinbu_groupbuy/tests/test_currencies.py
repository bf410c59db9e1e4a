from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import GroupBuyCase
from .invariants import assert_invariants, assert_money


@tagged("post_install", "-at_install")
class TestCurrencies(GroupBuyCase):
    """An order costs the group price in its company's currency, whatever pricelists say."""

    def make_pricelist(self, **vals):
        return self.env["product.pricelist"].create(
            {
                "name": "Half price",
                "item_ids": [
                    (0, 0, {"compute_price": "percentage", "percent_price": 50.0}),
                ],
                **vals,
            }
        )

    def foreign_currency(self):
        code = "EUR" if self.company.currency_id.name != "EUR" else "USD"
        currency = (
            self.env["res.currency"].with_context(active_test=False).search([("name", "=", code)])
        )
        currency.active = True
        currency.rate_ids = [(0, 0, {"name": "2020-01-01", "rate": 7.0})]
        return currency

    def assert_group_price(self, order):
        self.assertEqual(order.currency_id, self.company.currency_id)
        self.assertFalse(order.pricelist_id)
        self.assertEqual((order.amount_total, order.order_line.discount), (19.9, 0.0))

    def test_a_shopper_with_a_foreign_pricelist(self):
        shopper = self.shopper("Jane")
        shopper.specific_property_product_pricelist = self.make_pricelist(
            currency_id=self.foreign_currency().id
        )
        seat = self.join(shopper)
        self.run_schedulers()
        self.assertEqual(seat.order_id.state, "sale")
        self.assert_group_price(seat.order_id)
        self.assertEqual(seat.transaction_id.currency_id, self.company.currency_id)

    def test_a_pricelist_that_discounts_everything(self):
        self.make_pricelist(sequence=0, company_id=self.company.id)
        activity = self.make_activity(max_quantity=2, allow_promotions=True)
        shopper = self.shopper("Jane")
        order = self.checkout(shopper, activity=activity)
        self.assert_group_price(order)
        # Brought up to date, the order is priced anew.
        self.checkout(shopper, activity=activity, quantity=2)
        self.assertEqual((order.amount_total, order.order_line.discount), (39.8, 0.0))

    def test_a_payment_in_another_currency_is_refused(self):
        order = self.checkout(self.shopper("1"))
        tx = order._pinbu_start_payment()
        with self.assertRaises(ValidationError):
            tx.copy(
                {
                    "reference": "foreign",
                    "currency_id": self.foreign_currency().id,
                    "sale_order_ids": [(6, 0, order.ids)],
                }
            )


@tagged("post_install", "-at_install")
class TestManualCapture(GroupBuyCase):
    def test_a_provider_that_only_authorises_takes_no_group_buying_payment(self):
        order = self.checkout(self.shopper("1"))
        tx = order._pinbu_start_payment()
        second = self.provider.copy({"name": "Captures by hand", "sequence": 0})
        self.env.cr.execute(
            "UPDATE payment_provider SET capture_manually = TRUE, is_published = TRUE,"
            " state = 'enabled' WHERE id = %s",
            [second.id],
        )
        second.invalidate_recordset()
        self.assertEqual(tx._pinbu_provider(self.company), self.provider)
        with self.assertRaises(ValidationError):
            tx.copy(
                {
                    "reference": "by hand",
                    "provider_id": second.id,
                    "sale_order_ids": [(6, 0, order.ids)],
                }
            )


@tagged("post_install", "-at_install")
class TestTwoCompanies(GroupBuyCase):
    """Two merchants in one database: one run of the schedulers, money and books apart."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first_provider = cls.provider
        first = cls.company
        currency = (
            cls.env["res.currency"].with_context(active_test=False).search([("name", "=", "CHF")])
        )
        currency.active = True
        cls.other_company = cls.env["res.company"].create(
            {"name": "Other merchant", "currency_id": currency.id}
        )
        cls.env["account.chart.template"].try_loading(
            "generic_coa", company=cls.other_company, install_demo=False
        )
        cls.other_company.currency_id = currency
        cls.env.user.company_ids |= cls.other_company
        everything, cls.env = (
            cls.env,
            cls.env(context={"allowed_company_ids": cls.other_company.ids}),
        )
        published = cls.first_provider.is_published
        cls.company = cls.other_company
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.other_product = cls.make_product("Chocolate", 100)
        cls.other_provider = cls.make_provider()
        cls.other_activity = cls.make_activity(cls.other_product, price=5.5)
        cls.env = everything
        cls.company, cls.provider = first, cls.first_provider
        cls.first_provider.is_published = published
        cls.other_activity = cls.other_activity.with_env(cls.env)

    def test_money_and_books_stay_apart(self):
        seats = self.join(self.shopper("1")) | self.join(
            self.shopper("1"), activity=self.other_activity
        )
        ours, theirs = seats
        self.run_schedulers()
        for seat in seats:
            self.pass_deadline(seat.team_id)
        self.run_schedulers(3)
        self.assertEqual(set(seats.team_id.mapped("state")), {"settled"})
        for seat, company, provider, amount in (
            (ours, self.company, self.first_provider, 19.9),
            (theirs, self.other_company, self.other_provider, 5.5),
        ):
            payment = seat.transaction_id
            refund = payment.child_transaction_ids
            both = payment | refund
            self.assertEqual((payment.amount, refund.amount), (amount, -amount))
            self.assertEqual(both.company_id, company)
            self.assertEqual(both.currency_id, company.currency_id)
            self.assertEqual(both.provider_id, provider)
            self.assertEqual(both.payment_id.company_id, company)
            self.assertEqual(both.payment_id.journal_id, provider.journal_id)
            self.assertEqual(seat.order_id.currency_id, company.currency_id)
            receivable = both.payment_id.move_id.line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )
            self.assertTrue(all(receivable.mapped("reconciled")))
            self.assertEqual(receivable.company_id, company)
        assert_money(self.env, seats.order_id)
        assert_invariants(self.env.cr)
