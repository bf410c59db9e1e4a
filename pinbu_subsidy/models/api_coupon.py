"""Coupons and tickets in the API, whoever gave them."""

from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.pinbu_groupbuy.api.render import to_iso, to_minor


class LoyaltyCard(models.Model):
    _inherit = "loyalty.card"

    @api.model
    def _api_coupon_domain(self, partner, company):
        """:return: the coupons that a shopper was given in this company, used ones too
        :rtype: Domain
        """
        return (
            self._pinbu_coupons_domain(partner, company)
            & Domain("program_id.active", "=", True)
            & Domain("program_id.reward_ids", "!=", False)
            # One that comes with an order is there once that is confirmed.
            & (Domain("order_id", "=", False) | Domain("order_id.state", "=", "sale"))
        )

    def _to_api_coupons(self, company):
        """:return: the contract's Coupon objects, in order
        :rtype: list[dict]
        """
        programs = {program: program._to_api_coupon_program(company) for program in self.program_id}
        return [
            {
                "id": card.id,
                "code": card.code,
                **programs[card.program_id],
                "expires_at": to_iso(card._pinbu_expires_at(company)),
                "state": card._pinbu_coupon_state(company),
            }
            for card in self
        ]

    def _pinbu_expires_at(self, company):
        """:return: the end of the last day of validity, in naive UTC, or None"""
        self.ensure_one()
        if not self.expiration_date:
            return None
        midnight = datetime.combine(self.expiration_date + timedelta(days=1), time())
        zone = pytz.timezone(company._pinbu_timezone())
        return zone.localize(midnight).astimezone(pytz.utc).replace(tzinfo=None)

    def _pinbu_coupon_state(self, company):
        """:return: ``usable``, ``used`` or ``expired``"""
        self.ensure_one()
        if self.points < self.program_id._pinbu_coupon_points():
            return "used"
        expires_at = self._pinbu_expires_at(company)
        return "expired" if expires_at and expires_at <= fields.Datetime.now() else "usable"


class LoyaltyProgram(models.Model):
    _inherit = "loyalty.program"

    def _to_api_coupon_program(self, company):
        """:return: what all coupons of this program have in common, as parts of a Coupon"""
        self.ensure_one()
        reward = self.reward_ids.sorted("required_points")[:1]
        kind, value = self._to_api_reward(reward)
        return {
            "name": self.name,
            "is_ticket": self.pinbu_is_ticket,
            "kind": kind,
            "value": value,
            "min_amount": to_minor(
                min(self.rule_ids.mapped("minimum_amount"), default=0), self.currency_id
            ),
            "activity_ids": self._pinbu_activity_ids(company),
        }

    def _to_api_reward(self, reward):
        """:return: ``(amount, minor units)``, ``(percent, percent)`` or ``(product, minor units)``:
        for a product what it is worth"""
        if reward.reward_type == "product":
            worth = reward.reward_product_ids[:1].lst_price * reward.reward_product_qty
            return "product", to_minor(worth, self.currency_id)
        if reward.discount_mode == "percent":
            return "percent", reward.discount
        points = reward.required_points if reward.discount_mode == "per_point" else 1
        return "amount", to_minor(reward.discount * points, self.currency_id)

    def _pinbu_activity_ids(self, company):
        """:return: ids of the activities that this program is limited to, or None"""
        if self.pinbu_activity_ids:
            return sorted(self.pinbu_activity_ids.ids)
        domains = [rule._get_valid_product_domain() for rule in self.rule_ids]
        if not domains or not all(domains):
            return None
        products = self.env["product.product"].search(Domain.OR(domains))
        lines = self.env["pinbu.activity.line"].search(
            [
                ("product_id", "in", products.ids),
                ("activity_id.company_id", "=", company.id),
                ("activity_id.is_published", "=", True),
            ]
        )
        return sorted(lines.activity_id.ids)
