"""What needs a person, as the dashboard says it. Counted when it is looked at."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import SETTLEMENT_PATIENCE, SHIPPING_PATIENCE
from ..transactions import SQL_NOW


class PinbuDashboard(models.AbstractModel):
    _inherit = "pinbu.dashboard"

    @api.model
    def _pinbu_alerts(self):
        return [
            *super()._pinbu_alerts(),
            *self._alert_settlement(),
            *self._alert_refunds(),
            *self._alert_stock(),
            *self._alert_shipping(),
        ]

    @api.model
    def _alert(self, key, level, text, records=None, name=None):
        """:return: one alert, see `_pinbu_alerts`

        :param tuple records: model and domain of what it is about
        """
        return {
            "key": key,
            "level": level,
            "text": text,
            "records": records and self._records(name or text, *records),
        }

    def _alert_settlement(self):
        late = self._late_teams_domain(self.env.company)
        alerts = []
        if count := self.env["pinbu.team"].search_count(late):
            alerts.append(
                self._alert(
                    "teams_late",
                    "danger",
                    self.env._(
                        "Teams past their deadline and still not decided: %s. Is the scheduler "
                        "running?",
                        count,
                    ),
                    ("pinbu.team", late),
                    self.env._("Teams past their deadline"),
                )
            )
        self.env.cr.execute(
            SQL(
                """
                SELECT COUNT(DISTINCT (queued.seat_id, queued.team_id))
                  FROM pinbu_settlement queued
             LEFT JOIN pinbu_seat seat ON seat.id = queued.seat_id
             LEFT JOIN pinbu_team team ON team.id = queued.team_id
                 WHERE COALESCE(seat.company_id, team.company_id) = %s
                   AND queued.created_at < %s - %s
                   AND (queued.due_at <= %s OR queued.attempts > 0)
                """,
                self.env.company.id,
                SQL_NOW,
                SETTLEMENT_PATIENCE,
                SQL_NOW,
            )
        )
        if count := self.env.cr.fetchone()[0]:
            now = self.env.cr.now()
            mine = [
                "|",
                ("seat_id.company_id", "=", self.env.company.id),
                ("team_id.company_id", "=", self.env.company.id),
                ("created_at", "<", fields.Datetime.to_string(now - SETTLEMENT_PATIENCE)),
                "|",
                ("due_at", "<=", fields.Datetime.to_string(now)),
                ("attempts", ">", 0),
            ]
            alerts.append(
                self._alert(
                    "settlement_late",
                    "danger",
                    self.env._(
                        "Teams or places waiting for their settlement for over 5 minutes: %s.",
                        count,
                    ),
                    ("pinbu.settlement", mine),
                    self.env._("Settlement queue"),
                )
            )
        return alerts

    @api.model
    def _late_teams_domain(self, company):
        return [
            ("company_id", "=", company.id),
            ("state", "=", "forming"),
            (
                "deadline",
                "<",
                fields.Datetime.to_string(self.env.cr.now() - SETTLEMENT_PATIENCE),
            ),
        ]

    def _alert_refunds(self):
        refunds = self.env["payment.transaction"].sudo()
        mine = [("company_id", "=", self.env.company.id)]
        count = refunds.search_count([*refunds._pinbu_in_trouble_domain(), *mine])
        if not count:
            return []
        text = self.env._("Refunds that do not get through: %s.", count)
        domain = [("pinbu_in_trouble", "=", True), *mine]
        name = self.env._("Refunds to look at")
        return [
            self._alert("refunds", "danger", text, ("payment.transaction", domain), name),
        ]

    def _alert_stock(self):
        short = self.env["pinbu.activity"]._short_of_stock(self.env.company)
        if not short:
            return []
        return [
            self._alert(
                "stock",
                "warning",
                self.env._(
                    "Activities with fewer pieces left than their forming teams still need: %s.",
                    len(short),
                ),
                ("pinbu.activity", [("id", "in", short.ids)]),
                self.env._("Short of stock"),
            )
        ]

    def _alert_shipping(self):
        domain = self._unshipped_domain(self.env.company)
        count = self.env["stock.picking"].sudo().search_count(domain)
        if not count:
            return []
        return [
            self._alert(
                "shipping",
                "warning",
                self.env._(
                    "Deliveries of formed teams that have not left for over 48 hours: %s.", count
                ),
                ("stock.picking", domain),
                self.env._("Not shipped for 48 hours"),
            )
        ]

    @api.model
    def _unshipped_domain(self, company):
        """Deliveries of teams that were formed over 48 hours ago, and should have left by now."""
        now = self.env.cr.now()
        return [
            ("company_id", "=", company.id),
            # Of several steps, also one within the house holds the goods up.
            ("return_id", "=", False),
            ("state", "not in", ["done", "cancel"]),
            ("pinbu_team_id.state", "=", "formed"),
            (
                "pinbu_team_id.finished_at",
                "<",
                fields.Datetime.to_string(now - SHIPPING_PATIENCE),
            ),
            # Some are planned for later, as after a preparation or in a presale.
            ("scheduled_date", "<", fields.Datetime.to_string(now)),
        ]
