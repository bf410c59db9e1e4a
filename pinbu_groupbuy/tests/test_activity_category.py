import base64
import io

from PIL import Image

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from .api_common import ApiCase
from .common import GroupBuyCase, GroupBuyMixin


def picture(colour):
    data = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(data, "PNG")
    return base64.b64encode(data.getvalue())


class ShelfMixin(GroupBuyMixin):
    @classmethod
    def set_up_shop(cls, **kwargs):
        super().set_up_shop(**kwargs)
        cls.marketer = new_test_user(cls.env, "marketer", groups="pinbu_groupbuy.group_user")
        cls.manager = new_test_user(cls.env, "manager", groups="pinbu_groupbuy.group_manager")
        cls.clerk = new_test_user(cls.env, "clerk", groups="stock.group_stock_user")
        cls.other_company = cls.env["res.company"].create({"name": "Other shop"})
        cls.stranger = new_test_user(
            cls.env,
            "stranger",
            groups="pinbu_groupbuy.group_user",
            company_id=cls.other_company.id,
            company_ids=[Command.set(cls.other_company.ids)],
        )

    @classmethod
    def category(cls, name="Snacks", **vals):
        return cls.env["pinbu.activity.category"].create({"name": name, **vals})


@tagged("post_install", "-at_install")
class TestActivityCategory(ShelfMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()

    def test_managers_make_categories_that_marketing_uses(self):
        categories = self.env["pinbu.activity.category"]
        category = categories.with_user(self.manager).create({"name": "Snacks"})
        activity = self.activity.with_user(self.marketer)
        activity.category_id = category
        self.assertEqual(activity.category_id.name, "Snacks")
        for user in (self.marketer, self.clerk):
            with self.assertRaises(AccessError):
                category.with_user(user).name = "Mine"
            with self.assertRaises(AccessError):
                categories.with_user(user).create({"name": "Mine"})

    def test_a_companys_category_is_its_own(self):
        ours = self.category(company_id=self.company.id)
        everyones = self.category("Everyone's")
        found = self.env["pinbu.activity.category"].with_user(self.stranger).search([])
        self.assertIn(everyones, found)
        self.assertNotIn(ours, found)
        theirs = self.category(company_id=self.other_company.id)
        with self.assertRaises(UserError):
            self.activity.category_id = theirs

    def test_pictures_belong_to_marketing(self):
        activity = self.activity.with_user(self.marketer)
        activity.image_ids = [
            Command.create({"name": name, "image_1920": picture("red")}) for name in "ab"
        ]
        self.assertEqual(activity.image_ids.mapped("name"), ["a", "b"])
        for user in (self.clerk, self.stranger):
            with self.assertRaises(AccessError):
                activity.image_ids.with_user(user).read(["name"])


@tagged("post_install", "-at_install")
class TestActivityShelfInApi(ShelfMixin, ApiCase):
    def test_category(self):
        category = self.category()
        self.make_activity(name="Without")
        self.activity.category_id = category
        shown = self.call("GET", f"/activities/{self.activity.id}").data
        self.assertEqual(shown["category"], {"id": category.id, "name": "Snacks"})
        listed = self.call("GET", f"/activities?category={category.id}").data["items"]
        self.assertEqual([item["id"] for item in listed], self.activity.ids)
        for unknown in (category.id + 1, 2**40):
            listed = self.call("GET", f"/activities?category={unknown}")
            self.assertEqual((listed.status, listed.data["items"]), (200, []))

    def test_category_speaks_the_shoppers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        category = self.category()
        category.with_context(lang="zh_CN").name = "零食"
        self.activity.category_id = category
        shown = self.call(
            "GET", f"/activities/{self.activity.id}", headers={"Accept-Language": "zh-CN"}
        )
        self.assertEqual(shown.data["category"]["name"], "零食")

    def test_more_pictures(self):
        colours = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255)}
        self.activity.image_1920 = picture("red")
        self.activity.image_ids = [
            Command.create({"sequence": 2, "image_1920": picture("blue")}),
            Command.create({"sequence": 1, "image_1920": picture("lime")}),
        ]
        self.env.flush_all()
        path = f"/activities/{self.activity.id}"
        urls = self.call("GET", path).data["product"]["images"]
        self.assertEqual(len(urls), 3)
        for url, colour in zip(urls, colours.values(), strict=True):
            answer = self.url_open(url)
            self.assertIn("immutable", answer.headers["Cache-Control"])
            shown = Image.open(io.BytesIO(answer.content)).convert("RGB")
            self.assertEqual(shown.getpixel((1, 1)), colour)

    def test_pictures_of_what_is_not_published_are_not_shown(self):
        hidden = self.make_activity(publish=False)
        hidden.image_ids = [Command.create({"image_1920": picture("red")})]
        self.env.flush_all()
        image = hidden.image_ids
        for activity in (hidden, self.activity):
            answer = self.call("GET", f"/images/activities/{activity.id}/more/{image.id}")
            self.assertEqual(answer.status, 404)


@tagged("post_install", "-at_install")
class TestFromProduct(ShelfMixin, GroupBuyCase):
    """A group-buy is a click away from its product."""

    def new(self, template, user):
        action = template.with_user(user).action_create_group_buy()
        self.assertEqual(action["res_model"], "pinbu.activity")
        return Form(self.env["pinbu.activity"].with_user(user).with_context(**action["context"]))

    def test_a_new_activity_is_filled_in(self):
        template = self.product.product_tmpl_id
        template.image_1920 = picture("red")
        with self.new(template, self.marketer) as form:
            self.assertEqual(form.name, "Crisps")
            self.assertEqual((form.size, form.user_id), (3, self.marketer))
        activity = form.save()
        line = activity.line_ids
        self.assertEqual((line.product_id, line.group_price), (self.product, 30.0))
        self.assertTrue(activity.image_1920)
        self.assertEqual(activity.state, "draft")

    def test_one_product_at_a_time(self):
        other = self.make_product("Other", 1)
        both = (self.product + other).product_tmpl_id.with_user(self.marketer)
        with self.refusing("one product"):
            both.action_create_group_buy()

    def test_clerks_and_sellers_start_none(self):
        seller = new_test_user(self.env, "seller", groups="sales_team.group_sale_salesman")
        for user in (self.clerk, seller):
            template = self.product.product_tmpl_id.with_user(user)
            with self.assertRaises(AccessError):
                template.action_create_group_buy()
            view = self.env.ref("product.product_template_only_form_view").id
            arch = template.get_view(view)["arch"]
            self.assertNotIn("action_create_group_buy", arch)
        arch = self.product.product_tmpl_id.with_user(self.marketer).get_view(view)["arch"]
        self.assertIn("action_create_group_buy", arch)

    def test_presale_and_policy_go_together_in_the_form(self):
        form = Form(self.activity.with_user(self.marketer))
        form.is_presale = True
        self.assertEqual(form.stock_policy, "success")
        form.stock_policy = "payment"
        self.assertFalse(form.is_presale)

    def test_the_form_says_who_keeps_which_terms(self):
        activity = self.activity.with_user(self.marketer).with_context(lang="en_US")
        self.assertFalse(activity.terms_note)
        self.join(self.shopper("1"))
        self.join(self.shopper("2"))
        activity.line_ids.group_price = 18
        self.join(self.shopper("3"))
        activity.invalidate_recordset()
        old, new = activity.terms_ids.sorted("version")[-2:]
        self.assertEqual((old.members, new.members), (2, 1))
        self.assertEqual(
            activity.terms_note, f"2 on version {old.version}, 1 on version {new.version}"
        )
        self.assertIn("18", new.prices_shown)
        self.assertEqual(new.stock_policy_shown, "At each payment")

    def test_the_form_opens_for_who_may_read_activities(self):
        self.join(self.shopper("1"))
        self.activity.category_id = self.category()
        for user in (self.marketer, self.clerk):
            activity = self.activity.with_user(user)
            names = activity.get_view(view_type="form")["models"]["pinbu.activity"]
            with self.subTest(user.login):
                self.assertTrue(activity.web_read({name: {} for name in names}))
