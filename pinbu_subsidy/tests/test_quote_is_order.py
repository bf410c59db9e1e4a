"""Whatever prices, taxes, currencies, fees and means: an order costs to the fen what was quoted."""

import os

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.api.render import to_minor
from odoo.addons.pinbu_groupbuy.models.pinbu_seat_means import Means
from odoo.addons.pinbu_groupbuy.tests.common import GroupBuyCase
from odoo.addons.pinbu_groupbuy.tests.test_delivery_methods import DeliveryMixin

from .means_common import MeansMixin

LONG = os.environ.get("PINBU_HYPOTHESIS") == "long"
AMOUNTS = ("goods_amount", "delivery_fee", "discount_amount", "wallet_amount", "amount")


@tagged("post_install", "-at_install")
class TestQuoteIsOrder(DeliveryMixin, MeansMixin, GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_methods()
        cls.express.free_over = False
        # What a group price includes; which one is drawn.
        cls.taxes = {
            rate: cls.env["account.tax"].create(
                {
                    "name": f"Included {rate}",
                    "amount": rate,
                    "price_include_override": "tax_included",
                }
            )
            for rate in (1, 9, 13)
        }
        cls.jane = cls.shopper("Jane")
        cls.address = cls.address_of(cls.jane, cls.zhejiang)

    def use_decimals(self, places):
        """As in a company whose currency has so many decimals."""
        self.env.flush_all()
        currency = self.company.currency_id
        self.env.cr.execute(
            "UPDATE res_currency SET rounding = %s, decimal_places = %s WHERE id = %s",
            [10**-places, places, currency.id],
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    def coupon(self, kind, value, unit):
        reward = (
            {"discount": value, "discount_mode": "percent"}
            if kind == "percent"
            else {"discount": value * unit, "discount_mode": "per_order"}
        )
        card = self.env["loyalty.card"].create(
            {
                "program_id": self.make_program("Drawn", **reward).id,
                "partner_id": self.jane.id,
                "points": 1,
            }
        )
        return (card.id,)

    def compare(self, places, price, quantity, rate, fee, coupon, wallet):
        self.use_decimals(places)
        unit = 10**-places
        product = self.make_product("Drawn", 100)
        product.list_price = 1e6
        if rate:
            product.taxes_id = self.taxes[rate]
        self.express.fixed_price = self.express.product_id.list_price = fee * unit
        activity = self.make_activity(product=product, price=price * unit, max_quantity=5)
        activity.delivery_method_ids = [Command.set(self.express.ids)]
        if wallet:
            card = self.company._pinbu_wallets(self.jane, create=True)[self.jane.id]
            card._pinbu_post(
                [
                    {
                        "card_id": card.id,
                        "kind": "subsidy",
                        "amount_minor": wallet,
                        "idempotency_key": "drawn",
                    }
                ]
            )
        means = Means(bool(wallet), self.coupon(*coupon, unit) if coupon else ())
        wish = {"address": self.address, "delivery_method": self.express, "means": means}
        seats = self.env["pinbu.seat"]
        quote = seats._quote(self.jane, activity, product, quantity, None, **wish)
        order, _created = seats._checkout(self.jane, activity, product, quantity, **wish)
        shown = order._to_api()[0]
        currency = order.currency_id
        self.assertEqual(
            {name: shown[name] for name in AMOUNTS},
            {name: to_minor(quote[name], currency) for name in AMOUNTS},
        )
        self.assertEqual(shown["goods_amount"], price * quantity)
        self.assertEqual(
            shown["amount"],
            price * quantity
            + shown["delivery_fee"]
            - shown["discount_amount"]
            - shown["wallet_amount"],
        )
        payment = order._pinbu_start_payment()
        if shown["amount"]:
            self.assertEqual(to_minor(payment.amount, currency), shown["amount"])
        else:
            self.assertEqual(payment.state, "done")

    def test_to_the_fen(self):
        @settings(
            max_examples=300 if LONG else 15,
            derandomize=not LONG,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            places=st.sampled_from([2, 2, 0, 3]),
            price=st.integers(1, 99_999),
            quantity=st.integers(1, 5),
            rate=st.sampled_from([0, 1, 9, 13]),
            fee=st.integers(0, 2_000),
            coupon=st.none()
            | st.tuples(st.just("percent"), st.integers(1, 100))
            | st.tuples(st.just("amount"), st.integers(1, 20_000)),
            wallet=st.just(0) | st.integers(1, 100_000),
        )
        def play(**drawn):
            savepoint = self.env.cr.savepoint()
            try:
                self.compare(**drawn)
            finally:
                self.env.clear()
                savepoint.rollback()
                savepoint.close()
                self.env.registry.clear_cache()

        play()
