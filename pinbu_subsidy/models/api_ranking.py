"""How rankings look in the API."""

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.api import render

from ..money import to_minor

UNITS = {"hottest": "seats", "fastest": "seconds", "inviters": "friends"}
# Whoever is further behind is told their value and no rank: counting takes as long as it is far.
RANKED = 1000


class PinbuRankingScore(models.Model):
    _inherit = "pinbu.ranking.score"

    @api.model
    def _api_ranking(self, kind, period, limit, partner=None):
        """The number of rows that are read does not depend on how many there are.

        :param res.partner partner: who looks, or None
        :return: the contract's answer of ``GET /rankings``
        :rtype: dict
        """
        company = self.env.company.sudo()
        starts_on = company._pinbu_period_start(period, fields.Datetime.now())
        top = self.sudo()._top(company, kind, period, starts_on, limit)
        prizes = self.env["pinbu.ranking.prize"]._of_period(company, kind, period, starts_on)
        # No more of teams and people than is shown.
        top.team_id.fetch(["token"])
        top.partner_id.fetch(["name"])
        return {
            "items": [
                {"rank": rank, "name": score._api_name(), **score._to_api()}
                for rank, score in enumerate(top, 1)
            ],
            "period_ends_at": render.to_iso(company._pinbu_period_end(period, starts_on)),
            "prizes": prizes._to_api(),
            "mine": partner and self.sudo()._api_mine(company, kind, period, starts_on, partner),
        }

    def _to_api(self):
        self.ensure_one()
        shown = {"value": self.value, "unit": UNITS[self.kind]}
        return {**shown, "team_token": self.team_id.token} if self.team_id else shown

    def _api_name(self):
        leader = self.partner_id
        return render.mask_name(leader.name) if leader else self.company_id.name

    @api.model
    def _api_mine(self, company, kind, period, starts_on, partner):
        """:return: the shopper's best place, or None; its rank is None behind the first thousand"""
        ranking = SQL(
            "company_id = %s AND kind = %s AND period = %s AND starts_on = %s",
            company.id,
            kind,
            period,
            starts_on,
        )
        self.env.cr.execute(
            SQL(
                "SELECT id FROM pinbu_ranking_score WHERE %s AND partner_id = %s"
                " ORDER BY sort_key, reached_at, subject_id LIMIT 1",
                ranking,
                partner.id,
            )
        )
        score = self.browse(row[0] for row in self.env.cr.fetchall())
        if not score:
            return None
        self.env.cr.execute(
            SQL(
                """
                SELECT count(*) FROM (
                    SELECT 1 FROM pinbu_ranking_score
                     WHERE %s AND (sort_key, reached_at, subject_id) < (%s, %s, %s) LIMIT %s
                ) ahead
                """,
                ranking,
                score.sort_key,
                score.reached_at,
                score.subject_id,
                RANKED,
            )
        )
        ahead = self.env.cr.fetchone()[0]
        return {"rank": ahead + 1 if ahead < RANKED else None, **score._to_api()}


class PinbuRankingPrize(models.Model):
    _inherit = "pinbu.ranking.prize"

    def _to_api(self):
        """:return: the prizes of a ranking as shoppers read them
        :rtype: list[dict]
        """
        return [
            {
                "rank_from": prize.rank_from,
                "rank_to": prize.rank_to,
                "type": prize.type,
                "name": prize.worth,
                "amount": to_minor(prize.amount, prize.currency_id)
                if prize.type == "cash"
                else None,
                "points": prize.points if prize.type == "points" else None,
                "currency": prize.currency_id.name,
            }
            for prize in self
        ]
