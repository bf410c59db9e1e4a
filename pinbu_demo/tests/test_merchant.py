from odoo import fields
from odoo.tests import TransactionCase, tagged

from ..hooks import BAGS, PRESALES, STOCK_OF_EACH


@tagged("post_install", "-at_install")
class TestMerchant(TransactionCase):
    """What the demo merchant promises to be there is there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.ref("base.main_company")

    def _activity(self, name):
        return self.env.ref(f"pinbu_demo.activity_{name}")

    def test_company_is_chinese(self):
        self.assertEqual(self.company.country_id.code, "CN")
        self.assertEqual(self.company.currency_id.name, "CNY")
        self.assertEqual(self.company.chart_template, "cn")
        self.assertEqual(self.company.account_price_include, "tax_included")
        self.assertEqual(self.company.partner_id.tz, "Asia/Shanghai")

    def test_validating_a_delivery_asks_nothing(self):
        self.assertFalse(self.company._get_text_validation("sms"))

    def test_case_of_the_brief(self):
        activity = self._activity("crisps")
        self.assertEqual(
            (activity.state, activity.size, activity.validity_hours, activity.limit_per_user),
            ("running", 3, 24, 0),
        )
        self.assertEqual((activity.list_price, activity.group_price), (30.0, 19.9))
        rule = self.env["pinbu.subsidy.rule"].search([("activity_id", "=", activity.id)])
        self.assertEqual(
            (rule.type, rule.amount, rule.min_paid_members),
            ("cash", 10.0, 2),
        )

    def test_activities(self):
        states = {
            name: self._activity(name).state
            for name in ("crisps", "nuts", "seaweed", "box", "jerky", "corn", "ice", "class")
        }
        self.assertEqual(
            states,
            {
                "crisps": "running",
                "nuts": "running",
                "seaweed": "running",
                "box": "running",
                "jerky": "running",
                "corn": "scheduled",
                "ice": "ended",
                "class": "running",
            },
        )
        self.assertEqual(self._activity("nuts").size, 2)
        self.assertEqual(self._activity("jerky").size, 10)
        seaweed = self._activity("seaweed")
        self.assertEqual(seaweed.size, 5)
        self.assertEqual(len(seaweed.line_ids), 3)
        self.assertEqual(len(set(seaweed.line_ids.mapped("group_price"))), 3)

    def test_one_activity_offers_ways_of_delivery(self):
        jerky = self._activity("jerky")
        methods = jerky.delivery_method_ids
        self.assertEqual(
            [(m.name, m.pinbu_type, m.fixed_price) for m in methods],
            [("快递", "express", 8.0), ("同城配送", "local", 5.0), ("门店自提", "pickup", 0.0)],
        )
        self.assertEqual(methods[0].amount, 39.0)
        self.assertEqual(methods[1].state_ids, self.env.ref("base.state_cn_SH"))
        self.assertTrue(all(methods.product_id.taxes_id.mapped("price_include")))
        self.assertEqual(
            self.env["pinbu.activity"].search([("delivery_method_ids", "!=", False)]), jerky
        )

    def test_one_activity_offers_a_service(self):
        activity = self._activity("class")
        product = activity.product_tmpl_id
        self.assertEqual((product.type, product.list_price), ("service", 68.0))
        self.assertEqual(activity.line_ids.group_price, 39.9)
        self.assertTrue(all(product.taxes_id.mapped("price_include")))
        self.assertTrue(product.image_1920)
        clerk = self.env.ref("pinbu_demo.user_counter")
        screens = self.env["pinbu.voucher.redemption"]
        for user in (clerk, self.env.ref("pinbu_demo.user_marketing")):
            self.assertTrue(screens.with_user(user).has_access("create"), user.name)
        self.assertFalse(
            screens.with_user(self.env.ref("pinbu_demo.user_warehouse")).has_access("create")
        )

    def test_each_way_to_sell_is_there(self):
        mooncake, honey = self._activity("mooncake"), self._activity("honey")
        self.assertEqual((mooncake.stock_policy, mooncake.is_presale), ("success", True))
        self.assertEqual(honey.stock_policy, "open")
        self.assertEqual(self._activity("oats").completes_from, 2)
        veggie = self._activity("veggie")
        self.assertTrue(veggie.allow_leaving and veggie.allow_reroute)
        all_of_them = self.env["pinbu.activity"].search([("id", "in", self._ids())])
        self.assertEqual(len(all_of_them.category_id), 4)
        self.assertTrue(all(activity.category_id for activity in all_of_them))

    def _ids(self):
        return [self._activity(xml_id.removeprefix("product_")).id for xml_id in BAGS]

    def test_super_team_is_open(self):
        activity = self._activity("box")
        self.assertEqual((activity.mode, activity.size), ("super", 100))
        self.assertEqual(activity.super_team_id.state, "forming")
        self.assertFalse(activity.super_team_id.leader_id, "led by the merchant")

    def test_products_have_pictures_and_stock(self):
        for xml_id in BAGS:
            product = self.env.ref(f"pinbu_demo.{xml_id}")
            self.assertTrue(product.image_1920, xml_id)
            for variant in product.product_variant_ids:
                if xml_id in PRESALES:
                    self.assertFalse(variant.qty_available)
                    continue
                self.assertGreaterEqual(variant.qty_available, 10_000, variant.display_name)
                self.assertLessEqual(variant.qty_available, STOCK_OF_EACH)
            activity = self._activity(xml_id.removeprefix("product_"))
            self.assertEqual(activity.product_tmpl_id, product)
            self.assertTrue(activity.image_1920, xml_id)

    def test_deliveries_reserve_at_confirmation(self):
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", self.company.id)])
        self.assertEqual(warehouse.out_type_id.mapped("reservation_method"), ["at_confirm"])

    def test_price_is_what_the_shopper_pays(self):
        for activity in self.env["pinbu.activity"].search([("is_published", "=", True)]):
            for line in activity.line_ids:
                total = line.product_id.taxes_id.compute_all(
                    line.group_price, activity.currency_id, 1, line.product_id
                )["total_included"]
                self.assertAlmostEqual(total, line.group_price, 2, activity.name)

    def test_first_page(self):
        home = self.env.ref("base.main_company").sudo()._to_api_home()
        self.assertEqual(len(home["banners"]), 2)
        self.assertEqual([zone["code"] for zone in home["zones"]], ["today", "flash"])
        self.assertTrue(all(zone["ends_at"] for zone in home["zones"]))
        self.assertTrue(home["categories"])
        self.assertTrue(all(category["image_url"] for category in home["categories"]))

    def test_users(self):
        groups = {
            "warehouse": (["stock.group_stock_user"], ["pinbu_groupbuy.group_user"]),
            "marketing": (
                ["pinbu_groupbuy.group_user"],
                ["pinbu_groupbuy.group_manager", "stock.group_stock_user"],
            ),
            "accountant": (
                ["account.group_account_invoice"],
                ["pinbu_groupbuy.group_user", "base.group_system"],
            ),
            "officer": (
                ["pinbu_risk.group_officer"],
                ["pinbu_groupbuy.group_user", "pinbu_risk.group_identity"],
            ),
            "auditor": (["pinbu_risk.group_auditor"], ["pinbu_risk.group_officer"]),
            "admin": (["pinbu_groupbuy.group_manager", "base.group_system"], []),
        }
        for login, (has, has_not) in groups.items():
            user = self.env["res.users"].search([("login", "=", login)])
            self.assertEqual((user.lang, user.tz), ("zh_CN", "Asia/Shanghai"), login)
            for group in has:
                self.assertTrue(user.has_group(group), f"{login} lacks {group}")
            for group in has_not:
                self.assertFalse(user.has_group(group), f"{login} has {group}")

    def test_demo_provider_takes_and_gives_back(self):
        provider = self.env.ref("payment.payment_provider_demo")
        self.assertEqual((provider.state, provider.is_published), ("test", True))
        self.assertEqual(provider.company_id, self.company)
        self.assertEqual(provider.journal_id.type, "bank")

    def test_settings(self):
        settings = self.env["ir.config_parameter"]
        self.assertEqual(settings.get_param("pinbu_groupbuy.demo_login"), "True")
        self.assertEqual(settings.get_param("pinbu_risk.trusted_networks"), "127.0.0.0/8")

    def test_old_demo_stays_useful(self):
        activities = self._activity("crisps") | self._activity("box")
        now = fields.Datetime.now()
        activities.write(
            {
                "starts_at": fields.Datetime.subtract(now, days=40),
                "ends_at": fields.Datetime.subtract(now, days=10),
            }
        )
        team = self._activity("box").super_team_id
        self.env["pinbu.activity"]._cron_keep_demo_useful()
        self.assertEqual(set(activities.mapped("state")), {"running"})
        self.assertGreater(team.deadline, fields.Datetime.add(now, days=1))
        self.assertEqual(self._activity("ice").state, "ended", "what ended stays ended")
        self.assertEqual(self._activity("corn").state, "scheduled")
