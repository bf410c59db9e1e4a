from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

# The provider whose transactions move wallets instead of the outside world's money.
WALLET = "wallet"


class PaymentProvider(models.Model):
    """One provider per company pays with its shoppers' wallets, in group-buying orders only.

    It is made when it is first needed, and no payment form ever offers it.
    """

    _inherit = "payment.provider"

    code = fields.Selection(
        selection_add=[(WALLET, "Subsidy Wallet")], ondelete={WALLET: "set default"}
    )

    # === COMPUTE METHODS === #

    def _compute_feature_support_fields(self):
        super()._compute_feature_support_fields()
        self.filtered(lambda provider: provider.code == WALLET).support_refund = "partial"

    # === CONSTRAINT METHODS === #

    @api.constrains("is_published", "code")
    def _check_wallet_is_not_offered(self):
        if self.filtered(lambda provider: provider.code == WALLET and provider.is_published):
            raise ValidationError(
                self.env._("The wallet pays through the mini-program only: do not publish it.")
            )

    # === OVERRIDES OF PAYMENT === #

    @api.model
    def _get_compatible_providers(self, *args, **kwargs):
        # Staff would see an unpublished one.
        return (
            super()
            ._get_compatible_providers(*args, **kwargs)
            .filtered(lambda provider: provider.code != WALLET)
        )

    def _get_payment_method_outstanding_account_id(self, payment_method_id):
        if self.code == WALLET:
            return self._pinbu_wallet_account().id
        return super()._get_payment_method_outstanding_account_id(payment_method_id)

    # === BUSINESS METHODS === #

    @api.model
    def _pinbu_of_wallet(self, company):
        """The provider that pays with the wallets of this company's shoppers.

        :rtype: payment.provider (sudo)
        """
        providers = self.sudo().with_company(company)
        domain = [("code", "=", WALLET), ("company_id", "=", company.id)]
        if provider := providers.search(domain, limit=1):
            return provider
        # Two at once would make two of them: the second one waits here, and fails to serialize.
        self.env.cr.execute(
            SQL("UPDATE res_company SET write_date = write_date WHERE id = %s", company.id)
        )
        providers._setup_payment_method(WALLET)
        method = self.env.ref("pinbu_subsidy.payment_method_wallet")
        return providers.create(
            {
                "name": "Subsidy Wallet",
                "code": WALLET,
                "state": "enabled",
                "company_id": company.id,
                "payment_method_ids": [Command.set(method.ids)],
            }
        )

    def _pinbu_wallet_account(self):
        """:return: the account of what the company owes to its shoppers' wallets"""
        if not self.company_id.pinbu_wallet_account_id:
            self.company_id._pinbu_set_up_books()
        return self.company_id.pinbu_wallet_account_id

    def _pinbu_follow_wallet_account(self):
        """Have what is paid from now on booked to the wallet liability as it is chosen today."""
        account = self._pinbu_wallet_account()
        lines = self.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self
        )
        if account and lines.payment_account_id != account:
            lines.payment_account_id = account
