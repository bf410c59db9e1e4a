from odoo import fields, models


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    subsidy_ids = fields.One2many("pinbu.subsidy", "team_id", string="Subsidies")

    def _team_failed(self):
        result = super()._team_failed()
        self.env["pinbu.subsidy"]._create_owed(self)
        return result

    def _is_settled(self):
        return super()._is_settled() and self._are_subsidies_final()

    def _are_subsidies_final(self):
        """Whether every subsidy that this failed team is owed was granted or voided."""
        self.ensure_one()
        subsidies = self.env["pinbu.subsidy"].sudo().search([("team_id", "=", self.id)])
        owed = subsidies._owed(self)
        return all(
            subsidy.state in ("granted", "void") for subsidy in subsidies
        ) and not owed.keys() - {(subsidy.seat_id.id, subsidy.key) for subsidy in subsidies}

    def _check_settled_again(self):
        """Have settlement look at these failed teams once more, after the commit."""
        settlement = self.env["pinbu.settlement"]
        settlement._enqueue(self.env.cr, team_ids=self.ids)
        settlement._wake(self.env.cr)
