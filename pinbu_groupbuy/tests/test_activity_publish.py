from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestActivityPublish(GroupBuyCase):
    """What a marketing person cannot put in the shop, and what the refusal tells them to do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(cls.env, "marketer", groups="pinbu_groupbuy.group_user")
        cls.now = fields.Datetime.now()

    def draft(self, product=None, **vals):
        """:return: an activity that nothing speaks against but what `vals` bring"""
        vals = {"allow_overlap": False, "publish": False, **vals}
        product = product or self.make_product("Fresh crisps", 5)
        return self.make_activity(product=product, **vals).with_user(self.marketer)

    def assertRefused(self, activity, message):
        with self.refusing(message):
            activity.action_publish()
        with self.refusing(message):
            activity.write({"is_published": True})
        self.assertEqual(activity.state, "draft")

    def assertPublished(self, activity):
        activity.action_publish()
        self.assertIn(activity.state, ("scheduled", "running"))

    def service(self):
        return self.env["product.product"].create(
            {"name": "Massage", "type": "service", "list_price": 30.0, "taxes_id": False}
        )

    def variants(self):
        """:return: two variants of a stocked product"""
        attribute = self.env["product.attribute"].create(
            {"name": "Taste", "value_ids": [Command.create({"name": n}) for n in ("Salt", "Chili")]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Crisps with taste",
                "list_price": 30,
                "is_storable": True,
                "taxes_id": False,
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [Command.set(attribute.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        for variant in template.product_variant_ids:
            self.env["stock.quant"]._update_available_quantity(
                variant, self.warehouse.lot_stock_id, 9
            )
        return template.product_variant_ids

    def test_a_sound_one_is_published(self):
        self.assertPublished(self.draft())

    def test_a_clerk_publishes_nothing(self):
        clerk = new_test_user(self.env, "clerk", groups="stock.group_stock_user")
        with self.assertRaises(AccessError):
            self.draft().with_user(clerk).action_publish()

    def test_product_must_sell(self):
        activity = self.draft()
        activity.sudo().product_tmpl_id.sale_ok = False
        self.assertRefused(activity, "cannot be sold")
        activity = self.draft()
        activity.sudo().product_tmpl_id.active = False
        self.assertRefused(activity, "cannot be sold")

    def test_product_must_have_a_price(self):
        activity = self.draft()
        activity.sudo().product_tmpl_id.list_price = 0
        self.assertRefused(activity, "has no sales price")

    def test_group_price_is_never_above_the_list_price(self):
        activity = self.draft()
        with self.refusing("above its list price"):
            activity.line_ids.group_price = 31
        activity.sudo().product_tmpl_id.list_price = 15
        self.assertRefused(activity, "above its list price")
        activity.line_ids.group_price = 15
        self.assertPublished(activity)

    def test_an_archived_variant_is_not_offered(self):
        salt, chili = self.variants()
        activity = self.draft(
            salt,
            line_ids=[
                Command.create({"product_id": variant.id, "group_price": 9})
                for variant in (salt, chili)
            ],
        )
        chili.active = False
        self.assertRefused(activity, "Chili.* remove it")

    def test_the_window_must_lie_ahead(self):
        activity = self.draft(
            starts_at=self.now - timedelta(days=3), ends_at=self.now - timedelta(days=1)
        )
        self.assertRefused(activity, "window is over")

    def test_product_must_be_in_stock(self):
        activity = self.draft(self.make_product("Sold out", 0))
        self.assertRefused(activity, "not in stock")
        activity.write({"stock_policy": "success", "is_presale": True})
        self.assertPublished(activity)
        with self.refusing("not in stock"):
            activity.is_presale = False

    def test_a_sold_out_one_can_still_be_edited(self):
        product = self.make_product("Few", 3)
        activity = self.draft(product)
        self.assertPublished(activity)
        self.env["stock.quant"]._update_available_quantity(product, self.warehouse.lot_stock_id, -3)
        activity.write({"ends_at": activity.ends_at + timedelta(days=1), "name": "Longer"})
        activity.line_ids.group_price = 17

    def test_what_is_not_stocked_needs_no_stock(self):
        goods = self.env["product.product"].create(
            {"name": "Uncounted", "list_price": 30.0, "taxes_id": False}
        )
        self.assertPublished(self.draft(goods, quota=5))

    def test_a_team_is_reserved_for_one_variant_and_one_piece_only(self):
        activity = self.draft(stock_policy="open", max_quantity=2)
        self.assertRefused(activity, "one piece per order")
        activity.max_quantity = 1
        self.assertPublished(activity)
        with self.refusing("one piece per order"):
            activity.max_quantity = 2
        salt, chili = self.variants()
        activity = self.draft(
            salt,
            stock_policy="open",
            line_ids=[
                Command.create({"product_id": variant.id, "group_price": 9})
                for variant in (salt, chili)
            ],
        )
        self.assertRefused(activity, "one variant")
        activity.line_ids[1].unlink()
        self.assertPublished(activity)
        with self.refusing("one variant"):
            activity.line_ids = [Command.create({"product_id": chili.id, "group_price": 9})]

    def test_uncounted_goods_and_services_are_not_reserved_for_a_team(self):
        goods = self.env["product.product"].create(
            {"name": "Uncounted", "list_price": 30.0, "taxes_id": False}
        )
        self.assertRefused(self.draft(goods, stock_policy="open"), "stock is tracked")

    def test_a_service_is_no_presale(self):
        # Whether its vouchers can be issued is checked elsewhere.
        activity = self.draft(self.service(), stock_policy="success", is_presale=True)
        with self.refusing("nothing has to be procured"):
            activity.sudo()._check_stock_policy()

    def test_one_group_buy_of_a_product_at_a_time(self):
        product = self.make_product("Wanted", 9)
        first = self.draft(product, name="First one")
        self.assertPublished(first)
        second = self.draft(product)
        self.assertRefused(second, "First one.*Overlap Allowed")
        second.allow_overlap = True
        self.assertPublished(second)
        with self.refusing("Overlap Allowed"):
            second.allow_overlap = False

    def test_group_buys_may_follow_each_other(self):
        product = self.make_product("Wanted", 9)
        first = self.draft(product)
        self.assertPublished(first)
        second = self.draft(
            product, starts_at=first.ends_at, ends_at=first.ends_at + timedelta(days=7)
        )
        self.assertPublished(second)
        with self.refusing("Overlap Allowed"):
            second.starts_at -= timedelta(minutes=1)
        with self.refusing("Overlap Allowed"):
            second.action_start_now()

    def test_a_stopped_one_gives_way_until_it_is_resumed(self):
        product = self.make_product("Wanted", 9)
        first = self.draft(product)
        self.assertPublished(first)
        first.action_stop()
        self.assertPublished(self.draft(product))
        with self.refusing("Overlap Allowed"):
            first.action_resume()

    def test_another_variant_or_another_companys_product_does_not_overlap(self):
        salt, chili = self.variants()
        on_salt = self.draft(salt)
        self.assertPublished(on_salt)
        self.assertPublished(self.draft(chili))
        elsewhere = self.make_activity(product=salt, publish=False)
        company = self.env["res.company"].create({"name": "Other shop"})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_activity SET company_id = %s, is_published = TRUE WHERE id = %s",
            [company.id, elsewhere.id],
        )
        self.env.invalidate_all()
        self.assertEqual(elsewhere.state, "running")
        on_salt.action_end_now()
        self.assertPublished(self.draft(salt))

    def pricelist(self, **rule):
        return self.env["product.pricelist"].create(
            {
                "name": "Summer sale",
                "company_id": self.company.id,
                "item_ids": [Command.create(rule)],
            }
        )

    def test_a_pricelist_does_not_stack(self):
        activity = self.draft()
        template = activity.sudo().product_tmpl_id
        shelf = self.env["product.category"].create({"name": "Shelf"})
        template.categ_id = shelf.create({"name": "Snacks", "parent_id": shelf.id})
        half = {"compute_price": "percentage", "percent_price": 50}
        for rule in (
            {"applied_on": "3_global", **half},
            {"applied_on": "2_product_category", "categ_id": shelf.id, **half},
            {"applied_on": "1_product", "product_tmpl_id": template.id, **half},
            {
                "applied_on": "0_product_variant",
                "product_tmpl_id": template.id,
                "product_id": template.product_variant_id.id,
                "compute_price": "fixed",
                "fixed_price": 29.99,
            },
            {"applied_on": "3_global", "compute_price": "formula", "price_discount": 1},
            {"applied_on": "3_global", "date_end": self.now + timedelta(days=1), **half},
        ):
            with self.subTest(**rule):
                pricelist = self.pricelist(**rule)
                self.assertRefused(activity, "Summer sale.*Other Discounts Allowed")
                pricelist.active = False
        self.pricelist(applied_on="3_global", **half)
        activity.allow_promotions = True
        self.assertPublished(activity)
        with self.refusing("Other Discounts Allowed"):
            activity.allow_promotions = False

    def test_a_pricelist_that_does_not_stack(self):
        other = self.make_product("Something else", 1)
        company = self.env["res.company"].create({"name": "Other shop"})
        half = {"compute_price": "percentage", "percent_price": 50}
        self.pricelist(applied_on="1_product", product_tmpl_id=other.product_tmpl_id.id, **half)
        self.pricelist(applied_on="3_global", min_quantity=2, **half)
        self.pricelist(applied_on="3_global", date_end=self.now - timedelta(days=2), **half)
        self.pricelist(applied_on="3_global", date_start=self.now + timedelta(days=60), **half)
        self.pricelist(applied_on="3_global", compute_price="percentage", percent_price=0)
        self.pricelist(applied_on="3_global", **half).company_id = company
        self.assertPublished(self.draft())

    def test_a_window_that_moves_into_a_sale_is_refused(self):
        activity = self.draft()
        self.pricelist(
            applied_on="3_global",
            compute_price="percentage",
            percent_price=50,
            date_start=activity.ends_at + timedelta(days=1),
        )
        self.assertPublished(activity)
        with self.refusing("Summer sale"):
            activity.ends_at += timedelta(days=3)

    def test_the_last_variant_stays(self):
        activity = self.draft()
        self.assertPublished(activity)
        with self.refusing("add another one first"):
            activity.line_ids.unlink()
