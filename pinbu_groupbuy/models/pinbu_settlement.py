import logging
import time
from datetime import timedelta
from functools import partial

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL, split_every

from ..transactions import SQL_NOW, wake

_logger = logging.getLogger(__name__)

SHARDS = 2
# Twenty orders in a transaction: fast, and little to repeat when a delivery's stock is contended.
BATCH = 20
BACKOFF_SECONDS = (5, 15, 60, 300, 900, 3600)


class PinbuSettlement(models.Model):
    """What is still to be done after a seat or a team changed its state.

    A row is written in the transaction that changes the state and deleted in the one that did what
    follows. It says only *that* something is to be done: what, is read from the record's state
    then, so a row may be repeated, late or superfluous without harm.
    """

    _name = "pinbu.settlement"
    _description = "Group-buying Settlement Queue"
    _order = "due_at, id"
    _log_access = False

    seat_id = fields.Many2one("pinbu.seat", readonly=True, ondelete="cascade")
    team_id = fields.Many2one("pinbu.team", readonly=True, ondelete="cascade")
    shard_key = fields.Integer(
        readonly=True, help="The product: two workers on one product fight over its stock."
    )
    created_at = fields.Datetime(readonly=True)
    due_at = fields.Datetime(readonly=True)
    attempts = fields.Integer(readonly=True)
    error = fields.Text(readonly=True)

    _due_idx = models.Index("(due_at, id)")

    @api.model
    def _enqueue(self, cr, seat_ids=(), team_ids=(), delay=0):
        """Queue seats and teams, on a cursor of `short_transaction` or the current one.

        :param int delay: seconds from now before they are due
        """
        cr.execute(
            SQL(
                """
                INSERT INTO pinbu_settlement
                       (seat_id, team_id, shard_key, attempts, created_at, due_at)
                SELECT id, NULL, product_id, 0, %(now)s, %(due)s
                  FROM pinbu_seat WHERE id = ANY(%(seats)s)
                 UNION ALL
                SELECT NULL, team.id, MIN(line.product_id), 0, %(now)s, %(due)s
                  FROM pinbu_team team
                  JOIN pinbu_activity_line line ON line.activity_id = team.activity_id
                 WHERE team.id = ANY(%(teams)s) GROUP BY team.id
                """,
                now=SQL_NOW,
                due=SQL("%s + %s * interval '1 second'", SQL_NOW, delay),
                seats=list(seat_ids),
                teams=list(team_ids),
            )
        )

    @api.model
    def _wake(self, cr):
        """Have the schedulers look at the queue as soon as `cr` has committed."""
        wake(
            self.env,
            cr,
            *(f"pinbu_groupbuy.ir_cron_settle_{shard}" for shard in range(SHARDS)),
            "pinbu_groupbuy.ir_cron_move_money",
        )

    # === ACTION METHODS === #

    def action_retry(self):
        """Try again now instead of waiting for the next attempt."""
        self.check_access("read")
        self.sudo().write({"due_at": fields.Datetime.now()})
        for shard in range(SHARDS):
            self.env.ref(f"pinbu_groupbuy.ir_cron_settle_{shard}").sudo()._trigger()

    # === SCHEDULER === #

    @api.model
    def _cron_settle(self, shard):
        """Settle what is due in this shard, in batches; a batch that fails is done one by one."""
        jobs = self.sudo()
        while batch := jobs._next_batch(shard):
            try:
                if not batch._settle_or_undo():
                    for job in batch:
                        job._settle_alone()
                left = self.env["ir.cron"]._commit_progress(len(batch), remaining=jobs._due(shard))
            except OperationalError:
                # Somebody else changed the same rows first: a new snapshot is needed.
                self.env.cr.rollback()
                _logger.info("Settlement of shard %s met a rival; starting again", shard)
                break
            if not left:
                break
        if jobs._due(shard):
            # Say that nothing remains: Odoo would begin anew up to ten times before other
            # scheduled actions get this worker.
            self.env.ref(f"pinbu_groupbuy.ir_cron_settle_{shard}").sudo()._trigger()
            self.env["ir.cron"]._commit_progress(remaining=0)

    def _due(self, shard):
        self.env.cr.execute(
            SQL(
                "SELECT count(*) FROM pinbu_settlement WHERE shard_key %% %s = %s AND due_at <= %s",
                SHARDS,
                shard,
                SQL_NOW,
            )
        )
        return self.env.cr.fetchone()[0]

    def _next_batch(self, shard):
        """:return: all rows, due or not, of the seats and teams that have waited longest: what is
        done follows from a record's state, so once is enough"""
        self.env.cr.execute(
            SQL(
                """
                WITH waiting AS (
                    SELECT seat_id, team_id, MIN(id) AS first
                      FROM (SELECT id, seat_id, team_id FROM pinbu_settlement
                             WHERE shard_key %% %(shards)s = %(shard)s AND due_at <= %(now)s
                          ORDER BY id LIMIT 10 * %(batch)s) due
                  GROUP BY seat_id, team_id ORDER BY first LIMIT %(batch)s
                )
                SELECT id FROM pinbu_settlement
                 WHERE seat_id IN (SELECT seat_id FROM waiting WHERE seat_id IS NOT NULL)
                    OR team_id IN (SELECT team_id FROM waiting WHERE team_id IS NOT NULL)
              ORDER BY id FOR UPDATE SKIP LOCKED
                """,
                shards=SHARDS,
                shard=shard,
                now=SQL_NOW,
                batch=BATCH,
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    def _settle_or_undo(self):
        """:return: whether all of the batch could be settled; if not, nothing of it was"""
        try:
            with self.env.cr.savepoint():
                self._settle()
        except OperationalError:
            raise
        except Exception:
            _logger.info("Settling %s jobs at once failed; trying them one by one", len(self))
            self.env.invalidate_all()
            return False
        return True

    def _settle_alone(self):
        try:
            with self.env.cr.savepoint():
                self._settle()
        except OperationalError:
            raise
        except Exception as error:
            self.env.invalidate_all()
            _logger.warning("Settlement %s failed and will be repeated", self.id, exc_info=True)
            delay = BACKOFF_SECONDS[min(self.attempts, len(BACKOFF_SECONDS) - 1)]
            self.write(
                {
                    "attempts": self.attempts + 1,
                    "due_at": fields.Datetime.now() + timedelta(seconds=delay),
                    "error": str(error)[:2000],
                }
            )

    def _settle(self):
        """Do what the states of these seats and teams ask for, then forget the rows."""
        self.seat_id._settle()
        self.team_id._settle()
        self.env.flush_all()
        self.unlink()

    @api.model
    def _oldest_due_seconds(self):
        """How long the oldest due job has been waiting; 0 when none is."""
        self.env.cr.execute(
            SQL(
                "SELECT EXTRACT(EPOCH FROM %s - MIN(created_at)) FROM pinbu_settlement"
                " WHERE due_at <= %s OR attempts > 0",
                SQL_NOW,
                SQL_NOW,
            )
        )
        return max(0, int(self.env.cr.fetchone()[0] or 0))

    @api.model
    def _cron_close_teams(self):
        """Decide teams past their deadline, release lapsed holds, open super teams, and count
        payments whose process died right after the commit."""
        seats = self.env["pinbu.seat"].sudo()
        teams = self.env["pinbu.team"].sudo()
        steps = [
            (seat._count_payment, seat)
            for seat in seats.search([("state", "=", "paid"), ("is_counted", "=", False)])
        ]
        steps += [(team._close, team) for team in teams._overdue()]
        lapsed = seats._lapsed_holds(1000)
        steps += [
            (partial(seats.browse(ids)._release_hold, "hold lapsed"), ids)
            for ids in split_every(BATCH, lapsed.ids)
        ]
        steps.append((seats._refresh_reserved, "reservations"))
        started = time.monotonic()
        for step, record in steps:
            try:
                step()
            except Exception:
                # Each stands alone; the next run, a minute later, finds it again.
                self.env.cr.rollback()
                _logger.warning("Closing %s failed", record, exc_info=True)
            if time.monotonic() - started > 50:
                self.env.ref("pinbu_groupbuy.ir_cron_close_teams").sudo()._trigger()
                break
        try:
            with self.env.cr.savepoint():
                self.env["pinbu.activity"]._cron_open_super_teams()
        except Exception:
            _logger.warning("Opening the merchant's teams failed", exc_info=True)
        self.env["ir.cron"]._commit_progress(len(steps))
