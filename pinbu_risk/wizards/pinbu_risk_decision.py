from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.pinbu_subsidy.const import GROUNDS


class PinbuRiskDecision(models.TransientModel):
    """Decides cases, one or many, with one reason."""

    _name = "pinbu.risk.decision"
    _description = "Decide Risk Cases"

    case_ids = fields.Many2many("pinbu.risk.case", required=True, readonly=True)
    decision = fields.Selection(
        [("approve", "Approve"), ("refuse", "Refuse"), ("block", "Block")],
        required=True,
        readonly=True,
    )
    case_count = fields.Integer(compute="_compute_cases")
    reason = fields.Text(required=True, help="Stays in the back office.")
    subsidy_ids = fields.Many2many(
        "pinbu.subsidy",
        string="Subsidies",
        compute="_compute_held",
        store=True,
        readonly=False,
        help="Those taken out of the list stay held back.",
    )
    withdrawal_ids = fields.Many2many(
        "pinbu.withdrawal",
        string="Withdrawals",
        compute="_compute_held",
        store=True,
        readonly=False,
        help="Those taken out of the list stay held back.",
    )
    ground = fields.Selection(GROUNDS, help="What the shopper is told.")
    lift_blocks = fields.Boolean(default=True, help="They may take part again at once.")
    block_count = fields.Integer(compute="_compute_cases")
    block_for = fields.Selection(
        [
            ("7", "7 days"),
            ("30", "30 days"),
            ("90", "90 days"),
            ("365", "1 year"),
            ("0", "Until it is lifted"),
        ],
        default="30",
        string="For",
    )
    with_device = fields.Boolean(
        string="Their devices, too", help="Nobody takes part with these, whatever their account."
    )
    with_phone = fields.Boolean(
        string="Their phone, too", help="Nobody takes part with this number."
    )
    linked_ids = fields.Many2many(
        "res.partner",
        string="Linked Accounts",
        compute="_compute_linked_ids",
        help="Technical: who may be chosen.",
    )
    other_ids = fields.Many2many(
        "res.partner",
        "pinbu_risk_decision_other_rel",
        string="And These Linked Accounts",
        help="They are blocked as well. Their own cases stay as they are.",
    )
    appeal_count = fields.Integer(compute="_compute_cases")
    answer = fields.Text(help="The shopper reads this as the answer to the appeal.")

    # === COMPUTE METHODS === #

    @api.depends("case_ids")
    def _compute_cases(self):
        for wizard in self:
            cases = wizard.case_ids._origin
            wizard.case_count = len(cases)
            wizard.block_count = len(cases.block_ids)
            wizard.appeal_count = sum(cases.mapped("open_appeal_count"))

    @api.depends("case_ids")
    def _compute_held(self):
        for wizard in self:
            cases = wizard.case_ids._origin
            wizard.subsidy_ids = cases.subsidy_ids
            wizard.withdrawal_ids = cases.withdrawal_ids

    @api.depends("case_ids")
    def _compute_linked_ids(self):
        for wizard in self:
            # Of several cases at once, nobody would see who belongs to whom.
            cases = wizard.case_ids._origin
            rows = cases.links["rows"] if len(cases) == 1 else ()
            wizard.linked_ids = [row["id"] for row in rows]

    # === ACTION METHODS === #

    def action_decide(self):
        self.ensure_one()
        # The audit log says why.
        cases = self.case_ids.with_context(pinbu_note=self.reason)
        cases = cases.filtered(lambda case: case.state == "open")
        if not self.reason.strip():
            raise UserError(self.env._("Say why: others have to understand it later."))
        if self.appeal_count and not (self.answer or "").strip():
            raise UserError(self.env._("Answer the appeal: the shopper waits to learn why."))
        if self.decision == "approve":
            decided = cases._approve(self.reason, self.subsidy_ids, self.withdrawal_ids)
            for case in decided if self.lift_blocks else ():
                # Of a device nobody else knows whose it is.
                case.block_ids.with_context(pinbu_about_id=case.partner_id.id).action_lift()
        else:
            if self.subsidy_ids and not self.ground:
                raise UserError(self.env._("A subsidy is withheld only on a published ground."))
            state = "refused" if self.decision == "refuse" else "blocked"
            decided = cases._refuse(
                state, self.reason, self.ground, self.subsidy_ids, self.withdrawal_ids
            )
            if self.decision == "block":
                self._block(decided)
        decided._answer_appeals(self.decision == "approve", self.answer)
        return {"type": "ir.actions.act_window_close"}

    # === BUSINESS METHODS === #

    def _block(self, cases):
        days = int(self.block_for or 0)
        cases._block(
            fields.Datetime.now() + timedelta(days=days) if days else False,
            self.reason,
            self.other_ids & self.linked_ids,
            self.with_device,
            self.with_phone,
        )
