from odoo import models


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    def _team_formed(self):
        result = super()._team_formed()
        self.env["pinbu.invite"]._note_first_seats(self.seat_ids.partner_id)
        return result

    def _team_failed(self):
        result = super()._team_failed()
        self.env["pinbu.invite"]._note_first_seats(self.seat_ids.partner_id)
        return result
