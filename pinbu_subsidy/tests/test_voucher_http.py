from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin

from .voucher_common import VoucherMixin

# As a scanner does: a code and Enter, into whatever has the focus.
SCAN_THREE_TIMES = """
const until = async (condition) => {
    while (!condition()) {
        await new Promise((done) => setTimeout(done, 50));
    }
};
const shown = (word) => () =>
    document.querySelector(".o_form_view .alert")?.textContent.includes(word);
const scan = (code) => {
    const field = document.activeElement;
    field.value = code;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
};
const ready = () => document.activeElement?.closest("[name=code]");
(async () => {
    scan("CODE");
    await until(shown("Can be redeemed"));
    await until(ready);
    scan("CODE");
    await until(shown("Ready for the next"));
    await until(() => ready() && document.activeElement.value === "");
    scan("CODE");
    await until(shown("Used already"));
    console.log("test successful");
})();
"""


@tagged("post_install", "-at_install")
class TestVoucherHttp(VoucherMixin, ApiMixin, HttpCase):
    """What the shopper sees of a voucher, and the counter's screen in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.env.flush_all()

    def look_at(self, order, token):
        """:return: the order and the names of the tabs that it stands under"""
        answer = self.call("GET", f"/orders/{order['id']}", token=token)
        tabs = {
            tab
            for tab in ("unpaid", "forming", "to_ship", "to_receive", "done", "lost")
            if self.call("GET", f"/orders?tab={tab}", token=token).data["items"]
        }
        return answer.data, tabs

    def test_from_the_payment_to_the_counter_and_past_the_date(self):
        ann, ben = self.log_in("ann"), self.log_in("ben")
        order = self.buy(ann)
        other = self.buy(ben, order["team"])
        # Of one team; nobody sees another member's code.
        self.assertEqual(self.call("GET", f"/orders/{order['id']}", token=ben).status, 404)
        self.run_schedulers()

        order, tabs = self.look_at(order, ann)
        self.assertEqual((order["state"], order["delivery"]["state"]), ("won", "none"))
        self.assertEqual(tabs, {"to_receive"})
        voucher = self.env["pinbu.voucher"].search([("order_id", "=", order["id"])])
        self.assertEqual(
            order["voucher"],
            {
                "code": voucher.code,
                "valid_until": voucher.valid_until.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "state": "issued",
            },
        )

        self.env["pinbu.voucher"]._redeem(voucher.code)
        self.env.flush_all()
        order, tabs = self.look_at(order, ann)
        self.assertEqual((order["voucher"]["state"], tabs), ("used", {"done"}))
        self.assertEqual((order["state"], order["refunds"]), ("won", []))

        self.let_pass(self.env["pinbu.voucher"].search([("order_id", "=", other["id"])]))
        # By the clock, even before the scheduler comes.
        self.assertEqual(self.look_at(other, ben)[0]["voucher"]["state"], "expired")
        self.expire()
        self.run_schedulers()
        other, tabs = self.look_at(other, ben)
        self.assertEqual((other["voucher"]["state"], tabs), ("expired", {"done"}))
        self.assertEqual(other["refund"], {"state": "done", "amount": 3990})
        self.assertEqual([refund["amount"] for refund in other["refunds"]], [3990])

    def test_a_forming_team_has_no_code(self):
        token = self.log_in("ann")
        order, tabs = self.look_at(self.buy(token), token)
        self.assertEqual((order["voucher"], tabs), (None, {"forming"}))
        self.assertEqual(order["delivery"]["state"], "none")

    def test_the_counter_needs_nothing_but_a_scanner(self):
        voucher = self.form_team().seat_ids[:1].voucher_ids
        new_test_user(self.env, "v_counter", "pinbu_subsidy.group_voucher_clerk", lang="en_US")
        self.browser_js(
            "/odoo/redeem-voucher",
            SCAN_THREE_TIMES.replace("CODE", voucher.code),
            ready='!!document.activeElement?.closest("[name=code]")',
            login="v_counter",
        )
        self.assertEqual(voucher.state, "used")
        self.assertEqual(voucher.used_by.login, "v_counter")

    def test_marketing_s_list(self):
        self.form_team()
        new_test_user(self.env, "v_list", "pinbu_groupbuy.group_user", lang="en_US")
        voucher = self.env["pinbu.voucher"].search([], limit=1)
        for path, shown in (
            ("vouchers", ".o_list_view .o_data_row"),
            (f"vouchers/{voucher.id}", ".o_form_view .o_data_row"),
        ):
            self.browser_js(
                f"/odoo/{path}",
                "console.log('test successful')",
                ready=f'!!document.querySelector(".o_action_manager {shown}")',
                login="v_list",
            )
