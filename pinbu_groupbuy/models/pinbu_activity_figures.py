"""How far an activity has come, for the merchant's screens."""

from odoo import api, fields, models
from odoo.tools import SQL


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    quota = fields.Integer(
        compute="_compute_quota", help="Pieces this activity may sell. 0 means no limit."
    )
    quota_taken = fields.Integer(
        string="Pieces Taken", compute="_compute_quota", help="Of the quota, open places included."
    )
    teams_failed = fields.Integer(compute="_compute_results")
    success_rate = fields.Float(
        compute="_compute_results", help="Formed teams as a share of those that are decided."
    )
    amount_paid = fields.Monetary(
        string="Paid",
        compute="_compute_results",
        help="The orders of all paid and won places, with delivery fees.",
    )

    # === COMPUTE METHODS === #

    @api.depends("line_ids.quota", "line_ids.quota_taken")
    def _compute_quota(self):
        for activity in self:
            quotas = activity.line_ids.mapped("quota")
            activity.quota = sum(quotas) if quotas and all(quotas) else 0
            activity.quota_taken = sum(activity.line_ids.mapped("quota_taken"))

    @api.depends("teams_formed")
    def _compute_results(self):
        failed = dict(
            self.env["pinbu.team"]._read_group(
                [("activity_id", "in", self.ids), ("state", "in", ("failed", "settled"))],
                ["activity_id"],
                ["__count"],
            )
        )
        paid = self._amounts_paid()
        for activity in self:
            origin = activity._origin
            activity.teams_failed = failed.get(origin, 0)
            decided = activity.teams_failed + activity.teams_formed
            activity.success_rate = activity.teams_formed / decided if decided else 0
            activity.amount_paid = paid.get(origin.id, 0)

    def _amounts_paid(self):
        """:return: ``{activity id: what its paid and won places brought, in its currency}``"""
        self.env["pinbu.seat"].flush_model(["state", "order_id", "activity_id"])
        self.env["sale.order"].flush_model(["amount_total"])
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT seat.activity_id, sum(bought.amount_total) FROM pinbu_seat seat
                      JOIN sale_order bought ON bought.id = seat.order_id
                     WHERE seat.activity_id = ANY(%s) AND seat.state IN ('paid', 'won')
                  GROUP BY seat.activity_id
                    """,
                    self.ids,
                )
            )
        )
