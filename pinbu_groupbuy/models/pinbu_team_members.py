"""A paid member goes while the team forms: by leaving it, or moved by a manager."""

from odoo import api, models
from odoo.tools import SQL

from ..exceptions import PinbuError
from ..transactions import SQL_NOW, short_transaction
from .pinbu_transition import move_state


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    @api.model
    def _lock_forming(self, cr, team_ids):
        """Lock these teams.

        :raise PinbuError: ``team_closed`` when one of them does not form any more
        """
        cr.execute(
            SQL(
                """
                SELECT state = 'forming' AND deadline > %s FROM pinbu_team
                 WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
                """,
                SQL_NOW,
                list(team_ids),
            )
        )
        if not all(row[0] for row in cr.fetchall()):
            raise PinbuError("team_closed", self.env._("This team is closed."))

    @api.model
    def _uncount(self, cr, team_id, seat_id):
        """Count a team's payments without this seat; another member leads if it was the leader.

        The caller has locked the team.
        """
        cr.execute(
            SQL(
                """
                SELECT id, partner_id FROM pinbu_seat
                 WHERE team_id = %s AND state = 'paid' AND id != %s ORDER BY paid_at, id
                """,
                team_id,
                seat_id,
            )
        )
        others = cr.fetchall()
        self._set_paid(cr, team_id, len(others))
        if not others:
            return
        cr.execute(
            SQL(
                "UPDATE pinbu_seat SET is_leader = FALSE WHERE id = %s AND is_leader RETURNING id",
                seat_id,
            )
        )
        if cr.fetchone():
            successor, partner_id = others[0]
            cr.execute(SQL("UPDATE pinbu_seat SET is_leader = TRUE WHERE id = %s", successor))
            cr.execute(
                SQL("UPDATE pinbu_team SET leader_id = %s WHERE id = %s", partner_id, team_id)
            )

    @api.model
    def _fail_if_empty(self, cr, team_id):
        """A shopper's team that nobody leads any more is over; the merchant's waits for members."""
        cr.execute(
            SQL(
                "SELECT 1 FROM pinbu_team"
                " WHERE id = %s AND seats_paid = 0 AND leader_id IS NOT NULL",
                team_id,
            )
        )
        if cr.fetchone():
            self._fail(cr, team_id, "left", [])


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    def _may_leave(self):
        """Whether the shopper may give up this paid place: the terms say so, and the team forms."""
        self.ensure_one()
        team = self.team_id
        return (
            self.state == "paid"
            and bool(team)
            and team.terms_id.allow_leaving
            and team._effective_state() == "forming"
        )

    def _leave(self):
        """The shopper leaves a forming team and is refunded; the place is free again.

        In a short transaction of its own.

        :raise PinbuError: ``not_allowed_now``, or ``team_closed`` when the team was decided in
                           this very moment
        """
        self.ensure_one()
        seat = self.sudo()
        if not seat._may_leave():
            raise PinbuError("not_allowed_now", self.env._("This is not possible now."))
        teams = self.env["pinbu.team"]
        team_id = seat.team_id.id
        with short_transaction(self.env) as cr:
            self._lock_shopper(cr, seat.partner_id.id)
            teams._lock_forming(cr, [team_id])
            self._check_paid_in(cr, team_id)
            teams._uncount(cr, team_id, self.id)
            self._give_up(cr, self.ids, "left", source="paid")
            teams._fail_if_empty(cr, team_id)
            self.env["pinbu.settlement"]._enqueue(cr, team_ids=[team_id])
            self.env["pinbu.settlement"]._wake(cr)

    def _move_to_team(self, team, note):
        """A manager moves a paid member to another forming team of the activity.

        In a short transaction of its own.

        :param str note: why
        :raise PinbuError: ``team_full``, ``team_closed``, ``already_in_team`` or
                           ``not_allowed_now``
        """
        self.ensure_one()
        teams = self.env["pinbu.team"]
        origin = self.team_id
        if (
            self.state != "paid"
            or team == origin
            or team.activity_id != self.activity_id
            or team.stock_policy != origin.stock_policy
        ):
            raise PinbuError(
                "not_allowed_now",
                self.env._("Only a paid member can move, and only to a like team of the activity."),
            )
        with short_transaction(self.env) as cr:
            self._lock_shopper(cr, self.partner_id.id)
            teams._lock_forming(cr, [origin.id, team.id])
            self._check_paid_in(cr, origin.id)
            self._check_not_in(cr, team)
            if not self._take_place(cr, team.id):
                self._raise_no_place(cr, team)
            teams._uncount(cr, origin.id, self.id)
            cr.execute(
                SQL("UPDATE pinbu_team SET seats_taken = seats_taken - 1 WHERE id = %s", origin.id)
            )
            move_state(
                cr,
                self.env.uid,
                "pinbu_seat",
                self.ids,
                ["paid"],
                "paid",
                "moved by the merchant",
                [SQL("team_id = %s", team.id), SQL("is_leader = FALSE")],
                note=note,
            )
            teams._tally(cr, team.id)
            teams._fail_if_empty(cr, origin.id)
            self.env["pinbu.settlement"]._enqueue(
                cr, seat_ids=self.ids, team_ids=[origin.id, team.id]
            )
            self.env["pinbu.settlement"]._wake(cr)

    def _check_paid_in(self, cr, team_id):
        """Somebody else may have moved this seat before we had the locks.

        :raise PinbuError: ``not_allowed_now``
        """
        cr.execute(
            SQL(
                "SELECT 1 FROM pinbu_seat WHERE id = %s AND team_id = %s AND state = 'paid'",
                self.id,
                team_id,
            )
        )
        if not cr.fetchone():
            raise PinbuError("not_allowed_now", self.env._("This is not possible now."))

    def _check_not_in(self, cr, team):
        """:raise PinbuError: ``already_in_team``"""
        cr.execute(
            SQL(
                """
                SELECT 1 FROM pinbu_seat WHERE team_id = %s AND partner_id = %s
                   AND state IN ('held', 'paid', 'won')
                """,
                team.id,
                self.partner_id.id,
            )
        )
        if cr.fetchone():
            raise PinbuError(
                "already_in_team", self.env._("This shopper is in the other team already.")
            )
