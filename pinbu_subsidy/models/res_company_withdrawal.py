"""What a shopper may withdraw: the company's limits, and which money is for spending only."""

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError

from ..money import to_minor


class ResCompany(models.Model):
    _inherit = "res.company"

    pinbu_payout_provider = fields.Selection(
        selection=lambda self: (
            self.env["pinbu.withdrawal"]._fields["provider"]._description_selection(self.env)
        ),
        string="Payouts",
        default="manual",
        required=True,
        help="How withdrawals are paid. Those under way stay with the provider they were sent to.",
    )
    pinbu_withdrawal_min = fields.Monetary(string="Withdrawal at Least", default=1.0)
    pinbu_withdrawal_max = fields.Monetary(
        string="Withdrawal at Most",
        default=200.0,
        help="In one withdrawal; not above what the provider sends at once.",
    )
    pinbu_withdrawal_day_amount = fields.Monetary(
        string="Withdrawals a Day", default=500.0, help="For each shopper, all of a day together."
    )
    pinbu_withdrawal_day_count = fields.Integer(string="Number of Withdrawals a Day", default=3)
    pinbu_withdrawal_review_above = fields.Monetary(
        string="Review above",
        default=100.0,
        help="A person looks at larger withdrawals before they are paid.",
    )
    pinbu_identity_required_from = fields.Monetary(
        string="Identity Required from",
        default=0.0,
        help="From this amount on, a shopper's identity has to be checked first. 0: for any cash.",
    )

    _pinbu_withdrawal_limits = models.Constraint(
        "CHECK(pinbu_withdrawal_min > 0 AND pinbu_withdrawal_max >= pinbu_withdrawal_min"
        " AND pinbu_withdrawal_day_amount >= 0 AND pinbu_withdrawal_day_count >= 0"
        " AND pinbu_withdrawal_review_above >= 0 AND pinbu_identity_required_from >= 0)",
        "The smallest withdrawal is above zero and not above the largest one; no limit is below "
        "zero.",
    )

    # === HOOKS === #

    def _identity_state(self, partner):
        """Hook: how far the check of this shopper's identity is.

        Here an accountant says so by hand; see `res.partner.action_pinbu_identity_checked`.

        :rtype: str
        :return: ``none``, ``pending`` or ``verified``
        """
        return "verified" if partner.sudo().pinbu_identity_checked_at else "none"

    # === BUSINESS METHODS === #

    def _pinbu_withdrawable(self, partner):
        """How much of the wallet this shopper may withdraw, whatever the day's limits.

        :return: minor units, never below zero
        :rtype: int
        """
        self.ensure_one()
        wallet = self._pinbu_wallets(partner).get(partner.id)
        if not wallet or not wallet.points:
            return 0
        balance = to_minor(wallet.points, self.currency_id)
        return max(0, balance - self._pinbu_spend_only(partner))

    def _pinbu_spend_only(self, partner):
        """How much of the wallet is for spending only: what subsidies brought whose delivered wins
        (`withdraw_after_wins`) are not reached yet.

        What the shopper spends is spend-only money first, so that the rest can be withdrawn. What
        comes back of an order is spend-only again, as far as such money had been spent: buying
        and cancelling frees nothing.

        :return: minor units
        :rtype: int
        """
        self.ensure_one()
        bound = (
            self.env["pinbu.subsidy"]
            .sudo()
            .search(
                [
                    ("partner_id", "=", partner.id),
                    ("company_id", "=", self.id),
                    ("state", "=", "granted"),
                    ("withdraw_after_wins", ">", 0),
                    ("entry_id", "!=", False),
                ]
            )
        )
        if bound:
            wins = partner._pinbu_delivered_wins(self)
            bound = bound.filtered(lambda subsidy: subsidy.withdraw_after_wins > wins)
        if not bound:
            return 0
        brought = set(bound.entry_id.ids)
        # A merge of contacts empties one wallet into another and archives it: nothing is spent.
        native = Domain("kind", "=", "native") & (
            Domain("card_id.active", "=", True) | Domain("balance_after_minor", "!=", 0)
        )
        moves = (
            self.env["pinbu.wallet.entry"]
            .sudo()
            .with_context(active_test=False)
            .search(
                Domain("card_id.partner_id", "=", partner.id)
                & Domain("company_id", "=", self.id)
                & Domain("id", ">=", min(brought))
                & (
                    Domain("id", "in", list(brought))
                    | Domain("kind", "in", ("spend", "refund"))
                    | native
                ),
                order="id",
            )
        )
        held = spent = 0
        for move in moves:
            amount = move.amount_minor
            if move.id in brought:
                held += amount
                continue
            # Out of the wallet or, as far as it went out before, back into it.
            moved = min(spent, amount) if amount > 0 else -min(held, -amount)
            held += moved
            spent -= moved
        return held

    def _pinbu_withdrawals_left(self, partner):
        """:return: how much this shopper may still withdraw until the company's midnight, in minor
            units; 0 when the day's number of withdrawals is used up
        :rtype: int
        """
        self.ensure_one()
        company = self.sudo()
        amount, count = (
            self.env["pinbu.withdrawal"]
            .sudo()
            ._read_group(
                [
                    ("partner_id", "=", partner.id),
                    ("company_id", "=", self.id),
                    # What failed or was cancelled is as if it had not been asked for.
                    ("state", "!=", "failed"),
                    ("create_date", ">=", self._pinbu_last_midnight()),
                ],
                [],
                ["amount_minor:sum", "__count"],
            )[0]
        )
        if count >= company.pinbu_withdrawal_day_count:
            return 0
        limit = to_minor(company.pinbu_withdrawal_day_amount, self.currency_id)
        return max(0, limit - (amount or 0))

    def _pinbu_last_midnight(self):
        """:return: when the company's day began, in UTC, by the database's clock"""
        self.env.cr.execute(
            SQL(
                "SELECT date_trunc('day', clock_timestamp() AT TIME ZONE %(tz)s)"
                " AT TIME ZONE %(tz)s AT TIME ZONE 'UTC'",
                tz=self._pinbu_timezone(),
            )
        )
        return self.env.cr.fetchone()[0]

    def _pinbu_check_withdrawal(self, partner, amount_minor):
        """Whether this shopper may withdraw so much now.

        :raise PinbuError: ``invalid_request`` (below the minimum or above the maximum),
            ``insufficient_balance``, ``identity_required``, ``limit_reached``
        """
        self.ensure_one()
        company = self.sudo()
        limits = {
            name: to_minor(company[f"pinbu_withdrawal_{name}"], self.currency_id)
            for name in ("min", "max")
        }
        problem = None
        if amount_minor < limits["min"]:
            problem = self.env._(
                "must be at least %s", self.currency_id.format(company.pinbu_withdrawal_min)
            )
        elif amount_minor > limits["max"]:
            problem = self.env._(
                "must be at most %s", self.currency_id.format(company.pinbu_withdrawal_max)
            )
        if problem:
            raise PinbuError(
                "invalid_request",
                self.env._("This amount cannot be withdrawn."),
                [{"field": "amount", "problem": problem}],
            )
        withdrawable = self._pinbu_withdrawable(partner)
        if amount_minor > withdrawable:
            raise PinbuError(
                "insufficient_balance",
                self.env._("There is not enough money in the wallet that can be withdrawn."),
                {"withdrawable": withdrawable},
            )
        identity = self._identity_state(partner)
        needs_identity = to_minor(company.pinbu_identity_required_from, self.currency_id)
        if amount_minor >= needs_identity and identity != "verified":
            raise PinbuError(
                "identity_required",
                self.env._("Your identity has to be checked before this can be withdrawn."),
                {"identity": {"state": identity}},
            )
        left = self._pinbu_withdrawals_left(partner)
        if amount_minor > left:
            raise PinbuError(
                "limit_reached",
                self.env._("This is more than can be withdrawn in one day. Try again tomorrow."),
                {"today_left": left},
            )
