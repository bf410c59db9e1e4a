from odoo.tests import TransactionCase, tagged

from odoo.addons.pinbu_groupbuy.tests.common import GroupBuyMixin


@tagged("post_install", "-at_install")
class TestScreens(GroupBuyMixin, TransactionCase):
    """Each of the merchant's people can open the screens of their work, with their rights only."""

    def setUp(self):
        super().setUp()
        activity = self.env.ref("pinbu_demo.activity_box")
        self.team = activity.super_team_id
        self.order = self.join(self.shopper("王小明"), self.team, activity=activity).order_id
        self.run_schedulers()
        self.delivery = self.order.picking_ids

    def _open(self, login, record, kind):
        """Read what the web client reads when `login` opens the record in a form or a list."""
        user = self.env["res.users"].search([("login", "=", login)])
        model = record.with_user(user).with_context(lang=user.lang)
        views = model.get_views([(False, kind), (False, "search")])
        fields = views["models"][record._name]["fields"]
        return model.web_read({name: {} for name in fields})[0]

    def test_warehouse(self):
        self.assertTrue(self.delivery, "a paid seat has its delivery")
        for kind in ("list", "form", "kanban"):
            values = self._open("warehouse", self.delivery, kind)
            self.assertEqual(values["pinbu_team_id"], self.team.id)
        self.assertIn("尚未成团", values["pinbu_gate_reason"])

    def test_marketing(self):
        for record in (self.team.activity_id, self.team, self.team.seat_ids, self.order):
            for kind in ("list", "form"):
                self.assertTrue(self._open("marketing", record[:1], kind))

    def test_manager(self):
        for record in (self.team.activity_id, self.team, self.order, self.delivery):
            self.assertTrue(self._open("admin", record, "form"))

    def test_accountant(self):
        payment = self.order.transaction_ids.payment_id
        self.assertTrue(payment, "the payment is in the books")
        self.assertTrue(self._open("accountant", payment, "form"))
