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
