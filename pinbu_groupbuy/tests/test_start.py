from odoo.tests import HttpCase, new_test_user, tagged

from .common import GroupBuyMixin


@tagged("post_install", "-at_install")
class TestStart(GroupBuyMixin, HttpCase):
    """A new shop is led to its first purchase, step by step."""

    def setUp(self):
        super().setUp()
        self.shop = self.env["res.company"].create({"name": "New shop"})
        self.env.user.company_ids |= self.shop
        self.merch = self.make_user("start_merch", "pinbu_groupbuy.group_user")

    def make_user(self, login, groups):
        return new_test_user(
            self.env,
            login,
            groups,
            company_id=self.shop.id,
            company_ids=self.shop.ids,
            lang="en_US",
            tz="UTC",
        )

    def steps(self, user=None):
        dashboard = self.env["pinbu.dashboard"].with_user(user or self.merch)
        start = dashboard.with_company(self.shop).get_dashboard("today")["start"]
        return {step["key"]: (step["is_done"], step["action"]) for step in start}

    def done(self):
        return [key for key, (is_done, _action) in self.steps().items() if is_done]

    def test_step_by_step(self):
        self.assertEqual(list(self.steps()), ["goods", "payment", "activity", "purchase"])
        self.assertEqual(self.done(), [])
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", self.shop.id)])
        product = self.env["product.product"].create({"name": "First", "is_storable": True})
        self.env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 5)
        self.assertEqual(self.done(), ["goods"])
        provider = self.env["payment.provider"].create(
            {"name": "Test", "code": "none", "company_id": self.shop.id}
        )
        self.assertEqual(self.done(), ["goods"])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_provider SET state = 'test', is_published = TRUE WHERE id = %s",
            [provider.id],
        )
        self.assertEqual(self.done(), ["goods", "payment"])

    def test_over_with_the_first_purchase(self):
        self.set_up_shop()
        self.merch.write({"company_ids": self.company.ids, "company_id": self.company.id})
        self.shop = self.company
        self.join(self.shopper("first"))
        self.assertEqual(self.steps(), {})

    def test_each_is_sent_where_they_may_go(self):
        self.assertEqual(
            [action for _done, action in self.steps().values()],
            [None, None, "pinbu_groupbuy.pinbu_activity_launch_action", None],
        )
        boss = self.make_user(
            "start_boss",
            "pinbu_groupbuy.group_manager,stock.group_stock_manager,base.group_system",
        )
        self.assertEqual(
            [bool(action) for _done, action in self.steps(boss).values()],
            [True, True, True, False],
        )
        # Who may not do a step reads whom to ask.
        theirs, mine = (
            {
                step["key"]: step["text"]
                for step in self.env["pinbu.dashboard"]
                .with_user(user)
                .with_company(self.shop)
                .get_dashboard("today")["start"]
            }
            for user in (boss, self.merch)
        )
        self.assertEqual(
            {key for key in mine if mine[key] != theirs[key]},
            {"goods", "payment"},
        )

    def test_screen(self):
        self.start_tour("/odoo/group-buying-dashboard", "pinbu_start", login="start_merch")
