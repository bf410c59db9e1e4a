"""From a newcomer's first final team to the inviter's reward, and back where something returns."""

import json
import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL, split_every

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW, short_transaction

_logger = logging.getLogger(__name__)

BATCH = 200
# A ring longer than this is no ring that anybody would bother to build.
RING_LENGTH = 20


class PinbuInvite(models.Model):
    _inherit = "pinbu.invite"

    # === SCHEDULER === #

    @api.model
    def _cron_invites(self):
        """Look at the friends of whom something is to be decided, a batch per transaction."""
        self.env.flush_all()
        # By the database's clock, which wrote when to look.
        self.env.cr.execute(
            SQL("SELECT id FROM pinbu_invite WHERE look_at <= %s ORDER BY look_at, id", SQL_NOW)
        )
        for ids in split_every(BATCH, [row[0] for row in self.env.cr.fetchall()], list):
            if not self._try(ids):
                for invite_id in ids:
                    self._try([invite_id])
            if not self.env["ir.cron"]._commit_progress(len(ids)):
                self.env.ref("pinbu_subsidy.ir_cron_invites")._trigger()
                self.env["ir.cron"]._commit_progress()
                return

    def _try(self, ids):
        """:return: whether these were looked at; a friend whose row a rival changed is left to the
        next run"""
        # On a fresh snapshot.
        self.env["ir.cron"]._commit_progress()
        try:
            with self.env.cr.savepoint():
                self.browse(ids).sudo()._look()
                self.env.flush_all()
        except OperationalError:
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
            _logger.info("Invites %s met a rival: the next run looks at them", ids)
        except Exception:
            self.env.invalidate_all(flush=False)
            if len(ids) == 1:
                _logger.exception("Invite %s could not be looked at", ids[0])
            return False
        return True

    def _look(self):
        """Decide what can be decided of these now, and when to look again."""
        joined, held, earned = (
            self.filtered(lambda invite, state=state: invite.state == state)
            for state in ("joined", "held", "earned")
        )
        for invite in joined.filtered("seat_id"):
            invite._judge()
        seats = held._seats_to_stand()
        came_back = seats._came_back()
        delivered_at = (seats - came_back)._delivered_at()
        delivered = {seat: delivered_at[seat.id] for seat in seats if seat.id in delivered_at}
        for invite in held:
            invite._release(delivered, came_back)
        for invite in earned:
            invite._check_it_stands()

    # === BUSINESS METHODS: JUDGING === #

    def _judge(self):
        """Decide what this friend, whose first team is final, is worth to the inviter."""
        self.ensure_one()
        seat = self.seat_id
        decided_at = seat.team_id.finished_at or fields.Datetime.now()
        if self._is_ring():
            with short_transaction(self.env) as cr:
                self._decide(cr, "void", seat.state, decided_at, void_reason="ring")
                # What others of the circle have earned goes with it.
                self._look_soon(cr, self._circle(), self.company_id)
            return
        rule = self.env["pinbu.invite.rule"].sudo()._find(seat.activity_id, seat.state)
        self._take_room(seat.state, decided_at, rule)

    def _take_room(self, outcome, decided_at, rule):
        """Hold the reward if the inviter's caps leave room for it: counted under the inviter's
        lock, in a short transaction, so that not one too many passes."""
        self.ensure_one()
        company = self.company_id
        start, end = company._pinbu_day_bounds(decided_at)
        with short_transaction(self.env) as cr:
            self.env["pinbu.seat"]._lock_shopper(cr, self.inviter_id.id)
            cr.execute(
                SQL(
                    """
                    SELECT count(*),
                           count(*) FILTER (WHERE decided_at >= %s AND decided_at < %s)
                      FROM pinbu_invite
                     WHERE inviter_id = %s AND company_id = %s AND state IN ('held', 'earned')
                    """,
                    start,
                    end,
                    self.inviter_id.id,
                    company.id,
                )
            )
            ever, that_day = cr.fetchone()
            values = {"rule_id": rule.id or None}
            if ever >= company.pinbu_invites_for_life:
                self._decide(cr, "void", outcome, decided_at, void_reason="cap_life", **values)
            elif that_day >= company.pinbu_invites_per_day:
                self._decide(cr, "void", outcome, decided_at, void_reason="cap_day", **values)
            else:
                values["reward"] = json.dumps(rule._reward_terms()) if rule else None
                self._decide(cr, "held", outcome, decided_at, look_at=SQL_NOW, **values)

    def _decide(self, cr, state, outcome, decided_at, **values):
        """Take a judged friend out of ``joined``; safe to call twice."""
        assignments = {
            "state": state,
            "outcome": outcome,
            "decided_at": decided_at,
            "look_at": None,
            **values,
        }
        cr.execute(
            SQL(
                "UPDATE pinbu_invite SET %s WHERE id = %s AND state = 'joined'",
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), value)
                    for name, value in assignments.items()
                ),
                self.id,
            )
        )
        if cr.rowcount:
            self._outcome_changed(cr)
        self.invalidate_recordset(flush=False)

    # === BUSINESS METHODS: RINGS === #

    def _is_ring(self):
        """Whether inviter and friend look like one person, or like people who bring each other."""
        self.ensure_one()
        return bool(
            self._circle()
            or self.inviter_id._pinbu_marks(self.company_id)
            & self.partner_id._pinbu_marks(self.company_id)
        )

    def _circle(self):
        """Follow the inviters from here on.

        :return: those who brought each other, this friend among them, or nobody
        :rtype: res.partner
        """
        self.flush_recordset(["inviter_id"])
        self.env.cr.execute(
            SQL(
                """
                WITH RECURSIVE above AS (
                    SELECT inviter_id AS partner_id, 1 AS steps FROM pinbu_invite WHERE id = %(id)s
                     UNION
                    SELECT invite.inviter_id, above.steps + 1
                      FROM above JOIN pinbu_invite invite ON invite.partner_id = above.partner_id
                       AND invite.company_id = %(company)s
                     WHERE invite.inviter_id IS NOT NULL AND above.steps < %(steps)s
                       AND above.partner_id != %(friend)s
                )
                SELECT DISTINCT partner_id FROM above
                """,
                id=self.id,
                company=self.company_id.id,
                friend=self.partner_id.id,
                steps=RING_LENGTH,
            )
        )
        above = self.partner_id.browse(row[0] for row in self.env.cr.fetchall())
        return above if self.partner_id in above else above.browse()

    # === BUSINESS METHODS: REWARDING === #

    def _release(self, delivered, came_back):
        """Owe the reward of this held friend if nothing can undo it any more, else say when that
        may be.

        :param dict delivered: when what these friends may stand on arrived, ``{seat: datetime}``
        :param pinbu.seat came_back: seats of which something was returned or refunded
        """
        self.ensure_one()
        # Nothing is there: a delivery will wake it.
        self.look_at = False
        if self.outcome == "won" and self.seat_id in came_back:
            self._void("returned")
            return
        if self._circle():
            self._void("ring")
            return
        arrived = [(at, seat.id) for seat, at in delivered.items() if self._stands_on(seat)]
        if not arrived:
            return
        at, seat_id = min(arrived)
        window_ends = at + timedelta(days=self.company_id.pinbu_return_days)
        if self.outcome == "won" and window_ends > fields.Datetime.now():
            self.look_at = window_ends
            return
        self._earn(self.seat_id.browse(seat_id))

    def _stands_on(self, seat):
        if self.outcome == "won":
            return seat == self.seat_id
        return (seat.partner_id, seat.company_id) == (self.partner_id, self.company_id)

    def _seats_to_stand(self):
        """:return: the seats that make these friends count once delivered: the first one where it
        won, else whatever the friend has won since"""
        won = self.filtered(lambda invite: invite.outcome == "won")
        lost = self - won
        if not lost:
            return won.seat_id
        return won.seat_id | won.seat_id.search(
            [
                ("partner_id", "in", lost.partner_id.ids),
                ("company_id", "in", lost.company_id.ids),
                ("state", "=", "won"),
            ]
        )

    def _earn(self, seat):
        """The friend counts for good: owe the reward, if there is one, and what tasks add.

        :param pinbu.seat seat: what the friend was delivered
        """
        self.ensure_one()
        if not self._move("held", "earned"):
            return
        self.delivered_seat_id = seat
        if self.reward:
            subsidies = self.env["pinbu.subsidy"].sudo()
            key = f"invite:{self.id}"
            subsidies._owe(
                [
                    {
                        **self.reward,
                        "partner_id": self.inviter_id.id,
                        "company_id": self.company_id.id,
                        "reason": "invite",
                        "key": key,
                    }
                ]
            )
            self.subsidy_id = subsidies.search(
                [
                    ("partner_id", "=", self.inviter_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("key", "=", key),
                ]
            )
        self.env["pinbu.invite.task"]._update(self.inviter_id, self.company_id)

    def _check_it_stands(self):
        """Take back what was earned with an order that came back, or by going round in a circle."""
        self.ensure_one()
        self.look_at = False
        if self.delivered_seat_id._came_back():
            self._void("returned")
        elif self._circle():
            self._void("ring")

    def _void(self, reason):
        """This friend earns nothing (any more).

        :param str reason: one of `void_reason`
        """
        self.ensure_one()
        if not self._move(("held", "earned"), "void"):
            return
        self.write({"void_reason": reason, "look_at": False})
        if self.subsidy_id:
            reasons = self._fields["void_reason"]._description_selection(
                self.with_context(lang=self.inviter_id.lang).env
            )
            self.subsidy_id._take_back(dict(reasons)[reason])
        self._outcome_changed(self.env.cr)
        self.env["pinbu.invite.task"]._update(self.inviter_id, self.company_id)

    def _move(self, sources, target):
        """:return: whether the state changed; a rival who did it first makes this fail"""
        sources = [sources] if isinstance(sources, str) else list(sources)
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_invite SET state = %s WHERE id = %s AND state = ANY(%s)",
                target,
                self.id,
                sources,
            )
        )
        self.invalidate_recordset(["state"], flush=False)
        return bool(self.env.cr.rowcount)
