from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from ..facts import Facts, Verdict


@tagged("post_install", "-at_install")
class TestOpening(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cases = cls.env["pinbu.risk.case"]
        cls.partner = cls.env["res.partner"].create({"name": "Ann"})
        cls.env.flush_all()

    def facts(self, partner_id):
        return Facts(moment="join", company_id=self.env.company.id, partner_id=partner_id)

    def open(self, action="review", rules=(1,), partner_id=None, block_id=None):
        facts = self.facts(partner_id or self.partner.id)
        verdict = Verdict(action=action, rule_ids=rules, block_id=block_id)
        self.cases._open(self.cr, [(facts, verdict)])
        self.env.invalidate_all()
        return self.cases.search([("partner_id", "=", self.partner.id)])

    def test_one_case_takes_all(self):
        case = self.open("review", (7,))
        self.assertEqual((case.state, case.action, case.hits), ("open", "review", 1))
        self.assertEqual(case.rule_refs, [7])
        with self.assertQueryCount(1):
            # Twice at once, of whom one is not there.
            self.cases._open(
                self.cr,
                [
                    (self.facts(self.partner.id), Verdict(action="refuse", rule_ids=(7, 9))),
                    (self.facts(self.partner.id), Verdict(action="note", rule_ids=(9,))),
                    (self.facts(self.partner.id + 1_000_000), Verdict("note", (9,))),
                ],
            )
        self.assertEqual(self.open("note", (3,)), case)
        self.assertEqual((case.action, case.hits), ("refuse", 4))
        self.assertEqual(sorted(case.rule_refs), [3, 7, 9])
        # What happens after a decision is looked at anew.
        case.sudo().state = "approved"
        self.env.flush_all()
        self.assertEqual(len(self.open()), 2)

    def test_nobody_to_look_at(self):
        self.assertFalse(self.open(rules=()))
        # Whoever is blocked and tries again and again was looked at already.
        self.assertFalse(self.open("refuse", block_id=1))
        self.assertFalse(self.open(partner_id=self.partner.id + 1_000_000))

    def test_who_may(self):
        case = self.open()
        officer = new_test_user(self.env, "officer", "pinbu_risk.group_officer")
        self.assertEqual(case.with_user(officer).hits, 1)
        with self.assertRaises(AccessError):
            case.with_user(officer).state = "approved"
        with self.assertRaises(AccessError):
            case.with_user(officer).unlink()
        with self.assertRaises(UserError):
            case.unlink()
        marketer = new_test_user(self.env, "marketer", "pinbu_groupbuy.group_user")
        with self.assertRaises(AccessError):
            case.with_user(marketer).read(["hits"])
        other = self.env["res.company"].create({"name": "Other"})
        foreign = new_test_user(
            self.env,
            "foreign",
            "pinbu_risk.group_officer",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(self.cases.with_user(foreign).search([]))
