from odoo.tests import HttpCase, new_test_user, tagged

from ..facts import Facts, Verdict
from .risk_common import RiskMixin


@tagged("post_install", "-at_install")
class TestTours(RiskMixin, HttpCase):
    """The back office as a risk officer uses it, who has only that group, in a browser."""

    def test_review(self):
        self.set_up_shop()
        rule = self.make_rule("subsidy", action="delay", name="Tour rule")
        ann, ben = self.shopper("Tour Ann"), self.shopper("Tour Ben")
        for partner in (ann, ben):
            facts = Facts(
                moment="join",
                company_id=self.company.id,
                partner_id=partner.id,
                device="the same device",
            )
            self.events._append(self.cr, facts, Verdict())
        subsidies = self.subsidies._owe(
            [
                {
                    "partner_id": ann.id,
                    "company_id": self.company.id,
                    "type": "cash",
                    "amount_minor": 300,
                    "reason": "prize",
                    "key": "tour",
                }
            ]
        )
        self.grant()
        self.assertEqual((subsidies.state, subsidies.note), ("blocked", rule.name))
        new_test_user(self.env, "tour_officer", "pinbu_risk.group_officer", lang="en_US", tz="UTC")
        self.start_tour("/odoo/risk-review", "pinbu_risk_review", login="tour_officer")
        self.assertEqual((subsidies.state, subsidies.ground), ("void", "same_person"))
        case = self.cases.search([("partner_id", "=", ann.id)])
        self.assertEqual(case.decided_by.login, "tour_officer")

    def test_where_the_day_begins(self):
        """Whoever looks after risk alone does not begin in Discuss, unless they chose to."""
        for name in ("officer", "identity", "auditor"):
            user = new_test_user(
                self.env, f"home_{name}", f"pinbu_risk.group_{name}", lang="en_US", tz="UTC"
            )
            with self.subTest(name):
                self.start_tour("/odoo", f"pinbu_risk_home_{name}", login=user.login)
                own = self.env.ref("base.open_module_tree")
                self.assertTrue(self.home_of(user))
                user.action_id = own.id
                self.assertEqual(self.home_of(user), own.id)
        for groups in ("base.group_user", "pinbu_risk.group_auditor,stock.group_stock_user"):
            user = new_test_user(self.env, groups, groups)
            self.assertFalse(self.home_of(user), groups)
            self.assertFalse(user.action_id)

    def home_of(self, user):
        """:return: the id of the action that the browser is told to begin with"""
        self.authenticate(user.login, user.login)
        answer = self.url_open("/web/session/get_session_info", json={"params": {}})
        return answer.json()["result"]["home_action_id"]
