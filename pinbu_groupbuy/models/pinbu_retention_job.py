"""Long jobs that are over are not kept for long, nor are the files that they made."""

from odoo import api, models
from odoo.tools import SQL

from ..transactions import SQL_NOW

JOB_DAYS = 7


class PinbuRetention(models.AbstractModel):
    _inherit = "pinbu.retention"

    @api.model
    def _kept_for_a_time(self):
        return super()._kept_for_a_time() | {
            "pinbu.job": SQL(
                "SELECT id FROM pinbu_job WHERE finished_at < %s - %s * interval '1 day'",
                SQL_NOW,
                JOB_DAYS,
            )
        }

    @api.model
    def _delete_some(self, model):
        if model == "pinbu.job":
            # No foreign key takes these along.
            self.env.flush_all()
            over = self.env.execute_query(self._kept_for_a_time()[model])
            jobs_sudo = self.env[model].sudo().browse(id_ for (id_,) in over)
            jobs_sudo.attachment_id.unlink()
        return super()._delete_some(model)
