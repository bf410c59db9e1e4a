from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import SQL

from ..models.pinbu_risk_outage import RulesDown

LONG_AGO = "2001-01-01"


@tagged("post_install", "-at_install")
class TestOutageWatch(BaseCase):
    """The scheduled look at an outage, on real cursors and committed data."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self.clean)
        with self.registry.cursor() as cr:
            company = api.Environment(cr, SUPERUSER_ID, {}).company
            cr.execute(
                SQL(
                    "INSERT INTO pinbu_risk_outage (company_id, began_at, last_at, passed, refused)"
                    " VALUES (%s, %s, %s, 1, 0)",
                    company.id,
                    LONG_AGO,
                    LONG_AGO,
                )
            )
            self.company_id = company.id

    def clean(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            mine = [("company_id", "=", self.company_id)]
            outages = env["pinbu.risk.outage"].search([*mine, ("began_at", "=", LONG_AGO)])
            outages.activity_ids.unlink()
            outages.message_ids.unlink()
            cr.execute(SQL("DELETE FROM pinbu_risk_outage WHERE id = ANY(%s)", outages.ids))

    def test_an_officer_is_told_while_the_rules_stay_down(self):
        """It does not wait for itself."""

        def probe(_rules, _company):
            raise RulesDown

        with (
            patch.object(self.registry["pinbu.risk.rule"], "_probe", probe),
            self.registry.cursor() as cr,
        ):
            api.Environment(cr, SUPERUSER_ID, {})["pinbu.risk.outage"]._cron_watch()
        with self.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "SELECT is_alerted, last_at > %s, ended_at, error FROM pinbu_risk_outage"
                    " WHERE company_id = %s",
                    LONG_AGO,
                    self.company_id,
                )
            )
            self.assertEqual(cr.fetchone(), (True, True, None, "RulesDown: "))
