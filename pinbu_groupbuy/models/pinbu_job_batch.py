"""Batches of many deliveries, made in the background."""

from odoo import api, models
from odoo.exceptions import UserError

from .pinbu_job import Kind


class PinbuJob(models.Model):
    _inherit = "pinbu.job"

    @api.model
    def _kinds(self):
        return super()._kinds() | {
            "batch": Kind(
                label=self.env._("Batch by activity"),
                groups="stock.group_stock_user",
                work=self._work_batch,
                describe=lambda part: {"label": part["description"]},
                size=1,
                show=self._show_batches,
            )
        }

    def _work_batch(self, parts):
        """:param list parts: as `pinbu.batch.activity` makes them"""
        is_started = self.sudo().params["is_started"]
        batches = self.env["stock.picking.batch"]
        for part in parts:
            batches |= self.env["pinbu.batch.by.activity"]._make_batch(part)
        if not batches:
            raise UserError(self.env._("Its deliveries are in batches already, or not ready."))
        if is_started:
            batches.action_confirm()
        job_sudo = self.sudo()
        job_sudo.made = [*(job_sudo.made or []), *batches.ids]

    def _show_batches(self):
        return self.env["pinbu.batch.by.activity"]._show(
            self.env["stock.picking.batch"].browse(self.sudo().made)
        )
