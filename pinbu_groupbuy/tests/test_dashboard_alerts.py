from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.payment.models.payment_transaction import PaymentTransaction

from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestDashboardAlerts(GroupBuyCase):
    """What needs a person stands on the dashboard, and becomes one person's task."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env, "alerted", groups="pinbu_groupbuy.group_user", lang="en_US"
        )
        cls.activity.user_id = cls.user

    def alerts(self):
        self.env.flush_all()
        data = self.env["pinbu.dashboard"].with_user(self.user).get_dashboard("today")
        return {alert["key"]: alert for alert in data["alerts"]}

    def tell(self):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.activity.with_env(self.env(cr=cr))._cron_alert()
        self.env.invalidate_all()

    def tasks(self, name):
        type_ = self.env.ref(f"pinbu_groupbuy.mail_activity_type_{name}")
        return self.activity.activity_ids.filtered(lambda task: task.activity_type_id == type_)

    def records(self, alert):
        return self.env[alert["records"]["model"]].search(alert["records"]["domain"])

    def test_nothing_is_wrong(self):
        before = self.alerts()
        self.form_team()
        self.assertEqual(self.alerts().keys(), before.keys())
        self.tell()
        self.assertFalse(self.activity.activity_ids)

    def test_a_refund_that_does_not_get_through(self):
        def refuse(tx):
            raise ValueError("no answer")

        self.assertNotIn("refunds", self.alerts())
        team = self.join(self.shopper("Ann")).team_id
        self.pass_deadline(team)
        self.run_scheduler("close")
        self.skip_delay()
        self.run_scheduler("settle")
        with patch.object(PaymentTransaction, "_send_refund_request", refuse):
            self.run_scheduler("money")
        alert = self.alerts()["refunds"]
        self.assertEqual(alert["level"], "danger")
        self.assertIn(": 1.", alert["text"])
        self.assertIsNone(alert["records"], "marketing reads no payments")

    def test_a_team_that_nobody_decides(self):
        team = self.join(self.shopper("Ann")).team_id
        self.assertNotIn("teams_late", self.alerts())
        self.pass_deadline(team)
        alert = self.alerts()["teams_late"]
        self.assertIn(team, self.records(alert))
        self.tell()
        task = self.tasks("settlement")
        self.assertEqual((len(task), task.user_id), (1, self.user))
        self.tell()
        self.assertEqual(self.tasks("settlement"), task, "told once")
        self.run_schedulers()
        self.tell()
        self.assertFalse(self.tasks("settlement"), "decided after all")

    def test_settlement_that_waits(self):
        team = self.form_team()
        self.env["pinbu.settlement"]._enqueue(self.env.cr, team_ids=team.ids)
        self.assertNotIn("settlement_late", self.alerts())
        self.env.cr.execute(
            "UPDATE pinbu_settlement SET created_at = created_at - interval '6 minutes',"
            " due_at = due_at - interval '6 minutes'"
        )
        alert = self.alerts()["settlement_late"]
        self.assertIsNone(alert["records"], "marketing does not see the queue")
        # A manager is led to what was counted: not to what is another company's, or not due yet.
        self.user.group_ids |= self.env.ref("pinbu_groupbuy.group_manager")
        alert = self.alerts()["settlement_late"]
        counted = self.records(alert)
        self.assertIn(team, counted.team_id)
        self.env["pinbu.settlement"]._enqueue(self.env.cr, team_ids=team.ids, delay=3600)
        self.env.cr.execute(
            "UPDATE pinbu_settlement SET created_at = created_at - interval '6 minutes'"
        )
        self.env.invalidate_all()
        self.assertEqual(self.records(self.alerts()["settlement_late"]), counted)
        other = self.env["res.company"].create({"name": "The other shop"})
        self.env.cr.execute("UPDATE pinbu_team SET company_id = %s", [other.id])
        self.env.invalidate_all()
        self.assertNotIn(team, self.records(alert).team_id)

    def test_too_few_pieces_for_the_teams(self):
        product = self.make_product("Rare", 3)
        self.activity = self.make_activity(product, size=3, user_id=self.user.id)
        self.join(self.shopper("Ann"))
        self.run_schedulers()
        self.assertNotIn(self.activity, self.short(), "two are missing, two are there")
        self.env["stock.quant"]._update_available_quantity(product, self.warehouse.lot_stock_id, -1)
        self.env.invalidate_all()
        self.assertIn(self.activity, self.short(), "two are missing, one is there")
        self.tell()
        self.assertEqual(self.tasks("stock").user_id, self.user)
        # Whoever says done is not asked again on the same day.
        self.tasks("stock").action_done()
        self.tell()
        self.assertFalse(self.tasks("stock"))

    def short(self):
        alert = self.alerts().get("stock")
        return self.records(alert) if alert else self.env["pinbu.activity"]

    def test_what_was_formed_has_not_left(self):
        team = self.form_team()
        self.assertNotIn("shipping", self.alerts())
        self.env.cr.execute(
            "UPDATE pinbu_team SET finished_at = finished_at - interval '49 hours' WHERE id = %s",
            [team.id],
        )
        self.env.invalidate_all()
        team.picking_ids.scheduled_date = fields.Datetime.now() - timedelta(hours=1)
        alert = self.alerts()["shipping"]
        self.assertEqual(self.records(alert) & team.picking_ids, team.picking_ids)
        self.tell()
        self.assertEqual(len(self.tasks("shipping")), 1)
        # Planned for later, as after a preparation.
        team.picking_ids.scheduled_date = fields.Datetime.now() + timedelta(days=1)
        self.assertNotIn("shipping", self.alerts())
        self.tell()
        self.assertFalse(self.tasks("shipping"))

    def test_a_company_that_cannot_be_looked_at_stops_no_other(self):
        broken = self.env["res.company"].create({"name": "A", "sequence": -1})

        def notes(_activities, company):
            if company == broken:
                raise ValueError("broken")
            said = {self.activity: lambda env: "Look"} if company == self.env.company else {}
            return {"pinbu_groupbuy.mail_activity_type_stock": said}

        refusal = patch.object(type(self.activity), "_alert_notes", notes)
        with refusal, mute_logger("odoo.addons.pinbu_groupbuy.models.pinbu_activity_alert"):
            self.tell()
        self.assertEqual(self.tasks("stock").user_id, self.user)
