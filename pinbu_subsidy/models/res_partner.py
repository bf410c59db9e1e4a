"""What the back office sees of a shopper's wallet, on the contact."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..money import from_minor
from .pinbu_withdrawal_trouble import PAYERS

SHOWN_ENTRIES = 20
READERS = "pinbu_groupbuy.group_user,account.group_account_readonly,account.group_account_invoice"


class ResPartner(models.Model):
    _inherit = "res.partner"

    pinbu_identity_checked_at = fields.Datetime(
        string="Identity Checked",
        readonly=True,
        copy=False,
        tracking=True,
        groups=READERS,
        help="When an accountant saw that this shopper is who they say.",
    )
    pinbu_currency_id = fields.Many2one(
        "res.currency", compute="_compute_pinbu_wallet", groups=READERS
    )
    pinbu_has_wallet = fields.Boolean(compute="_compute_pinbu_wallet", groups=READERS)
    pinbu_balance = fields.Monetary(
        string="Wallet",
        compute="_compute_pinbu_wallet",
        currency_field="pinbu_currency_id",
        groups=READERS,
        help="In the company that you work in.",
    )
    pinbu_withdrawable = fields.Monetary(
        string="Withdrawable",
        compute="_compute_pinbu_wallet",
        currency_field="pinbu_currency_id",
        groups=READERS,
        help="The rest of the wallet is for spending only.",
    )
    pinbu_entry_ids = fields.Many2many(
        "pinbu.wallet.entry",
        string="Last Ledger Entries",
        compute="_compute_pinbu_entries",
        groups=READERS,
    )
    pinbu_withdrawal_ids = fields.One2many(
        "pinbu.withdrawal", "partner_id", string="Withdrawals", groups=READERS
    )

    # === COMPUTE METHODS === #

    @api.depends_context("company")
    def _compute_pinbu_wallet(self):
        company = self.env.company
        wallets = company._pinbu_wallets(self)
        for partner in self:
            partner.pinbu_currency_id = company.currency_id
            partner.pinbu_has_wallet = partner.id in wallets
            partner.pinbu_balance = wallets[partner.id].points if partner.id in wallets else 0
            partner.pinbu_withdrawable = from_minor(
                company._pinbu_withdrawable(partner), company.currency_id
            )

    @api.depends_context("company")
    def _compute_pinbu_entries(self):
        for partner in self:
            partner.pinbu_entry_ids = self.env["pinbu.wallet.entry"].search(
                partner._pinbu_entries_domain(), limit=SHOWN_ENTRIES
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._pinbu_check_values(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._pinbu_check_values(vals)
        return super().write(vals)

    # === ACTION METHODS === #

    def action_pinbu_identity_checked(self):
        """An accountant has seen who this is; the contact's log keeps by whom and when."""
        self._pinbu_check_identity_clerk()
        self.sudo().filtered(
            lambda partner: not partner.pinbu_identity_checked_at
        ).pinbu_identity_checked_at = fields.Datetime.now()

    def action_pinbu_identity_unchecked(self):
        """The check was a mistake, or is out of date."""
        self._pinbu_check_identity_clerk()
        self.sudo().pinbu_identity_checked_at = False

    def action_pinbu_wallet_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "pinbu_subsidy.pinbu_wallet_entry_action"
        )
        return {**action, "domain": self._pinbu_entries_domain()}

    # === BUSINESS METHODS === #

    def _pinbu_entries_domain(self):
        """:return: the ledger of these shoppers, for who may read no loyalty card as well"""
        wallets = (
            self.env["loyalty.card"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("partner_id", "in", self.ids),
                    ("company_id", "=", self.env.company.id),
                    ("pinbu_is_wallet", "=", True),
                ]
            )
        )
        return [("card_id", "in", wallets.ids)]

    def _pinbu_check_values(self, vals):
        """:raise AccessError: for an identity that was not checked through the button"""
        if vals.get("pinbu_identity_checked_at") and not self.env.su:
            raise AccessError(self.env._("Only accountants check the identity of shoppers."))

    def _pinbu_check_identity_clerk(self):
        """:raise AccessError: for whoever does not pay withdrawals"""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(PAYERS):
            raise AccessError(self.env._("Only accountants check the identity of shoppers."))
