from odoo import api, fields, models
from odoo.exceptions import UserError

from .pinbu_ranking_score import KINDS, PERIODS


class PinbuRankingPrize(models.Model):
    """What the first of a ranking get at the end of each period.

    Shoppers play for what they are shown: a prize never changes, a new one counts at once, and an
    archived one counts until the periods that run then are over.
    """

    _name = "pinbu.ranking.prize"
    _description = "Ranking Prize"
    _inherit = ["pinbu.reward"]
    _order = "kind, period, rank_from, id"

    kind = fields.Selection(KINDS, string="Ranking", default="hottest", required=True)
    period = fields.Selection(
        [period for period in PERIODS if period[0] != "all"], default="today", required=True
    )
    rank_from = fields.Integer(default=1, required=True)
    rank_to = fields.Integer(default=1, required=True)
    ended_at = fields.Datetime(string="Archived on", readonly=True, copy=False)

    _ranks = models.Constraint(
        "CHECK(1 <= rank_from AND rank_from <= rank_to AND rank_to <= 100)",
        "Prizes are for ranks from 1 to 100.",
    )

    def _compute_display_name(self):
        for prize in self:
            prize.display_name = self.env._(
                "Rank %(first)s to %(last)s: %(worth)s",
                first=prize.rank_from,
                last=prize.rank_to,
                worth=prize.worth or "",
            )

    # === CRUD METHODS === #

    def write(self, vals):
        if vals.keys() - {"active", "ended_at"}:
            raise UserError(
                self.env._("Shoppers play for this prize: archive it and make a new one.")
            )
        if "active" in vals:
            vals = {**vals, "ended_at": False if vals["active"] else fields.Datetime.now()}
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Shoppers play for this prize: archive it instead."))

    # === BUSINESS METHODS === #

    @api.model
    def _of_period(self, company, kind, period, starts_on):
        """:return: the prizes of a period, archived since or not"""
        domain = [
            ("company_id", "=", company.id),
            ("kind", "=", kind),
            ("period", "=", period),
            "|",
            ("ended_at", "=", False),
            ("ended_at", ">", company._pinbu_day(starts_on)),
        ]
        if ends_at := company._pinbu_period_end(period, starts_on):
            domain.append(("create_date", "<", ends_at))
        return self.sudo().with_context(active_test=False).search(domain)
