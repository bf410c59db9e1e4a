"""An officer looks at cases, and decides them."""

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from ..facts import Facts, Verdict, mark
from .risk_common import RiskMixin


@tagged("post_install", "-at_install")
class TestReview(RiskMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.officer = new_test_user(cls.env, "officer", "pinbu_risk.group_officer")
        cls.marketer = new_test_user(cls.env, "marketer", "pinbu_groupbuy.group_user")
        # For no moment: these tests say themselves what it found.
        cls.found = cls.make_rule(name="A rule")
        cls.ann, cls.ben = cls.rich("Ann"), cls.rich("Ben")

    # === HELPERS === #

    def case(self, partner=None, action="delay"):
        partner = partner or self.ann
        facts = self.facts(partner)
        verdict = Verdict(action=action, rule_ids=(self.found.id,))
        self.env["pinbu.risk.case"]._open(self.cr, [(facts, verdict)])
        self.env.invalidate_all()
        return (
            self.env["pinbu.risk.case"]
            .search([("partner_id", "=", partner.id), ("state", "=", "open")])
            .with_user(self.officer)
        )

    def facts(self, partner, moment="join", **values):
        return Facts(moment=moment, company_id=self.company.id, partner_id=partner.id, **values)

    def happened(self, partner, outcome="allowed", verdict=None, **values):
        facts = self.facts(partner, **values)
        self.env["pinbu.risk.event"]._append(self.cr, facts, verdict or Verdict(), outcome)

    def hold_back(self, *partners):
        """:return: a subsidy and a withdrawal of each that risk holds back"""
        subsidies = self.owe_prize(self.env["res.partner"].union(*partners))
        subsidies._block("A rule")
        subsidies.risk_action = "delay"
        withdrawals = self.withdrawals.union(*map(self.withdraw, partners))
        withdrawals._to_review("risk")
        return subsidies, withdrawals

    def owe_prize(self, partners, key="test"):
        return self.subsidies._owe(
            [
                {
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "type": "cash",
                    "amount_minor": 300,
                    "reason": "prize",
                    "key": key,
                }
                for partner in partners
            ]
        )

    def decide(self, cases, decision, user=None, **values):
        """As an officer does: the button, the dialog, its button."""
        action = getattr(cases.with_user(user or self.officer), f"action_{decision}")()
        wizard = self.env[action["res_model"]].with_user(user or self.officer)
        with Form(wizard.with_context(**action["context"])) as form:
            for name, value in {"reason": "I have looked", **values}.items():
                setattr(form, name, value)
        form.record.action_decide()
        self.env.invalidate_all()

    # === WHAT AN OFFICER SEES === #

    def test_what_led_here(self):
        self.happened(self.ann)
        self.happened(self.ann, "refused", Verdict("refuse", (self.found.id,)))
        self.happened(self.ben, "refused", Verdict("refuse", (self.found.id,)))
        case = self.case()
        self.assertEqual(case.why, self.found.name)
        self.assertEqual(case.event_ids.mapped("outcome"), ["refused"])
        self.assertEqual(case.event_ids.partner_id, self.ann)
        self.assertEqual(case.identity_state, "none")
        self.hold_back(self.ann, self.ben)
        case.invalidate_recordset()
        self.assertEqual(case.held_count, 2)
        self.assertEqual(case.subsidy_ids.partner_id, self.ann)
        self.assertEqual(case.withdrawal_ids.partner_id, self.ann)
        # The form opens for nobody else.
        self.assertEqual(Form(case).record, case)
        for name in ("event_ids", "links", "subsidy_ids", "why"):
            with self.assertRaises(AccessError):
                case.with_user(self.marketer).read([name])

    def test_a_case_stays_fast(self):
        for _number in range(3):
            self.happened(self.ann, "refused", Verdict("refuse", (self.found.id,)))
        cases = self.case() | self.case(self.ben)
        shown = ["why", "action", "held_count", "open_appeal_count", "block_ids", "hits"]
        cases.read(shown)
        self.env.invalidate_all()
        with self.assertQueryCount(12):
            cases[0].read(shown)
        self.env.invalidate_all()
        with self.assertQueryCount(12):
            cases.read(shown)

    def test_the_form_of_a_subsidy_opens_without_rights_on_orders(self):
        subsidy = self.fail_team(self.shoppers(2)).subsidy_ids[0]
        self.env.invalidate_all()
        mine = subsidy.with_user(self.officer)
        self.assertFalse(mine.env["sale.order"].has_access("read"))
        [values] = mine.web_read({"display_name": {}, "order_id": {"fields": {"display_name": {}}}})
        self.assertIn(subsidy.order_id.name, values["display_name"])

    def test_the_form_of_a_withdrawal_opens(self):
        mine = self.withdraw(self.ann).with_user(self.officer)
        names = [
            node.get("name")
            for node in etree.fromstring(mine.get_view(view_type="form")["arch"]).iter("field")
            if node.get("name") in mine._fields
        ]
        self.assertIn("amount", names)
        [values] = mine.web_read({name: {} for name in names})
        self.assertEqual(values["id"], mine.id)

    def test_linked_accounts(self):
        shares = {
            "device": self.shopper("Shares the device"),
            "phone": self.shopper("Shares the phone"),
            "delivery": self.shopper("Shares the address"),
            "account": self.shopper("Shares the account"),
        }
        for kind, other in shares.items():
            own = mark(self.env, kind, "own")
            self.happened(self.ann, **{kind: own})
            self.happened(other, **{kind: own})
            self.happened(self.ben, **{kind: mark(self.env, kind, f"another {kind}")})
        # Carriers put thousands behind one.
        self.happened(self.ann, address="carrier")
        self.happened(self.ben, address="carrier")
        friend, once = self.shopper("Always there"), self.shopper("Once there")
        for others in ((friend, once), (friend,)):
            self.team_of([self.ann, *others])
        brought = self.shopper("Brought")
        self.env["pinbu.invite"].create(
            {
                "partner_id": brought.id,
                "inviter_id": self.ann.id,
                "company_id": self.company.id,
                "joined_at": "2025-01-01 00:00:00",
            }
        )
        case = self.case()
        links = {row["id"]: [why["kind"] for why in row["why"]] for row in case.links["rows"]}
        expected = {partner.id: [kind] for kind, partner in shares.items()}
        self.assertEqual(links, {**expected, friend.id: ["teams"], brought.id: ["invited"]})
        self.assertEqual(case.links["more"], 0)
        self.happened(shares["phone"], device=mark(self.env, "device", "own"))
        case.invalidate_recordset()
        # Who shares most comes first.
        self.assertEqual(case.links["rows"][0]["id"], shares["phone"].id)
        other = self.env["res.company"].create({"name": "Other"})
        foreign = Facts(
            moment="join",
            company_id=other.id,
            partner_id=self.ben.id,
            device=mark(self.env, "device", "own"),
        )
        self.env["pinbu.risk.event"]._append(self.cr, foreign, Verdict())
        case.invalidate_recordset()
        self.assertNotIn(self.ben.id, [row["id"] for row in case.links["rows"]])

    def test_not_too_many_linked_accounts(self):
        own = mark(self.env, "device", "own")
        for partner in self.shoppers(33) | self.ann:
            self.happened(partner, device=own)
        links = self.case().links
        self.assertEqual((len(links["rows"]), links["more"]), (30, 3))

    # === WHAT AN OFFICER DECIDES === #

    def test_approve(self):
        subsidies, withdrawals = self.hold_back(self.ann, self.ben)
        case = self.case()
        self.decide(case, "approve")
        self.assertEqual(case.state, "approved")
        self.assertEqual((case.decided_by, case.reason), (self.officer, "I have looked"))
        self.assertEqual(subsidies.mapped("state"), ["due", "blocked"])
        self.assertEqual(withdrawals.mapped("state"), ["requested", "review"])
        self.grant()
        self.assertEqual(subsidies.mapped("state"), ["granted", "blocked"])
        with self.assertRaises(UserError):
            case.action_refuse()

    def test_the_audit_log_says_why(self):
        subsidies, withdrawals = self.hold_back(self.ann)
        case = self.case()
        self.decide(case, "approve")
        for record in (case, subsidies, withdrawals):
            rows = self.env["pinbu.audit.log"].search(
                [
                    ("model", "=", record._name),
                    ("res_id", "=", record.id),
                    ("user_ref", "=", self.officer.id),
                ]
            )
            self.assertEqual(rows.mapped("why"), ["I have looked"], record._name)

    def test_refuse(self):
        subsidies, withdrawals = self.hold_back(self.ann, self.ben)
        case = self.case()
        with self.assertRaises(UserError), self.cr.savepoint():
            case._refuse("refused", "No ground", None, case.subsidy_ids, case.withdrawal_ids)
        self.decide(case, "refuse", ground="same_person")
        self.assertEqual(case.state, "refused")
        self.assertEqual(subsidies.mapped("state"), ["void", "blocked"])
        self.assertEqual(subsidies[0].ground, "same_person")
        self.assertEqual(withdrawals.mapped("state"), ["failed", "review"])
        self.assertEqual(withdrawals[0].failure, "refused")
        # The money is back where it came from.
        self.assertEqual(self.points(self.ann), 5000)
        self.assertEqual(self.points(self.ben), 4000)
        self.check_ledger()

    def test_block(self):
        self.happened(self.ann, device=mark(self.env, "device", "own"))
        self.happened(self.ben, device=mark(self.env, "device", "own"))
        self.ann.phone = "13800138000"
        cases = self.case()
        action = cases.action_block()
        wizard = self.env["pinbu.risk.decision"].with_user(self.officer)
        with Form(wizard.with_context(**action["context"])) as form:
            form.reason = "A farm"
            form.block_for = "0"
            form.with_device = True
            form.with_phone = True
            form.other_ids.add(self.ben)
        stranger = self.shopper("Not linked")
        form.record.sudo().other_ids += stranger
        form.record.action_decide()
        self.assertEqual(cases.state, "blocked")
        blocks = self.env["pinbu.risk.block"].search([])
        self.assertEqual(
            sorted(blocks.mapped("subject")), ["device", "partner", "partner", "phone"]
        )
        self.assertEqual(blocks.partner_id, self.ann | self.ben)
        self.assertFalse(any(blocks.mapped("expires_at")))
        self.assertEqual(set(blocks.mapped("create_uid")), {self.officer})
        for facts in (
            self.facts(self.ann),
            self.facts(stranger, phone=mark(self.env, "phone", "13800138000")),
            self.facts(stranger, device=mark(self.env, "device", "own")),
        ):
            verdict = self.env["pinbu.risk.rule"]._judge(self.cr, facts)
            self.assertEqual(verdict.action, "refuse")
            self.assertIn(verdict.block_id, blocks.ids)
        self.assertFalse(self.env["pinbu.risk.rule"]._judge(self.cr, self.facts(stranger)).action)

    def test_many_at_once(self):
        subsidies, withdrawals = self.hold_back(self.ann, self.ben)
        cases = self.case() | self.case(self.ben)
        self.decide(cases, "refuse", ground="made_up")
        self.assertEqual(set(cases.mapped("state")), {"refused"})
        self.assertEqual(set(subsidies.mapped("state")), {"void"})
        self.assertEqual(set(withdrawals.mapped("state")), {"failed"})
        # Once more changes nothing.
        cases._refuse("refused", "Again", "made_up", subsidies, withdrawals)
        self.assertEqual(self.points(self.ann), 5000)

    def test_an_officer_decides_only_about_what_is_held_here(self):
        subsidies, withdrawals = self.hold_back(self.ann, self.ben)
        large = self.withdraw(self.ann, 500)
        large._to_review("manual")
        by_hand = self.owe_prize(self.ann, "by hand")
        by_hand._block("A manager's doubts")
        case = self.case()
        # Others' money, and what an accountant holds, is not let go by the way.
        case._approve("Mine", subsidies | by_hand, withdrawals | large)
        self.assertEqual(subsidies.mapped("state"), ["due", "blocked"])
        self.assertEqual(withdrawals.mapped("state"), ["requested", "review"])
        self.assertEqual((large.state, by_hand.state), ("review", "blocked"))

    def test_what_a_manager_holds_back_after_a_release_is_the_managers(self):
        subsidies, _withdrawals = self.hold_back(self.ann)
        self.decide(self.case(), "approve")
        subsidies._block("A manager's doubts")
        case = self.case()
        self.assertFalse(case.subsidy_ids)
        case._approve("Mine", subsidies, self.withdrawals)
        self.assertEqual(subsidies.state, "blocked")

    def test_what_is_taken_out_of_the_list_stays_held_back(self):
        subsidies, _withdrawals = self.hold_back(self.ann)
        case = self.case()
        action = case.action_approve()
        wizard = self.env["pinbu.risk.decision"].with_user(self.officer)
        with Form(wizard.with_context(**action["context"])) as form:
            form.reason = "Not that one"
            form.subsidy_ids.remove(id=subsidies.id)
        form.record.action_decide()
        self.assertEqual((case.state, subsidies.state), ("approved", "blocked"))
        # Nobody forgets it.
        self.assertEqual(self.case_of(self.ann).subsidy_ids, subsidies)

    def test_a_large_withdrawal_is_looked_at_by_an_accountant_too(self):
        _subsidies, withdrawals = self.hold_back(self.ann)
        self.assertEqual(withdrawals.review_reason, "risk")
        self.company.pinbu_withdrawal_review_above = 9.99
        self.decide(self.case(), "approve")
        self.assertEqual((withdrawals.state, withdrawals.review_reason), ("review", "amount"))

    def test_who_may(self):
        case = self.case()
        for user in (self.marketer, new_test_user(self.env, "portal", "base.group_portal")):
            for button in ("action_approve", "action_refuse", "action_block"):
                with self.assertRaises(AccessError):
                    getattr(case.with_user(user), button)()
            with self.assertRaises(AccessError):
                case.with_user(user)._approve("Mine", self.subsidies, self.withdrawals)
            with self.assertRaises(AccessError):
                self.env["pinbu.risk.decision"].with_user(user).create(
                    {"case_ids": case.ids, "decision": "approve", "reason": "Mine"}
                )
        self.assertEqual(case.state, "open")
        for model in ("pinbu.subsidy", "pinbu.withdrawal"):
            self.assertFalse(self.env[model].with_user(self.officer).has_access("write"))

    def test_approving_lifts_the_block(self):
        block = self.env["pinbu.risk.block"].create(
            {"partner_id": self.ann.id, "reason": "A mistake"}
        )
        case = self.case()
        self.assertEqual(case.block_ids, block.with_user(self.officer))
        self.decide(case, "approve")
        self.assertFalse(block.active)
        self.assertEqual(block.state, "lifted")

    def test_approving_lifts_the_blocks_of_device_and_phone(self):
        own = mark(self.env, "device", "own")
        self.happened(self.ann, device=own)
        self.happened(self.ben, device=mark(self.env, "device", "another"))
        self.ann.phone = "13800138000"
        values = {"block_for": "0", "with_device": True, "with_phone": True}
        self.decide(self.case(self.ann), "block", **values)
        self.decide(self.case(self.ben), "block", **values)
        case = self.case()
        self.assertEqual(set(case.block_ids.mapped("subject")), {"partner", "device", "phone"})
        self.decide(case, "approve")
        facts = self.facts(self.ann, device=own, phone=mark(self.env, "phone", "13800138000"))
        self.assertFalse(self.env["pinbu.risk.rule"]._judge(self.cr, facts).action)
        # Others stay out.
        left = self.env["pinbu.risk.block"].search([])
        self.assertEqual(sorted(left.mapped("subject")), ["device", "partner"])

    def test_from_a_rule_to_the_wallet(self):
        self.make_rule("subsidy", action="delay")
        team = self.fail_team(self.shoppers(2))
        mine, theirs = team.subsidy_ids
        self.grant()
        self.assertEqual((mine.state, theirs.state), ("blocked", "blocked"))
        cases = self.env["pinbu.risk.case"].search([]).with_user(self.officer)
        approved = cases.filtered(lambda case: case.partner_id == mine.partner_id)
        self.assertEqual(approved.subsidy_ids, mine.with_user(self.officer))
        self.decide(approved, "approve")
        self.decide(cases - approved, "refuse", ground="made_up")
        self.grant()
        self.assertEqual((mine.state, theirs.state), ("granted", "void"))
        self.assertEqual(self.balance(mine.partner_id), 10.0)
        self.assertFalse(self.balance(theirs.partner_id))
