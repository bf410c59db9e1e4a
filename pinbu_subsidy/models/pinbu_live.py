from odoo import api, models


class PinbuLive(models.AbstractModel):
    _inherit = "pinbu.live"

    @api.model
    def _watched_columns(self):
        return {
            **super()._watched_columns(),
            "pinbu_subsidy_rule": (),
            "loyalty_program": ("active", "name"),
        }
