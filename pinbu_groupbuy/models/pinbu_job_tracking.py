"""Tracking numbers of many deliveries, written in the background."""

from odoo import api, models

from .pinbu_job import Kind


class PinbuJob(models.Model):
    _inherit = "pinbu.job"

    @api.model
    def _kinds(self):
        return super()._kinds() | {
            "tracking": Kind(
                label=self.env._("Import tracking numbers"),
                groups="stock.group_stock_user",
                work=self._work_tracking,
                describe=self._describe_tracking,
            )
        }

    def _work_tracking(self, rows):
        """:param list rows: as `pinbu.tracking.import` makes them"""
        wizard = self.env["pinbu.tracking.import"].new(self.sudo().params)
        for row in rows:
            wizard._write_row(row)

    @api.model
    def _describe_tracking(self, row):
        return {
            "label": self.env._(
                "Row %(number)s: %(reference)s",
                number=row["number"],
                reference=row["reference"] or "–",
            )
        }
