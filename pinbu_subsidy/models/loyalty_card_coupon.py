"""Coupons, tickets and points at a group-buying checkout: which can be used, and for how much."""

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.pinbu_groupbuy.api.render import to_minor

# Programs whose cards are coupons.
COUPONS = ("coupons", "next_order_coupons")
# So many are shown in a quote.
SHOWN = 100


class LoyaltyCard(models.Model):
    _inherit = "loyalty.card"

    pinbu_use_ids = fields.One2many(
        "pinbu.coupon.use", "card_id", string="Used in Group-buys", readonly=True
    )

    # === BUSINESS METHODS === #

    @api.model
    def _pinbu_coupons_domain(self, partner, company):
        """:return: the coupons and tickets of this shopper, used up or not"""
        return (
            Domain("partner_id", "=", partner.id)
            & Domain("program_type", "in", COUPONS)
            & Domain("pinbu_is_voucher", "=", False)
            & Domain("company_id", "in", [False, company.id])
        )

    @api.model
    def _pinbu_find_coupons(self, partner, company, ids):
        """:return: those of the shopper's coupons, with sudo, in the order of their ids"""
        ids = [coupon_id for coupon_id in ids if 0 < coupon_id < 2**31]
        domain = self._pinbu_coupons_domain(partner, company) & Domain("id", "in", ids)
        return self.sudo().search(domain, order="id")

    @api.model
    def _pinbu_shown_coupons(self, partner, company, today):
        """:return: the shopper's coupons that are not used up nor past their date, with sudo"""
        domain = (
            self._pinbu_coupons_domain(partner, company)
            & Domain("points", ">", 0)
            & (Domain("expiration_date", "=", False) | Domain("expiration_date", ">=", today))
            & Domain("program_id.active", "=", True)
        )
        return self.sudo().search(domain, order="expiration_date, id", limit=SHOWN)

    def _pinbu_refusal(self, purchase, points):
        """Why this coupon cannot be used for a purchase.

        :param Purchase purchase: what is bought
        :param float points: what the card has for it
        :return: ``not_accepted``, ``used``, ``expired``, ``not_started``, ``min_amount``, or None
        """
        self.ensure_one()
        program = self.program_id
        if not program._pinbu_is_accepted(purchase):
            return "not_accepted"
        rewards = program._pinbu_rewards(purchase)
        if not rewards or points < min(rewards.mapped("required_points")):
            return "used" if rewards else "not_accepted"
        last_day = min(filter(None, (self.expiration_date, program.date_to)), default=None)
        if not self.active or (last_day and last_day < purchase.today):
            return "expired"
        if program.date_from and program.date_from > purchase.today:
            return "not_started"
        if not program._pinbu_is_enough(purchase):
            return "min_amount"
        return None

    def _pinbu_take_off(self, purchase, points, left):
        """:param float points: at most so many are taken
        :param float left: what others leave of the goods' amount
        :return: how many points are taken, and what they take off
        :rtype: tuple[float, float]
        """
        rewards = self.program_id._pinbu_rewards(purchase)
        offers = [reward._pinbu_take_off(purchase, points, left) for reward in rewards]
        # The most for the least.
        return max(offers, key=lambda offer: (offer[1], -offer[0]), default=(0.0, 0.0))

    def _to_api_choice(self, purchase, points):
        """:return: this coupon as a quote shows it"""
        reason = self._pinbu_refusal(purchase, points)
        off = 0.0 if reason else self._pinbu_take_off(purchase, points, purchase.amount)[1]
        return {
            "id": self.id,
            "name": self.program_id.name,
            "usable": not reason,
            "reason": reason,
            "discount_amount": to_minor(off, purchase.currency),
        }
