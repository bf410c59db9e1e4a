from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW


class PinbuRiskEvent(models.Model):
    """What a shopper did, and whether a rule refused it. Append-only.

    It refers by plain integers: a merge of contacts or a deletion rewrites foreign keys, and a row
    here must never be rewritten.
    """

    _name = "pinbu.risk.event"
    _description = "Risk Event"
    _order = "id desc"
    _log_access = False

    kind = fields.Selection([("participation", "Opening or joining")], required=True, readonly=True)
    outcome = fields.Selection(
        [("allowed", "Allowed"), ("refused", "Refused")], required=True, readonly=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_ref = fields.Integer(required=True, readonly=True, aggregator=None)
    activity_ref = fields.Integer(readonly=True, aggregator=None)
    team_ref = fields.Integer(readonly=True, aggregator=None, help="Empty for an opening.")
    rule_ref = fields.Integer(readonly=True, aggregator=None)
    partner_id = fields.Many2one(
        "res.partner", string="Shopper", compute="_compute_subjects", search="_search_partner_id"
    )
    activity_id = fields.Many2one(
        "pinbu.activity", compute="_compute_subjects", search="_search_activity_id"
    )
    team_id = fields.Many2one("pinbu.team", compute="_compute_subjects")
    rule_id = fields.Many2one("pinbu.risk.rule", compute="_compute_subjects")
    create_date = fields.Datetime(string="At", required=True, readonly=True)

    _count_idx = models.Index("(company_id, partner_ref, kind, create_date)")
    _refused_idx = models.Index("(rule_ref) WHERE outcome = 'refused'")

    def init(self):
        self.env.cr.execute("""
            DROP TRIGGER IF EXISTS pinbu_risk_event_append_only ON pinbu_risk_event;
            CREATE TRIGGER pinbu_risk_event_append_only
                BEFORE UPDATE OR DELETE OR TRUNCATE ON pinbu_risk_event
                FOR EACH STATEMENT EXECUTE FUNCTION pinbu_refuse_change();
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
            event.display_name = f"{kinds[event.kind]}: {event.partner_id.display_name or '?'}"

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A risk event is never deleted."))

    # === BUSINESS METHODS === #

    @api.model
    def _append(self, cr, **values):
        """Write one event on `cr`, at the database's time."""
        values["create_date"] = SQL_NOW
        cr.execute(
            SQL(
                "INSERT INTO pinbu_risk_event (%s) VALUES (%s)",
                SQL(", ").join(map(SQL.identifier, values)),
                SQL(", ").join(SQL("%s", value) for value in values.values()),
            )
        )

    @api.model
    def _count_today(self, cr, company, partner, kind):
        """How many of the shopper's events were allowed since the company's last midnight."""
        cr.execute(
            SQL(
                """
                SELECT count(*) FROM pinbu_risk_event
                 WHERE company_id = %(company)s AND partner_ref = %(partner)s
                   AND kind = %(kind)s AND outcome = 'allowed'
                   AND create_date >= date_trunc('day', clock_timestamp() AT TIME ZONE %(tz)s)
                                      AT TIME ZONE %(tz)s AT TIME ZONE 'UTC'
                """,
                company=company.id,
                partner=partner.id,
                kind=kind,
                tz=company._pinbu_timezone(),
            )
        )
        return cr.fetchone()[0]
