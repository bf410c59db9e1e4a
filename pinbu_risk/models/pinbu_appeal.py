from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.api.paging import search_page
from odoo.addons.pinbu_groupbuy.api.render import to_iso
from odoo.addons.pinbu_groupbuy.exceptions import PinbuError

OFFICERS = "pinbu_risk.group_officer"
# Whoever has so many unanswered ones waits for an answer.
MAX_OPEN = 5
_DECIDED = frozenset(
    (
        "partner_id",
        "company_id",
        "case_id",
        "text",
        "about",
        "state",
        "decided_by",
        "decided_at",
    )
)


class PinbuAppeal(models.Model):
    """A shopper says that something decided about them is wrong: `open -> upheld | dismissed`."""

    _name = "pinbu.appeal"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Appeal"
    _order = "id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Shopper",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    case_id = fields.Many2one(
        "pinbu.risk.case",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Where what led here stands, and where it is decided.",
    )
    text = fields.Text(readonly=True)
    about = fields.Char(readonly=True, help="What it is about, in the shopper's words.")
    state = fields.Selection(
        [("open", "To Look at"), ("upheld", "Upheld"), ("dismissed", "Dismissed")],
        required=True,
        readonly=True,
        default="open",
        index=True,
        tracking=True,
    )
    answer = fields.Text(help="The shopper reads this.", tracking=True)
    decided_by = fields.Many2one("res.users", readonly=True)
    decided_at = fields.Datetime(readonly=True)
    event_count = fields.Integer(string="Refusals", compute="_compute_event_count")

    # === COMPUTE METHODS === #

    def _compute_event_count(self):
        refusals = dict(
            self.env["pinbu.risk.event"]
            .sudo()
            ._read_group(
                [
                    ("partner_ref", "in", self.partner_id.ids),
                    ("company_id", "in", self.company_id.ids),
                    ("outcome", "=", "refused"),
                ],
                ["partner_ref"],
                ["__count"],
            )
        )
        for appeal in self:
            appeal.event_count = refusals.get(appeal.partner_id.id, 0)

    # === CRUD METHODS === #

    def write(self, vals):
        if not self.env.su and _DECIDED.intersection(vals):
            raise AccessError(self.env._("An appeal is decided with its buttons."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Appeals are kept: they tell what was decided, and why."))

    # === ACTION METHODS === #

    def action_uphold(self):
        """The shopper is right."""
        self._decide("upheld")

    def action_dismiss(self):
        """It stays as it was decided."""
        self._decide("dismissed")

    def action_view_case(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pinbu.risk.case",
            "res_id": self.case_id.id,
            "views": [(False, "form")],
        }

    def action_view_events(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_risk.pinbu_risk_event_action")
        domain = [("partner_ref", "=", self.partner_id.id)]
        return {**action, "domain": domain, "context": {"search_default_refused": 1}}

    # === BUSINESS METHODS === #

    @api.model
    def _file(self, partner, company, text, about):
        """A shopper appeals: a risk officer gets it as a task.

        :return: the appeal, with sudo
        :raise PinbuError: ``limit_reached`` while too many wait for an answer
        """
        appeals = self.sudo()
        mine = [("partner_id", "=", partner.id), ("state", "=", "open")]
        if appeals.search_count(mine) >= MAX_OPEN:
            raise PinbuError(
                "limit_reached", self.env._("Please wait for the answer to your last messages.")
            )
        case_id = self.env["pinbu.risk.case"]._open_for_appeal(partner, company)
        # Nobody is written to: an officer has the task, the shopper asks for the answer.
        appeal = (
            appeals.with_context(
                mail_create_nolog=True, mail_create_nosubscribe=True, tracking_disable=True
            )
            .create(
                {
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "case_id": case_id,
                    "text": text,
                    "about": about,
                }
            )
            .with_env(appeals.env)
        )
        if officer := company._pinbu_risk_officer():
            # Quick: no e-mail is rendered while the shopper waits.
            quick = appeal.with_context(lang=officer.lang, mail_activity_quick_update=True)
            quick.activity_schedule("pinbu_risk.mail_activity_type_appeal", user_id=officer.id)
        return appeal

    def _decide(self, state):
        """:param str state: ``upheld`` or ``dismissed``"""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(OFFICERS):
            raise AccessError(self.env._("Only risk officers decide appeals."))
        waiting = self.filtered(lambda appeal: appeal.state == "open")
        if unanswered := waiting.filtered(lambda appeal: not appeal.answer):
            raise UserError(
                self.env._(
                    "Answer first, so that the shopper learns why: %s",
                    ", ".join(unanswered.mapped("display_name")),
                )
            )
        waiting.sudo().write(
            {"state": state, "decided_by": self.env.uid, "decided_at": self.env.cr.now()}
        )
        waiting.activity_feedback(["pinbu_risk.mail_activity_type_appeal"])
        waiting.case_id._appeals_decided(state)

    # === API === #

    @api.model
    def _api_list(self, partner, query):
        """:param schemas.PageQuery query: the page
        :return: (the shopper's appeals with sudo, newest first, next cursor)
        """
        return search_page(
            self.sudo(),
            [("partner_id", "=", partner.id)],
            "appeals",
            [SQL("(-%s)", SQL.identifier("pinbu_appeal", "id"))],
            query,
        )

    def _to_api(self):
        """:return: appeals as their shopper sees them, in order
        :rtype: list[dict]
        """
        return [
            {
                "id": appeal.id,
                "text": appeal.text or "",
                "about": appeal.about or None,
                "state": appeal.state,
                # Not while an officer is still writing it.
                "answer": (appeal.answer or None) if appeal.state != "open" else None,
                "created_at": to_iso(appeal.create_date),
            }
            for appeal in self
        ]
