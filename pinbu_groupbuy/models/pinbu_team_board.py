"""What the merchant's live board shows of a team: who is in it, and what is wrong with it."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..transactions import SQL_NOW
from .pinbu_live_bus import BOARD, BOARD_SUBCHANNEL

# Faces on a card. A larger team shows the first of them, and how many there are besides.
FACES = 8


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    faces = fields.Json(
        string="Members",
        compute="_compute_faces",
        help="Technical: the first members and those at checkout, for the board.",
    )
    trouble = fields.Selection(
        [
            ("refund", "A refund does not go through"),
            ("settlement", "Settling does not go through"),
            ("overdue", "Past its deadline, and not decided"),
            ("unsettled", "Failed over an hour ago, and not settled"),
        ],
        compute="_compute_trouble",
        search="_search_trouble",
        help="Why somebody should look at this team.",
    )

    # === COMPUTE AND SEARCH METHODS === #

    @api.depends("seats_taken", "seats_paid", "leader_id")
    def _compute_faces(self):
        """Each a list of ``{id, name, version, state, is_leader}``: the leader first, then in the
        order of their payments, then who is at checkout now. `id` is the shopper's, `state`
        ``paid`` or ``held``, `version` changes with the picture."""
        faces = {team.id: [] for team in self}
        for team_id, *face in self.env.execute_query(self._sql_faces()):
            names = ("id", "name", "version", "state", "is_leader")
            faces[team_id].append(dict(zip(names, face, strict=True)))
        for team in self:
            team.faces = faces[team.id]

    def _sql_faces(self):
        return SQL(
            """
            SELECT team.id, face.partner_id, partner.name,
                   extract(epoch FROM partner.write_date)::int::text, face.state,
                   COALESCE(face.is_leader, FALSE)
              FROM pinbu_team team
        CROSS JOIN LATERAL (
                   (SELECT partner_id, 'paid' AS state, is_leader, paid_at, id FROM pinbu_seat
                     WHERE team_id = team.id AND state IN ('paid', 'won', 'lost')
                  ORDER BY is_leader DESC, paid_at, id LIMIT %(most)s)
                     UNION ALL
                   (SELECT partner_id, 'held', FALSE, NULL, id FROM pinbu_seat
                     WHERE team_id = team.id AND state = 'held' AND hold_until > %(now)s
                  ORDER BY id LIMIT %(most)s)
                   ) face
              JOIN res_partner partner ON partner.id = face.partner_id
             WHERE team.id = ANY(%(ids)s)
          ORDER BY team.id, face.state DESC, face.is_leader DESC, face.paid_at, face.id
            """,
            most=FACES,
            now=SQL_NOW,
            ids=self.ids,
        )

    @api.depends("state", "deadline")
    def _compute_trouble(self):
        troubles = self._troubles(SQL("team.id = ANY(%s)", self.ids))
        for team in self:
            team.trouble = troubles.get(team.id, False)

    def _search_trouble(self, operator, value):
        if operator != "in":
            return NotImplemented
        troubles = self._troubles(SQL("TRUE"))
        domain = Domain("id", "in", [team for team, kind in troubles.items() if kind in value])
        return domain | Domain("id", "not in", list(troubles)) if False in value else domain

    @api.model
    def _troubles(self, condition):
        """:param SQL condition: on ``team``
        :return: ``{team id: the gravest trouble}`` for those teams that are in trouble
        """
        self.env.flush_all()
        # Who sees the board learns that a refund is stuck, and nothing of the transaction.
        refunds = self.env["payment.transaction"].sudo().search([("pinbu_in_trouble", "=", True)])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (team.id) team.id, trouble.kind
                  FROM (SELECT 1 AS rank, 'refund' AS kind, seat.team_id
                          FROM sale_order_transaction_rel paid
                          JOIN pinbu_seat seat ON seat.order_id = paid.sale_order_id
                         WHERE paid.transaction_id = ANY(%(refunds)s)
                         UNION ALL
                        SELECT 2, 'settlement', COALESCE(job.team_id, seat.team_id)
                          FROM pinbu_settlement job LEFT JOIN pinbu_seat seat ON seat.id = job.seat_id
                         WHERE job.attempts > 0
                         UNION ALL
                        SELECT 3, 'overdue', id FROM pinbu_team
                         WHERE state = 'forming' AND deadline < %(now)s - interval '2 minutes'
                         UNION ALL
                        SELECT 4, 'unsettled', id FROM pinbu_team
                         WHERE state = 'failed' AND finished_at < %(now)s - interval '1 hour'
                       ) trouble
                  JOIN pinbu_team team ON team.id = trouble.team_id
                 WHERE %(condition)s
              ORDER BY team.id, trouble.rank
                """,
                refunds=refunds.ids,
                now=SQL_NOW,
                condition=condition,
            )
        )
        return dict(rows)

    # === ACTION METHODS === #

    def action_view_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_groupbuy.sale_order_action")
        return {**action, "domain": [("seat_ids.team_id", "=", self.id)], "context": {}}

    # === BUSINESS METHODS === #

    def _tell_board(self):
        """Have the boards of these teams' companies look again, once this is committed."""
        for company in self.company_id:
            self.env["bus.bus"]._sendone((company, BOARD_SUBCHANNEL), BOARD, {})
