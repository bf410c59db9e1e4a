"""From a shopper's wish to an order that awaits payment."""

from psycopg2 import OperationalError

from odoo import Command, api, models
from odoo.tools import SQL

from ..exceptions import PinbuError
from ..transactions import SQL_NOW, in_test_transaction, renew_snapshot
from .pinbu_seat_means import FRESH_MONEY


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    @api.model
    def _quote(
        self,
        partner,
        activity,
        product,
        quantity,
        team,
        address=None,
        delivery_method=None,
        means=FRESH_MONEY,
    ):
        """What an order would cost and promise now. Writes nothing, holds nothing.

        :param delivery.carrier delivery_method: what the shopper chose, or None
        :param Means means: what the shopper wants to pay with beside fresh money
        :return: amounts in the activity's currency: ``goods_amount``, ``delivery_fee``,
                 ``discount_amount``, ``wallet_amount``, ``amount`` (what is left to pay);
                 ``delivery_methods``: the fee of each one that serves the address, in the order of
                 proposal; ``coupons``; and ``promise``
        :raise PinbuError: for what a checkout would be refused for, but for a race
        """
        activity, line, team = self._check_offer(partner, activity, product, quantity, team)
        price = self._price_for(partner, line, team)
        amount = activity.currency_id.round(price * quantity)
        methods, fee = self._quote_delivery(
            partner, line, quantity, price, address, delivery_method
        )
        paid = self._quote_means(partner, line, quantity, team, amount, fee, means)
        is_fresh = self._pays_fresh(partner, line, quantity, team, means)
        return {
            "goods_amount": amount,
            "delivery_fee": fee,
            **paid,
            "amount": activity.currency_id.round(
                amount + fee - paid["discount_amount"] - paid["wallet_amount"]
            ),
            "delivery_methods": methods,
            "promise": activity._promise(partner, line, quantity, team, is_fresh),
        }

    @api.model
    def _checkout(
        self,
        partner,
        activity,
        product,
        quantity=1,
        team=None,
        address=None,
        remark="",
        inviter=None,
        accept_reroute=False,
        delivery_method=None,
        means=FRESH_MONEY,
        expected=None,
    ):
        """Hold a place for the shopper and make the order to be paid for it.

        A shopper who comes back to a place that is still held gets the same order, brought up to
        date. Commits the current transaction on the way, so nothing may be written before.

        :param res.partner partner: the shopper; the caller has authenticated them
        :param res.partner address: where to ship to; the caller has checked that it is theirs
        :param delivery.carrier delivery_method: one of the activity's; the first that fits if None
        :param Means means: what to pay with beside fresh money; taken at once
        :param dict | None expected: the promise that the shopper was shown
        :return: the order, and whether it is a new one
        :rtype: tuple[sale.order, bool]
        :raise PinbuError: see the codes of 409 and 403 in the API contract
        """
        if self._release_lapsed(activity):
            # Nothing is written yet, and what was released is to be seen.
            renew_snapshot(self.env)
        offer = activity, line, team = self._find_offer(activity, product, quantity, team)
        if not self._looks_free(*offer, quantity):
            # A crowd that comes too late is refused without the locks of a claim.
            self._check_offer(partner, activity, product, quantity, team)
        method, address = self._choose_delivery(
            partner, line, quantity, team, address, delivery_method
        )
        means = self._check_means(partner, line, quantity, team, means)
        claims = self.sudo().with_context(pinbu_delivery_id=address.id if address else False)
        seat = claims._claim(
            partner.sudo(),
            activity,
            line,
            quantity,
            team,
            inviter,
            accept_reroute,
            is_fresh=self._pays_fresh(partner, line, quantity, team, means),
            expected=expected,
        )
        try:
            # The claim was committed beside this transaction, which wrote nothing.
            renew_snapshot(self.env)
            if seat.order_id:
                seat._update_order(address, remark, method, means)
                return seat.order_id, False
            return seat._create_order(address, remark, method, means), True
        except OperationalError:
            # Odoo runs the request again, which then finds the place it holds.
            raise
        except Exception:
            seat._release_without_order()
            raise

    def _release_without_order(self):
        """A checkout that failed gives its new place back at once; expiry is the fallback."""
        if not in_test_transaction(self.env.cr):
            self.env.cr.rollback()
        self.env.invalidate_all()
        if not self.order_id:
            self._release_hold("checkout failed")

    @api.model
    def _find_offer(self, activity, product, quantity, team):
        """:return: the activity and team with the rights to read them, and the activity's line
        :raise PinbuError: ``not_found``, ``team_closed``, ``limit_reached``
        """
        activity = activity.sudo().with_company(activity.sudo().company_id)
        team = (team if team is not None else self.env["pinbu.team"]).sudo()
        line = activity._line_for(product)
        if team and team.activity_id != activity:
            raise PinbuError("not_found", self.env._("There is no such team in this group-buy."))
        # A team that forms plays on to its deadline, whatever becomes of its activity.
        if team and team._effective_state() == "failed":
            raise PinbuError("team_closed", self.env._("This team is closed."))
        if quantity > activity.max_quantity:
            raise PinbuError(
                "limit_reached",
                self.env._("At most %s pieces in one order.", activity.max_quantity),
                {"max_quantity": activity.max_quantity},
            )
        return activity, line, team

    @api.model
    def _looks_free(self, activity, line, team, quantity):
        """Whether a claim may succeed, as far as the snapshot tells without a count: the claim
        decides, and counts the stock."""
        if team:
            has_place = team.seats_taken < team.size
        else:
            try:
                activity._check_open_now()
                has_place = True
            except PinbuError:
                has_place = False
        in_quota = not line.quota or line.quota - line.quota_taken >= quantity
        return has_place and (in_quota or team.stock_policy == "open")

    @api.model
    def _check_offer(self, partner, activity, product, quantity, team):
        """The checks that need no lock, on a consistent snapshot.

        :return: the activity and team with the rights to read them, and the activity's line
        """
        activity, line, team = self._find_offer(activity, product, quantity, team)
        shopper = self._read_shopper(self.env.cr, partner, activity, team)
        if shopper.hold:
            return activity, line, team
        if not team:
            activity._check_can_open()
        self._check_shopper(activity, shopper)
        if team and team._places_left() < 1:
            self._raise_no_place(self.env.cr, team)
        if line.available < quantity and not (team and team.stock_policy == "open"):
            raise PinbuError("sold_out", self.env._("This is sold out."))
        return activity, line, team

    @api.model
    def _price_for(self, partner, line, team):
        """:return: what one piece costs the shopper now; who comes back to a place pays what it
        was taken for"""
        hold = self._live_hold(partner, line.activity_id, team)
        return hold.terms_id._price_of(line.product_id) or line.group_price

    @api.model
    def _live_hold(self, partner, activity, team):
        return self.sudo().search(
            [
                ("partner_id", "=", partner.id),
                ("activity_id", "=", activity.id),
                ("team_id", "=", team.id),
                ("state", "=", "held"),
                ("hold_until", ">", self.env.cr.now()),
            ],
            limit=1,
        )

    def _create_order(self, address, remark, method, means):
        self.ensure_one()
        orders = (
            self.env["sale.order"]
            .sudo()
            .with_company(self.company_id)
            .with_context(
                # Who ordered what, and when, is in the log of the seat.
                mail_create_nosubscribe=True,
                tracking_disable=True,
                # Nor is it an offer to be printed, with a merchant's covers.
                default_quotation_document_ids=False,
            )
        )
        # All partners that an order looks at, in one statement instead of three.
        (self.partner_id | self.company_id.partner_id | self.env.user.partner_id).mapped("name")
        self.order_id = orders.create(self._prepare_order(address, remark, means))
        self._settle_amount(method, means)
        return self.order_id

    def _prepare_order(self, address, remark, means):
        self.ensure_one()
        return {
            **self._prepare_means(means),
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            # No pricelist: its currency or discount would make another price of the group price.
            "pricelist_id": False,
            "partner_shipping_id": (address or self.partner_id).id,
            "partner_invoice_id": self.partner_id.id,
            # How long it stands is up to its seat.
            "validity_date": False,
            "order_line": [Command.create(self._prepare_order_line())],
            "pinbu_remark": remark,
            # Only the whole amount, paid through the provider, confirms it.
            "require_signature": False,
            "require_payment": True,
            "prepayment_percent": 1.0,
            # A shopper bought it: it is no salesperson's and no sales team's.
            "user_id": False,
            "team_id": False,
            # The one whose stock was promised, whatever default somebody has set for orders.
            "warehouse_id": self.env["stock.warehouse"]
            .sudo()
            .search_fetch([("company_id", "=", self.company_id.id)], limit=1)
            .id,
        }

    def _prepare_means(self, means):
        """:return: values of the order: what it is paid with, and what is promised to that"""
        self.ensure_one()
        return {
            "pinbu_means": means._asdict() if means != FRESH_MONEY else False,
            "pinbu_promise": self._promised(),
        }

    def _prepare_order_line(self):
        self.ensure_one()
        return {
            "product_id": self.product_id.id,
            "product_uom_qty": self.quantity,
            "price_unit": self._unit_price(),
            "discount": 0.0,
        }

    def _unit_price(self):
        """:return: what one piece costs under the seat's terms, in the company's currency"""
        self.ensure_one()
        return self.terms_id._price_of(self.product_id) or self.line_id.group_price

    def _update_order(self, address, remark, method, means):
        """Bring an unpaid order up to what the shopper wants now.

        :raise PinbuError: ``already_paid`` when a payment came in this very moment;
                           ``not_deliverable``; as `_take_means`
        """
        self.ensure_one()
        order = self.order_id
        wanted = {
            "partner_shipping_id": (address or self.partner_id).id,
            "pinbu_remark": remark,
            "pinbu_promise": self._promised(),
        }
        is_same = order._convert_to_write({n: order[n] for n in wanted}) == wanted
        # Impatient taps ask for what is there already: nothing to write, nothing to fight about.
        if is_same and self._is_as_wanted(method, means):
            return
        self._check_still_held()
        order.write(wanted)
        if not self._is_as_wanted(method, means):
            self._order_anew(method, means)

    def _is_as_wanted(self, method, means):
        return self._is_ordered() and self._is_delivered_by(method) and self._has_taken(means)

    def _is_ordered(self):
        """Whether the order asks for just what the seat holds."""
        line = self.order_id.order_line.filtered(lambda line: line._pinbu_is_goods())
        return (line.product_id, line.product_uom_qty) == (self.product_id, self.quantity)

    def _order_what_is_held(self):
        """Make the order ask for what the seat holds, under today's terms."""
        if not self._is_ordered():
            self._order_anew(self.order_id.carrier_id, self.order_id._pinbu_wanted_means())
        elif self.order_id.pinbu_promise != self._promised():
            self.order_id.pinbu_promise = self._promised()

    def _order_anew(self, method, means):
        """What was asked for before is another sum: a payment of it must not come any more."""
        order = self.order_id
        order._pinbu_close_payments()
        order.order_line = [Command.clear(), Command.create(self._prepare_order_line())]
        order.write(self._prepare_means(means))
        self._settle_amount(method, means)

    def _settle_amount(self, method, means):
        """Add to the order what its delivery costs, and have the means pay their part."""
        fee = self._set_delivery(self.order_id, method)
        self._check_amount(self.order_id, fee, self._take_means(means))

    def _check_still_held(self):
        """Touch the seat, so that a payment that comes in meanwhile and this do not both pass.

        :raise PinbuError: ``already_paid``
        """
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_seat SET payment_asked_at = %s WHERE id = %s AND state = 'held'",
                SQL_NOW,
                self.id,
            )
        )
        if not self.env.cr.rowcount:
            raise PinbuError("already_paid", self.env._("This order is paid already."))
        self.invalidate_recordset(["payment_asked_at"])

    def _check_amount(self, order, fee, discount):
        """What is charged is the group price and the delivery fee as quoted, less what coupons
        take off, whatever taxes and price lists would make of them."""
        due = self.currency_id.round(self._unit_price() * self.quantity + fee - discount)
        if self.currency_id.compare_amounts(order.amount_total, due):
            raise PinbuError(
                "activity_not_running",
                self.env._("This group-buy is being corrected; please try again later."),
            )
