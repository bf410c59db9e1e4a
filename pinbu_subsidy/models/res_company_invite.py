from datetime import timedelta

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

    _pinbu_invites_sane = models.Constraint(
        "CHECK(pinbu_invites_per_day >= 0 AND pinbu_invites_for_life >= 0)",
        "Caps are not below zero.",
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

    def _pinbu_day_bounds(self, moment):
        """:return: start of the company's day that `moment` lies in, and of the next; all in UTC"""
        day = self._pinbu_date(moment)
        return self._pinbu_day(day), self._pinbu_day(day + timedelta(days=1))
