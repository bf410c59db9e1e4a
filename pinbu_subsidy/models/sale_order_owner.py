from uuid import uuid4

from odoo import api, models


class SaleOrder(models.Model):
    """No order takes a coupon or ticket that was given to another shopper as a subsidy."""

    _inherit = "sale.order"

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id")
    def _check_partner_owns_coupons(self):
        self.order_line._check_owner_of_coupon()

    # === LOYALTY'S METHODS === #

    def _try_apply_code(self, code):
        card = self.env["loyalty.card"].sudo().search([("code", "=", code)])
        if card._pinbu_not_of(self.partner_id):
            # Word for word as for a code that does not exist: whether it does is not for others.
            unknown = uuid4().hex
            refusal = super()._try_apply_code(unknown)
            return {**refusal, "error": refusal["error"].replace(unknown, code)}
        return super()._try_apply_code(code)

    def _try_apply_program(self, program, coupon=None):
        if coupon and coupon._pinbu_not_of(self.partner_id):
            return {"error": self.env._("This coupon belongs to another shopper.")}
        return super()._try_apply_program(program, coupon)

    def _apply_program_reward(self, reward, coupon, **kwargs):
        if coupon._pinbu_not_of(self.partner_id):
            return {"error": self.env._("This coupon belongs to another shopper.")}
        return super()._apply_program_reward(reward, coupon, **kwargs)

    def _get_claimable_rewards(self, forced_coupons=None):
        claimable = super()._get_claimable_rewards(forced_coupons)
        for card in list(claimable):
            if card._pinbu_not_of(self.partner_id):
                del claimable[card]
        return claimable

    def _update_programs_and_rewards(self):
        self.applied_coupon_ids -= self.applied_coupon_ids._pinbu_not_of(self.partner_id)
        return super()._update_programs_and_rewards()
