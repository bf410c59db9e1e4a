from odoo import models


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    def _team_formed(self):
        result = super()._team_formed()
        self.env["pinbu.ranking.score"]._enqueue(self.env.cr, self)
        return result

    def _team_failed(self):
        result = super()._team_failed()
        self.env["pinbu.ranking.score"]._enqueue(self.env.cr, self)
        return result
