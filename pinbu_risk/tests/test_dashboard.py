from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.pinbu_groupbuy.tests.common import GroupBuyMixin


@tagged("post_install", "-at_install")
class TestDashboard(GroupBuyMixin, TransactionCase):
    """Marketing sees how much the rules find; only officers are led to what it was."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.marketer = new_test_user(
            cls.env, "dashboard_marketing", groups="pinbu_groupbuy.group_user", lang="en_US"
        )
        cls.officer = new_test_user(
            cls.env,
            "dashboard_officer",
            groups="pinbu_groupbuy.group_user,pinbu_risk.group_officer",
            lang="en_US",
        )
        cls.ann = cls.shopper("Ann")

    def dashboard(self, user):
        self.env.flush_all()
        data = self.env["pinbu.dashboard"].with_user(user).get_dashboard("today")
        figures = {f["key"]: f for section in data["sections"] for f in section["figures"]}
        return figures, {alert["key"]: alert for alert in data["alerts"]}

    def event(self, outcome, action):
        self.env["pinbu.risk.event"].create(
            {
                "kind": "join",
                "outcome": outcome,
                "action": action,
                "company_id": self.company.id,
                "partner_ref": self.ann.id,
                "create_date": self.env.cr.now(),
            }
        )

    def test_what_the_rules_found(self):
        before, _alerts = self.dashboard(self.officer)
        for outcome, action in (
            ("allowed", False),
            ("allowed", "note"),
            ("allowed", "review"),
            ("refused", "refuse"),
        ):
            self.event(outcome, action)
        after, _alerts = self.dashboard(self.officer)
        for key, found in (("risk_refused", 1), ("risk_flagged", 3)):
            self.assertEqual(after[key]["value"] - before[key]["value"], found)
            records = after[key]["records"]
            self.assertEqual(
                self.env[records["model"]].with_user(self.officer).search_count(records["domain"]),
                after[key]["value"],
            )
        figures, _alerts = self.dashboard(self.marketer)
        self.assertEqual(figures["risk_refused"]["value"], after["risk_refused"]["value"])
        self.assertIsNone(figures["risk_refused"]["records"])

    def test_what_waits_for_an_officer(self):
        figures, alerts = self.dashboard(self.officer)
        waiting = figures["risk_cases"]["value"]
        self.assertEqual("risk_cases" in alerts, bool(waiting))
        case = self.env["pinbu.risk.case"].create(
            {
                "partner_id": self.ann.id,
                "company_id": self.company.id,
                "state": "open",
                "opened_at": self.env.cr.now(),
                "last_at": self.env.cr.now(),
            }
        )
        self.env["pinbu.appeal"].create(
            {"partner_id": self.ann.id, "company_id": self.company.id, "text": "It was me."}
        )
        figures, alerts = self.dashboard(self.officer)
        self.assertEqual(figures["risk_cases"]["value"], waiting + 1)
        for key, model in (("risk_cases", "pinbu.risk.case"), ("appeals", "pinbu.appeal")):
            self.assertEqual(alerts[key]["records"]["model"], model)
            action = (
                self.env["pinbu.dashboard"]
                .with_user(self.officer)
                .get_records_action(alerts[key]["records"])
            )
            self.assertEqual(action["res_model"], model)
        self.assertIn(
            case, self.env["pinbu.risk.case"].search(alerts["risk_cases"]["records"]["domain"])
        )
        _figures, alerts = self.dashboard(self.marketer)
        self.assertIsNone(alerts["risk_cases"]["records"])

    def test_an_audit_log_that_was_tampered_with(self):
        manager, auditor = (
            new_test_user(self.env, login, f"pinbu_groupbuy.group_user,{group}", lang="en_US")
            for login, group in (
                ("dashboard_manager", "pinbu_groupbuy.group_manager"),
                ("dashboard_auditor", "pinbu_risk.group_auditor"),
            )
        )
        checks = self.env["pinbu.audit.check"]
        # However it stands with what other tests have left behind.
        for is_sound in (True, False):
            check = checks.create({"checked_at": self.env.cr.now(), "is_sound": is_sound})
            for user in (manager, auditor, self.marketer, self.officer):
                _figures, alerts = self.dashboard(user)
                may_know = user in (manager, auditor) and not is_sound
                self.assertEqual("audit_log" in alerts, may_know, user.login)
        self.assertIsNone(self.dashboard(manager)[1]["audit_log"]["records"])
        records = self.dashboard(auditor)[1]["audit_log"]["records"]
        action = self.env["pinbu.dashboard"].with_user(auditor).get_records_action(records)
        self.assertEqual(action["res_model"], "pinbu.audit.check")
        self.assertEqual(checks.with_user(auditor).search(records["domain"]), check)
