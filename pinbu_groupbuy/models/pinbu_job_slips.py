"""Delivery slips of many deliveries, printed into one file."""

import base64

from odoo import api, models
from odoo.tools.pdf import merge_pdf

from .pinbu_job import Kind


class PinbuJob(models.Model):
    _inherit = "pinbu.job"

    @api.model
    def _kinds(self):
        return super()._kinds() | {
            "slips": Kind(
                label=self.env._("Delivery slips"),
                groups="stock.group_stock_user",
                work=self._work_slips,
                describe=lambda picking_id: {"res_model": "stock.picking", "res_id": picking_id},
                size=10,
                finish=self._finish_slips,
            )
        }

    def _work_slips(self, picking_ids):
        pickings = self.env["stock.picking"].browse(picking_ids).exists()
        if pickings:
            pickings.check_access("read")
            content, _type = self.env["ir.actions.report"]._render_qweb_pdf(
                "stock.action_report_delivery", pickings.ids
            )
            self._keep_part(base64.b64encode(content).decode())

    def _finish_slips(self):
        parts = [base64.b64decode(content) for content in self._parts()]
        if parts:
            self._attach(f"{self.name}.pdf", merge_pdf(parts))
