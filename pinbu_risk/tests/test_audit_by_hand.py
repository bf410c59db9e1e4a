from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.pinbu_groupbuy.tests.test_refund_worker import RefundCase
from odoo.addons.pinbu_groupbuy.tests.test_returns import ReturnCase
from odoo.addons.pinbu_subsidy.tests.withdrawal_common import WithdrawalMixin

from .rights_common import KeysMixin, RightsCase
from .test_audit import AuditCase, AuditMixin


@tagged("post_install", "-at_install")
class TestAuditByHand(WithdrawalMixin, AuditCase):
    """What people of the shop do to teams, subsidies, withdrawals and wallets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = new_test_user(cls.env, "books", "account.group_account_invoice")

    def done(self, records, **values):
        """The last row is about these records, by this manager. :return: its old and new values"""
        rows = self.log(("model", "=", records._name))[-len(records) :]
        self.assertEqual(set(rows.mapped("res_id")), set(records.ids))
        for name, value in {"action": "by_hand", "user_ref": self.manager.id, **values}.items():
            self.assertEqual(set(rows.mapped(name)), {value}, name)
        return self.values(rows[0])

    def intervene(self, team, action, **values):
        wizards = self.env["pinbu.team.intervention"].with_user(self.manager)
        wizards.create(
            {"team_id": team.id, "action": action, "reason": "They called", **values}
        ).action_apply()

    def test_teams(self):
        one, two, three, four = self.shoppers(4)
        formed, failed = self.join(one).team_id, self.join(two).team_id
        self.before = self.log()[-1:].id or self.before
        self.intervene(formed, "form")
        self.assertEqual(self.done(formed, why="They called"), {"state": ["forming", "formed"]})
        self.intervene(failed, "fail")
        self.assertEqual(self.done(failed, why="They called"), {"state": ["forming", "failed"]})
        origin, target = self.join(three).team_id, self.join(four).team_id
        seat = origin.seat_ids
        self.intervene(origin, "move", seat_id=seat.id, target_id=target.id)
        self.assertEqual(
            self.done(seat, why="They called"),
            {"team_id": [origin.display_name, target.display_name]},
        )
        self.intervene(target, "retry")
        self.done(target, action="retried", why="They called")
        later = fields.Datetime.now().replace(microsecond=0) + timedelta(hours=3)
        old = target.deadline
        self.intervene(target, "deadline", deadline=later)
        self.assertEqual(
            self.done(target, action="changed", why="They called"),
            {"deadline": [str(old), str(later)]},
        )

    def test_a_refused_intervention_leaves_nothing(self):
        team = self.join(self.shopper("Ann")).team_id
        self.intervene(team, "fail")
        rows = self.log()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.intervene(team, "form")
        self.assertEqual(self.log(), rows)

    def test_schedulers_and_shoppers_do_nothing_by_hand(self):
        self.fail_team(self.shoppers(2))
        partner = self.rich()
        self.withdraw(partner)
        self.assertFalse(self.log(("action", "in", ("by_hand", "retried"))))

    def test_subsidies(self):
        subsidies = self.fail_team(self.shoppers(2)).subsidy_ids
        mine = self.mine(subsidies)
        for decision in ("block", "void"):
            wizard = Form(
                self.env["pinbu.subsidy.decision"]
                .with_user(self.manager)
                .with_context(default_decision=decision, default_subsidy_ids=subsidies.ids)
            )
            wizard.note = "one address"
            if decision == "void":
                wizard.ground = "same_person"
            wizard.save().action_decide()
            state = "blocked" if decision == "block" else "void"
            rows = self.log(("action", "=", "by_hand"), ("model", "=", subsidies._name))
            self.assertEqual(self.values(rows[-1])["state"][1], state)
            self.assertEqual(rows[-1].why, "one address")
            self.assertFalse(any(rows.mapped("record_name")))
        grounds = self.log(("model", "=", subsidies._name), ("action", "=", "changed"))
        self.assertEqual(self.values(grounds[0]), {"ground": [None, "same_person"]})
        mine.action_reinstate()
        rows = self.log(("action", "=", "by_hand"), ("model", "=", subsidies._name))
        self.assertEqual(self.values(rows[-1]), {"state": ["void", "due"]})
        mine.action_retry()
        self.done(subsidies, action="retried")

    def test_withdrawals(self):
        partner = self.rich(amount_minor=5000)
        withdrawal = self.withdraw(partner)
        theirs = withdrawal.with_user(self.accountant)
        accountant = {"user_ref": self.accountant.id}
        theirs.action_review()
        self.assertEqual(self.done(withdrawal, **accountant), {"state": ["requested", "review"]})
        theirs.action_approve()
        self.done(withdrawal, **accountant)
        theirs.action_start()
        self.done(withdrawal, **accountant)
        self.env["pinbu.withdrawal.result"].with_user(self.accountant).with_context(
            active_ids=withdrawal.ids
        ).create({"result": "failed", "note": "the account is closed"}).action_confirm()
        self.assertEqual(
            self.done(withdrawal, why="the account is closed", **accountant),
            {"state": ["sent", "failed"]},
        )
        self.assertEqual(self.log()[-1].record_name, withdrawal.number)

    def test_the_balance_for_payouts(self):
        wizard = self.env["pinbu.payout.balance"].with_user(self.accountant)
        wizard.create({"balance": 1234.5}).action_confirm()
        values = self.done(self.company, user_ref=self.accountant.id)
        self.assertEqual(values["pinbu_payout_balance"][1], 1234.5)

    def test_a_wallet_is_corrected(self):
        card = self.give(self.shopper("Ann"), 500)
        card.with_user(self.manager).sudo().points = 3.0
        self.assertEqual(self.done(card), {"points": [5.0, 3.0]})
        rows = len(self.log())
        card.points = 2.0
        self.assertEqual(len(self.log()), rows, "a scheduler did it")


@tagged("post_install", "-at_install")
class TestAuditRefunds(AuditMixin, KeysMixin, RefundCase):
    def setUp(self):
        super().setUp()
        self.set_up_audit()

    def test_paid_and_tried_again_by_hand(self):
        seat = self.lose()
        with self.answers(send=self.refuse):
            self.move_money(self.refund_of(seat))
        refund = self.refund_of(seat)
        refund.with_user(self.manager).action_pinbu_retry()
        row = self.log()[-1]
        self.assertEqual((row.action, row.res_id), ("retried", refund.id))
        wizard = Form(
            self.env["pinbu.refund.by.hand"]
            .with_user(self.manager)
            .with_context(default_transaction_id=refund.id)
        )
        wizard.reason = "Paid by bank transfer"
        wizard.payment_reference = "T-1"
        wizard.save().action_confirm()
        row = self.log(("action", "=", "by_hand"))
        self.assertEqual((row.res_id, row.record_name), (refund.id, refund.reference))
        self.assertEqual(row.why, "Paid by bank transfer")
        self.assertEqual(self.values(row)["state"][1], "done")
        self.assertEqual(self.values(row)["provider_reference"], [None, "T-1"])


@tagged("post_install", "-at_install")
class TestAuditReturns(AuditMixin, KeysMixin, ReturnCase):
    def setUp(self):
        super().setUp()
        self.set_up_audit()

    def test_returns(self):
        request = self.ask()
        self.assertFalse(self.log(("model", "=", "pinbu.return")), "the shopper asked")
        self.answer(request)
        row = self.log(("model", "=", "pinbu.return"))
        self.assertEqual((row.user_ref, row.res_id), (self.marketer.id, request.id))
        self.assertEqual(self.values(row), {"state": ["requested", "accepted"]})
        self.assertEqual(row.why, "To our warehouse")
        request.with_user(self.manager).action_refund_without_goods()
        self.env.flush_all()
        row = self.log(("model", "=", "pinbu.return"))[-1]
        self.assertEqual(row.user_ref, self.manager.id)
        refund = self.log(("model", "=", "payment.transaction"))
        self.assertEqual(refund.user_ref, self.manager.id)
        self.assertEqual(self.values(refund)["amount"][1], 19.9)


@tagged("post_install", "-at_install")
class TestAuditIdentity(AuditMixin, RightsCase):
    """Each look at what a shopper gave, over HTTP."""

    def setUp(self):
        super().setUp()
        self.set_up_audit()

    def test_each_look_is_written_down_with_its_address(self):
        identity = self.give_identity()
        self.assertFalse(self.log(("model", "=", "pinbu.identity")), "the shopper gave it")
        self.authenticate("clerk", "clerk")
        for method in ("action_read", "action_read", "action_verify"):
            self.make_jsonrpc_request(
                f"/web/dataset/call_button/pinbu.identity/{method}",
                {"model": "pinbu.identity", "method": method, "args": [identity.ids], "kwargs": {}},
            )
        self.env.invalidate_all()
        rows = self.log(("model", "=", "pinbu.identity"))
        self.assertEqual(
            rows.mapped("action"), ["identity_read", "identity_read", "identity_verified"]
        )
        self.assertEqual(rows.mapped("user_ref"), [self.clerk.id] * 3)
        self.assertEqual(set(rows.mapped("address_prefix")), {"127.0.0.0/16"})
        self.assertEqual(len(set(rows.mapped("address_mark"))), 1)
        self.assertNotIn("127.0.0.1", "".join(rows.mapped("address_mark")))
        self.assertFalse(any(rows.mapped("record_name")), "the shopper is not named")
        for text in ("张三丰", "110101199003074610"):
            self.assertNotIn(text, str(rows.read()))

    def test_a_mask_is_no_look(self):
        identity = self.give_identity()
        identity.with_user(self.officer).read(["real_name", "id_number"])
        self.assertFalse(self.log(("model", "=", "pinbu.identity")))
