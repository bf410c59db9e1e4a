"""What staff wrote about a shopper, by the doors that it is written through, after they have left."""

from unittest.mock import patch

from psycopg2.errors import RaiseException

from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.payment.models.payment_transaction import PaymentTransaction
from odoo.addons.pinbu_groupbuy.tests.test_refund_worker import WORKER

from .rights_common import RightsCase

NAME = "张三丰"


@tagged("post_install", "-at_install")
class TestForgottenWords(RightsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "mia", "pinbu_groupbuy.group_manager")
        cls.accountant = new_test_user(cls.env, "books", "account.group_account_invoice")
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.empty_audit_log()

    def leave(self):
        self.env.flush_all()
        answer = self.call("DELETE", "/me", {"give_up_wallet": True}, self.ann)
        self.assertEqual(answer.status, 202, answer.text)
        self.run_cron("pinbu.account.deletion", "_cron_forget")
        deletion = self.env["pinbu.account.deletion"].search([])
        self.assertEqual(deletion.state, "done", deletion.waits_for)

    def holding(self, text):
        """:return: the names of the tables that hold this text in any column"""
        self.env.flush_all()
        self.cr.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        found = []
        for (table,) in self.cr.fetchall():
            self.cr.execute(
                SQL(
                    "SELECT count(*) FROM %s t WHERE t::text LIKE %s",
                    SQL.identifier(table),
                    f"%{text}%",
                )
            )
            if self.cr.fetchone()[0]:
                found.append(table)
        return found

    def lost_team(self, reason):
        """:return: the team of Ann and Ben, failed by a manager who gives this reason"""
        order = self.buy(self.ann)
        self.buy(self.ben, order["team"])
        team = self.env["pinbu.team"].search([("token", "=", order["team"]["token"])])
        wizard = self.env["pinbu.team.intervention"].with_user(self.manager)
        wizard = wizard.create({"team_id": team.id, "action": "fail", "reason": reason})
        wizard.action_apply()
        wizard.sudo().unlink()
        self.skip_delay()
        self.run_scheduler("settle")
        # The provider refuses the refunds.
        refuse = patch.object(PaymentTransaction, "_send_refund_request", self.refuse_refund)
        with refuse, mute_logger(WORKER):
            self.run_scheduler("money")
        return team

    @staticmethod
    def refuse_refund(tx):
        raise ValidationError(tx.env._("Not enough balance"))

    def decide_subsidies(self, team):
        for decision in ("block", "void"):
            for subsidy in team.subsidy_ids:
                wizard = self.env["pinbu.subsidy.decision"].with_user(self.manager)
                wizard = wizard.create(
                    {
                        "decision": decision,
                        "subsidy_ids": subsidy.ids,
                        "ground": "same_person",
                        "note": NAME if subsidy.partner_id == self.partner else "Ben",
                    }
                )
                wizard.action_decide()
                wizard.sudo().unlink()

    def pay_refund(self, seat, reason):
        refund = seat.order_id._pinbu_refund_transactions()
        wizard = self.env["pinbu.refund.by.hand"].with_user(self.manager)
        wizard = wizard.create(
            {"transaction_id": refund.id, "reason": reason, "payment_reference": "T-1"}
        )
        wizard.action_confirm()
        wizard.sudo().unlink()
        self.env.flush_all()

    def fail_withdrawal(self, partner, note):
        self.give(partner, 1000)
        self.trust(partner)
        withdrawal = self.withdraw(partner, 1000)
        withdrawal.with_user(self.accountant).action_start()
        wizard = self.env["pinbu.withdrawal.result"].with_user(self.accountant)
        wizard = wizard.with_context(active_ids=withdrawal.ids).create(
            {"result": "failed", "note": note}
        )
        wizard.action_confirm()
        wizard.sudo().unlink()
        return withdrawal

    def refuse_return(self, seat, answer):
        request = self.env["pinbu.return"].create(
            {"seat_id": seat.id, "quantity": 1, "reason": answer}
        )
        request._call_staff()
        # As if it was won.
        seat.quantity_returned = 1
        request._refuse(answer)
        return request

    def test_what_staff_wrote_goes(self):
        team = self.lost_team(f"{NAME} pays with three names")
        self.decide_subsidies(team)
        seat = team.seat_ids.filtered(lambda one: one.partner_id == self.partner)
        other = team.seat_ids - seat
        self.pay_refund(seat, f"{NAME} wants it by bank")
        self.pay_refund(other, "Ben wants it by bank")
        withdrawal = self.fail_withdrawal(self.partner, f"the account is {NAME}'s wife's")
        withdrawal.message_post(body=f"{NAME} called")
        order = seat.order_id
        order.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.manager.id, note=f"Call {NAME}"
        )
        self.refuse_return(seat, f"No, {NAME}")
        order.picking_ids.note = f"{NAME} is never at home"
        invoice = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.partner.id}
        )
        invoice.message_post(body=f"{NAME} wants it on paper")
        self.partner.with_context(tracking_disable=True).phone = "13911112222"
        self.log_in("ann")
        self.env["pinbu.risk.block"].with_user(self.officer).create(
            {"subject": "phone", "value": "13911112222", "reason": f"{NAME} again"}
        )
        identity = self.give_identity()
        identity._reveal(f"{NAME} asks on the phone")
        identity._to_refused(f"{NAME} is another name")
        self.assertGreater(len(self.holding(NAME)), 8)
        self.leave()
        self.assertEqual(self.holding(NAME), [])
        # Of the other member everything is there.
        self.assertIn("Ben wants it by bank", str(other.transition_ids.mapped("note")))
        self.assertIn("Ben wants it by bank", other.order_id.message_ids.mapped("body")[0])
        self.assertTrue(self.env["pinbu.audit.words"].search([("text", "ilike", "Ben wants")]))
        # And what happened to the shopper's money, without the words.
        self.assertIn("refund paid by hand", seat.transition_ids.mapped("reason"))
        check = self.env["pinbu.audit.check"]._check()
        self.assertTrue(check.is_sound, check.result)

    def test_one_reason_for_many(self):
        """Others keep it, without the name of who has left."""
        self.partner.with_context(tracking_disable=True).name = NAME
        cid = self.log_in("cid")
        partners = self.partner | self.user_of("ben").partner_id | self.user_of("cid").partner_id
        for token in (self.ann, self.ben, cid):
            self.post("/me/appeals", {"text": "I did nothing"}, token)
        cases = self.env["pinbu.risk.case"].search([("partner_id", "in", partners.ids)])
        mine, with_me, apart = cases.sorted(lambda case: partners.ids.index(case.partner_id.id))
        for chosen, reason in ((mine | with_me, f"{NAME} and a friend"), (apart, "A friend")):
            wizard = self.env["pinbu.risk.decision"].with_user(self.officer)
            wizard = wizard.create(
                {
                    "case_ids": chosen.ids,
                    "decision": "block",
                    "reason": reason,
                    "answer": "It stays so",
                }
            )
            wizard.action_decide()
            wizard.sudo().unlink()
        self.leave()
        self.env.invalidate_all()
        self.assertEqual(self.holding(NAME), [])
        self.assertFalse(mine.reason)
        self.assertEqual(with_me.reason, "••• and a friend")
        blocks = self.env["pinbu.risk.block"].search([])
        self.assertEqual(set(blocks.mapped("reason")), {"••• and a friend", "A friend"})
        words = self.env["pinbu.audit.words"]
        self.assertTrue(words.search([("text", "=", "A friend")]))
        self.assertTrue(words.search([("text", "=", "It stays so")]))
        check = self.env["pinbu.audit.check"]._check()
        self.assertTrue(check.is_sound, check.result)

    def test_the_log_is_changed_in_no_other_way(self):
        team = self.lost_team(NAME)
        seat = team.seat_ids.filtered(lambda one: one.partner_id == self.partner)
        for one in team.seat_ids:
            self.pay_refund(one, NAME)
        self.decide_subsidies(team)
        self.give_identity()._to_refused(NAME)
        self.env["pinbu.account.deletion"].create(
            {"partner_id": self.partner.id, "company_id": self.company.id}
        )
        self.env.flush_all()
        forget = "UPDATE pinbu_transition SET note = NULL WHERE seat_id = %s"
        # Who has only asked for it is not forgotten yet.
        self.refuses(forget, seat.id)
        self.refuses(
            "UPDATE pinbu_identity_log SET note = NULL WHERE partner_ref = %s", seat.partner_id.id
        )
        self.env["pinbu.account.deletion"].search([]).unlink()
        self.leave()
        for change in ("note = 'angel'", "note = NULL, reason = 'left'", "date = now()"):
            self.refuses(f"UPDATE pinbu_transition SET {change} WHERE seat_id = %s", seat.id)
            change = change.replace("reason = 'left'", "version = 2").replace("date", "create_date")
            self.refuses(
                f"UPDATE pinbu_identity_log SET {change} WHERE partner_ref = %s", seat.partner_id.id
            )
        for table, column in (("pinbu_transition", "seat_id"), ("pinbu_identity_log", "id")):
            self.refuses(f"DELETE FROM {table} WHERE {column} = %s", seat.id)
        # What is there of others stays.
        self.refuses(forget, (team.seat_ids - seat).id)

    def refuses(self, statement, number):
        with (
            self.subTest(statement),
            mute_logger("odoo.sql_db"),
            self.assertRaises(RaiseException),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(statement, [number])
