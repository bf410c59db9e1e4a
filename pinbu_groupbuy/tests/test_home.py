from odoo.tests import HttpCase, new_test_user, tagged

MARKETING = "pinbu_groupbuy.group_user"
MANAGER = "pinbu_groupbuy.group_manager"


@tagged("post_install", "-at_install")
class TestHome(HttpCase):
    """Whoever works with group-buying alone begins the day in front of its figures."""

    def home_of(self, groups, **values):
        """:return: the id of the action that the browser of such a user is told to begin with"""
        user = new_test_user(self.env, f"home_of_{groups}", groups, **values)
        self.authenticate(user.login, user.login)
        answer = self.url_open("/web/session/get_session_info", json={"params": {}})
        return answer.json()["result"]["home_action_id"]

    def test_the_dashboard(self):
        dashboard = self.env.ref("pinbu_groupbuy.pinbu_dashboard_action").id
        self.assertEqual(self.home_of(MARKETING), dashboard)
        self.assertEqual(self.home_of(f"base.group_user,{MANAGER}"), dashboard)

    def test_who_has_other_apps_or_has_chosen_begins_there(self):
        for other in ("stock.group_stock_user", "account.group_account_invoice"):
            self.assertFalse(self.home_of(f"{MARKETING},{other}"), other)
        self.assertFalse(self.home_of("base.group_user"))
        # Of our own staff, but told by a group of theirs that they also keep the stock.
        keeper = self.env["res.groups"].create(
            {"name": "Keeper", "implied_ids": self.env.ref("stock.group_stock_user").ids}
        )
        self.env["ir.model.data"].create(
            {"module": "test", "name": "keeper", "model": keeper._name, "res_id": keeper.id}
        )
        self.assertFalse(self.home_of(f"{MARKETING},test.keeper"))
        own = self.env.ref("base.open_module_tree").id
        self.assertEqual(self.home_of(MARKETING, action_id=own), own)
