"""Coupons, tickets and points at a group-buying checkout: taken with the order, and given back."""

from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError


class Purchase(NamedTuple):
    """What coupons are to be used for."""

    activity: Any
    product: Any
    quantity: int
    amount: float  # of the goods, in the currency
    currency: Any
    today: Any  # at the company


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    # === BUSINESS METHODS: THE QUOTE === #

    @api.model
    def _check_means(self, partner, line, quantity, team, means):
        means = super()._check_means(partner, line, quantity, team, means)
        if means.coupon_ids or means.points:
            amount = self._price_for(partner, line, team) * quantity
            purchase = self._purchase(line, quantity, amount)
            taken = self._live_hold(partner, line.activity_id, team).order_id._pinbu_taken()
            self._offers(partner, purchase, means, taken)
        return means

    @api.model
    def _quote_means(self, partner, line, quantity, team, amount, fee, means):
        quote = super()._quote_means(partner, line, quantity, team, amount, fee, means)
        company = line.activity_id.company_id
        purchase = self._purchase(line, quantity, amount)
        cards = self.env["loyalty.card"]
        shown = cards._pinbu_shown_coupons(partner, company, purchase.today)
        named = cards.sudo()
        if means.coupon_ids:
            named = cards._pinbu_find_coupons(partner, company, means.coupon_ids)
        taken = {}
        if shown or named or means.points:
            taken = self._live_hold(partner, line.activity_id, team).order_id._pinbu_taken()
        offers = self._offers(partner, purchase, means, taken, is_strict=False)
        return {
            **quote,
            "discount_amount": purchase.currency.round(sum(offer[2] for offer in offers)),
            "coupons": [
                card._to_api_choice(purchase, card.points + taken.get(card, 0))
                for card in shown | named
            ],
        }

    @api.model
    def _pays_fresh(self, partner, line, quantity, team, means):
        is_fresh = super()._pays_fresh(partner, line, quantity, team, means)
        if not is_fresh or not (means.coupon_ids or means.points):
            return is_fresh
        purchase = self._purchase(line, quantity, self._price_for(partner, line, team) * quantity)
        taken = self._live_hold(partner, line.activity_id, team).order_id._pinbu_taken()
        offers = self._offers(partner, purchase, means, taken, is_strict=False)
        if any(card.program_id.pinbu_is_ticket for card, _points, _off in offers):
            return False
        # Who gets the goods for coupons and points alone has put in nothing.
        off = sum(offer[2] for offer in offers)
        return purchase.currency.compare_amounts(off, purchase.amount) < 0

    @api.model
    def _purchase(self, line, quantity, amount):
        """:rtype: Purchase"""
        activity = line.activity_id.sudo()
        return Purchase(
            activity,
            line.product_id.sudo(),
            quantity,
            activity.currency_id.round(amount),
            activity.currency_id,
            self._today(activity.company_id),
        )

    @api.model
    def _today(self, company):
        shop = self.with_context(tz=company._pinbu_timezone())
        return fields.Datetime.context_timestamp(shop, fields.Datetime.now()).date()

    @api.model
    def _offers(self, partner, purchase, means, taken, *, is_strict=True):
        """What these coupons and points would take off a purchase, one after the other.

        :param dict taken: ``{card: points}`` that this very order has taken already
        :param bool is_strict: whether a coupon that cannot be used is refused, or passed over
        :return: for each that is used: the card, the points to take, and what that takes off
        :rtype: list[tuple[loyalty.card, float, float]]
        :raise PinbuError: ``not_found`` for what is not the shopper's; ``not_allowed_now`` with
                           the coupon's id and the reason; ``insufficient_balance`` for points
        """
        cards = self.env["loyalty.card"]
        company = purchase.activity.company_id
        named = cards
        if means.coupon_ids:
            named = cards._pinbu_find_coupons(partner, company, means.coupon_ids)
            if len(named) != len(means.coupon_ids):
                raise PinbuError("not_found", self.env._("You have no such coupon."))
        offers = []
        programs = self.env["loyalty.program"].sudo()
        left = purchase.amount
        # The biggest first: one that nothing is left for is not wasted.
        worth = {
            card: card._pinbu_take_off(purchase, card.points + taken.get(card, 0), left)[1]
            for card in named
        }
        for card in named.sorted(lambda card: (-worth[card], card.id)):
            points = card.points + taken.get(card, 0)
            reason = card._pinbu_refusal(purchase, points)
            if not reason and card.program_id in programs:
                reason = "one_of_a_kind"
            cost, off = (0, 0) if reason else card._pinbu_take_off(purchase, points, left)
            if not off:
                if is_strict:
                    self._refuse_coupon(card, reason or "nothing_left")
                continue
            offers.append((card, cost, off))
            programs |= card.program_id
            left = purchase.currency.round(left - off)
        if means.points:
            offers += self._offer_of_points(partner, purchase, means.points, taken, left)
        return offers

    @api.model
    def _refuse_coupon(self, card, reason):
        """:raise PinbuError: ``not_allowed_now``"""
        messages = {
            "not_accepted": self.env._("This coupon cannot be used in this group-buy."),
            "used": self.env._("This coupon is used already."),
            "expired": self.env._("This coupon has expired."),
            "not_started": self.env._("This coupon cannot be used yet."),
            "min_amount": self.env._("This order is too small for this coupon."),
            "one_of_a_kind": self.env._("Only one coupon of a kind can be used in one order."),
            "nothing_left": self.env._("There is nothing left that this coupon could pay."),
        }
        raise PinbuError(
            "not_allowed_now", messages[reason], {"coupon_id": card.id, "reason": reason}
        )

    @api.model
    def _offer_of_points(self, partner, purchase, points, taken, left):
        program = purchase.activity.company_id._pinbu_points_program()
        card = program._pinbu_points_card(partner)
        if (card.points if card else 0) + taken.get(card, 0) < points:
            raise PinbuError(
                "insufficient_balance",
                self.env._("You have not so many points."),
                {"points": int(card.points) if card else 0},
            )
        if not program._pinbu_is_accepted(purchase):
            raise PinbuError(
                "not_allowed_now", self.env._("Points cannot be used in this group-buy.")
            )
        cost, off = card._pinbu_take_off(purchase, points, left)
        if not off:
            raise PinbuError("not_allowed_now", self.env._("So few points take nothing off."))
        return [(card, cost, off)]

    # === BUSINESS METHODS: THE CHECKOUT === #

    def _take_means(self, means):
        discount = super()._take_means(means)
        order = self.order_id
        taken = order._pinbu_taken()
        if not taken and not means.coupon_ids and not means.points:
            return discount
        offers = self._offers(self.partner_id, self._own_purchase(), means, taken)
        order._pinbu_take_coupons(offers)
        return discount + sum(offer[2] for offer in offers)

    def _own_purchase(self):
        """:return: what this seat's order is for, at the price that was claimed"""
        amount = self._unit_price() * self.quantity
        return self._purchase(self.line_id, self.quantity, amount)

    def _has_taken(self, means):
        has_taken = super()._has_taken(means)
        if not has_taken or not (means.coupon_ids or means.points):
            return has_taken
        uses = self.order_id._pinbu_uses()
        offers = self._offers(
            self.partner_id,
            self._own_purchase(),
            means,
            self.order_id._pinbu_taken(),
            is_strict=False,
        )
        return {(use.card_id, use.points, use.amount) for use in uses} == set(offers)

    # === BUSINESS METHODS: WHAT BECOMES OF IT === #

    def _seat_paid(self):
        result = super()._seat_paid()
        won = self.filtered(lambda seat: seat.state == "won" and seat._keeps_payment())
        won.order_id.pinbu_coupon_use_ids.filtered(lambda use: use.state == "taken").state = "spent"
        return result

    def _use_payment(self, cr, transaction_id):
        super()._use_payment(cr, transaction_id)
        order_id = self.sudo().order_id.id
        cr.execute(
            SQL(
                "SELECT count(*) FROM sale_order_line"
                " WHERE order_id = %s AND pinbu_coupon_use_id IS NOT NULL",
                order_id,
            )
        )
        [counted] = cr.fetchone()
        if not counted:
            return
        # Whoever gives a coupon back at this moment meets us on its row.
        cr.execute(
            SQL(
                "UPDATE pinbu_coupon_use SET write_date = write_date"
                " WHERE order_id = %s AND state = 'taken' RETURNING id",
                order_id,
            )
        )
        if len(cr.fetchall()) != counted:
            raise PinbuError("order_closed", self.env._("This order is closed."))
