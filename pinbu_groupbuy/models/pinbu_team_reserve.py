"""Policy ``open``: what waits in the warehouse for a team's open places.

A delivery of its own, which reserves the pieces of all places that no confirmed order serves, and
never ships. Each member's order takes its piece out of it; what is left goes back to the shelf
when the team is over.
"""

from odoo import Command, api, fields, models
from odoo.tools import SQL

from ..transactions import after_commit, short_transaction
from .stock_move import FLOW, FLOW_KEY


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    reserve_move_ids = fields.One2many("stock.move", "pinbu_team_id", readonly=True)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # A shopper's team is settled with its leader's payment; the merchant's has nobody yet.
        teams = super().create(vals_list)
        opened = teams.filtered(lambda team: team.stock_policy == "open")
        if opened:
            opened.flush_recordset()
            self.env["pinbu.settlement"]._enqueue(self.env.cr, team_ids=opened.ids)
            self.env["pinbu.settlement"]._wake(self.env.cr)
        return teams

    # === BUSINESS METHODS: THE RESERVE === #

    def _gate_reason(self):
        """Why what these teams' reserves hold stays in the warehouse, in a clerk's words."""
        self.ensure_one()
        return self.env._("it holds the open places of team %s and never ships", self.display_name)

    def _give_way(self, orders):
        """Let go of the pieces of orders that are about to be confirmed, for their deliveries to
        reserve. In the same transaction `_hold_places` takes hold again of what is left."""
        for team, pieces in self._places_to_hold(orders).items():
            reserve = team._reserve()
            if pieces < reserve.product_uom_qty:
                # All of it, since a reserve that is short must not keep a member's piece.
                reserve._do_unreserve()
                if pieces:
                    reserve.product_uom_qty = pieces
                else:
                    reserve._action_cancel()

    def _hold_places(self):
        """Hold in the warehouse just what these teams need for places that no order serves yet.

        Safe to call at any time and twice.
        """
        opened = self.filtered(lambda team: team.stock_policy == "open")
        if not opened:
            return
        opened._give_way(self.env["sale.order"])
        for team, pieces in opened._places_to_hold(self.env["sale.order"]).items():
            reserve = team._reserve()
            if pieces and not reserve:
                team._make_reserve(pieces)
            elif pieces > reserve.product_uom_qty:
                reserve.product_uom_qty = pieces
            team._reserve().picking_id._pinbu_reserve()
        self.env.flush_all()
        after_commit(self.env, opened._refresh_reserved)

    def _places_to_hold(self, orders):
        """Count the places that no confirmed order serves: all of them while a team forms, those
        of its members once it is formed, none when it has failed.

        :param sale.order orders: to be counted as if they were confirmed
        :return: ``{team: pieces}`` for teams of policy ``open`` whose product's stock is kept
        """
        teams = self.filtered(lambda team: team.stock_policy == "open")
        if not teams:
            return {}
        self.env.flush_all()
        counted = self.env.execute_query(
            SQL(
                """
                SELECT team.id,
                       CASE team.state WHEN 'forming' THEN team.size - COUNT(seat.id) FILTER (
                                           WHERE seat.state = 'paid' AND served.is_served)
                                       WHEN 'formed' THEN COUNT(seat.id) FILTER (
                                           WHERE seat.state = 'won' AND NOT served.is_served)
                                       ELSE 0 END
                  FROM pinbu_team team
             LEFT JOIN pinbu_seat seat ON seat.team_id = team.id AND seat.state IN ('paid', 'won')
             LEFT JOIN sale_order ON sale_order.id = seat.order_id
             LEFT JOIN LATERAL (
                       SELECT sale_order.id = ANY(%(orders)s) OR sale_order.state = 'sale'
                              OR (sale_order.state = 'cancel'
                                  AND sale_order.pinbu_cancelled IS NOT TRUE) AS is_served
                       ) served ON TRUE
                 WHERE team.id = ANY(%(teams)s)
              GROUP BY team.id
                """,
                orders=orders.ids,
                teams=teams.ids,
            )
        )
        pieces = dict(counted)
        return {team: pieces[team.id] for team in teams if team.line_id.product_id.is_storable}

    def _reserve(self):
        """:return: the move that holds this team's open places, with the right to change it"""
        moves = self.sudo().reserve_move_ids.filtered(lambda move: move.state != "cancel")
        return moves.with_context(**{FLOW_KEY: FLOW, "tracking_disable": True})

    def _make_reserve(self, pieces):
        self.ensure_one()
        pickings = self.env["stock.picking"].sudo().with_company(self.company_id)
        picking = pickings.with_context(tracking_disable=True).create(self._prepare_reserve(pieces))
        picking.action_confirm()

    def _prepare_reserve(self, pieces):
        """:return: values of the delivery, from where `_stock_left` counts what is left to sell"""
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company_id.id)], limit=1
        )
        product = self.line_id.product_id
        # Out of the stock itself, however many steps a real delivery would take.
        places = {
            "location_id": warehouse.lot_stock_id.id,
            "location_dest_id": warehouse.out_type_id.default_location_dest_id.id,
        }
        return {
            "picking_type_id": warehouse.out_type_id.id,
            "origin": self.display_name,
            "company_id": self.company_id.id,
            # Until then nothing of it can be late.
            "scheduled_date": self.deadline.replace(microsecond=0),
            **places,
            "move_ids": [
                Command.create(
                    {
                        "product_id": product.id,
                        "product_uom_qty": pieces,
                        "product_uom": product.uom_id.id,
                        "company_id": self.company_id.id,
                        "pinbu_team_id": self.id,
                        **places,
                    }
                )
            ],
        }

    # === BUSINESS METHODS: WHAT A CLAIM MAY COUNT ON === #

    def _refresh_reserved(self):
        """Note for which of these teams the warehouse has all the pieces of their open places:
        those are no claim on the free stock any more, see `pinbu.activity.line._stock_left`."""
        with short_transaction(self.env) as cr:
            cr.execute(
                SQL(
                    """
                    WITH served AS (
                        SELECT team.id, EXISTS (
                                   SELECT 1 FROM stock_move reserve
                                    WHERE reserve.pinbu_team_id = team.id
                                      AND reserve.state = 'assigned') AS is_reserved
                          FROM pinbu_team team WHERE team.id = ANY(%s)
                    ), changed AS (
                        SELECT team.id, served.is_reserved
                          FROM pinbu_team team JOIN served ON served.id = team.id
                         WHERE team.is_reserved IS DISTINCT FROM served.is_reserved
                      ORDER BY team.id FOR NO KEY UPDATE OF team
                    )
                    UPDATE pinbu_team team SET is_reserved = changed.is_reserved
                      FROM changed WHERE team.id = changed.id
                    """,
                    self.ids,
                )
            )
