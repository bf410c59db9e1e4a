from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    pinbu_invites_per_day = fields.Integer(
        string="Rewarded Friends a Day",
        default=10,
        help="For how many friends one shopper is rewarded in a day, at most.",
    )
    pinbu_invites_for_life = fields.Integer(
        string="Rewarded Friends in All",
        default=100,
        help="For how many friends one shopper is ever rewarded.",
    )
    pinbu_return_days = fields.Integer(
        string="Return Window",
        default=7,
        help="Days after its delivery in which an order can be returned; the reward for the friend "
        "who ordered waits for its end.",
    )

    _pinbu_invites_sane = models.Constraint(
        "CHECK(pinbu_invites_per_day >= 0 AND pinbu_invites_for_life >= 0"
        " AND pinbu_return_days >= 0)",
        "Caps and days are not below zero.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._pinbu_create_invite_rules()
        return companies

    # === BUSINESS METHODS === #

    @api.model
    def _pinbu_start_invites(self):
        """Give the companies that are there when the module comes the rules that new ones get."""
        self.search([])._pinbu_create_invite_rules()

    def _pinbu_create_invite_rules(self):
        """Five units of the currency for a friend whose first team is formed, three for one whose
        team is not."""
        self.env["pinbu.invite.rule"].sudo().create(
            [
                {"company_id": company.id, "outcome": outcome, "amount": amount}
                for company in self
                for outcome, amount in (("won", 5.0), ("lost", 3.0))
            ]
        )

    def _pinbu_day(self, day):
        """:param datetime.date day: in the company's time zone
        :return: when it starts, in UTC
        :rtype: datetime.datetime
        """
        zone = ZoneInfo(self._pinbu_timezone())
        return datetime.combine(day, time.min, zone).astimezone(UTC).replace(tzinfo=None)

    def _pinbu_date(self, moment):
        """:param datetime.datetime moment: in UTC
        :return: the day of this company that it lies in
        :rtype: datetime.date
        """
        zone = ZoneInfo(self._pinbu_timezone())
        return moment.replace(tzinfo=UTC).astimezone(zone).date()

    def _pinbu_day_bounds(self, moment):
        """:return: start of the company's day that `moment` lies in, and of the next; all in UTC"""
        day = self._pinbu_date(moment)
        return self._pinbu_day(day), self._pinbu_day(day + timedelta(days=1))
