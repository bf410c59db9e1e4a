"""The suite's two stories with every add-on installed, through the doors that people use."""

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiCase
from odoo.addons.pinbu_subsidy.tests.common import SubsidyMixin


@tagged("post_install", "-at_install")
class TestStory(SubsidyMixin, ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(cls.env, "clerk", groups="stock.group_stock_user")

    def get(self, path, token=None):
        answer = self.call("GET", path, token=token)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data

    def test_a_team_forms_and_ships(self):
        tokens = [self.log_in(name) for name in ("An", "Bo", "Cy")]
        orders = [self.buy(tokens[0])]
        team = orders[0]["team"]
        self.assertEqual((team["state"], team["missing"]), ("forming", 2))
        self.run_schedulers()
        waiting = self.env["sale.order"].browse(orders[0]["id"]).picking_ids.with_user(self.clerk)
        with self.assertRaises(UserError):
            waiting.button_validate()

        orders += [self.buy(token, team) for token in tokens[1:]]
        self.assertEqual(self.get(f"/teams/{team['token']}")["state"], "formed")
        self.run_schedulers()
        fourth = self.order(self.log_in("Di"), team)
        self.assertEqual((fourth.status, fourth.code), (409, "team_full"))

        for token, order in zip(tokens, orders, strict=True):
            mine = self.get(f"/orders/{order['id']}", token)
            self.assertEqual((mine["state"], mine["delivery"]["state"]), ("won", "ready"))
            self.assertEqual((mine["refunds"], mine["subsidies"]), ([], []))
            self.assertEqual(self.get("/me/wallet", token)["balance"], 0)
        waiting.button_validate()
        self.assertEqual(
            self.get(f"/orders/{orders[0]['id']}", tokens[0])["delivery"]["state"], "shipped"
        )

    def test_a_team_fails_and_is_made_whole(self):
        tokens = [self.log_in(name) for name in ("Ed", "Fu")]
        orders = [self.buy(tokens[0])]
        orders.append(self.buy(tokens[1], orders[0]["team"]))
        self.run_schedulers()
        token = orders[0]["team"]["token"]
        team = self.env["pinbu.team"].search([("token", "=", token)])
        self.pass_deadline(team)
        self.assertEqual(self.get(f"/teams/{token}")["state"], "failed")
        self.run_schedulers()
        self.assertEqual(team.state, "failed")
        self.grant()
        self.run_schedulers()

        self.assertEqual(team.state, "settled")
        for token, order in zip(tokens, orders, strict=True):
            mine = self.get(f"/orders/{order['id']}", token)
            self.assertEqual(mine["state"], "lost")
            self.assertEqual(mine["refund"], {"state": "done", "amount": 1990})
            subsidy = mine["subsidies"][0]
            self.assertEqual(
                (subsidy["type"], subsidy["amount"], subsidy["state"]), ("cash", 1000, "granted")
            )
            self.assertEqual(self.get("/me/wallet", token)["balance"], 1000)

    def test_nobody_meets_another_shoppers_money(self):
        mine, other = self.log_in("Gu"), self.log_in("Hu")
        order = self.buy(mine)
        for method, path in (
            ("GET", f"/orders/{order['id']}"),
            ("POST", f"/orders/{order['id']}/cancel"),
            ("POST", f"/orders/{order['id']}/payment"),
        ):
            answer = self.call(method, path, {} if method == "POST" else None, other, key="k")
            self.assertEqual((answer.status, answer.code), (404, "not_found"), path)
        members = self.get(f"/teams/{order['team']['token']}", other)["members"]
        self.assertEqual([member["name"] for member in members], ["G**"])

    def test_the_sixth_opening_of_a_day_is_refused(self):
        token = self.log_in("Iv")
        for _number in range(5):
            self.buy(token)
        sixth = self.order(token)
        self.assertEqual((sixth.status, sixth.code), (403, "risk_blocked"))
