"""Files that long jobs make, part by part."""

from odoo import fields, models


class PinbuJobPart(models.Model):
    """What some items of a job have brought for its file: kept until the last one is done."""

    _name = "pinbu.job.part"
    _description = "Part of a Long Job's File"
    _order = "id"

    job_id = fields.Many2one(
        "pinbu.job", required=True, readonly=True, ondelete="cascade", index=True
    )
    content = fields.Json(readonly=True)


class PinbuJob(models.Model):
    _inherit = "pinbu.job"

    # === BUSINESS METHODS === #

    def _keep_part(self, content):
        """:param content: as JSON takes it"""
        self.env["pinbu.job.part"].sudo().create({"job_id": self.id, "content": content})

    def _parts(self):
        """:return: yields the content of each part, in order"""
        parts_sudo = self.env["pinbu.job.part"].sudo().search([("job_id", "=", self.id)])
        for part_sudo in parts_sudo:
            yield part_sudo.content
            # There may be more of them than the memory holds.
            part_sudo.invalidate_recordset()

    def _attach(self, name, content):
        """Give the file to who started the job, and to nobody else.

        :param bytes content: the file
        """
        # Without a record that it belongs to, only its creator reads it.
        self.sudo().attachment_id = self.env["ir.attachment"].create({"name": name, "raw": content})

    def _end(self, state, reason=False):
        self.env["pinbu.job.part"].search([("job_id", "=", self.id)]).unlink()
        super()._end(state, reason)
