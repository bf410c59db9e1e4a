from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..const import GROUNDS


class PinbuSubsidy(models.Model):
    """What a manager, or risk, decides about a subsidy: later, never, or after all.

    It may be held back for a look. It may be withheld for good only on a ground that the rules
    page names, which the shopper is told.
    """

    _inherit = "pinbu.subsidy"

    ground = fields.Selection(
        GROUNDS,
        readonly=True,
        help="What the shopper is told. The activity's rules name these grounds and no others.",
    )

    can_open_given = fields.Boolean(compute="_compute_can_open_given")

    # === COMPUTE METHODS === #

    @api.depends("entry_id", "card_id", "gift_order_id")
    @api.depends_context("uid")
    def _compute_can_open_given(self):
        for subsidy in self:
            given = subsidy._given()
            subsidy.can_open_given = bool(given) and given.has_access("read")

    # === ACTION METHODS === #

    def action_block(self):
        """Ask why these are held back."""
        return self._action_decide("block")

    def action_void(self):
        """Ask on which ground these are withheld."""
        return self._action_decide("void")

    def action_release(self):
        """Grant what was held back."""
        self._check_manager()
        self._release()

    def action_retry(self):
        """Try again now what could not be granted."""
        self._check_manager()
        due = self.sudo().filtered(lambda subsidy: subsidy.state == "due")
        due.write({"retry_at": False, "attempts": 0})
        self.env.ref("pinbu_subsidy.ir_cron_grant").sudo()._trigger()

    def action_reinstate(self):
        """Grant after all what was withheld: the shopper's appeal was right."""
        self._check_manager()
        self._reinstate()

    def action_open_given(self):
        """Open the card or the order that was given."""
        self.ensure_one()
        given = self._given()
        return {
            "type": "ir.actions.act_window",
            "res_model": given._name,
            "res_id": given.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _given(self):
        """:return: the ledger entry, the card or the order that was given; empty before"""
        self.ensure_one()
        return self.gift_order_id or self.card_id or self.entry_id

    def _action_decide(self, decision):
        self._check_manager()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pinbu.subsidy.decision",
            "views": [(False, "form")],
            "target": "new",
            "name": self.env._("Hold back") if decision == "block" else self.env._("Withhold"),
            "context": {"default_decision": decision, "default_subsidy_ids": self.ids},
        }

    def _check_manager(self):
        """:raise AccessError: nobody writes subsidies; a manager may hold them back"""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("pinbu_groupbuy.group_manager"):
            raise AccessError(self.env._("Only a group-buying manager may hold back subsidies."))

    def _block(self, note):
        """Hold back what is not granted yet, until somebody decides.

        :param str note: why, for the back office
        :return: those that were held back
        """
        return self._move(("due",), "blocked", note)

    def _release(self):
        """Let be granted what was held back. :return: those that were held back"""
        released = self._move(("blocked",), "due")
        if released:
            self.env.ref("pinbu_subsidy.ir_cron_grant").sudo()._trigger()
        return released

    def _void(self, ground, note):
        """Withhold for good what is not granted yet.

        :param str ground: one of `GROUNDS`, for the shopper
        :param str note: what it was seen from, for the back office
        :return: those that were withheld
        """
        if not ground or ground not in dict(GROUNDS):
            raise UserError(self.env._("A subsidy is withheld only on a published ground."))
        voided = self._move(("due", "blocked"), "void", note)
        voided.sudo().write({"ground": ground})
        voided.sudo().team_id._check_settled_again()
        voided._subsidy_voided()
        return voided

    def _reinstate(self):
        """Let be granted after all what was withheld and never granted, as after an appeal.

        :return: those that were withheld
        """
        withheld = self.sudo().filtered(lambda s: s.state == "void" and not s.granted_at)
        reinstated = withheld.with_env(self.env)._move(("void",), "due")
        if reinstated:
            reinstated.sudo().write({"ground": False})
            self.env.ref("pinbu_subsidy.ir_cron_grant").sudo()._trigger()
        return reinstated

    def _subsidy_voided(self):
        """Hook: these were withheld. Their shoppers are told, and may appeal."""

    @api.model
    def _ground_sentences(self):
        """:return: ``{ground: sentence for shoppers, in the reader's language}``"""
        return {
            "same_person": self.env._(
                "Members of the team are one and the same person: one phone, device, payer or "
                "address behind several accounts."
            ),
            "made_up": self.env._(
                "Accounts, invited friends or orders were made up, or made by a program."
            ),
            "payment_reversed": self.env._("The payment itself was reversed by the payer's bank."),
            "returned": self.env._("The goods that the reward was for were returned."),
        }
