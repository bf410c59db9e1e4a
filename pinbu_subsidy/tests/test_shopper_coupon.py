"""Coupons for shoppers by their tags."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.tests.job_common import JobMixin

from .common import SubsidyCase
from .means_common import MeansMixin


@tagged("post_install", "-at_install")
class TestShopperCoupon(JobMixin, MeansMixin, SubsidyCase):
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

    # === MANY === #

    def send_many(self, **values):
        """:return: the job that sends them in the background"""
        with patch("odoo.addons.pinbu_subsidy.wizards.pinbu_shopper_coupon.AT_ONCE", 1):
            _wizard, action = self.send(silent=True, newcomer=True, **values)
        self.assertEqual(action["res_model"], "pinbu.job")
        return self.env["pinbu.job"].with_user(self.seller).browse(action["res_id"])

    def test_many_get_theirs_in_the_background(self):
        job = self.send_many(valid_days=10)
        self.assertFalse(self.cards(self.ann) + self.cards(self.bob))
        self.assertEqual(self.send_many(valid_days=10), job)
        self.run_jobs()
        self.assertEqual((job.state, job.done, job.total), ("done", 2, 2))
        for partner in (self.ann, self.bob):
            card = self.cards(partner)
            self.assertEqual(
                card.expiration_date, fields.Date.context_today(job) + timedelta(days=10)
            )
            self.assertIn("seller", card.history_ids.description)
        self.assertEqual(self.told(self.seller)[-1]["state"], "done")

    def test_who_has_got_one_meanwhile_gets_no_second_one(self):
        job = self.send_many()
        self.send(newcomer=True)
        self.run_jobs()
        self.assertEqual((job.state, job.done), ("done", 2))
        self.assertEqual((len(self.cards(self.ann)), len(self.cards(self.bob))), (1, 1))

    def test_rights_taken_away_meanwhile(self):
        job = self.send_many().sudo()
        self.seller.group_ids = [Command.set(self.env.ref("base.group_user").ids)]
        self.run_jobs()
        self.assertEqual((job.state, job.done), ("cancelled", 0))
        self.assertFalse(self.cards(self.ann) + self.cards(self.bob))

    def test_one_shopper_in_trouble_does_not_stop_the_others(self):
        cards, refusal = self.registry["loyalty.card"], "Not for her."
        create = cards.create

        def refuse(records, vals_list):
            if any(vals.get("partner_id") == self.ann.id for vals in vals_list):
                raise UserError(refusal)
            return create(records, vals_list)

        job = self.send_many()
        with patch.object(cards, "create", refuse):
            self.run_jobs()
        self.assertEqual((job.state, job.done, job.failed_count), ("failed", 2, 1))
        self.assertEqual((job.failure_ids.name, job.failure_ids.reason), (self.ann.name, refusal))
        self.assertFalse(self.cards(self.ann))
        self.assertTrue(self.cards(self.bob))
