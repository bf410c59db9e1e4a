from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .rights_common import RightsCase


@tagged("post_install", "-at_install")
class TestAppeals(RightsCase):
    def appeal(self, token=None, **values):
        answer = self.post("/me/appeals", {"text": "I am no robot", **values}, token)
        self.assertEqual(answer.status, 201, answer.text)
        return self.env["pinbu.appeal"].browse(answer.data["id"])

    def test_an_officer_answers(self):
        appeal = self.appeal(about="risk_blocked")
        self.assertEqual(appeal.partner_id, self.partner)
        task = appeal.activity_ids
        self.assertEqual(
            task.activity_type_id, self.env.ref("pinbu_risk.mail_activity_type_appeal")
        )
        self.assertTrue(task.user_id.has_group("pinbu_risk.group_officer"))
        [shown] = self.get("/me/appeals").data["items"]
        self.assertEqual(
            shown,
            {
                "id": appeal.id,
                "text": "I am no robot",
                "about": "risk_blocked",
                "state": "open",
                "answer": None,
                "created_at": shown["created_at"],
            },
        )
        ours = appeal.with_user(self.officer)
        with self.assertRaises(UserError):
            ours.action_uphold()  # unanswered
        ours.answer = "You are right, we are sorry."
        self.env.flush_all()
        self.assertIsNone(self.get("/me/appeals").data["items"][0]["answer"])
        ours.action_uphold()
        self.env.flush_all()
        [shown] = self.get("/me/appeals").data["items"]
        self.assertEqual((shown["state"], shown["answer"]), ("upheld", ours.answer))
        self.assertFalse(appeal.activity_ids)
        self.assertEqual(appeal.decided_by, self.officer)
        ours.action_dismiss()
        self.assertEqual(appeal.state, "upheld")

    def test_who_may(self):
        appeal = self.appeal()
        self.assertFalse(self.get("/me/appeals", self.ben).data["items"])
        self.assertEqual(self.call("GET", "/me/appeals").status, 401)
        for user in (self.marketer, self.clerk, self.user_of("ann")):
            with self.assertRaises(AccessError):
                appeal.with_user(user).read(["text"])
            with self.assertRaises(AccessError):
                appeal.with_user(user).action_uphold()
        for values in ({"state": "upheld"}, {"text": "Other words"}):
            with self.assertRaises(AccessError):
                appeal.with_user(self.officer).write(values)
        with self.assertRaises(AccessError):
            appeal.with_user(self.officer).unlink()
        with self.assertRaises(UserError):
            appeal.unlink()

    def test_not_too_many_at_once(self):
        appeal = self.appeal()
        for _number in range(4):
            self.appeal()
        answer = self.post("/me/appeals", {"text": "And again"})
        self.assertEqual((answer.status, answer.code), (409, "limit_reached"))
        self.appeal(self.ben)
        appeal.answer = "No."
        appeal.with_user(self.officer).action_dismiss()
        self.env.flush_all()
        self.appeal()

    def test_what_is_no_appeal(self):
        for body in ({}, {"text": "  "}, {"text": 1}, {"text": "x" * 2001}):
            self.assertEqual(self.post("/me/appeals", body).code, "invalid_request")

    def test_it_reaches_the_queue(self):
        first, second = self.appeal(), self.appeal()
        case = first.case_id
        self.assertEqual((case.partner_id, case.state, case.hits), (self.partner, "open", 0))
        self.assertEqual(second.case_id, case)
        self.assertEqual(case.open_appeal_count, 2)
        self.assertNotEqual(self.appeal(self.ben).case_id, case)
        queue = self.env["pinbu.risk.case"].with_user(self.officer)
        self.assertIn(case, queue.search([("appeal_ids.state", "=", "open")]))

        action = case.with_user(self.officer).action_refuse()
        wizard = self.env[action["res_model"]].with_user(self.officer)
        with Form(wizard.with_context(**action["context"])) as form:
            form.reason = "Thirty accounts on one device"
            with self.assertRaises(AssertionError):  # it is required
                form.save()
            form.answer = "We looked into it, and it stays as it is."
        form.record.action_decide()
        self.env.flush_all()
        self.assertEqual(case.state, "refused")
        self.assertEqual((first + second).mapped("state"), ["dismissed"] * 2)
        self.assertFalse((first + second).activity_ids)
        [shown, _other] = self.get("/me/appeals").data["items"]
        self.assertEqual(shown["answer"], "We looked into it, and it stays as it is.")
        # What the officers think stays with them.
        self.assertNotIn("device", str(shown))

        # Who appeals again is looked at again.
        again = self.appeal()
        self.assertNotEqual(again.case_id, case)
        again.with_user(self.officer).answer = "You are right, after all."
        again.with_user(self.officer).action_uphold()
        self.assertEqual(again.case_id.state, "approved")
