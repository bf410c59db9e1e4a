from odoo import fields, models
from odoo.exceptions import AccessError

from .pinbu_appeal import OFFICERS


class PinbuWithdrawal(models.Model):
    _inherit = "pinbu.withdrawal"

    review_reason = fields.Selection(selection_add=[("risk", "Risk")])

    def action_approve(self):
        self._check_may_decide_risk()
        return super().action_approve()

    def action_refuse(self):
        self._check_may_decide_risk()
        return super().action_refuse()

    def _check_may_decide_risk(self):
        """:raise AccessError: accountants review amounts; what a rule holds back is an officer's"""
        held = self.filtered(lambda one: one.state == "review" and one.review_reason == "risk")
        if held and not self.env.su and not self.env.user.has_group(OFFICERS):
            raise AccessError(
                self.env._("What a risk rule holds back is decided by a risk officer, under Risk.")
            )
