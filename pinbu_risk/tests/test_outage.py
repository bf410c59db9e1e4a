from contextlib import contextmanager
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from .risk_common import RiskMixin


@tagged("post_install", "-at_install")
class TestOutage(RiskMixin, TransactionCase):
    """Rules that cannot be asked: the shop stays open, the till stays shut."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.officer = new_test_user(cls.env, "officer", "pinbu_risk.group_officer")
        cls.manager = new_test_user(cls.env, "manager", "pinbu_groupbuy.group_manager")
        cls.marketer = new_test_user(cls.env, "marketer", "pinbu_groupbuy.group_user")
        cls.make_rule(
            "open", "join", "login", "registration", "subsidy", "withdrawal", threshold=99
        )

    def setUp(self):
        super().setUp()
        self.ann, self.ben = self.rich("Ann"), self.rich("Ben")

    @contextmanager
    def broken(self):
        """Have the database refuse to answer."""
        rules = self.registry["pinbu.risk.rule"]
        broken = patch.object(rules, "_sql_is_newcomer", lambda *_args: SQL("1 / 0 = 1"))
        with broken, mute_logger("odoo.sql_db"):
            yield

    def watch(self):
        """Run the scheduled action, once it was quiet for a while."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE pinbu_risk_outage SET last_at = last_at - interval '6 min'")
        self.env.invalidate_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["pinbu.risk.outage"]._cron_watch()
        self.env.invalidate_all()

    @property
    def outage(self):
        return self.outages.search([])

    def test_participation_goes_on(self):
        with self.broken():
            seat = self.join(self.ann)
            self.join(self.ben, seat.team_id)
        self.assertEqual(seat.team_id.seats_paid, 2)
        self.assertEqual(self.outage.passed, 2)
        self.assertIn("division by zero", self.outage.error)
        self.assertFalse(self.events_of(self.ann, "open", "join"))

    def test_a_rule_that_no_code_knows_is_an_outage_too(self):
        self.env.cr.execute("UPDATE pinbu_risk_rule SET measure = 'of the future'")
        self.env.invalidate_all()
        self.registry.clear_cache()
        self.join(self.ann)
        self.assertEqual(self.outage.passed, 1)

    def test_shoppers_log_in(self):
        users = self.env["res.users"]
        with self.broken(), self.enter_registry_test_mode():
            user = users._get_or_create_shopper("new-here", {"name": "New"})
            again = users._get_or_create_shopper("new-here", {"name": "New"})
        self.assertEqual(user, again)
        self.assertTrue(user.share)
        self.assertEqual(self.outage.passed, 2)

    def test_nobody_withdraws(self):
        with self.broken():
            self.assertEqual(self.refusal(self.withdraw, self.ann), "busy")
        self.assertEqual(self.points(self.ann), 5000)
        self.assertFalse(self.withdrawals.search([("partner_id", "=", self.ann.id)]))
        self.assertEqual((self.outage.passed, self.outage.refused), (0, 1))
        self.assertEqual(self.withdraw(self.ann).state, "requested")

    def test_what_was_asked_about_is_not_kept(self):
        """PostgreSQL quotes the statement, in which a client's address may stand."""
        rules = self.registry["pinbu.risk.rule"]
        wrong = SQL("'203.0.113.7' = nowhere")
        with (
            patch.object(rules, "_sql_is_newcomer", lambda *_args: wrong),
            mute_logger("odoo.sql_db"),
        ):
            self.join(self.ann)
        self.assertIn("nowhere", self.outage.error)
        self.assertNotIn("203.0.113.7", self.outage.error)

    def test_a_refusal_that_cannot_be_written_down_refuses(self):
        self.make_rule("withdrawal", action="refuse")
        self.join(self.ann)

        def fail(*_args):
            raise ZeroDivisionError

        with patch.object(self.registry["pinbu.risk.event"], "_append_all", fail):
            self.assertEqual(self.refusal(self.withdraw, self.ann), "busy")
        self.assertEqual(self.outage.refused, 1)

    def test_subsidies_wait_and_are_granted_afterwards(self):
        shoppers = self.shoppers(2)
        subsidies = self.fail_team(shoppers).subsidy_ids
        with self.broken():
            self.grant()
            self.grant()
        self.assertEqual(subsidies.mapped("state"), ["due"] * 2)
        self.assertEqual(set(subsidies.mapped("attempts")), {0})
        self.assertEqual(self.outage.refused, 2)
        self.env.cr.execute("UPDATE pinbu_subsidy SET retry_at = retry_at - interval '5 min'")
        self.env.invalidate_all()
        self.grant()
        self.assertEqual(subsidies.mapped("state"), ["granted"] * 2)
        self.assertEqual(set(subsidies.mapped("error")), {False})

    def test_one_that_cannot_be_judged_holds_up_no_other(self):
        ann, ben = shoppers = self.shoppers(2)
        subsidies = self.fail_team(shoppers).subsidy_ids
        rules = self.registry["pinbu.risk.rule"]
        counted = rules._sql_measure_participations

        def measure(rules, terms, facts):
            return SQL("1 / 0") if facts.partner_id == ann.id else counted(rules, terms, facts)

        with (
            patch.object(rules, "_sql_measure_participations", measure),
            mute_logger("odoo.sql_db"),
        ):
            self.grant()
        states = {subsidy.partner_id: subsidy.state for subsidy in subsidies}
        self.assertEqual(states, {ann: "due", ben: "granted"})

    def test_an_officer_is_told_and_it_ends_by_itself(self):
        with self.broken():
            self.join(self.ann)
            self.watch()
            self.watch()
            self.assertEqual(self.outage.state, "open")
            [task] = self.outage.activity_ids
            self.assertEqual(task.user_id, self.company._pinbu_risk_officer())
            self.assertIn("division by zero", task.note)
        self.watch()
        self.assertEqual(self.outage.state, "over")
        self.assertFalse(self.outage.activity_ids)
        # The next one is another one.
        with self.broken():
            self.join(self.ben)
        self.assertEqual(sorted(self.outage.mapped("state")), ["open", "over"])

    def test_rivals_are_no_outage(self):
        self.env.cr.execute("SET LOCAL lock_timeout = '10ms'")
        with self.registry.cursor() as other, mute_logger("odoo.sql_db"):
            other.execute("LOCK TABLE pinbu_risk_block IN ACCESS EXCLUSIVE MODE")
            try:
                with self.env.cr.savepoint():
                    self.withdraw(self.ann)
            except Exception as error:
                self.assertEqual(type(error).__name__, "LockNotAvailable")
            else:
                self.fail("It did not wait.")
            other.rollback()
        self.assertFalse(self.outage)

    def test_the_dashboard_says_so(self):
        def alert(user):
            alerts = self.env["pinbu.dashboard"].with_user(user)._pinbu_alerts()
            return next((alert for alert in alerts if alert["key"] == "risk_outage"), None)

        self.assertIsNone(alert(self.manager))
        with self.broken():
            self.join(self.ann)
        for user in (self.manager, self.marketer):
            self.assertEqual(alert(user)["level"], "danger")
        # Each one's link leads to what they may see.
        self.assertFalse(alert(self.marketer)["records"])
        shown = alert(self.manager)["records"]
        found = self.env[shown["model"]].with_user(self.manager).search(shown["domain"])
        self.assertEqual(found, self.outage)

    def test_who_sees_outages(self):
        with self.broken():
            self.join(self.ann)
        self.assertEqual(self.outage.with_user(self.officer).passed, 1)
        with self.assertRaises(AccessError):
            self.outage.with_user(self.marketer).read(["passed"])
        with self.assertRaises(AccessError):
            self.outage.with_user(self.officer).write({"passed": 0})
