"""How orders look in the API, and how a shopper gets one."""

import hashlib
import json

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..api import render
from ..api.paging import search_page
from ..exceptions import PinbuError
from ..transactions import renew_snapshot
from .pinbu_seat_means import Means
from .pinbu_seat_promise import promise_terms

# So many other teams are shown to who came too late.
SUGGESTED = 3
_PAYMENT_STATES = {"done": "done", "cancel": "failed", "error": "failed"}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS: FINDING === #

    @api.model
    def _api_domain(self, partner):
        return (
            Domain("partner_id", "=", partner.id)
            & Domain("company_id", "=", self.env.company.id)
            & Domain("seat_ids", "!=", False)
        )

    @api.model
    def _api_find(self, partner, order_id):
        """:return: the shopper's own group-buying order, with sudo
        :raise PinbuError: ``not_found``, also for another shopper's
        """
        order = self.sudo().search(self._api_domain(partner) & Domain("id", "=", order_id))
        if not order:
            raise PinbuError("not_found", self.env._("This order does not exist."))
        return order

    @api.model
    def _api_list(self, partner, query):
        """:param schemas.OrdersQuery query: filters and page
        :return: (orders with sudo, newest first, next cursor)
        """
        domain = self._api_domain(partner)
        if query.state:
            domain &= Domain("seat_ids", "any", self._api_seat_domains()[query.state])
        if query.tab:
            domain &= self._api_tab_domains()[query.tab]
        kind = f"orders.{query.state}.{query.tab}"
        return self._api_newest(domain, kind, query)

    @api.model
    def _api_with_team(self, partner, query):
        """:param schemas.MyTeamsQuery query: the team's outcome, and page
        :return: (orders with sudo whose team exists, newest first, next cursor)
        """
        seats = Domain("team_id", "!=", False) & Domain("state", "in", ("paid", "won", "lost"))
        states = self._api_seat_domains()
        outcomes = {"forming": "forming", "formed": "won", "failed": "lost"}
        if query.state:
            seats &= states[outcomes[query.state]]
        domain = self._api_domain(partner) & Domain("seat_ids", "any", seats)
        return self._api_newest(domain, f"teams.{query.state}", query)

    def _api_newest(self, domain, kind, query):
        return search_page(
            self.sudo(), domain, kind, [SQL("(-%s)", SQL.identifier("sale_order", "id"))], query
        )

    def _api_seat_domains(self):
        """:return: for each of `_pinbu_state`'s answers, a domain on seats that says the same"""
        now = self.env.cr.now()
        held = Domain("state", "=", "held")
        paid = Domain("state", "=", "paid")
        over = Domain("team_id.state", "in", ("failed", "settled")) | (
            Domain("team_id.state", "=", "forming") & Domain("team_id.deadline", "<=", now)
        )
        return {
            "unpaid": held & Domain("hold_until", ">", now),
            "forming": paid & (Domain("team_id", "=", False) | ~over),
            "won": Domain("state", "=", "won"),
            "lost": Domain("state", "=", "lost") | (paid & over),
            "closed": Domain("state", "=", "released") | (held & Domain("hold_until", "<=", now)),
        }

    def _api_tab_domains(self):
        seats = {
            state: Domain("seat_ids", "any", domain)
            for state, domain in self._api_seat_domains().items()
        }
        outward = Domain("return_id", "=", False)
        is_open = Domain("state", "not in", ("done", "cancel"))
        to_come = Domain("picking_ids", "any", outward & is_open)
        left = Domain("state", "=", "done") & Domain("location_dest_id.usage", "=", "customer")
        shipped = Domain("picking_ids", "any", outward & left)
        received = Domain("seat_ids.received_at", "!=", False)
        to_confirm = Domain("state", "in", ("draft", "sent"))
        # What the merchant has cancelled after all is over.
        to_receive = Domain("state", "=", "sale") & shipped & ~to_come & ~received
        return {
            "unpaid": seats["unpaid"],
            "forming": seats["forming"],
            "lost": seats["lost"],
            "to_ship": seats["won"] & (to_confirm | to_come),
            "to_receive": seats["won"] & to_receive,
            # Nothing to deliver: a service is done when it is won.
            "done": seats["won"] & ~to_confirm & ~to_come & ~to_receive,
        }

    @api.model
    def _api_counts(self, partner):
        """:return: how many orders each tab shows this shopper, in one statement"""
        mine = self._api_domain(partner)
        tabs = self._api_tab_domains()
        counts = [
            SQL("(%s)", self.sudo()._search(mine & domain).select(SQL("COUNT(*)")))
            for domain in tabs.values()
        ]
        unread = self.env["pinbu.notice"]
        unread = unread.sudo()._search(unread._api_domain(partner) & Domain("read_at", "=", False))
        counts.append(SQL("(%s)", unread.select(SQL("COUNT(*)"))))
        [row] = self.env.execute_query(SQL("SELECT %s", SQL(", ").join(counts)))
        return dict(zip([*tabs, "unread_notices"], row, strict=True))

    # === BUSINESS METHODS: ORDERING === #

    @api.model
    def _api_quote(self, partner, body):
        """:param schemas.QuoteBody body: what the shopper wants
        :return: the contract's Quote
        """
        wish = self._api_wish(partner, body)
        activity, team = wish["activity"], wish["team"]
        quote = self._api_quote_wish(partner, wish, body)
        currency = activity.currency_id
        amounts = {
            name: render.to_minor(quote[name], currency)
            for name in (
                "goods_amount",
                "delivery_fee",
                "discount_amount",
                "wallet_amount",
                "amount",
            )
        }
        return {
            "currency": currency.name,
            **amounts,
            "delivery_methods": [
                method._to_api(render.to_minor(fee, currency))
                for method, fee in quote["delivery_methods"].items()
            ],
            "coupons": quote["coupons"],
            "promise": quote["promise"],
            "promise_version": self._api_promise_version(quote),
            # Who is about to open a team may rather fill up one that waits.
            "suggested_teams": [] if team else self._api_others(wish),
        }

    @api.model
    def _api_checkout(self, partner, body):
        """Hold a place and make, or bring up to date, the order for it.

        :param schemas.OrderBody body: what the shopper wants
        :return: (order with sudo, whether it is new)
        :raise PinbuError: as `pinbu.seat._checkout`; ``terms_changed``
        """
        wish = self._api_wish(partner, body)
        shown = self._api_check_terms(partner, wish, body) if body.promise_version else None
        try:
            order, created = self.env["pinbu.seat"]._checkout(
                partner,
                wish["activity"],
                wish["product"],
                quantity=body.quantity,
                team=wish["team"],
                address=wish["address"],
                remark=body.remark or "",
                inviter=self._api_inviter(partner, body.inviter),
                accept_reroute=bool(body.accept_reroute),
                delivery_method=wish["delivery_method"],
                means=wish["means"],
                expected=shown,
            )
        except PinbuError as refusal:
            raise self._api_with_others(refusal, wish) from None
        partner._came_by(body.inviter)
        return order, created

    def _api_cancel(self):
        """The shopper gives the order up. :raise PinbuError: as `_pinbu_cancel`"""
        self._pinbu_cancel()
        # The seat was released beside this transaction, which wrote nothing.
        renew_snapshot(self.env)

    def _api_leave(self):
        """The shopper leaves a forming team. :raise PinbuError: as `pinbu.seat._leave`"""
        self.seat_ids._leave()
        # As above: another transaction did it.
        renew_snapshot(self.env)

    def _api_receive(self):
        """The shopper has the goods. :raise PinbuError: ``not_allowed_now``"""
        self.seat_ids._receive()

    def _api_refresh_payment(self):
        """Ask the provider, and see what came of its answer."""
        self._pinbu_refresh_payment()
        # A payment that was found is counted by its team only after its commit.
        renew_snapshot(self.env)

    @api.model
    def _api_wish(self, partner, body):
        """The records that a body names, each one checked to be the shopper's to name.

        :raise PinbuError: ``not_found``
        """
        team = self.env["pinbu.team"].sudo()
        if body.team_token is not None:
            team = team._api_find(body.team_token)
        # Who knows a team may join it, even if its activity is not shown any more.
        activity = team.activity_id
        if not team or activity.id != body.activity_id:
            activity = self.env["pinbu.activity"]._api_find(body.activity_id)
        product = self.env["product.product"]
        if 0 < body.product_id < 2**31:
            product = activity.line_ids.product_id.filtered(lambda p: p.id == body.product_id)
        if not product:
            raise PinbuError("not_found", self.env._("This group-buy has no such product."))
        if body.address_id is None:
            address = partner._api_addresses()[:1] or None  # the default one, if any
        else:
            address = partner._api_find_address(body.address_id)
        return {
            "activity": activity,
            "product": product,
            "team": team,
            "address": address,
            "delivery_method": activity._api_find_delivery_method(body.delivery_method_id),
            "means": Means(
                bool(body.use_wallet), tuple(sorted(set(body.coupon_ids or ()))), body.points or 0
            ),
        }

    @api.model
    def _api_inviter(self, partner, scene):
        """:return: who shared `scene`, or None; nobody invites themselves"""
        inviter = self.env["res.partner"]._api_sharer(scene)
        return inviter if inviter and inviter != partner else None

    @api.model
    def _api_promise_version(self, quote):
        """:return: a mark that changes whenever what a quote costs or promises changes"""
        amounts = [quote[name] for name in ("amount", "wallet_amount", "discount_amount")]
        terms = json.dumps([amounts, promise_terms(quote["promise"])], sort_keys=True)
        return hashlib.sha256(terms.encode()).hexdigest()[:16]

    @api.model
    def _api_quote_wish(self, partner, wish, body):
        try:
            return self.env["pinbu.seat"]._quote(
                partner,
                wish["activity"],
                wish["product"],
                body.quantity,
                wish["team"],
                address=wish["address"],
                delivery_method=wish["delivery_method"],
                means=wish["means"],
            )
        except PinbuError as refusal:
            raise self._api_with_others(refusal, wish) from None

    def _api_with_others(self, refusal, wish):
        """:return: the refusal; with other teams to join, if this one is full"""
        if refusal.code == "team_full":
            refusal.details = {**refusal.details, "suggested_teams": self._api_others(wish)}
        return refusal

    def _api_check_terms(self, partner, wish, body):
        """:return: the promise that the shopper was shown, which the claim has to keep
        :raise PinbuError: ``terms_changed``
        """
        quote = self._api_quote_wish(partner, wish, body)
        if self._api_promise_version(quote) != body.promise_version:
            raise PinbuError(
                "terms_changed",
                self.env._("Price or promise have changed. Please look at them again."),
            )
        return quote["promise"]

    def _api_others(self, wish):
        """:return: a few other teams of the activity, for a shopper who came too late"""
        activity = wish["activity"]
        if activity.state != "running":
            return []
        others = activity._api_joinable_domain() & Domain("id", "!=", wish["team"].id)
        teams = self.env["pinbu.team"].sudo().search(others, order="deadline, id", limit=50)
        free = teams.filtered(lambda team: team.seats_taken < team.size)
        return free.sorted(lambda team: team.size - team.seats_paid)[:SUGGESTED]._to_api()

    # === BUSINESS METHODS: RENDERING === #

    def _to_api(self):
        """The contract's Order, for each; the viewer is the order's own shopper.

        :rtype: list[dict]
        """
        orders = self.sudo()
        # Read for all at once what each would filter, and read, on its own.
        orders.picking_ids.move_ids.mapped("state")
        teams = {}
        for partner in orders.partner_id:
            own = orders.filtered(lambda order, partner=partner: order.partner_id == partner)
            own_teams = own.seat_ids.team_id
            for team, shown in zip(own_teams, own_teams._to_api(partner), strict=True):
                teams[partner.id, team.id] = shown
        images = orders.seat_ids.activity_id._api_images()
        return [
            order._to_api_one(teams.get((order.partner_id.id, order.seat_ids.team_id.id)), images)
            for order in orders
        ]

    def _to_api_one(self, team, images):
        seat = self.seat_ids
        fees = self.order_line.filtered("is_delivery")
        goods = self.order_line.filtered(lambda line: line._pinbu_is_goods())
        minor = self._api_minor
        address = self.partner_shipping_id
        return {
            "id": self.id,
            "name": self.name,
            "state": self._pinbu_state(),
            "activity_id": seat.activity_id.id,
            "team": team,
            "is_leader": bool(seat.is_leader),
            "product_id": seat.product_id.id,
            "product_name": seat.product_id.with_context(display_default_code=False).display_name,
            "image_url": images.get(("pinbu.activity.line", seat.line_id.id))
            or images.get(("pinbu.activity", seat.activity_id.id)),
            "quantity": seat.quantity,
            "currency": self.currency_id.name,
            "goods_amount": minor(sum(goods.mapped("price_total"))),
            "delivery_fee": minor(sum(fees.mapped("price_total"))),
            **self._to_api_means(),
            "remark": self.pinbu_remark or "",
            "address": address._to_api_address() if address != self.partner_id else None,
            "created_at": render.to_iso(self.create_date),
            "pay_before": render.to_iso(self._pinbu_pay_before()),
            "payment": self._to_api_payment(),
            "refund": self._to_api_refund(),
            "refunds": [
                {**refund, "amount": minor(refund["amount"]), "at": render.to_iso(refund["at"])}
                for refund in self._pinbu_refunds()
            ],
            "delivery": {"state": self._pinbu_delivery_state()},
            "deliveries": self._to_api_deliveries(),
            "voucher": None,
            "subsidies": [],
            "promise": self.pinbu_promise or {"items": [], "reserved": False, "reason": None},
            "actions": self._pinbu_actions(),
            "server_time": render.to_iso(self.env.cr.now()),
        }

    def _api_minor(self, amount):
        return render.to_minor(amount, self.currency_id)

    def _to_api_means(self):
        """Hook: what other means than fresh money paid, and what is left, in minor units."""
        return {
            "discount_amount": 0,
            "wallet_amount": 0,
            "amount": self._api_minor(self.amount_total),
        }

    def _to_api_payment(self):
        """The payment that counts: the one that bought the place, else the newest."""
        payments = self.transaction_ids.filtered(
            lambda tx: tx.operation != "refund" and not tx._pinbu_is_leg()
        ).sorted("id")
        tx = self.seat_ids.transaction_id or payments[-1:]
        if not tx:
            return None
        return {
            "state": _PAYMENT_STATES.get(tx.state, "pending"),
            "provider": tx.provider_code,
            "reference": tx.reference,
        }

    def _to_api_refund(self):
        """The whole of what goes back; owed from the moment the team has failed."""
        seat = self.seat_ids
        if seat.refund_state:
            amount = self._api_minor(seat.refund_amount)
            return {"state": seat.refund_state, "amount": amount}
        if self._pinbu_state() in ("lost", "closed"):
            payments = self._pinbu_received_transactions()
            received = sum(tx.amount - tx.pinbu_refunded for tx in payments)
        else:
            received = 0
        if received:
            return {"state": "due", "amount": self._api_minor(received)}
        return None

    def _to_api_deliveries(self):
        seat = self.seat_ids
        if seat.state != "won":
            return []
        done = "delivered" if seat.received_at else "shipped"
        states = {"assigned": "ready", "done": done}
        return [
            {
                "state": states.get(picking.state, "waiting"),
                "carrier": picking.carrier_id.name or None,
                "carrier_code": picking.carrier_id.pinbu_code or None,
                "tracking": picking.carrier_tracking_ref or None,
                "tracking_url": picking._to_api_tracking_url(),
                "events": [],
            }
            for picking in self.picking_ids._pinbu_outward()._pinbu_to_shopper()
        ]


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _to_api(self):
        """What a client needs to pay this transaction."""
        self.ensure_one()
        return {
            "status": "paid" if self.state == "done" else "pay",
            "reference": self.reference,
            "provider": self.provider_code,
            "params": self._api_payment_params(),
        }

    def _api_payment_params(self):
        """Hook for providers: what goes to the client's own payment call, or None."""
        return None
