from odoo import api, fields, models

from .pinbu_voucher import ORDER_CANCELLED, PAID_BACK, PAST_ITS_DATE


class PinbuTransition(models.Model):
    _inherit = "pinbu.transition"

    withdrawal_id = fields.Many2one(
        "pinbu.withdrawal", readonly=True, index="btree_not_null", ondelete="restrict"
    )

    def _state_labels(self):
        if self.withdrawal_id:
            states = self.env["pinbu.withdrawal"]._fields["state"]
            return dict(states._description_selection(self.env))
        return super()._state_labels()

    @api.model
    def _reason_labels(self):
        failures = self.env["pinbu.withdrawal"]._fields["failure"]
        return {
            **super()._reason_labels(),
            "voucher issued": self.env._("the voucher was issued"),
            "voucher redeemed": self.env._("the voucher was redeemed"),
            PAST_ITS_DATE: self.env._("the voucher has expired; the payment goes back"),
            ORDER_CANCELLED: self.env._("the order was cancelled; the payment goes back"),
            PAID_BACK: self.env._("the payment went back; the voucher is void"),
            "withdrawal asked": self.env._("asked for by the shopper"),
            "withdrawal held for review": self.env._("somebody has to look at it first"),
            "withdrawal approved": self.env._("looked at and approved"),
            "withdrawal sent": self.env._("given to the provider"),
            "withdrawal being paid": self.env._("an accountant is paying it"),
            "withdrawal in bank file": self.env._("written into a bank file"),
            "withdrawal to confirm": self.env._("the shopper has to confirm it"),
            "withdrawal confirmed": self.env._("the shopper has confirmed it"),
            "withdrawal paid": self.env._("the provider has paid it"),
            "withdrawal paid by hand": self.env._("an accountant has paid it"),
            "withdrawal cancel asked": self.env._("the shopper asks to cancel it"),
            "withdrawal contradicted": self.env._("the provider says otherwise"),
            "withdrawal looked into": self.env._("looked into"),
            "withdrawal tried again": self.env._("tried again by hand"),
            **{
                f"withdrawal failed: {code}": label
                for code, label in failures._description_selection(self.env)
            },
        }
