from odoo import api, models
from odoo.tools import SQL


class PinbuDashboard(models.AbstractModel):
    """What the rules found, and what waits for an officer."""

    _inherit = "pinbu.dashboard"

    # === FIGURES === #

    @api.model
    def _sections(self, now, before, span):
        return [
            *super()._sections(now, before, span),
            {
                "key": "risk",
                "title": self.env._("Risk"),
                "icon": "fa-shield",
                "figures": self._risk_figures(span),
            },
        ]

    def _risk_figures(self, span):
        now = self._count_events(span["start"], span["end"])
        before = self._count_events(span["before_start"], span["before_end"])
        events = self._within("create_date", span)
        cases = self._open_cases()
        return [
            self._figure(
                "risk_refused",
                self.env._("Refused"),
                self.env._(
                    "How often a rule or a block refused something in this time: an opening, a "
                    "joining, a reward, a withdrawal."
                ),
                now["refused"],
                before["refused"],
                good="",
                records=("pinbu.risk.event", [("outcome", "=", "refused"), *events]),
            ),
            self._figure(
                "risk_flagged",
                self.env._("Flagged"),
                self.env._("How often a rule held in this time, whatever it asked for."),
                now["flagged"],
                before["flagged"],
                good="",
                records=("pinbu.risk.event", [("action", "!=", False), *events]),
            ),
            self._figure(
                "risk_cases",
                self.env._("To review"),
                self.env._("Cases that wait for a decision now."),
                self.env["pinbu.risk.case"].sudo().search_count(cases),
                good="down",
                records=("pinbu.risk.case", cases),
            ),
        ]

    def _count_events(self, start, end):
        self.env.cr.execute(
            SQL(
                """
                SELECT COUNT(*) FILTER (WHERE outcome = 'refused'),
                       COUNT(*) FILTER (WHERE action IS NOT NULL)
                  FROM pinbu_risk_event
                 WHERE company_id = %s AND create_date >= %s AND create_date < %s
                   AND (outcome = 'refused' OR action IS NOT NULL)
                """,
                self.env.company.id,
                start,
                end,
            )
        )
        refused, flagged = self.env.cr.fetchone()
        return {"refused": refused, "flagged": flagged}

    def _open_cases(self):
        return [("state", "=", "open"), ("company_id", "=", self.env.company.id)]

    @api.model
    def _record_actions(self):
        return {
            **super()._record_actions(),
            "pinbu.appeal": "pinbu_risk.pinbu_appeal_action",
            "pinbu.risk.case": "pinbu_risk.pinbu_risk_case_action",
            "pinbu.risk.event": "pinbu_risk.pinbu_risk_event_action",
        }

    # === ALERTS === #

    @api.model
    def _pinbu_alerts(self):
        return [*super()._pinbu_alerts(), *self._alert_cases(), *self._alert_appeals()]

    def _alert_cases(self):
        domain = self._open_cases()
        count = self.env["pinbu.risk.case"].sudo().search_count(domain)
        if not count:
            return []
        text = self.env._("Shoppers who wait for a review: %s.", count)
        name = self.env._("To review")
        return [self._alert("risk_cases", "warning", text, ("pinbu.risk.case", domain), name)]

    def _alert_appeals(self):
        domain = [("state", "=", "open"), ("company_id", "=", self.env.company.id)]
        count = self.env["pinbu.appeal"].sudo().search_count(domain)
        if not count:
            return []
        text = self.env._("Appeals that wait for an answer: %s.", count)
        name = self.env._("Appeals")
        return [self._alert("appeals", "warning", text, ("pinbu.appeal", domain), name)]
