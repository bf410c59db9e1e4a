from odoo import models


class LoyaltyReward(models.Model):
    _inherit = "loyalty.reward"

    # === BUSINESS METHODS === #

    def _pinbu_take_off(self, purchase, points, left):
        """What this discount takes off the goods, as `sale_loyalty` counts it, and never more than
        is left of them.

        :return: how many points that takes, and the amount in the purchase's currency
        :rtype: tuple[float, float]
        """
        self.ensure_one()
        if points < self.required_points:
            return 0.0, 0.0
        currency = purchase.currency
        base = purchase.amount
        if self.discount_applicability == "cheapest":
            base = base / purchase.quantity
        most = min(left, base, self.discount_max_amount or left)
        cost = points if self.clear_wallet else self.required_points
        match self.discount_mode:
            case "percent":
                amount = min(most, base * self.discount / 100)
            case "per_order":
                amount = min(most, self.discount)
            case _:
                # Points are given for what they are worth, in whole rewards.
                step = self.discount * self.required_points
                steps = min(points // self.required_points, (most + currency.rounding / 2) // step)
                amount = steps * step
                cost = points if self.clear_wallet else steps * self.required_points
        amount = currency.round(amount)
        return (cost, amount) if amount > 0 else (0.0, 0.0)
