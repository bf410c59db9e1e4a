from odoo import fields, models

from ..const import GROUNDS


class PinbuSubsidyDecision(models.TransientModel):
    _name = "pinbu.subsidy.decision"
    _description = "Hold Back or Withhold Subsidies"

    subsidy_ids = fields.Many2many("pinbu.subsidy", required=True, readonly=True)
    decision = fields.Selection(
        [("block", "Hold back"), ("void", "Withhold")], required=True, readonly=True
    )
    ground = fields.Selection(GROUNDS, help="What the shopper is told.")
    note = fields.Char(
        string="Reason", required=True, help="What it was seen from. Stays in the back office."
    )

    # === ACTION METHODS === #

    def action_decide(self):
        self.ensure_one()
        subsidies = self.subsidy_ids
        subsidies._check_manager()
        if self.decision == "block":
            subsidies._block(self.note)
        else:
            subsidies._void(self.ground, self.note)
        return {"type": "ir.actions.act_window_close"}
