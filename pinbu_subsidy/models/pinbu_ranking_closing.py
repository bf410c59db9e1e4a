import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from .pinbu_ranking_score import KINDS
from .res_company_ranking import DAYS

_logger = logging.getLogger(__name__)

# The last payments of a period are settled within a minute or two.
GRACE = timedelta(minutes=15)
# So many periods are made up for after the scheduler stood still.
CATCH_UP = 8


class PinbuRankingClosing(models.Model):
    """A period of a ranking that is over, with its winners: written once, in one transaction with
    what the winners are owed."""

    _name = "pinbu.ranking.closing"
    _description = "Closed Ranking"
    _order = "starts_on desc, kind, period"
    _rec_name = "starts_on"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    kind = fields.Selection(KINDS, string="Ranking", required=True, readonly=True)
    period = fields.Selection(
        [("today", "Daily"), ("week", "Weekly")], required=True, readonly=True
    )
    starts_on = fields.Date(string="Period from", required=True, readonly=True)
    closed_at = fields.Datetime(required=True, readonly=True)

    _once = models.Constraint(
        "UNIQUE(company_id, kind, period, starts_on)", "A period is closed once."
    )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Closed rankings are kept: they tell who won what."))

    # === BUSINESS METHODS === #

    @api.model
    def _close_all(self):
        """Close the periods that are over and had prizes, each in a transaction of its own, and
        settle the prizes that still wait for a team."""
        self.env.cr.execute("SELECT 1 FROM pinbu_ranking_queue LIMIT 1")
        if self.env.cr.fetchone():
            return  # Not all is counted yet.
        for company, kind, period, starts_on in self._over():
            if not self._attempt(self._close, company, kind, period, starts_on):
                return
        waiting = self.env["pinbu.ranking.winner"].search([("state", "=", "waiting")])
        for winner in waiting:
            if not self._attempt(winner._settle):
                return

    def _attempt(self, function, *args):
        """:return: whether to go on: there is time, and no rival was met"""
        try:
            with self.env.cr.savepoint():
                function(*args)
                self.env.flush_all()
        except OperationalError:
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
            _logger.info("Closing rankings met a rival: the next run goes on")
            return False
        except Exception:
            self.env.invalidate_all(flush=False)
            _logger.exception("A ranking could not be closed")
        return bool(self.env["ir.cron"]._commit_progress(1))

    def _over(self):
        """:return: periods that are over, had prizes and are not closed:
        list of (company, kind, period, first day)"""
        prizes = self.env["pinbu.ranking.prize"].with_context(active_test=False)
        found = []
        groups = prizes._read_group([], ["company_id", "kind", "period"])
        moment = fields.Datetime.now() - GRACE
        for company, kind, period in groups:
            current = company._pinbu_period_start(period, moment)
            starts = [current - timedelta(days=DAYS[period] * n) for n in range(1, CATCH_UP + 1)]
            closed = self.search(
                [
                    ("company_id", "=", company.id),
                    ("kind", "=", kind),
                    ("period", "=", period),
                    ("starts_on", "in", starts),
                ]
            ).mapped("starts_on")
            found += [
                (company, kind, period, starts_on)
                for starts_on in reversed(starts)
                if starts_on not in closed and prizes._of_period(company, kind, period, starts_on)
            ]
        return found

    def _close(self, company, kind, period, starts_on):
        """Write down who won, and owe them their prizes; once, whoever tries at the same time."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pinbu_ranking_closing
                       (company_id, kind, period, starts_on, closed_at, create_uid, create_date,
                        write_uid, write_date)
                VALUES (%(company)s, %(kind)s, %(period)s, %(start)s, %(now)s, %(uid)s, %(now)s,
                        %(uid)s, %(now)s)
                    ON CONFLICT DO NOTHING RETURNING id
                """,
                company=company.id,
                kind=kind,
                period=period,
                start=starts_on,
                now=SQL_NOW,
                uid=self.env.uid,
            )
        )
        row = self.env.cr.fetchone()
        if not row:
            return
        prizes = self.env["pinbu.ranking.prize"]._of_period(company, kind, period, starts_on)
        top = self.env["pinbu.ranking.score"]._top(
            company, kind, period, starts_on, max(prizes.mapped("rank_to"))
        )
        winners = self.env["pinbu.ranking.winner"].create(
            [
                {
                    "closing_id": row[0],
                    "rank": rank,
                    "partner_id": score.partner_id.id,
                    "team_id": score.team_id.id,
                    "value": score.value,
                    "prize_id": prize.id,
                }
                for rank, score in enumerate(top, 1)
                for prize in prizes
                if prize.rank_from <= rank <= prize.rank_to
            ]
        )
        for winner in winners:
            winner._settle()


class PinbuRankingWinner(models.Model):
    """A place in a closed ranking that has a prize."""

    _name = "pinbu.ranking.winner"
    _description = "Ranking Winner"
    _order = "closing_id desc, rank, id"
    _rec_name = "partner_id"

    closing_id = fields.Many2one(
        "pinbu.ranking.closing", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="closing_id.company_id", store=True)
    kind = fields.Selection(related="closing_id.kind", store=True)
    period = fields.Selection(related="closing_id.period", store=True)
    rank = fields.Integer(required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Shopper",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: the merchant's own team, which wins nothing.",
    )
    team_id = fields.Many2one(
        "pinbu.team", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    value = fields.Integer(readonly=True, help="Paid seats, seconds, or friends brought.")
    prize_id = fields.Many2one(
        "pinbu.ranking.prize", required=True, readonly=True, ondelete="restrict"
    )
    subsidy_id = fields.Many2one("pinbu.subsidy", readonly=True, ondelete="restrict")
    state = fields.Selection(
        [("waiting", "Waits for the Team"), ("owed", "Owed"), ("none", "No Prize")],
        default="waiting",
        required=True,
        readonly=True,
    )

    _once = models.Constraint("UNIQUE(closing_id, rank, prize_id)", "A prize is won once.")
    _waiting_idx = models.Index("(id) WHERE state = 'waiting'")

    # === BUSINESS METHODS === #

    def _settle(self):
        """Owe the prize if the team, where there is one, is formed; none if it has failed."""
        self.ensure_one()
        if not self.partner_id or self.team_id.state in ("failed", "settled"):
            self.state = "none"
            return
        if self.team_id.state == "forming":
            return
        key = f"prize:{self.id}"
        subsidies = self.env["pinbu.subsidy"]
        company = self.closing_id.company_id
        subsidies._owe(
            [
                {
                    **self.prize_id._reward_terms(),
                    "partner_id": self.partner_id.id,
                    "company_id": company.id,
                    "reason": "prize",
                    "key": key,
                }
            ]
        )
        self.subsidy_id = subsidies.search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", company.id),
                ("key", "=", key),
            ]
        )
        self.state = "owed"
