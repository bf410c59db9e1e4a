from odoo import api, fields, models


class PinbuTransition(models.Model):
    _inherit = "pinbu.transition"

    return_id = fields.Many2one(
        "pinbu.return", readonly=True, index="btree_not_null", ondelete="restrict"
    )

    def _state_labels(self):
        if self.return_id:
            states = self.env["pinbu.return"]._fields["state"]
            return dict(states._description_selection(self.env))
        return super()._state_labels()

    @api.model
    def _reason_labels(self):
        return {
            **super()._reason_labels(),
            "return asked for": self.env._("asked for by the shopper"),
            "return accepted": self.env._("the goods may come back"),
            "return refused": self.env._("not taken back"),
            "nobody answered": self.env._("nobody answered in time"),
            "return never came": self.env._("the goods never came"),
            "goods came back": self.env._("the warehouse has the goods"),
            "refunded without goods": self.env._("the shopper keeps the goods"),
            "refund done": self.env._("the money is back"),
        }
