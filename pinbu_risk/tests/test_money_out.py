from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from ..facts import Facts, Verdict
from .rights_common import OLD_KEY, KeysMixin
from .risk_common import RiskMixin


@tagged("post_install", "-at_install")
class TestSubsidies(RiskMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()

    def failed_team(self):
        """:return: the subsidies of two shoppers, due"""
        self.ann, self.ben = self.shoppers(2)
        return self.fail_team(self.ann | self.ben).subsidy_ids

    def test_without_a_rule_it_is_granted_and_written_down(self):
        subsidies = self.failed_team()
        self.grant()
        self.assertEqual(subsidies.mapped("state"), ["granted"] * 2)
        events = self.events.search([("kind", "=", "subsidy")])
        self.assertEqual(events.mapped("partner_id"), self.ann | self.ben)
        self.assertEqual(set(events.mapped("amount_minor")), {1000})
        self.assertEqual(set(events.mapped("outcome")), {"allowed"})
        self.assertFalse(self.case_of(self.ann))

    def test_note_goes_on(self):
        rule = self.make_rule("subsidy", action="note")
        subsidies = self.failed_team()
        self.grant()
        self.assertEqual(subsidies.mapped("state"), ["granted"] * 2)
        self.assertEqual(self.events_of(self.ann, "subsidy").rule_id, rule)

    def test_what_a_rule_holds_back_waits_for_a_person(self):
        for action in ("review", "delay", "identity", "refuse"):
            with self.subTest(action), self.env.cr.savepoint() as savepoint:
                rule = self.make_rule("subsidy", action=action, name="Too often")
                subsidies = self.failed_team()
                self.grant()
                self.assertEqual(subsidies.mapped("state"), ["blocked"] * 2)
                self.assertEqual(set(subsidies.mapped("note")), {"Too often"})
                self.assertEqual(set(subsidies.mapped("risk_action")), {action})
                self.assertFalse(self.balance(self.ann))
                self.assertEqual(self.case_of(self.ann).rule_refs, rule.ids)
                # Somebody has looked at it: it is not held back for the same once more.
                mine = subsidies.filtered(lambda s: s.partner_id == self.ann)
                mine._release()
                self.grant()
                self.assertEqual(mine.state, "granted")
                self.assertEqual(self.balance(self.ann), 10.0)
                self.assertEqual((subsidies - mine).state, "blocked")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_only_who_meets_the_rule_is_held_back(self):
        self.make_rule("subsidy", action="refuse", threshold=1)
        subsidies = self.failed_team()
        # Twice, and once.
        self.fail_team(self.ann | self.shopper("Cid"))
        self.grant()
        mine = subsidies.filtered(lambda s: s.partner_id == self.ann)
        self.assertEqual(mine.state, "blocked")
        self.assertEqual((subsidies - mine).state, "granted")

    def test_a_delay_of_the_joining_holds_its_subsidy_back(self):
        rule = self.make_rule("open", action="delay", name="Suspicious opening")
        self.failed_team()
        # What Ann opens now is delayed, what Ben joins is not.
        subsidies = self.fail_team(self.ann | self.ben).subsidy_ids
        self.grant()
        mine = subsidies.filtered(lambda s: s.partner_id == self.ann)
        self.assertEqual((mine.state, mine.note), ("blocked", rule.name))
        self.assertEqual((subsidies - mine).state, "granted")

    def test_a_delayed_log_in_holds_back_what_is_earned_right_after_it(self):
        rule = self.make_rule(action="delay", window_minutes=60, name="Strange log-in")
        ann = self.shopper("Ann")
        before = self.prizes(partners=ann, key="before")
        self.log_in(ann, "delay", rule)
        after = self.prizes(partners=ann, key="after")
        late = self.prizes(partners=ann, key="late")
        self.env.cr.execute(
            "UPDATE pinbu_subsidy SET create_date = create_date + interval '61 minutes'"
            " WHERE id = %s",
            late.ids,
        )
        self.grant()
        self.assertEqual((after.state, after.note), ("blocked", rule.name))
        self.assertEqual((before.state, late.state), ("granted", "granted"))
        self.assertEqual(self.case_of(ann).subsidy_ids, after)

    def test_a_delayed_log_in_holds_back_for_a_day_where_a_rule_counts_by_the_day(self):
        rule = self.make_rule(action="delay", window_minutes=0)
        ann = self.shopper("Ann")
        self.log_in(ann, "delay", rule)
        same_day, next_day = (self.prizes(partners=ann, key=key) for key in ("same", "next"))
        for subsidy, hours in ((same_day, 23), (next_day, 25)):
            self.env.cr.execute(
                "UPDATE pinbu_subsidy SET create_date = create_date + %s * interval '1 hour'"
                " WHERE id = %s",
                [hours, subsidy.id],
            )
        self.grant()
        self.assertEqual((same_day.state, next_day.state), ("blocked", "granted"))

    def test_a_shopper_who_was_looked_at_is_not_held_back(self):
        self.make_rule("open", action="delay")
        self.failed_team()
        subsidies = self.fail_team(self.ann | self.ben).subsidy_ids
        self.case_of(self.ann).sudo().state = "approved"
        self.grant()
        self.assertEqual(subsidies.mapped("state"), ["granted"] * 2)

    def test_a_blocked_shopper_gets_nothing(self):
        subsidies = self.failed_team()
        self.env["pinbu.risk.block"].create({"partner_id": self.ann.id, "reason": "a farm"})
        self.grant()
        mine = subsidies.filtered(lambda s: s.partner_id == self.ann)
        self.assertEqual(mine.state, "blocked")
        self.assertEqual((subsidies - mine).state, "granted")

    def test_what_is_held_back_by_a_block_waits_in_the_queue(self):
        subsidies = self.failed_team()
        self.env["pinbu.risk.block"].create({"partner_id": self.ann.id, "reason": "a farm"})
        self.grant()
        mine = subsidies.filtered(lambda s: s.partner_id == self.ann)
        self.assertEqual(self.case_of(self.ann).subsidy_ids, mine)
        self.assertFalse(self.case_of(self.ben))

    def test_what_is_held_back_after_a_decision_waits_in_the_queue(self):
        self.make_rule("open", action="delay")
        self.failed_team()
        subsidies = self.fail_team(self.ann | self.ben).subsidy_ids
        self.case_of(self.ann).sudo().state = "refused"
        self.grant()
        mine = subsidies.filtered(lambda s: s.partner_id == self.ann)
        self.assertEqual(mine.state, "blocked")
        self.assertIn(mine, self.case_of(self.ann).subsidy_ids)

    def test_the_inviter_of_a_delayed_friend_has_a_case(self):
        rule = self.make_rule("open", action="delay")
        self.failed_team()
        subsidies = self.fail_team(self.ann | self.ben).subsidy_ids
        seat = subsidies.filtered(lambda s: s.partner_id == self.ann).seat_id
        inviter = self.shopper("Inviter")
        reward = self.subsidies._owe(
            [
                {
                    "partner_id": inviter.id,
                    "company_id": self.company.id,
                    "type": "cash",
                    "amount_minor": 100,
                    "reason": "invite",
                    "key": "test:invite",
                }
            ]
        )
        self.env["pinbu.invite"].create(
            {
                "partner_id": self.ann.id,
                "inviter_id": inviter.id,
                "company_id": self.company.id,
                "joined_at": "2025-01-01",
                "subsidy_id": reward.id,
                "seat_id": seat.id,
            }
        )
        self.grant()
        self.assertEqual((reward.state, reward.note), ("blocked", rule.name))
        case = self.case_of(inviter)
        self.assertEqual((case.subsidy_ids, case.rule_refs), (reward, rule.ids))

    def test_rewards_of_invites_are_a_moment_of_their_own(self):
        self.make_rule("invite_reward", action="delay")
        self.failed_team()
        reward, consolation = (
            self.subsidies._owe(
                [
                    {
                        "partner_id": self.ann.id,
                        "company_id": self.company.id,
                        "type": "cash",
                        "amount_minor": 100,
                        "reason": reason,
                        "key": f"test:{reason}",
                    }
                ]
            )
            for reason in ("invite", "prize")
        )
        self.grant()
        self.assertEqual((reward.state, consolation.state), ("blocked", "granted"))
        self.assertEqual(self.events_of(self.ann, "invite_reward").inviter_ref, self.ann.id)

    def prizes(self, count=0, partners=None, key="first"):
        """:return: subsidies of these shoppers, or of so many new ones, due"""
        partners = partners or self.env["res.partner"].create(
            [{"name": f"P{n}"} for n in range(count)]
        )
        return self.subsidies._owe(
            [
                {
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "type": "cash",
                    "amount_minor": 100,
                    "reason": "prize",
                    "key": f"test:{key}",
                }
                for partner in partners
            ]
        )

    def log_in(self, partner, action=None, rule=None):
        """The shopper logs in, and the rules find that."""
        verdict = Verdict(action, tuple(rule.ids) if rule else ())
        facts = Facts("login", self.company.id, partner.id)
        self.events._append(self.cr, facts, verdict)

    def test_a_batch_takes_so_many_statements_however_large(self):
        """Whatever the rules want, a person verified or not, and a block in the way."""
        delay = self.make_rule(action="delay")
        for action in ("note", "review", "identity", "delay", "log-in", "block"):
            costs = set()
            for count in (5, 50):
                with self.subTest(action, count=count), self.env.cr.savepoint() as savepoint:
                    subsidies = self.prizes(count)
                    if action == "log-in":
                        # What is earned from then on.
                        for partner in subsidies.partner_id:
                            self.log_in(partner, "delay", delay)
                        subsidies = self.prizes(partners=subsidies.partner_id, key="second")
                    elif action == "block":
                        self.env["pinbu.risk.block"].create(
                            [
                                {"partner_id": partner.id, "reason": "a farm"}
                                for partner in subsidies.partner_id
                            ]
                        )
                    else:
                        self.make_rule(
                            "subsidy",
                            measure="shoppers",
                            subject="phone",
                            action=action,
                        )
                        subsidies.partner_id.phone = "13800000001"
                    costs.add(self._statements(subsidies))
                    held = action != "note"
                    self.assertEqual(
                        subsidies.mapped("state"), ["blocked" if held else "due"] * count
                    )
                    cases = self.cases.search([("partner_id", "in", subsidies.partner_id.ids)])
                    self.assertEqual(len(cases), count if held else 0)
                    savepoint.rollback()
                    self.env.invalidate_all()
                    self.env.registry.clear_cache()
            self.assertEqual(len(costs), 1, (action, costs))

    def _statements(self, subsidies):
        """:return: how many statements the judging of these takes, with a warm cache"""
        subsidies = subsidies.sudo()
        with self.env.cr.savepoint() as savepoint:
            subsidies._judge(self.company)
            savepoint.rollback()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        subsidies._judge(self.company)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestIdentity(KeysMixin, RiskMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()

    def test_who_proves_who_they_are_gets_it(self):
        self.use_keys(OLD_KEY)
        self.make_rule("subsidy", action="identity")
        ann, ben = self.shoppers(2)
        subsidies = self.fail_team(ann | ben).subsidy_ids
        self.grant()
        self.assertEqual(subsidies.mapped("state"), ["blocked"] * 2)
        identity = self.env["pinbu.identity"]._give(
            ann, self.company, "张三丰", "110101199003074610"
        )
        identity._to_verified()
        self.grant()
        mine = subsidies.filtered(lambda s: s.partner_id == ann)
        self.assertEqual(mine.state, "granted")
        self.assertEqual((subsidies - mine).state, "blocked")
        # The next one is not held back at all.
        more = self.fail_team(ann | ben).subsidy_ids.filtered(lambda s: s.partner_id == ann)
        self.grant()
        self.assertEqual(more.state, "granted")

    def test_proving_it_later_lets_off_nobody_either(self):
        self.use_keys(OLD_KEY)
        self.make_rule("subsidy", action="identity")
        self.make_rule("subsidy", action="delay", name="Not so fast")
        ann, ben = self.shoppers(2)
        subsidies = self.fail_team(ann | ben).subsidy_ids
        self.grant()
        mine = subsidies.filtered(lambda s: s.partner_id == ann)
        self.assertEqual((mine.state, mine.risk_action), ("blocked", "identity"))
        identity = self.env["pinbu.identity"]._give(
            ann, self.company, "张三丰", "110101199003074610"
        )
        identity._to_verified()
        self.grant()
        self.assertEqual((mine.state, mine.note), ("blocked", "Not so fast"))
        self.assertEqual(mine.risk_action, "delay")

    def test_who_has_proved_who_they_are_is_not_let_off_the_rest(self):
        self.use_keys(OLD_KEY)
        self.make_rule("subsidy", "withdrawal", action="identity", name="Who are you")
        rest = self.make_rule("subsidy", "withdrawal", action="delay", name="Not so fast")
        ann, ben = self.rich("Ann"), self.shopper("Ben")
        identity = self.env["pinbu.identity"]._give(
            ann, self.company, "张三丰", "110101199003074610"
        )
        identity._to_verified()
        subsidies = self.fail_team(ann | ben).subsidy_ids
        self.grant()
        mine = subsidies.filtered(lambda s: s.partner_id == ann)
        self.assertEqual((mine.state, mine.risk_action, mine.note), ("blocked", "delay", rest.name))
        self.assertEqual(self.case_of(ann).rule_refs, rest.ids)
        self.assertEqual(self.withdraw(ann).review_reason, "risk")
        self.assertEqual(self.events_of(ann, "withdrawal").rule_id, rest)


@tagged("post_install", "-at_install")
class TestWithdrawals(RiskMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()

    def setUp(self):
        super().setUp()
        self.ann, self.ben = self.rich("Ann"), self.rich("Ben")
        # Whom rules here look at has taken part before.
        self.join(self.ann)

    def test_without_a_rule_it_goes_on_and_is_written_down(self):
        withdrawal = self.withdraw(self.ann)
        self.assertEqual(withdrawal.state, "requested")
        event = self.events_of(self.ann, "withdrawal")
        self.assertEqual((event.outcome, event.amount_minor), ("allowed", 1000))

    def test_review_and_delay_wait_for_a_person(self):
        for action in ("review", "delay"):
            rule = self.make_rule("withdrawal", action=action)
            withdrawal = self.withdraw(self.ann)
            self.assertEqual((withdrawal.state, withdrawal.review_reason), ("review", "risk"))
            self.assertIn(rule.id, self.case_of(self.ann).rule_refs)
            rule.active = False
        self.assertEqual(self.withdraw(self.ben).state, "requested")
        accountant = new_test_user(self.env, "books", groups="account.group_account_invoice")
        for button in ("action_approve", "action_refuse"):
            with self.assertRaises(AccessError):
                getattr(withdrawal.with_user(accountant), button)()
        self.assertEqual(withdrawal.state, "review")
        manager = new_test_user(self.env, "boss", groups="pinbu_groupbuy.group_manager")
        withdrawal.with_user(manager).action_approve()
        self.assertEqual(withdrawal.state, "requested")

    def test_refused_politely_and_nothing_moves(self):
        rule = self.make_rule("withdrawal", action="refuse")
        self.assertEqual(self.refusal(self.withdraw, self.ann), "risk_blocked")
        self.assertEqual(self.points(self.ann), 5000)
        self.assertFalse(self.withdrawals.search([("partner_id", "=", self.ann.id)]))
        event = self.events_of(self.ann, "withdrawal")
        self.assertEqual((event.outcome, event.rule_id), ("refused", rule))
        self.assertTrue(self.case_of(self.ann))
        self.assertEqual(self.withdraw(self.ben).state, "requested")

    def test_identity_is_asked_for(self):
        self.make_rule("withdrawal", action="identity")
        self.assertEqual(self.refusal(self.withdraw, self.ann), "identity_required")
        self.env["pinbu.identity"].create(
            {
                "partner_id": self.ann.id,
                "company_id": self.company.id,
                "state": "verified",
                "given_at": "2026-01-01",
                "sealed": "-",
                "key_id": "-",
                "number_mark": "-",
            }
        )
        self.assertEqual(self.withdraw(self.ann).state, "requested")

    def test_limits_come_before_rules(self):
        self.make_rule("withdrawal", action="refuse")
        self.assertEqual(self.refusal(self.withdraw, self.ann, 9999), "insufficient_balance")
        self.assertFalse(self.events_of(self.ann, "withdrawal"))

    def test_a_blocked_shopper_cannot_withdraw(self):
        self.env["pinbu.risk.block"].create({"partner_id": self.ann.id, "reason": "a farm"})
        self.assertEqual(self.refusal(self.withdraw, self.ann), "risk_blocked")
        self.assertEqual(self.withdraw(self.ben).state, "requested")

    def test_many_shoppers_with_one_account(self):
        self.make_rule("withdrawal", measure="shoppers", subject="account", threshold=1)
        for partner in (self.ann, self.ben):
            self.env["res.partner.bank"].create(
                {"partner_id": partner.id, "acc_number": "6222 0212 3456 7890"}
            )
        self.assertEqual(self.withdraw(self.ann).state, "requested")
        self.assertEqual(self.withdraw(self.ann).state, "requested")
        self.assertEqual(self.refusal(self.withdraw, self.ben), "risk_blocked")
        # Another account, and none at all.
        self.ben.bank_ids.acc_number = "6222 0000 0000 0000"
        self.assertEqual(self.withdraw(self.ben).state, "requested")
