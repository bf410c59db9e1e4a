"""Withdrawals that a person should look at, and what they can do about them."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from odoo.addons.pinbu_groupbuy.models.payment_transaction_worker import ATTEMPTS_BEFORE_ALERT

from .pinbu_withdrawal import OPEN, UNDER_WAY
from .pinbu_withdrawal_payout import MANUAL

# Who pays. Marketing sees withdrawals, and touches no money.
PAYERS = "account.group_account_invoice"
REVIEWERS = (PAYERS, "pinbu_groupbuy.group_manager")


class PinbuWithdrawal(models.Model):
    _inherit = "pinbu.withdrawal"

    is_contradicted = fields.Boolean(
        string="Contradicted",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="The provider says something else than what was final here. No money was moved.",
    )
    is_alerted = fields.Boolean(
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Technical: somebody was told of it.",
    )
    in_trouble = fields.Boolean(
        string="To Look at",
        compute="_compute_in_trouble",
        search="_search_in_trouble",
        groups="base.group_user",
        help="Met an error, or the provider contradicts what was final here.",
    )

    # === COMPUTE AND SEARCH METHODS === #

    @api.depends("state", "error", "is_contradicted")
    def _compute_in_trouble(self):
        for withdrawal in self:
            withdrawal.in_trouble = withdrawal.is_contradicted or bool(
                withdrawal.error and withdrawal.state in OPEN
            )

    def _search_in_trouble(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("is_contradicted", "=", True) | (
            Domain("error", "!=", False) & Domain("state", "in", OPEN)
        )
        return domain if True in value else ~domain

    # === ACTION METHODS === #

    def action_retry(self):
        """Ask the provider about these now instead of at their next attempt."""
        stuck = self._check_payer().filtered(
            lambda withdrawal: withdrawal.state in UNDER_WAY and withdrawal.provider != MANUAL
        )
        stuck.next_attempt_at = fields.Datetime.now()
        stuck._log("withdrawal tried again")
        self.env.ref("pinbu_subsidy.ir_cron_payouts").sudo()._trigger()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("The provider is being asked; look again in a moment."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS === #

    def _check_payer(self):
        """:return: these withdrawals, with the rights to change them
        :raise AccessError: for whoever does not pay
        """
        return self._check_group((PAYERS,), self.env._("Only accountants pay withdrawals."))

    def _check_reviewer(self):
        """:return: these withdrawals, with the rights to change them
        :raise AccessError: for whoever may not decide
        """
        return self._check_group(
            REVIEWERS,
            self.env._("Only accountants and group-buying managers review withdrawals."),
        )

    def _check_group(self, groups, refusal):
        self.check_access("read")
        if not self.env.su and not any(self.env.user.has_group(group) for group in groups):
            raise AccessError(refusal)
        return self.sudo()

    def _contradict(self, what):
        """The provider says what cannot be true here: keep it, and have a person look.

        :param str what: what it says
        """
        self.ensure_one()
        if self.is_contradicted:
            return
        self.write(
            {
                "is_contradicted": True,
                "error": self.env._(
                    "The provider reports this withdrawal otherwise (%s). No money was moved for"
                    " that: compare with the provider, and correct the wallet by hand if needed.",
                    what,
                ),
            }
        )
        self._log("withdrawal contradicted", what)

    @api.model
    def _to_alert_domain(self):
        return Domain("is_alerted", "=", False) & (
            Domain("is_contradicted", "=", True)
            | Domain("attempts", ">=", ATTEMPTS_BEFORE_ALERT) & Domain("state", "in", OPEN)
        )

    @api.model
    def _alerted_for_nothing_domain(self):
        return (
            Domain("is_alerted", "=", True)
            & Domain("is_contradicted", "=", False)
            & (Domain("state", "not in", OPEN) | Domain("attempts", "=", 0))
        )

    def _alert(self):
        """Give an accountant the task to look at it, once. It keeps being tried."""
        user = self.company_id._pinbu_payout_user()
        withdrawal = self.with_context(lang=user.lang)
        withdrawal.activity_schedule(
            "pinbu_subsidy.mail_activity_type_payout",
            user_id=user.id,
            note=withdrawal.env._(
                "%(number)s of %(amount)s: %(error)s",
                number=withdrawal.number,
                amount=withdrawal.currency_id.format(withdrawal.amount),
                error=withdrawal.error or withdrawal.env._("no answer from the provider"),
            ),
        )
        self.is_alerted = True

    def _end_alert(self):
        """It got through after all: the task is done."""
        self.is_alerted = False
        self.activity_feedback(["pinbu_subsidy.mail_activity_type_payout"])
