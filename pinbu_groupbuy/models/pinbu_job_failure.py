from odoo import api, fields, models


class PinbuJobFailure(models.Model):
    """What a long job could not do, and why."""

    _name = "pinbu.job.failure"
    _description = "Failure of a Long Job"
    _order = "id"

    job_id = fields.Many2one(
        "pinbu.job", required=True, readonly=True, ondelete="cascade", index=True
    )
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", readonly=True)
    label = fields.Char(readonly=True, help="What failed, if it is no record.")
    name = fields.Char(string="What", compute="_compute_name")
    reason = fields.Char(string="Why", readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("label", "res_model", "res_id")
    @api.depends_context("uid")
    def _compute_name(self):
        """As whoever looks may see it: no name is kept here."""
        for failure in self:
            failure.name = failure.label or f"#{failure.res_id}"
            if failure.res_model in self.env:
                record = self.env[failure.res_model].browse(failure.res_id).exists()
                if record.has_access("read") and record:
                    failure.name = record.display_name
