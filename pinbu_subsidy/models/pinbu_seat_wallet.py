"""The wallet at a group-buying checkout: what it pays, and when that goes back."""

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    # === BUSINESS METHODS: THE QUOTE === #

    @api.model
    def _check_means(self, partner, line, quantity, team, means):
        means = super()._check_means(partner, line, quantity, team, means)
        activity = line.activity_id
        if not means.use_wallet or self._wallet_balance(partner, activity, team):
            return means
        # What came into it a moment later would be spent under a promise for fresh money.
        return means._replace(use_wallet=False)

    @api.model
    def _quote_means(self, partner, line, quantity, team, amount, fee, means):
        quote = super()._quote_means(partner, line, quantity, team, amount, fee, means)
        if not means.use_wallet:
            return quote
        activity = line.activity_id
        left = activity.currency_id.round(amount + fee - quote["discount_amount"])
        in_wallet = self._wallet_balance(partner, activity, team)
        return {**quote, "wallet_amount": min(left, in_wallet)}

    @api.model
    def _pays_fresh(self, partner, line, quantity, team, means):
        is_fresh = super()._pays_fresh(partner, line, quantity, team, means)
        if not is_fresh or not means.use_wallet:
            return is_fresh
        activity = line.activity_id
        return activity.currency_id.is_zero(self._wallet_balance(partner, activity, team))

    @api.model
    def _wallet_balance(self, partner, activity, team):
        """:return: what a checkout here could pay from the wallet: the balance, and what the
        shopper's unpaid order in this place has taken from it already"""
        company = activity.company_id
        card = company._pinbu_wallets(partner).get(partner.id)
        held = self._live_hold(partner, activity, team).order_id.pinbu_wallet_amount
        return company.currency_id.round((card.points if card else 0.0) + held)

    # === BUSINESS METHODS: THE CHECKOUT === #

    def _take_means(self, means):
        discount = super()._take_means(means)
        order = self.order_id
        if means.use_wallet or order.pinbu_wallet_amount:
            order._pinbu_split(means.use_wallet)
        return discount

    def _has_taken(self, means):
        has_taken = super()._has_taken(means)
        if not has_taken or not means.use_wallet:
            return has_taken
        order = self.order_id
        in_wallet = self._wallet_balance(self.partner_id, self.activity_id, self.team_id)
        split = min(order.amount_total, in_wallet)
        return not order.currency_id.compare_amounts(order.pinbu_wallet_amount, split)

    # === BUSINESS METHODS: LATE PAYMENTS === #

    def _use_payment(self, cr, transaction_id):
        super()._use_payment(cr, transaction_id)
        # Whoever owes a leg back at this moment meets us on its row.
        cr.execute(
            SQL(
                """
                UPDATE payment_transaction leg SET write_date = leg.write_date
                  FROM sale_order_transaction_rel link
                 WHERE link.transaction_id = leg.id AND link.sale_order_id = %s
                   AND leg.pinbu_wallet_entry_id IS NOT NULL AND leg.operation != 'refund'
             RETURNING leg.id, COALESCE(leg.pinbu_refunded, 0)
                """,
                self.sudo().order_id.id,
            )
        )
        legs = dict(cr.fetchall())
        if not legs:
            return
        cr.execute(
            SQL(
                """
                SELECT SUM(payment.amount - COALESCE(payment.pinbu_refunded, 0)) = orders.amount_total
                  FROM sale_order orders, payment_transaction payment
                 WHERE orders.id = %s AND payment.id = ANY(%s)
              GROUP BY orders.id
                """,
                self.sudo().order_id.id,
                [transaction_id, *legs],
            )
        )
        if not cr.fetchone()[0]:
            raise PinbuError("order_closed", self.env._("This order is closed."))
