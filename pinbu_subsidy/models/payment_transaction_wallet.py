"""The wallet's part of a group-buying payment: debited at once, and given back as it came."""

import secrets

from odoo import Command, api, fields, models

from ..money import to_minor
from .payment_provider import WALLET

# Why a part of a leg goes back while its order lives on: the order has become smaller, or is to be
# paid otherwise. Followed by a number.
SPLIT = "split"


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    pinbu_wallet_entry_id = fields.Many2one(
        "pinbu.wallet.entry",
        string="Wallet Entry",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The ledger row with which this transaction moved a wallet.",
    )

    # === BUSINESS METHODS: PAYING === #

    def _pinbu_is_leg(self):
        return super()._pinbu_is_leg() or (
            self.provider_code == WALLET and self.operation != "refund"
        )

    @api.model
    def _pinbu_spend(self, order, amount, card=None):
        """Pay a part of an order, or nothing of it, from a wallet: debited in this very transaction
        of the database, or not at all.

        :param float amount: in the order's currency; zero for an order that nothing is left to pay
                             of, whose place is bought all the same
        :param loyalty.card card: the wallet
        :return: the transaction, done
        :raise PinbuError: ``insufficient_balance``
        """
        provider = self.env["payment.provider"]._pinbu_of_wallet(order.company_id)
        leg = self.sudo().create(
            {
                "provider_id": provider.id,
                "payment_method_id": provider.payment_method_ids[:1].id,
                "reference": f"{order.name}-W{secrets.token_hex(4)}",
                "amount": amount,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "operation": "online_direct",
                # Nobody is asked, and nobody answers.
                "state": "done",
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        if card:
            leg._pinbu_move_wallet(card, "spend", amount)
        return leg

    def _pinbu_move_wallet(self, card, kind, amount):
        """Post this transaction to the ledger, once, under its own number.

        :param float amount: what is taken out, in the currency's unit; below zero: put in
        """
        [self.pinbu_wallet_entry_id] = card._pinbu_post(
            [
                {
                    "card_id": card.id,
                    "kind": kind,
                    "amount_minor": -to_minor(amount, self.currency_id),
                    "reference": self.sale_order_ids.name,
                    "idempotency_key": f"{kind}:{self.id}",
                }
            ]
        )

    @api.model
    def _pinbu_create(self, order):
        if order.currency_id.is_zero(order._pinbu_amount_due()):
            # No provider is needed: the place is bought now.
            leg = order._pinbu_legs()[-1:] or self._pinbu_spend(order, 0.0)
            leg._pinbu_received()
            return leg
        return super()._pinbu_create(order)

    def _pinbu_is_amount_due(self):
        if not self._pinbu_is_leg():
            return super()._pinbu_is_amount_due()
        order = self.sale_order_ids
        return order.currency_id.is_zero(order._pinbu_amount_due()) and order.seat_ids._is_ordered()

    # === BUSINESS METHODS: GIVING BACK === #

    def _pinbu_give_back(self, amount):
        """Owe so much of these legs back to the wallet, the newest first, while the order lives."""
        for leg in self.sorted("id", reverse=True):
            part = min(amount, leg.currency_id.round(leg.amount - leg.pinbu_refunded))
            if leg.currency_id.compare_amounts(part, 0) > 0:
                number = len(leg.child_transaction_ids) + 1
                leg._pinbu_create_refund(part, f"{SPLIT} {number}")
                amount = leg.currency_id.round(amount - part)

    def _pinbu_may_be_sent(self):
        if (self.pinbu_refund_reason or "").startswith(SPLIT):
            # The order lives on, even where the rest of this leg is what has bought its place.
            return self.source_transaction_id.is_post_processed
        return super()._pinbu_may_be_sent()

    def _pinbu_paid(self):
        parts = self.child_transaction_ids.filtered(
            lambda tx: (tx.pinbu_refund_reason or "").startswith(SPLIT)
        )
        return super()._pinbu_paid() + sum(parts.mapped("amount"))

    def _pinbu_is_told(self):
        # What an unpaid order turned out not to need of the wallet is no result of it.
        is_split = (self.pinbu_refund_reason or "").startswith(SPLIT)
        return not is_split and super()._pinbu_is_told()

    def _ensure_provider_is_not_disabled(self):
        # What was taken from a wallet can always be put back.
        if self.provider_code == WALLET:
            return None
        return super()._ensure_provider_is_not_disabled()

    def _send_refund_request(self):
        if self.provider_code != WALLET:
            return super()._send_refund_request()
        # The wallet of today: somebody may have archived the empty one that had paid.
        wallets = self.company_id._pinbu_wallets(self.partner_id, create=True)
        self._pinbu_move_wallet(wallets[self.partner_id.id], "refund", self.amount)
        self._set_done()
        return None

    def _pinbu_query(self):
        if self.provider_code != WALLET:
            return super()._pinbu_query()
        # Ledger and transaction are written together: what is not done has not begun.
        return False

    # === OVERRIDES OF ACCOUNTING === #

    def _create_payment(self, **extra_create_values):
        if self.provider_code != WALLET:
            return super()._create_payment(**extra_create_values)
        if self.currency_id.is_zero(self.amount):
            return self.env["account.payment"]
        self.provider_id._pinbu_follow_wallet_account()
        return super()._create_payment(**extra_create_values)
