"""What follows once a team is formed or has failed.

Called by the queue with batches of teams; may be called again for the same team.
"""

from datetime import timedelta

from odoo import models

from .pinbu_transition import move_state

# Shorter than the log of what was told is kept.
NEWS = timedelta(days=7)


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    def _settle(self):
        self._hold_places()
        formed = self.filtered(lambda team: team.state in ("formed", "shipped"))
        failed = self.filtered(lambda team: team.state in ("failed", "settled"))
        if formed:
            self.env["pinbu.seat"]._update_reserved(self.env.cr, formed.seat_ids.ids)
            formed._team_formed()
            formed._update_shipped()
            formed._emit_outcome("team.formed")
        if failed:
            failed._alert_short_stock()
            failed._team_failed()
            failed._update_settled()
            failed._emit_outcome("team.failed")

    def _emit_outcome(self, event):
        """Tell the merchant's own systems. Long after, a late delivery has settlement look at the
        team again: that is no news."""
        since = self.env.cr.now() - NEWS
        self.env["pinbu.webhook"]._emit(
            event, self.filtered(lambda team: team.finished_at and team.finished_at > since)
        )

    def _update_shipped(self):
        shipped = self.filtered(
            lambda team: (
                team.state == "formed"
                and (outward := team.picking_ids._pinbu_outward())
                and all(picking.state in ("done", "cancel") for picking in outward)
                and any(picking.state == "done" for picking in outward._pinbu_leaving())
            )
        )
        shipped._move("formed", "shipped", "deliveries done")

    def _update_settled(self):
        settled = self.filtered(lambda team: team.state == "failed" and team._is_settled())
        settled._move("failed", "settled", "everything final")

    def _move(self, source, target, reason):
        self.flush_recordset()
        move_state(self.env.cr, self.env.uid, "pinbu_team", self.ids, [source], target, reason)
        self.invalidate_recordset()

    def _is_settled(self):
        """Hook: whether all that a failed team owes is final. Here: every refund is done.

        :rtype: bool
        """
        self.ensure_one()
        return all(order._pinbu_is_refunded() for order in self.order_ids)

    def _team_formed(self):
        """Hook: these teams are formed. May be called again."""

    def _team_failed(self):
        """Hook: these teams have failed. May be called again."""
