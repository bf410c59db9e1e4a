from odoo import fields, models


class LoyaltyProgram(models.Model):
    _inherit = "loyalty.program"

    pinbu_activity_ids = fields.Many2many(
        "pinbu.activity",
        "pinbu_activity_loyalty_program_rel",
        "program_id",
        "activity_id",
        string="Group-buys",
        help="The group-buys in which these coupons can be used; empty: all that accept coupons.",
    )

    # === BUSINESS METHODS === #

    def _pinbu_is_accepted(self, purchase):
        """Whether the activity takes coupons of this program. A ticket is for a team: every
        activity takes it, unless the program names others."""
        self.ensure_one()
        activity = purchase.activity
        return (
            self.active
            and self.currency_id == purchase.currency
            and (activity.accepts_coupons or self.pinbu_is_ticket)
            and (not self.pinbu_activity_ids or activity in self.pinbu_activity_ids)
        )

    def _pinbu_is_enough(self, purchase):
        """Whether a purchase reaches what the program asks for. The rules of a coupon for the next
        order are about the order that earns it."""
        self.ensure_one()
        rules = self.rule_ids if self.applies_on == "current" else self.rule_ids.browse()
        return not rules or any(
            purchase.currency.compare_amounts(purchase.amount, rule.minimum_amount) >= 0
            and purchase.quantity >= rule.minimum_qty
            and purchase.product.filtered_domain(rule._get_valid_product_domain())
            for rule in rules
        )

    def _pinbu_rewards(self, purchase):
        """:return: the discounts of this program that apply to what is bought"""
        self.ensure_one()
        return self.reward_ids.filtered(
            lambda reward: (
                reward.reward_type == "discount"
                and (
                    reward.discount_applicability != "specific"
                    or purchase.product.filtered_domain(reward._get_discount_product_domain())
                )
            )
        )

    def _pinbu_points_card(self, partner):
        """:return: the card that holds this shopper's points, with sudo; none without points ever
        :rtype: loyalty.card
        """
        cards = self.env["loyalty.card"].sudo()
        if not self:
            return cards
        return cards.search(
            [("program_id", "=", self.id), ("partner_id", "=", partner.id)], limit=1
        )
