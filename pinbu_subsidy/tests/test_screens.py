from odoo.tests import HttpCase, new_test_user, tagged

from .common import SubsidyMixin

# The client logs an error for whatever it cannot show, and an error fails the test.
SHOWN = '!!document.querySelector(".o_action_manager %s")'


@tagged("post_install", "-at_install")
class TestScreens(SubsidyMixin, HttpCase):
    """The back office's pages open in a browser for the people who need them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        new_test_user(cls.env, "screens", "pinbu_groupbuy.group_user", lang="en_US")

    def open(self, path, shown):
        self.browser_js(
            f"/odoo/{path}",
            "console.log('test successful')",
            ready=SHOWN % shown,
            login="screens",
        )

    def test_pages(self):
        team = self.fail_team(self.shoppers(2))
        self.grant()
        for action in (
            "pinbu_subsidy_action",
            "pinbu_wallet_entry_action",
            "loyalty_card_action",
            "pinbu_subsidy_rule_action",
        ):
            with self.subTest(action=action):
                self.open(f"action-pinbu_subsidy.{action}", ".o_list_view .o_data_row")
        wallet = team.subsidy_ids[0].entry_id.card_id
        self.open(f"action-pinbu_subsidy.loyalty_card_action/{wallet.id}", ".o_form_view")
        for action, record in (("pinbu_activity", self.activity), ("pinbu_team", team)):
            self.open(
                f"action-pinbu_groupbuy.{action}_action/{record.id}",
                ".o_form_view .nav-link[name=subsidies]",
            )
