import logging

from odoo import SUPERUSER_ID, api, fields, models

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_groupbuy.transactions import wake

from ..jobs import each_alone
from ..keyring import keyring
from .res_partner_returned import LOGIN, PHONE

_logger = logging.getLogger(__name__)


class PinbuAccountDeletion(models.Model):
    """A shopper wants to be forgotten: `requested -> done`.

    The account is closed with the request; a scheduler deletes what tells who they were, once no
    money is under way: a payment may still have been at the provider. The row stays, to show that
    it was done, and when.
    """

    _name = "pinbu.account.deletion"
    _description = "Account Deletion"
    _order = "id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Former Shopper",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    state = fields.Selection(
        [("requested", "To Do"), ("done", "Done")],
        required=True,
        readonly=True,
        default="requested",
        index=True,
    )
    done_at = fields.Datetime(string="Done on", readonly=True)
    waits_for = fields.Char(readonly=True, help="Technical: `_pinbu_money_under_way`, as codes.")
    waiting = fields.Char(
        string="Waits for",
        compute="_compute_waiting",
        help="What is still under way; it is looked at again every hour.",
    )

    _partner_unique = models.Constraint("UNIQUE(partner_id)", "This was asked for already.")

    # === COMPUTE METHODS === #

    @api.depends("waits_for")
    @api.depends_context("lang")
    def _compute_waiting(self):
        labels = self.env["res.partner"]._pinbu_under_way_labels()
        for deletion in self:
            codes = (deletion.waits_for or "").split()
            deletion.waiting = ", ".join(labels.get(code, code) for code in codes)

    # === BUSINESS METHODS: ASKING === #

    @api.model
    def _ask(self, user, company, give_up_wallet=False):
        """Close the account of this shopper, and have their data deleted.

        :param bool give_up_wallet: whether they know that what is in the wallet is lost
        :raise PinbuError: ``not_allowed_now`` while money is under way (details: ``reasons``, and
            ``wallet`` in minor units where that is one of them), or without a key
        """
        partner = user.partner_id
        keyring(self.env)
        reasons = partner._pinbu_money_under_way()
        wallets = partner._pinbu_filled_wallets()
        details = {}
        if wallets and not give_up_wallet:
            reasons.append("wallet")
            details["wallet"] = partner._to_api_wallet(company)["balance"]
        if reasons:
            raise PinbuError(
                "not_allowed_now",
                self.env._(
                    "There is still money under way. Once every order is finished, refunds have"
                    " arrived and the wallet is empty, the account can be deleted."
                ),
                {"reasons": reasons, **details},
            )
        wallets._pinbu_give_up()
        self.sudo().create({"partner_id": partner.id, "company_id": company.id})
        # Nobody may archive themselves; every token ends with the account, on all workers.
        user.with_user(SUPERUSER_ID).with_context(tracking_disable=True).active = False
        self.env.flush_all()
        wake(self.env, self.env.cr, "pinbu_risk.ir_cron_account_deletions")

    # === SCHEDULER === #

    @api.model
    def _cron_forget(self):
        """Delete the data of those who asked for it."""
        self.env["pinbu.audit.words"]._forget_late()
        if not each_alone(self.sudo(), [("state", "=", "requested")], "_forget"):
            self.env.ref("pinbu_risk.ir_cron_account_deletions").sudo()._trigger()
            self.env["ir.cron"]._commit_progress()

    def _forget(self):
        partner = self.partner_id.with_context(
            active_test=False,
            lang=self.company_id.partner_id.lang,
            # Whatever is written from here on, nobody keeps what stood there before.
            tracking_disable=True,
            mail_notrack=True,
            pinbu_forgets=True,
        )
        reasons = partner._pinbu_money_under_way()
        if partner._pinbu_filled_wallets():
            # A refund arrived that nobody had seen coming.
            partner._pinbu_filled_wallets()._pinbu_give_up()
        if reasons:
            self.waits_for = " ".join(reasons)
            return
        users = partner.user_ids
        traits = {
            LOGIN: users[:1].login,
            PHONE: partner._pinbu_phone_trait(),
            **partner._pinbu_identity_traits(),
        }
        ring = keyring(self.env)
        known = {kind: value for kind, value in traits.items() if value}
        blocks = self.env["pinbu.risk.block"]._until(partner)
        promised = partner._pinbu_promised()
        self.env["pinbu.former.shopper"]._remember(ring, known, blocks, promised)
        # The logs give notes away only of whose data is deleted: with this transaction, or not.
        self.write({"state": "done", "done_at": fields.Datetime.now(), "waits_for": False})
        self.env.flush_all()
        partner._pinbu_forget()
        _logger.info("The data of shopper %s was deleted", partner.id)
