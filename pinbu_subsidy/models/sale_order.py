import logging
from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    """Loyalty keeps away from a group-buy order until its team is formed.

    An order is confirmed at payment, long before anybody knows whether it wins. What loyalty does
    at confirmation (points, coupons, mails) waits for `_pinbu_grant_loyalty`.
    """

    _inherit = "sale.order"

    pinbu_loyalty_granted = fields.Boolean(readonly=True, copy=False)
    pinbu_gift_ids = fields.One2many(
        "pinbu.subsidy",
        "gift_order_id",
        help="The subsidy that this order is: a gift at a price of zero.",
    )

    def _pinbu_is_group_buy(self):
        # A salesman of ordinary orders need not read seats.
        return bool(self.sudo().seat_ids)

    def _pinbu_keeps_loyalty_out(self):
        if self._pinbu_is_group_buy():
            return not self.env.context.get("pinbu_grant_loyalty")
        # A gift earns nothing.
        return bool(self.sudo().pinbu_gift_ids)

    # === LOYALTY'S METHODS === #

    def _update_programs_and_rewards(self):
        if self._pinbu_keeps_loyalty_out():
            return None
        return super()._update_programs_and_rewards()

    def _add_loyalty_history_lines(self):
        if self._pinbu_keeps_loyalty_out():
            return None
        return super()._add_loyalty_history_lines()

    def _get_claimable_rewards(self, forced_coupons=None):
        if self._pinbu_is_group_buy():
            # What a member pays is the group price; a reward line would change it.
            return defaultdict(lambda: self.env["loyalty.reward"])
        claimable = super()._get_claimable_rewards(forced_coupons)
        for card in list(claimable):
            # A wallet is money of its own currency, not points at some rate.
            if card.pinbu_is_wallet and card.currency_id != self.currency_id:
                del claimable[card]
        return claimable

    def _try_apply_program(self, program, coupon=None):
        if self._pinbu_keeps_loyalty_out():
            return {"error": self.env._("A group-buy order takes no promotions.")}
        return super()._try_apply_program(program, coupon)

    def _try_apply_code(self, code):
        if self._pinbu_is_group_buy():
            return {"error": self.env._("A group-buy order takes no promotions.")}
        return super()._try_apply_code(code)

    def _apply_program_reward(self, reward, coupon, **kwargs):
        if self._pinbu_is_group_buy():
            return {"error": self.env._("A group-buy order takes no promotions.")}
        if coupon.pinbu_is_wallet and coupon.currency_id != self.currency_id:
            return {"error": self.env._("The wallet is in another currency than this order.")}
        return super()._apply_program_reward(reward, coupon, **kwargs)

    # === BUSINESS METHODS === #

    def _pinbu_grant_loyalty(self):
        """Give these orders, whose teams are formed, what loyalty gives any confirmed order.

        Idempotent. Mails of coupons are queued, not sent. What loyalty refuses is logged and does
        not hold up the delivery.
        """
        waiting = self.filtered(lambda o: not o.pinbu_loyalty_granted and o.state == "sale")
        earning = waiting._pinbu_that_may_earn()
        (waiting - earning).pinbu_loyalty_granted = True
        for order in earning.with_context(pinbu_grant_loyalty=True):
            try:
                with self.env.cr.savepoint():
                    order._pinbu_grant_loyalty_of_one()
            except UserError:
                _logger.warning("Loyalty refused order %s", order.name, exc_info=True)
                self.env.invalidate_all(flush=False)

    def _pinbu_that_may_earn(self):
        """Those whose company has a program that gives by itself: a group-buy order takes no code,
        and Odoo's own gift cards give to who buys one.
        """
        may_earn = self.browse()
        for company, orders in self.grouped("company_id").items():
            programs = self.env["loyalty.program"]
            by_itself = Domain(
                programs._check_company_domain(company | company.parent_id)
            ) & Domain(
                [("sale_ok", "=", True), ("trigger", "=", "auto"), ("rule_ids.mode", "=", "auto")]
            )
            bought = [*orders.order_line.product_id.ids, False]
            by_itself &= Domain("program_type", "not in", ("gift_card", "ewallet")) | Domain(
                "rule_ids", "any", [("product_ids", "in", bought)]
            )
            if programs.search_count(by_itself, limit=1):
                may_earn |= orders
        return may_earn

    def _pinbu_grant_loyalty_of_one(self):
        self.pinbu_loyalty_granted = True
        # On a confirmed order this also puts the points on the cards.
        self._update_programs_and_rewards()
        # As in action_confirm: points for the current order only come too late to be used.
        self.coupon_point_ids.filtered(
            lambda points: points.coupon_id.program_id.applies_on == "current"
        ).coupon_id.sudo().unlink()
        if not self.coupon_point_ids:
            return
        self._add_loyalty_history_lines()
        self._get_reward_coupons()._send_creation_communication()
