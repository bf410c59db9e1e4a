from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .invariants import assert_invariants, assert_money
from .test_refund_worker import RefundCase


@tagged("post_install", "-at_install")
class TestRefundScreen(RefundCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "maya", groups="pinbu_groupbuy.group_manager")
        cls.accountant = new_test_user(cls.env, "ada", groups="account.group_account_invoice")
        cls.marketing = new_test_user(cls.env, "olga", groups="pinbu_groupbuy.group_user")

    def troubled(self):
        """:return: a seat whose refund was refused once"""
        seat = self.lose()
        with self.answers(send=self.refuse):
            self.move_money(self.refund_of(seat))
        return seat

    def in_list(self, user):
        action = self.env["ir.actions.act_window"]._for_xml_id("pinbu_groupbuy.pinbu_refund_action")
        refunds = self.env[action["res_model"]].with_user(user)
        return refunds.search(
            [("pinbu_refund_reason", "!=", False), ("pinbu_in_trouble", "=", True)]
        )

    def pay_by_hand(self, refund, user, reason="Paid by bank transfer", number="T-1"):
        wizard = self.env["pinbu.refund.by.hand"].with_user(user)
        form = Form(wizard.with_context(default_transaction_id=refund.id))
        form.reason = reason
        form.payment_reference = number
        form.save().action_confirm()
        self.env.invalidate_all()

    def test_managers_and_accountants_see_what_is_in_trouble(self):
        seat = self.troubled()
        for user in (self.manager, self.accountant):
            refund = self.in_list(user)
            self.assertEqual(refund.sudo(), self.refund_of(seat))
            self.assertEqual(refund.partner_id, seat.partner_id)
            self.assertEqual(refund.pinbu_order_id, seat.order_id)
            self.assertEqual(refund.pinbu_team_id, seat.team_id)
            self.assertEqual((refund.pinbu_refund_amount, refund.pinbu_attempts), (19.9, 1))
            self.assertEqual(refund.pinbu_error, "Not enough balance")
            self.assertTrue(refund.pinbu_age)
        with self.assertRaises(AccessError):
            self.in_list(self.marketing)

    def test_managers_look_and_do_not_touch(self):
        refund = self.refund_of(self.troubled()).with_user(self.manager)
        for attempt in (
            lambda: refund.write({"state": "done"}),
            lambda: refund.copy({"reference": "another"}),
            lambda: refund.unlink(),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_managers_of_another_company_see_nothing(self):
        refund = self.refund_of(self.troubled())
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="pinbu_groupbuy.group_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.in_list(stranger))
        for attempt in (
            lambda: refund.with_user(stranger).action_pinbu_retry(),
            lambda: refund.with_user(stranger)._pinbu_pay_by_hand("me"),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_waiting_for_an_hour_is_trouble(self):
        refund = self.refund_of(self.lose())
        self.assertFalse(self.in_list(self.manager))
        refund.flush_recordset()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(minutes=61), refund.id],
        )
        refund.invalidate_recordset()
        self.assertEqual(self.in_list(self.manager).sudo(), refund)

    def test_a_refund_that_is_done_is_no_trouble(self):
        self.lose()
        self.run_schedulers()
        self.assertFalse(self.in_list(self.manager))

    def test_salespeople_see_which_orders_are_in_trouble(self):
        seat = self.troubled()
        orders = self.env["sale.order"].with_user(self.marketing)
        troubled = orders.search([("pinbu_refund_in_trouble", "=", True)])
        self.assertEqual(troubled.sudo(), seat.order_id)
        self.assertTrue(troubled.pinbu_refund_in_trouble)
        fine = self.join(self.shopper("2")).order_id.with_user(self.marketing)
        self.assertFalse(fine.pinbu_refund_in_trouble)

    def test_retry_now(self):
        for user in (self.manager, self.accountant):
            refund = self.refund_of(self.troubled())
            with self.answers(send=self.done):
                self.run_scheduler("money")
                self.assertEqual(refund.state, "error")
                refund.with_user(user).action_pinbu_retry()
                self.run_scheduler("money")
            self.assertEqual(refund.state, "done")
        with self.assertRaises(AccessError):
            refund.with_user(self.marketing).action_pinbu_retry()

    def test_paid_by_hand_is_done_booked_and_logged(self):
        for user in (self.manager, self.accountant):
            seat = self.troubled()
            refund = self.refund_of(seat)
            self.pay_by_hand(refund, user)
            self.assertEqual(refund.state, "done")
            with self.answers(send=self.done) as (sent, asked):
                self.move_money(refund)
                self.run_schedulers()
            self.assertEqual((sent, asked), ([], []))
            self.assertTrue(refund.payment_id)
            self.assertIn("T-1", refund.payment_id.memo)
            self.assertEqual(seat.team_id.state, "settled")
            note = seat.order_id.message_ids.filtered(
                lambda message: "Paid by bank transfer" in (message.body or "")
            )
            self.assertEqual(note.author_id[:1], user.partner_id)
            row = seat.transition_ids.filtered(lambda row: row.reason == "refund paid by hand")
            self.assertEqual((row.user_id, row.note), (user, "Paid by bank transfer · T-1"))
            assert_money(self.env, seat.order_id)
        assert_invariants(self.env.cr)

    def test_paid_by_hand_only_once_and_never_without_a_reason(self):
        refund = self.refund_of(self.troubled())
        with self.assertRaises(UserError):
            self.pay_by_hand(refund, self.manager, reason="  ")
        self.pay_by_hand(refund, self.manager)
        with self.assertRaises(UserError):
            refund.with_user(self.manager)._pinbu_pay_by_hand("again")

    def test_marketing_marks_nothing_as_paid(self):
        refund = self.refund_of(self.troubled())
        with self.assertRaises(AccessError):
            self.pay_by_hand(refund, self.marketing)
        with self.assertRaises(AccessError):
            refund.with_user(self.marketing)._pinbu_pay_by_hand("me")

    def test_nothing_is_paid_by_hand_before_the_payment_is_booked(self):
        refund = self.refund_of(self.lose())
        self.assertFalse(refund.source_transaction_id.is_post_processed)
        with self.assertRaises(UserError):
            refund.with_user(self.manager)._pinbu_pay_by_hand("too early")
