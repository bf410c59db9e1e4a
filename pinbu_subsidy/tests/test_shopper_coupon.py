"""Coupons for shoppers by their tags."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import SubsidyCase
from .means_common import MeansMixin


@tagged("post_install", "-at_install")
class TestShopperCoupon(MeansMixin, SubsidyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(cls.env, "seller", groups="pinbu_groupbuy.group_user")
        cls.coupon = cls.make_program("Welcome back", discount=5, discount_mode="per_order")
        cls.ann, cls.bob = cls.shoppers(2)

    def setUp(self):
        super().setUp()
        self.join(self.ann)
        long_ago = self.join(self.bob)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_seat SET paid_at = %s WHERE id = %s",
                fields.Datetime.now() - timedelta(days=90),
                long_ago.id,
            )
        )
        self.env["pinbu.shopper"].with_user(self.seller).action_compute()

    def send(self, user=None, **values):
        wizard = (
            self.env["pinbu.shopper.coupon"]
            .with_user(user or self.seller)
            .create({"program_id": self.coupon.id, "silent": False, **values})
        )
        return wizard, wizard.action_send()

    def cards(self, partner):
        return self.env["loyalty.card"].search(
            [("program_id", "=", self.coupon.id), ("partner_id", "=", partner.id)]
        )

    def test_silent_shoppers_get_one_that_they_can_use(self):
        wizard, _answer = self.send(silent=True, valid_days=10)
        self.assertFalse(self.cards(self.ann))
        card = self.cards(self.bob)
        self.assertEqual(
            card.expiration_date, fields.Date.context_today(wizard) + timedelta(days=10)
        )
        self.assertIn(
            card,
            self.env["loyalty.card"]._pinbu_shown_coupons(
                self.bob, self.company, fields.Date.context_today(wizard)
            ),
        )

    def test_sending_twice_does_no_harm(self):
        self.send(silent=True)
        with self.assertRaises(UserError):
            self.send(silent=True)
        self.send(silent=True, newcomer=True)
        self.assertEqual(len(self.cards(self.bob)), 1)
        self.assertEqual(len(self.cards(self.ann)), 1)
        # Used up, they may have another.
        self.cards(self.bob).points = 0
        self.send(silent=True)
        self.assertEqual(len(self.cards(self.bob)), 2)

    def test_chosen_shoppers_only(self):
        shoppers = self.env["pinbu.shopper"].with_user(self.seller)
        chosen = shoppers.search([("partner_id", "=", self.ann.id)])
        context = chosen.action_send_coupon()["context"]
        wizard = (
            self.env["pinbu.shopper.coupon"]
            .with_user(self.seller)
            .with_context(**context)
            .create({"program_id": self.coupon.id})
        )
        self.assertEqual(wizard.count, 1)
        wizard.action_send()
        self.assertTrue(self.cards(self.ann))
        self.assertFalse(self.cards(self.bob))

    def test_who_may_not(self):
        clerk = new_test_user(self.env, "clerk", groups="stock.group_stock_user")
        with self.assertRaises(AccessError):
            self.send(user=clerk, silent=True)
        other = self.env["res.company"].create({"name": "The other shop"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="pinbu_groupbuy.group_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        with self.assertRaises(AccessError):
            self.send(user=stranger, silent=True)
        self.assertFalse(self.cards(self.bob))

    def test_no_other_program(self):
        wallet = self.company._pinbu_wallet_program()
        with self.assertRaises(UserError):
            self.send(program_id=wallet.id, silent=True)

    def test_wallet_and_subsidies_are_shown(self):
        self.fill_wallet(self.bob, 12.5)
        row = (
            self.env["pinbu.shopper"]
            .with_user(self.seller)
            .search([("partner_id", "=", self.bob.id)])
        )
        self.assertEqual((row.balance, row.subsidised), (12.5, 0))
