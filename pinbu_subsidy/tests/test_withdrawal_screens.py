from odoo.tests import HttpCase, new_test_user, tagged

from .test_screens import SHOWN
from .withdrawal_common import WithdrawalMixin


@tagged("post_install", "-at_install")
class TestWithdrawalScreens(WithdrawalMixin, HttpCase):
    """The pages open in a browser for the people who need them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        for login, groups in (
            ("books", "account.group_account_invoice"),
            ("ads", "pinbu_groupbuy.group_user"),
        ):
            new_test_user(cls.env, login, groups, lang="en_US")
        cls.partner = cls.rich()
        cls.withdrawal = cls.withdrawals._request(cls.partner, cls.company, 1000)

    def open(self, login, path, shown, code="console.log('test successful')"):
        self.browser_js(f"/odoo/{path}", code, ready=SHOWN % shown, login=login)

    def test_the_pay_list_with_its_forecast(self):
        self.company._pinbu_set_payout_balance(500)
        self.open("books", "withdrawals", ".o_pinbu_payout_forecast.alert-danger")
        self.open("books", "withdrawals", ".o_list_view .o_data_row")
        self.open("ads", "withdrawals", ".o_list_view .o_data_row")
        self.assertFalse(self.env.company.pinbu_payout_alerted)

    def test_an_accountant_pays_from_the_form(self):
        pay = """
            const click = async (name) => {
                while (!document.querySelector(`button[name=${name}]`)) {
                    await new Promise((done) => setTimeout(done, 50));
                }
                document.querySelector(`button[name=${name}]`).click();
            };
            (async () => {
                await click("action_start");
                await click("action_mark_paid");
                const paid = ".o_arrow_button_current[data-value=done]";
                while (!document.querySelector(paid)) {
                    await new Promise((done) => setTimeout(done, 50));
                }
                console.log("test successful");
            })();
        """
        self.open("books", f"withdrawals/{self.withdrawal.id}", ".o_form_view", pay)
        self.assertEqual(self.withdrawal.state, "done")

    def test_the_pay_list_as_a_tour(self):
        self.start_tour("/odoo", "pinbu_pay_list", login="books")
        self.env.invalidate_all()
        self.assertEqual(self.withdrawal.state, "done")

    def test_marketing_has_no_buttons_that_pay(self):
        look = """
            if (document.querySelector("button[name=action_start], button[name=action_export]")) {
                console.error("marketing can pay");
            }
            console.log("test successful");
        """
        self.open("ads", f"withdrawals/{self.withdrawal.id}", ".o_form_view", look)

    def test_the_debit_of_a_withdrawal(self):
        entry = self.withdrawal.debit_entry_id
        path = f"action-pinbu_subsidy.pinbu_wallet_entry_action/{entry.id}"
        self.open("books", path, ".o_form_view .o_field_monetary[name=amount]")

    def test_the_shoppers_form(self):
        for login in ("books", "ads"):
            self.open(
                login,
                f"res.partner/{self.partner.id}",
                ".o_form_view .nav-link[name=pinbu_wallet]",
            )
