from odoo import api, models
from odoo.tools import SQL


class PinbuRetention(models.AbstractModel):
    _inherit = "pinbu.retention"

    @api.model
    def _kept_for_a_time(self):
        return {
            **super()._kept_for_a_time(),
            "pinbu.risk.event": self._sql_of_company(
                "pinbu_risk_event", self._sql_over("old.create_date", "risk_event")
            ),
            # What nobody has decided stays.
            "pinbu.appeal": self._sql_of_company(
                "pinbu_appeal",
                SQL("old.state != 'open' AND %s", self._sql_over("old.decided_at", "case")),
            ),
            # What a rule delayed would wait again, if nothing said any more that an officer has
            # approved it.
            "pinbu.risk.case": self._sql_of_company(
                "pinbu_risk_case",
                SQL(
                    "old.state != 'open' AND %s AND %s",
                    self._sql_over("old.write_date", "case"),
                    self._sql_over("old.write_date", "risk_event"),
                ),
            ),
            # Expired, or lifted.
            "pinbu.risk.block": self._sql_of_company(
                "pinbu_risk_block",
                SQL(
                    "(%s OR NOT old.active AND %s)",
                    self._sql_over("old.expires_at", "case"),
                    self._sql_over("old.write_date", "case"),
                ),
            ),
        }
