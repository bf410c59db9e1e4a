"""Whether one more team may be opened: the stock for all of it, and how many form at once."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..exceptions import PinbuError
from ..transactions import SQL_NOW
from .pinbu_activity_line import UNLIMITED


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    teams_underway = fields.Integer(
        compute="_compute_openings", help="Teams that form, and those about to be opened."
    )
    stock_for_teams = fields.Integer(
        compute="_compute_openings",
        help="Free stock of all variants, less the places that forming teams still owe.",
    )

    # === COMPUTE METHODS === #

    @api.depends("team_ids", "line_ids")
    def _compute_openings(self):
        for model in ("pinbu.seat", "pinbu.team", "pinbu.activity.line", "stock.quant"):
            self.env[model].flush_model()
        underway = self._teams_underway(self.env.cr, self.ids)
        lines = self.line_ids
        left = lines._stock_left(self.env.cr, lines.ids)
        stock = self._stock_for_teams(
            self.env.cr,
            {a.id: {line_id: left[line_id] for line_id in a.line_ids.ids} for a in self},
        )
        for activity in self:
            activity.teams_underway = underway.get(activity.id, 0)
            left = stock.get(activity.id)
            activity.stock_for_teams = UNLIMITED if left is None else left

    # === BUSINESS METHODS === #

    def _opening_refusal(self, underway, stock):
        """:return: the error that an opening meets, or None

        :param int underway: teams that form or are about to be opened
        :param int | None stock: pieces for new teams; None when stock is not kept
        """
        self.ensure_one()
        if self.max_forming_teams and underway >= self.max_forming_teams:
            return PinbuError(
                "not_allowed_now",
                self.env._("Enough teams are forming just now: please join one of them."),
            )
        if not self.is_presale and stock is not None and stock < self.size:
            return PinbuError(
                "sold_out", self.env._("There is not enough in stock for one more team.")
            )
        return None

    def _check_opening(self, cr):
        """Decide an opening exactly: others of this activity wait until the transaction ends.

        :param cr: a cursor of `short_transaction`
        :return: what `pinbu.activity.line._stock_left` says, of all lines; their products are locked
        :raise PinbuError: ``not_allowed_now`` or ``sold_out``
        """
        self.ensure_one()
        cr.execute(
            SQL(
                "SELECT id, product_id FROM pinbu_activity_line WHERE activity_id = %s"
                " ORDER BY id FOR NO KEY UPDATE",
                self.id,
            )
        )
        products = dict(cr.fetchall())
        self.env["pinbu.seat"]._lock_products(cr, products.values())
        left = self.env["pinbu.activity.line"]._stock_left(cr, products)
        limited = self.max_forming_teams
        refusal = self._opening_refusal(
            self._teams_underway(cr, self.ids).get(self.id, 0) if limited else 0,
            self._stock_for_teams(cr, {self.id: left})[self.id],
        )
        if refusal:
            raise refusal
        return left

    @api.model
    def _teams_underway(self, cr, activity_ids):
        """:return: ``{activity id: teams forming in time, and openings held or just paid}``"""
        cr.execute(
            SQL(
                """
                SELECT activity_id, count(*) FROM (
                    SELECT activity_id FROM pinbu_team
                     WHERE activity_id = ANY(%(ids)s) AND state = 'forming' AND deadline > %(now)s
                 UNION ALL
                    SELECT activity_id FROM pinbu_seat
                     WHERE activity_id = ANY(%(ids)s) AND team_id IS NULL
                       AND (state = 'paid' OR (state = 'held' AND hold_until > %(now)s))
                ) underway GROUP BY activity_id
                """,
                ids=list(activity_ids),
                now=SQL_NOW,
            )
        )
        return dict(cr.fetchall())

    @api.model
    def _stock_for_teams(self, cr, left):
        """How many pieces new teams could have: the free stock of the variants on offer, less
        what forming teams of any activity with one of these products still owe to joiners.

        What is claimed already (`_stock_left`) is owed no more: with policy ``open`` that is the
        whole team; with ``success`` nothing is, so all of the team is owed.

        :param dict left: ``{activity id: what `_stock_left` says of its lines}``
        :return: ``{activity id: pieces, may be below zero, or None where stock is not kept}``
        """
        owed = self._places_owed(cr, left)
        return {
            activity_id: None
            if None in lines.values()
            else sum(lines.values()) - owed.get(activity_id, 0)
            for activity_id, lines in left.items()
        }

    @api.model
    def _places_owed(self, cr, activity_ids):
        """:return: ``{activity id: places that teams with one of its products still have to fill
        from the free stock}``"""
        cr.execute(self._sql_places_owed(activity_ids))
        return {activity_id: int(places) for activity_id, places in cr.fetchall()}

    @api.model
    def _sql_places_owed(self, activity_ids):
        """:return: rows of what `_places_owed` returns"""
        return SQL(
            """
            WITH sharing AS (
                SELECT DISTINCT mine.activity_id AS id, other.activity_id
                  FROM pinbu_activity_line mine
                  JOIN pinbu_activity_line other ON other.product_id = mine.product_id
                   AND other.company_id = mine.company_id
                 WHERE mine.activity_id = ANY(%(ids)s)
            ), owed AS (
                SELECT sharing.id,
                       CASE WHEN terms.is_presale OR team.stock_policy = 'open' THEN 0
                            WHEN team.stock_policy = 'success' THEN team.size
                            ELSE team.size - team.seats_taken END AS places
                  FROM sharing
                  JOIN pinbu_team team ON team.activity_id = sharing.activity_id
                  JOIN pinbu_activity_terms terms ON terms.id = team.terms_id
                 WHERE team.state = 'forming' AND team.deadline > %(now)s
             UNION ALL
                SELECT sharing.id,
                       CASE WHEN terms.is_presale OR seat.stock_policy = 'open' THEN 0
                            WHEN seat.stock_policy = 'success' THEN terms.size
                            ELSE terms.size - 1 END
                  FROM sharing
                  JOIN pinbu_seat seat ON seat.activity_id = sharing.activity_id
                  JOIN pinbu_activity_terms terms ON terms.id = seat.terms_id
                 WHERE seat.team_id IS NULL
                   AND (seat.state = 'paid'
                        OR (seat.state = 'held' AND seat.hold_until > %(now)s))
            )
            SELECT id, SUM(places) FROM owed GROUP BY id
            """,
            ids=list(activity_ids),
            now=SQL_NOW,
        )
