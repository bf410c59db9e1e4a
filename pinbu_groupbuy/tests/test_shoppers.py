"""Shoppers by how lately, how often and for how much they buy."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestShoppers(GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(cls.env, "seller", groups="pinbu_groupbuy.group_user")
        cls.activity.write({"limit_per_user": 0, "size": 2})
        cls.ann, cls.bob, cls.cat, cls.dan, cls.eve, cls.fay = (
            cls.shopper(name) for name in ("Ann", "Bob", "Cat", "Dan", "Eve", "Fay")
        )

    def win(self, *pair):
        """Two shoppers form a team."""
        seat = self.join(pair[0])
        self.join(pair[1], seat.team_id)
        return seat.team_id

    def paid_days_ago(self, team, days):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_seat SET paid_at = %s WHERE team_id = %s",
                fields.Datetime.now() - timedelta(days=days),
                team.id,
            )
        )
        self.env.invalidate_all()

    def compute(self):
        """:return: ``{name: row}``, as a merchandiser reads them after the night"""
        with self.enter_registry_test_mode():
            self.env.ref("pinbu_groupbuy.ir_cron_shoppers").method_direct_trigger()
        rows = self.env["pinbu.shopper"].with_user(self.seller).search([])
        mine = self.ann + self.bob + self.cat + self.dan + self.eve + self.fay
        return {row.partner_id.name: row for row in rows if row.partner_id in mine}

    def test_figures_and_tags(self):
        # Long ago, and not since.
        self.paid_days_ago(self.win(self.dan, self.eve), 70)
        # Some time ago, and lately.
        self.paid_days_ago(self.win(self.ann, self.bob), 40)
        for _time in range(3):
            self.win(self.ann, self.cat)
        # Lost what he paid for lately; the first was 40 days ago.
        lost = self.join(self.bob)
        self.pass_deadline(lost.team_id)
        self.run_scheduler("close")
        self.paid_days_ago(lost.team_id, 1)
        rows = self.compute()
        self.assertEqual(
            {name: (row.tag, row.places, row.won, row.lost) for name, row in rows.items()},
            {
                "Ann": ("high_value", 4, 4, 0),
                "Bob": ("regular", 2, 1, 1),
                "Cat": ("newcomer", 3, 3, 0),
                "Dan": ("silent", 1, 1, 0),
                "Eve": ("silent", 1, 1, 0),
            },
        )
        self.assertAlmostEqual(rows["Ann"].spent, 4 * 19.9)
        self.assertAlmostEqual(rows["Bob"].spent, 19.9)
        self.assertEqual(rows["Ann"].money_score, 5)
        self.assertEqual(rows["Dan"].recency_score, rows["Eve"].recency_score)
        self.assertLess(rows["Dan"].recency_score, rows["Ann"].recency_score)
        # Who comes back is no longer silent.
        self.win(self.dan, self.fay)
        rows = self.compute()
        self.assertEqual((rows["Dan"].tag, rows["Dan"].places), ("regular", 2))
        self.assertEqual(rows["Fay"].tag, "newcomer")

    def test_friends_count_once(self):
        team = self.join(self.ann).team_id
        self.join(self.bob, team, inviter=self.ann)
        self.join(self.bob, self.join(self.cat).team_id, inviter=self.ann)
        self.assertEqual(self.compute()["Ann"].invited, 1)

    def test_who_only_looks_is_not_there(self):
        self.checkout(self.ann)
        self.assertEqual(self.compute(), {})

    def test_by_button(self):
        self.join(self.ann)
        shoppers = self.env["pinbu.shopper"]
        clerk = new_test_user(self.env, "clerk", groups="stock.group_stock_user")
        with self.assertRaises(AccessError):
            call_kw(shoppers.with_user(clerk), "action_compute", [[]], {})
        # As the button above the list does, with nothing selected.
        call_kw(shoppers.with_user(self.seller), "action_compute", [[]], {})
        self.assertTrue(shoppers.search([("partner_id", "=", self.ann.id)]))

    def test_opened_before_the_first_night(self):
        """The list never says that nobody bought while somebody did."""
        self.join(self.ann)
        shoppers = self.env["pinbu.shopper"]
        clerk = new_test_user(self.env, "clerk", groups="stock.group_stock_user")
        opener = self.env.ref("pinbu_groupbuy.pinbu_shopper_action_open")
        with self.assertRaises(AccessError):
            opener.with_user(clerk).run()
        with self.assertRaises(AccessError):
            shoppers.with_user(clerk).action_open()
        # As the menu's entry does.
        action = opener.with_user(self.seller).run()
        self.assertEqual(action["res_model"], "pinbu.shopper")
        self.assertTrue(shoppers.search([("partner_id", "=", self.ann.id)]))

    def test_large_shop_waits_for_the_night(self):
        self.join(self.ann)
        with patch("odoo.addons.pinbu_groupbuy.models.pinbu_shopper.SMALL_SHOP", 0):
            self.env["pinbu.shopper"].with_user(self.seller).action_open()
        self.assertFalse(self.env["pinbu.shopper"].search([("partner_id", "=", self.ann.id)]))

    def test_companies_apart(self):
        self.join(self.ann)
        self.compute()
        other = self.env["res.company"].create({"name": "The other shop"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="pinbu_groupbuy.group_user",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(self.env["pinbu.shopper"].with_user(stranger).search([]))
