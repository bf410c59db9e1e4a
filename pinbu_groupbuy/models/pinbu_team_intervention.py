"""What a merchandiser may do to a team by hand. Each leaves the reason in the log."""

from odoo import models
from odoo.exceptions import UserError

from ..transactions import short_transaction
from .pinbu_transition import log_note


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    # === ACTION METHODS === #

    def action_intervene(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Intervene"),
            "res_model": "pinbu.team.intervention",
            "view_mode": "form",
            "target": "new",
            "context": {"default_team_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _form_by_hand(self, note):
        """The merchant takes the missing places now, and all members win.

        :raise UserError: when the team is over, nobody has paid, or the stock is short
        """
        self.ensure_one()
        with short_transaction(self.env) as cr:
            timely = self._decidable(cr)
            if not timely:
                raise UserError(self.env._("Nobody has paid for a place in this team yet."))
            if self._is_stock_short(cr, self.id, timely):
                raise UserError(self.env._("There is not enough in stock for all members."))
            self._form(cr, self.id, timely, "completed by the merchant", note)
            self.env["pinbu.settlement"]._wake(cr)

    def _fail_by_hand(self, note):
        """Everyone who paid is refunded and gets what was promised for a failed team.

        :raise UserError: when the team is over
        """
        self.ensure_one()
        with short_transaction(self.env) as cr:
            self._fail(cr, self.id, "merchant", self._decidable(cr), note)
            self.env["pinbu.settlement"]._wake(cr)

    def _decidable(self, cr):
        """Lock the team.

        :return: ids of its paid seats
        :raise UserError: when the team is decided already
        """
        state, _size, deadline, is_over, _from = self._lock_and_read(cr, self.id)
        if state != "forming" or is_over:
            raise UserError(self.env._("This team is decided already."))
        timely, _late = self._paid_seats(cr, self.id, deadline)
        return timely

    def _move_deadline(self, deadline, note):
        """:param datetime deadline: UTC, in the future
        :raise UserError: when the team is over, or the deadline is past"""
        self.with_context(pinbu_note=note).write({"deadline": deadline})

    def _retry_by_hand(self, note):
        """Do again at once what follows from the states of this team and its members."""
        self.ensure_one()
        cr = self.env.cr
        log_note(cr, self.env.uid, "pinbu_team", self.id, "tried again", note)
        self.env["pinbu.settlement"]._enqueue(
            cr, seat_ids=self.sudo().seat_ids.ids, team_ids=self.ids
        )
        self.env["pinbu.settlement"]._wake(cr)
