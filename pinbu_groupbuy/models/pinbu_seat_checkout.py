"""From a shopper's wish to an order that awaits payment."""

from psycopg2 import OperationalError

from odoo import Command, api, models

from ..exceptions import PinbuError
from ..transactions import in_test_transaction


class PinbuSeat(models.Model):
    _inherit = "pinbu.seat"

    @api.model
    def _quote(self, partner, activity, product, quantity, team):
        """What an order would cost and promise now. Writes nothing, holds nothing.

        :return: amounts in the activity's currency: ``goods_amount``, ``delivery_fee``,
                 ``discount_amount``, ``wallet_amount``, ``amount``; and ``promise``
        :raise PinbuError: for what a checkout would be refused for, but for a race
        """
        activity, line, team = self._check_offer(partner, activity, product, quantity, team)
        amount = activity.currency_id.round(line.group_price * quantity)
        return {
            "goods_amount": amount,
            "delivery_fee": 0.0,
            "discount_amount": 0.0,
            "wallet_amount": 0.0,
            "amount": amount,
            "promise": activity._promise(partner, line, quantity, team),
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
    ):
        """Hold a place for the shopper and make the order to be paid for it.

        A shopper who comes back to a place that is still held gets the same order, brought up to
        date. Commits the current transaction on the way, so nothing may be written before.

        :param res.partner partner: the shopper; the caller has authenticated them
        :param res.partner address: where to ship to; the caller has checked that it is theirs
        :return: the order, and whether it is a new one
        :rtype: tuple[sale.order, bool]
        :raise PinbuError: see the codes of 409 and 403 in the API contract
        """
        activity, line, team = self._check_offer(partner, activity, product, quantity, team)
        seat = self.sudo()._claim(
            partner.sudo(), activity, line, quantity, team, inviter, accept_reroute
        )
        try:
            # A new snapshot: the claim was committed beside this transaction.
            if not in_test_transaction(self.env.cr):
                self.env.cr.commit()  # pylint: disable=invalid-commit
            self.env.invalidate_all()
            if seat.order_id:
                seat._update_order(address, remark)
                return seat.order_id, False
            return seat._create_order(address, remark), True
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
    def _check_offer(self, partner, activity, product, quantity, team):
        """The checks that need no lock, on a consistent snapshot.

        :return: the activity and team with the rights to read them, and the activity's line
        """
        activity = activity.sudo().with_company(activity.sudo().company_id)
        team = (team if team is not None else self.env["pinbu.team"]).sudo()
        line = activity._line_for(product)
        if team and team.activity_id != activity:
            raise PinbuError("not_found", self.env._("There is no such team in this group-buy."))
        hold = self._live_hold(partner, activity, team)
        if team:
            activity._check_running()
            if team._effective_state() == "failed":
                raise PinbuError("team_closed", self.env._("This team is closed."))
        elif not hold:
            activity._check_can_open()
        if quantity > activity.max_quantity:
            raise PinbuError(
                "limit_reached",
                self.env._("At most %s pieces in one order.", activity.max_quantity),
                {"max_quantity": activity.max_quantity},
            )
        if not hold:
            self._check_limits(self.env.cr, partner, activity, team)
            if team and team._places_left() < 1:
                self._raise_no_place(self.env.cr, team)
            if line.available < quantity:
                raise PinbuError("sold_out", self.env._("This is sold out."))
        return activity, line, team

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

    def _create_order(self, address, remark):
        self.ensure_one()
        orders = (
            self.env["sale.order"]
            .sudo()
            .with_company(self.company_id)
            .with_context(mail_create_nosubscribe=True, mail_notrack=True)
        )
        order = orders.create(self._prepare_order(address, remark))
        self._check_amount(order)
        self.order_id = order
        return order

    def _prepare_order(self, address, remark):
        self.ensure_one()
        return {
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "partner_shipping_id": (address or self.partner_id).id,
            "order_line": [Command.create(self._prepare_order_line())],
            "pinbu_remark": remark,
            "pinbu_promise": self.activity_id._promise(
                self.partner_id, self.line_id, self.quantity, self.team_id
            ),
            # Only the whole amount, paid through the provider, confirms it.
            "require_signature": False,
            "require_payment": True,
            "prepayment_percent": 1.0,
        }

    def _prepare_order_line(self):
        self.ensure_one()
        return {
            "product_id": self.product_id.id,
            "product_uom_qty": self.quantity,
            "price_unit": self.line_id.group_price,
            "discount": 0.0,
        }

    def _update_order(self, address, remark):
        """Bring an unpaid order up to what the shopper wants now."""
        self.ensure_one()
        order = self.order_id
        if order.order_line.product_id != self.product_id or (
            order.order_line.product_uom_qty != self.quantity
        ):
            order._pinbu_close_payments()
            order.order_line = [Command.clear(), Command.create(self._prepare_order_line())]
            order.pinbu_promise = self.activity_id._promise(
                self.partner_id, self.line_id, self.quantity, self.team_id
            )
            self._check_amount(order)
        wanted = {
            "partner_shipping_id": (address or self.partner_id).id,
            "pinbu_remark": remark,
        }
        # Impatient taps ask for what is there already: nothing to write, nothing to fight about.
        if order._convert_to_write({name: order[name] for name in wanted}) != wanted:
            order.write(wanted)

    def _check_amount(self, order):
        """What is charged is the group price, whatever taxes and price lists would make of it."""
        due = self.currency_id.round(self.line_id.group_price * self.quantity)
        if self.currency_id.compare_amounts(order.amount_total, due):
            raise PinbuError(
                "activity_not_running",
                self.env._("This group-buy is being corrected; please try again later."),
            )
