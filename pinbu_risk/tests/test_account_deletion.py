from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.api import scenes

from .rights_common import ID_NUMBER, NEW_KEY, OLD_KEY, RightsCase
from .test_data_export import ADDRESS


@tagged("post_install", "-at_install")
class TestAccountDeletion(RightsCase):
    def setUp(self):
        super().setUp()
        self.empty_audit_log()

    def leave(self, token=None, **body):
        return self.call("DELETE", "/me", body or None, token or self.ann)

    def forget(self):
        self.run_cron("pinbu.account.deletion", "_cron_forget")

    def refusal(self, **body):
        answer = self.leave(**body)
        self.assertEqual((answer.status, answer.code), (409, "not_allowed_now"))
        return answer.details["reasons"]

    def test_what_tells_who_it_was_goes(self):
        # A test's own change would be tracked only at the commit of the scheduler's cursor.
        self.partner.with_context(tracking_disable=True).phone = "13911112222"
        self.post("/me/addresses", ADDRESS)
        order = self.order(self.ann, remark="Ring at 张三丰's").data
        self.post(f"/orders/{order['id']}/cancel")
        self.give_identity()
        self.post("/me/appeals", {"text": "I am 张三丰"})
        self.post("/me/export")
        self.run_cron("pinbu.data.export", "_cron_make")
        user = self.user_of("ann")
        self.partner.message_post(body="张三丰 called")
        self.env["sale.order"].browse(order["id"]).message_post(body="张三丰 asks for a gift box")
        self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "pinbu_invoice_title": "张三丰 Ltd",
            }
        )
        self.env["res.partner.bank"].create(
            {"partner_id": self.partner.id, "acc_number": "62220000", "acc_holder_name": "张三丰"}
        )
        # What an officer says about them, which the audit log keeps.
        officer = self.env(user=self.officer)
        case = officer["pinbu.risk.case"].search([("partner_id", "=", self.partner.id)])
        wizard = officer["pinbu.risk.decision"].create(
            {
                "case_ids": case.ids,
                "decision": "block",
                "reason": "张三丰 has a farm",
                "answer": "No, 张三丰",
                "with_phone": True,
            }
        )
        wizard.action_decide()
        # As Odoo does within the hour.
        wizard.sudo().unlink()
        self.env.flush_all()
        self.assertIn("张三丰 has a farm", self.audit_log().mapped("why"))
        self.assertIn("No, 张三丰", str(self.audit_log().mapped("changes_html")))

        answer = self.leave()
        self.assertEqual((answer.status, answer.data), (202, {"state": "requested"}))
        # At once, with every token.
        self.assertEqual(self.get("/me").code, "unauthenticated")
        self.assertEqual(self.get("/me", self.ben).status, 200)
        again = self.call("POST", "/session", {"code": "demo:ann"})
        self.assertEqual(again.code, "login_failed")

        self.forget()
        self.assertEqual(self.env["pinbu.account.deletion"].search([]).state, "done")
        self.assertFalse(self.partner.active)
        self.assertNotEqual(self.partner.name, "ann")
        self.assertFalse(self.env["pinbu.identity"].search([]))
        self.assertFalse(self.env["pinbu.data.export"].search([]))
        self.assertFalse(user.active)
        self.assertEqual(self.env["sale.order"].browse(order["id"]).partner_id, self.partner)
        self.env.flush_all()
        self.cr.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        secrets = (
            "张三丰",
            "demo:ann",
            "13911112222",
            "13812345678",
            "文三路",
            "62220000",
            ID_NUMBER,
        )
        for (table,) in self.cr.fetchall():
            for secret in secrets:
                self.cr.execute(
                    f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{secret}%"]
                )
                self.assertEqual(self.cr.fetchone()[0], 0, f"{table} holds {secret}")
        log = self.env["pinbu.identity.log"].search([], limit=1)
        self.assertEqual((log.kind, log.partner_ref), ("erased", self.partner.id))
        # The rows are there, and as they were written.
        self.assertTrue(self.audit_log().filtered("why"))
        self.assertNotIn("张三丰", str(self.audit_log().mapped("changes_html")))
        check = self.env["pinbu.audit.check"]._check()
        self.assertTrue(check.is_sound, check.result)

    def audit_log(self):
        log = self.env["pinbu.audit.log"].search([])
        log.invalidate_recordset()
        return log

    def test_nobody_returns_as_a_newcomer(self):
        self.assertTrue(self.get("/me").data["customer"]["is_new"])
        self.give_identity()
        self.leave()
        self.forget()
        # Known under a new key as well, while the old one is there.
        self.use_keys(NEW_KEY, OLD_KEY)
        token = self.log_in("ann")
        customer = self.get("/me", token).data["customer"]
        self.assertNotEqual(customer["id"], self.partner.id)
        self.assertFalse(customer["is_new"])
        partner = self.env["res.partner"].browse(customer["id"])
        facts = self.activity._promise_facts(self.cr, partner, self.env["pinbu.team"])
        self.assertFalse(facts.is_newcomer)
        ben = self.user_of("ben").partner_id
        self.env["pinbu.invite"]._bind(partner, scenes.encode(self.env, "shopper", partner=ben))
        self.assertFalse(self.env["pinbu.invite"].search([("partner_id", "=", partner.id)]))
        # Nor as somebody else with the same ID card.
        self.assertTrue(self.get("/me", self.ben).data["customer"]["is_new"])
        self.give_identity(self.ben)
        self.assertFalse(self.get("/me", self.ben).data["customer"]["is_new"])
        # Newcomers are newcomers.
        cid = self.log_in("cid")
        self.assertTrue(self.get("/me", cid).data["customer"]["is_new"])
        partner = self.user_of("cid").partner_id
        facts = self.activity._promise_facts(self.cr, partner, self.env["pinbu.team"])
        self.assertTrue(facts.is_newcomer)

    def lose_with_ben(self, token):
        """Lose a team, get what was promised, and close the account."""
        order = self.buy(token)
        self.buy(self.ben, order["team"])
        self.lose(self.env["pinbu.team"].search([("token", "=", order["team"]["token"])]))
        self.grant()
        self.env["payment.transaction"].search(
            [("operation", "=", "refund"), ("state", "!=", "done")]
        )._set_done()
        self.env.flush_all()
        answer = self.leave(token, give_up_wallet=True)
        self.assertEqual(answer.status, 202, answer.text)
        self.forget()

    def promise_to(self, token):
        answer = self.call("POST", "/orders/quote", self.wish(), token)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data["promise"]

    def test_nobody_returns_past_the_guards_of_a_subsidy(self):
        # They would hold back what the same few get again and again.
        self.env["pinbu.risk.rule"].search([]).active = False
        for guard, reason in (
            ("max_without_win", "too_often_without_win"),
            ("cap_for_life", "limit_reached"),
        ):
            with self.subTest(guard):
                self.rule.write({"max_without_win": 0, "cap_for_life": 0, guard: 2})
                token = self.log_in(guard)
                self.assertTrue(self.promise_to(token)["items"])
                for _time in range(2):
                    self.lose_with_ben(token)
                    token = self.log_in(guard)
                self.assertEqual(self.promise_to(token)["reason"], reason)
                # What others have lost is none of theirs.
                self.assertTrue(self.promise_to(self.log_in("cid"))["items"])

    def block(self, partner, **values):
        self.env["pinbu.risk.block"].create(
            {"partner_id": partner.id, "reason": "Farms with 张三丰", **values}
        )
        self.env.flush_all()

    def test_nobody_returns_past_a_block(self):
        self.block(self.partner, expires_at="2099-01-01")
        self.block(self.partner, expires_at="2098-01-01")
        self.leave()
        self.forget()
        ann = self.log_in("ann")
        self.assertEqual(self.order(ann).code, "risk_blocked")
        partner = self.user_of("ann").partner_id
        block = self.env["pinbu.risk.block"].search([("partner_id", "=", partner.id)])
        self.assertEqual(str(block.expires_at), "2099-01-01 00:00:00")
        self.assertNotIn("张三丰", block.reason)
        # Who thinks better of it is not overruled by what they give next.
        block.with_user(self.officer).action_lift()
        self.give_identity(ann)
        self.assertEqual(self.order(ann).status, 201)
        # Leaving again, they are remembered as they are now.
        self.post(f"/orders/{self.env['sale.order'].search([], limit=1).id}/cancel", token=ann)
        self.leave(ann)
        self.forget()
        self.assertEqual(self.order(self.log_in("ann")).status, 201)

    def test_a_block_that_is_over_is_not_remembered(self):
        self.block(self.partner, expires_at="2020-01-01")
        self.block(self.partner, active=False)
        self.leave()
        self.forget()
        self.assertEqual(self.order(self.log_in("ann")).status, 201)

    def test_nobody_returns_past_a_block_with_the_same_id_card(self):
        self.give_identity()
        self.block(self.partner)
        self.leave()
        self.forget()
        self.give_identity(self.ben)
        self.assertEqual(self.order(self.ben).code, "risk_blocked")

    def test_not_while_money_is_under_way(self):
        order = self.order(self.ann).data
        self.assertEqual(self.refusal(), ["order"])
        self.post(f"/orders/{order['id']}/cancel")
        order = self.buy(self.ann)
        self.assertEqual(self.refusal(), ["order"])
        self.buy(self.ben, order["team"])
        self.buy(self.log_in("cid"), order["team"])
        self.run_scheduler("settle")
        self.assertEqual(self.refusal(), ["delivery"])
        self.assertEqual(self.get("/me").status, 200)
        self.assertFalse(self.env["pinbu.account.deletion"].search([]))

    def test_not_before_refund_and_subsidy_have_arrived(self):
        order = self.buy(self.ann)
        self.buy(self.ben, order["team"])
        self.lose(self.env["pinbu.team"].search([("token", "=", order["team"]["token"])]))
        self.assertEqual(self.refusal(), ["refund", "subsidy"])
        # Held back, it may still be granted, and would go to nobody.
        subsidy = self.env["pinbu.subsidy"].search([("partner_id", "=", self.partner.id)])
        subsidy._block("Somebody looks at it")
        self.assertEqual(self.refusal(), ["refund", "subsidy"])
        subsidy._release()
        self.grant()
        self.assertEqual(self.refusal(), ["refund", "wallet"])
        refunds = self.env["sale.order"].browse(order["id"])._pinbu_refund_transactions()
        refunds._set_done()
        self.env.flush_all()
        self.assertEqual(self.refusal(), ["wallet"])
        self.assertEqual(self.leave(give_up_wallet=True).status, 202)
        self.forget()
        self.assertEqual(self.env["pinbu.account.deletion"].search([]).state, "done")

    def test_the_wallet(self):
        self.give(self.partner, 1234)
        self.env.flush_all()
        answer = self.leave()
        self.assertEqual(answer.details, {"reasons": ["wallet"], "wallet": 1234})
        self.assertEqual(self.leave(give_up_wallet=True).status, 202)
        self.assertEqual(self.points(self.partner), 0)
        entry = self.entries.search([("card_id.partner_id", "=", self.partner.id)], limit=1)
        self.assertEqual((entry.kind, entry.amount_minor), ("take_back", -1234))
        self.check_ledger()

    def test_a_payment_that_was_still_under_way(self):
        """What was not known at the request holds the deletion up, not the closing."""
        self.assertEqual(self.leave().status, 202)
        self.give(self.partner, 1000)
        self.trust(self.partner)
        withdrawal = self.withdraw(self.partner, 1000)
        self.forget()
        deletion = self.env["pinbu.account.deletion"].search([])
        self.assertEqual((deletion.state, deletion.waits_for), ("requested", "withdrawal"))
        self.assertEqual(self.partner.name, "ann")
        withdrawal._to_done("withdrawal paid")
        self.forget()
        self.assertEqual(deletion.state, "done")
        self.assertNotEqual(self.partner.name, "ann")

    def test_a_payment_that_comes_after_all_goes_back(self):
        """There is nobody any more whom the goods could be sent to."""
        for is_cancelled in (False, True):
            token = self.log_in(f"late {is_cancelled}")
            order = self.order(token).data
            payment = self.post(f"/orders/{order['id']}/payment", token=token).data
            seat = self.env["sale.order"].browse(order["id"]).seat_ids
            if is_cancelled:
                self.post(f"/orders/{order['id']}/cancel", token=token)
            else:
                self.env.cr.execute(
                    "UPDATE pinbu_seat SET hold_until = hold_until - interval '1 hour'"
                    " WHERE id = %s",
                    [seat.id],
                )
                self.env.invalidate_all()
                self.run_schedulers()
            self.assertEqual(seat.state, "released")
            self.assertEqual(self.leave(token).status, 202)
            self.forget()
            self.provider_notifies(payment["reference"])
            self.run_schedulers()
            paid = self.env["payment.transaction"].search(
                [("reference", "=", payment["reference"])]
            )
            self.assertEqual((seat.state, paid.pinbu_refunded), ("released", paid.amount))

    def test_who_may(self):
        self.assertEqual(self.call("DELETE", "/me").code, "unauthenticated")
        self.use_keys()
        self.assertEqual(self.leave().code, "not_allowed_now")
        self.assertEqual(self.get("/me").status, 200)
        for user in (self.marketer, self.clerk, self.user_of("ann")):
            with self.assertRaises(AccessError):
                self.env["pinbu.account.deletion"].with_user(user).search([])
