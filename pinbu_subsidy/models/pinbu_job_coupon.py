"""Coupons for many shoppers, sent in the background."""

from odoo import Command, api, models

from odoo.addons.pinbu_groupbuy.models.pinbu_job import Kind


class PinbuJob(models.Model):
    _inherit = "pinbu.job"

    @api.model
    def _kinds(self):
        return super()._kinds() | {
            "coupon": Kind(
                label=self.env._("Send a coupon"),
                groups="pinbu_groupbuy.group_user",
                work=self._work_coupon,
                describe=lambda shopper_id: {"res_model": "pinbu.shopper", "res_id": shopper_id},
                size=50,
            )
        }

    def _work_coupon(self, shopper_ids):
        """Who has got such a coupon meanwhile, or has left, is passed over."""
        wizard = self.env["pinbu.shopper.coupon"].create(
            {**self.sudo().params, "shopper_ids": [Command.set(shopper_ids)]}
        )
        wizard._check_sending()
        shoppers = self.env["pinbu.shopper"].search(wizard._shoppers_domain())
        if shoppers:
            wizard._send(wizard.program_id.sudo(), shoppers.partner_id)
