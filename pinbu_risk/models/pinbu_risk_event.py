from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.models.pinbu_seat import CANCELLED, HOLD_LAPSED
from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..facts import ACTIONS, MOMENTS


class PinbuRiskEvent(models.Model):
    """What a shopper did or tried to do, and what the rules made of it. Append-only,
    until it is old enough to be deleted.

    It refers by plain integers: a merge of contacts or a deletion rewrites foreign keys, and a row
    here must never be rewritten.
    """

    _name = "pinbu.risk.event"
    _description = "Risk Event"
    _order = "id desc"
    _log_access = False

    kind = fields.Selection(MOMENTS, required=True, readonly=True)
    outcome = fields.Selection(
        [("allowed", "Allowed"), ("refused", "Refused")], required=True, readonly=True
    )
    action = fields.Selection(
        ACTIONS, readonly=True, help="The strictest of the rules that held; empty: none did."
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    partner_ref = fields.Integer(
        readonly=True, aggregator=None, help="Empty: somebody who was not let in."
    )
    activity_ref = fields.Integer(readonly=True, aggregator=None)
    team_ref = fields.Integer(readonly=True, aggregator=None, help="Empty for an opening.")
    inviter_ref = fields.Integer(readonly=True, aggregator=None)
    rule_ref = fields.Integer(
        readonly=True, aggregator=None, help="The strictest of the rules that held."
    )
    block_ref = fields.Integer(readonly=True, aggregator=None)
    measured = fields.Json(
        readonly=True, help="What was counted, by the id of each rule that held."
    )
    address_prefix = fields.Char(
        "Network", readonly=True, help="The range that the client's address is in."
    )
    # Keyed hashes.
    address = fields.Char(readonly=True, groups=NO_ACCESS)
    device = fields.Char(readonly=True, groups=NO_ACCESS)
    phone = fields.Char(readonly=True, groups=NO_ACCESS)
    delivery = fields.Char(readonly=True, groups=NO_ACCESS)
    account = fields.Char(readonly=True, groups=NO_ACCESS)
    amount_minor = fields.Integer(
        readonly=True, aggregator=None, help="In the smallest unit of the company's currency."
    )
    is_newcomer = fields.Boolean(readonly=True)
    account_age_hours = fields.Integer(readonly=True, aggregator=None)
    partner_id = fields.Many2one(
        "res.partner", string="Shopper", compute="_compute_subjects", search="_search_partner_id"
    )
    activity_id = fields.Many2one(
        "pinbu.activity", compute="_compute_subjects", search="_search_activity_id"
    )
    team_id = fields.Many2one("pinbu.team", compute="_compute_subjects")
    rule_id = fields.Many2one("pinbu.risk.rule", compute="_compute_subjects")
    findings = fields.Text(compute="_compute_findings", help="What each rule that held counted.")
    create_date = fields.Datetime(string="At", required=True, readonly=True)

    _count_idx = models.Index("(company_id, partner_ref, kind, create_date)")
    _rule_idx = models.Index("(rule_ref, create_date) WHERE rule_ref IS NOT NULL")
    _date_idx = models.Index("(company_id, create_date)")
    _held_idx = models.Index(
        "(company_id, create_date) WHERE outcome = 'refused' OR action IS NOT NULL"
    )
    _address_idx = models.Index("(address, kind, create_date) WHERE address IS NOT NULL")
    _device_idx = models.Index("(device, kind, create_date) WHERE device IS NOT NULL")
    _phone_idx = models.Index("(phone, kind, create_date) WHERE phone IS NOT NULL")
    _delivery_idx = models.Index("(delivery, kind, create_date) WHERE delivery IS NOT NULL")
    _account_idx = models.Index("(account, kind, create_date) WHERE account IS NOT NULL")
    _inviter_idx = models.Index("(inviter_ref, kind, create_date) WHERE inviter_ref IS NOT NULL")

    def init(self):
        # What is old enough is deleted by ``pinbu.retention``.
        self.env.cr.execute("""
            DROP TRIGGER IF EXISTS pinbu_risk_event_append_only ON pinbu_risk_event;
            CREATE TRIGGER pinbu_risk_event_append_only
                BEFORE UPDATE OR TRUNCATE ON pinbu_risk_event
                FOR EACH STATEMENT EXECUTE FUNCTION pinbu_refuse_change();
            DROP TRIGGER IF EXISTS pinbu_risk_event_kept ON pinbu_risk_event;
            CREATE TRIGGER pinbu_risk_event_kept
                BEFORE DELETE ON pinbu_risk_event FOR EACH ROW
                WHEN (OLD.create_date > clock_timestamp() AT TIME ZONE 'UTC'
                                        - INTERVAL '60 days')
                EXECUTE FUNCTION pinbu_refuse_change();
        """)

    # === COMPUTE METHODS === #

    @api.depends("partner_ref", "activity_ref", "team_ref", "rule_ref")
    def _compute_subjects(self):
        for name in ("partner", "activity", "team", "rule"):
            comodel = self.env[self._fields[f"{name}_id"].comodel_name].sudo()
            refs = {event[f"{name}_ref"] for event in self} - {0}
            there = set(comodel.browse(refs).exists().ids)
            for event in self:
                ref = event[f"{name}_ref"]
                event[f"{name}_id"] = ref if ref in there else False

    @api.depends("block_ref", "measured")
    @api.depends_context("lang")
    def _compute_findings(self):
        refs = {int(ref) for event in self for ref in event.measured or {}}
        rules = self.env["pinbu.risk.rule"].sudo().browse(refs).exists()
        names = {str(rule.id): rule.name for rule in rules}
        for event in self:
            lines = [
                self.env._(
                    "%(rule)s: %(count)s", rule=names.get(ref) or self.env._("gone"), count=count
                )
                for ref, count in (event.measured or {}).items()
            ]
            if event.block_ref:
                lines.append(self.env._("A block stands against it."))
            event.findings = "\n".join(lines) or False

    def _search_partner_id(self, operator, value):
        return self._search_subject("partner", operator, value)

    def _search_activity_id(self, operator, value):
        return self._search_subject("activity", operator, value)

    def _search_subject(self, name, operator, value):
        if operator in ("any", "any!"):
            return [(f"{name}_ref", "in", value)]
        if operator == "in":
            return [(f"{name}_ref", "in", [number or 0 for number in value])]
        return NotImplemented

    @api.depends("kind", "partner_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for event in self:
            # Of a version before, there are other kinds.
            kind = kinds.get(event.kind, event.kind)
            event.display_name = f"{kind}: {event.partner_id.display_name or '?'}"

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A risk event is never deleted."))

    # === BUSINESS METHODS === #

    @api.model
    def _append(self, cr, facts, verdict, outcome="allowed"):
        """Write one event on `cr`, at the database's time, in one statement.

        :param Facts facts: what somebody did, or was about to do
        :param Verdict verdict: what the rules made of it
        :param str outcome: ``allowed`` or ``refused``: whether it went on
        """
        self._append_all(cr, [(facts, verdict, outcome)])

    @api.model
    def _append_all(self, cr, rows):
        """As `_append`, of many at once: still one statement.

        :param list[tuple] rows: facts, verdict and outcome of each; at least one
        """
        rows = [self._prepare_row(*row) for row in rows]
        cr.execute(
            SQL(
                "INSERT INTO pinbu_risk_event (%s) VALUES %s",
                SQL(", ").join(map(SQL.identifier, rows[0])),
                SQL(", ").join(
                    SQL("(%s)", SQL(", ").join(SQL("%s", value) for value in row.values()))
                    for row in rows
                ),
            )
        )

    @api.model
    def _prepare_row(self, facts, verdict, outcome):
        known = verdict.is_newcomer if facts.is_newcomer is None else facts.is_newcomer
        return {
            "kind": facts.moment,
            "outcome": outcome,
            "action": verdict.action,
            "company_id": facts.company_id,
            "partner_ref": facts.partner_id,
            "activity_ref": facts.activity_id,
            "team_ref": facts.team_id,
            "inviter_ref": facts.inviter_id,
            "rule_ref": verdict.rule_ids[0] if verdict.rule_ids else None,
            "block_ref": verdict.block_id,
            "measured": Json(verdict.measured) if verdict.measured else None,
            "address_prefix": facts.address_prefix,
            "address": facts.address,
            "device": facts.device,
            "phone": facts.phone,
            "delivery": facts.delivery,
            "account": facts.account,
            "amount_minor": facts.amount_minor,
            "is_newcomer": known,
            "account_age_hours": facts.account_age_hours,
            "create_date": SQL_NOW,
        }

    @api.model
    def _append_unpaid(self, cr, seat_ids):
        """Write down which of these places, given up, their shoppers had taken for nothing: they
        let the hold lapse or cancelled it. Whoever changes their mind for another one did not."""
        cr.execute(
            SQL(
                """
                INSERT INTO pinbu_risk_event
                       (kind, outcome, company_id, partner_ref, activity_ref, team_ref, device,
                        create_date)
                SELECT 'unpaid', 'allowed', seat.company_id, seat.partner_id, seat.activity_id,
                       seat.team_id, partner.pinbu_device_mark, %s
                  FROM pinbu_seat seat JOIN res_partner partner ON partner.id = seat.partner_id
                 WHERE seat.id = ANY(%s) AND seat.release_reason = ANY(%s)
                """,
                SQL_NOW,
                list(seat_ids),
                [HOLD_LAPSED, CANCELLED],
            )
        )
