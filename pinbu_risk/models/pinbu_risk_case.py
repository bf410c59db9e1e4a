from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..audited import without_names
from ..facts import ACTIONS, SEVERITY, former_mark, mark

# How many events a case shows; a button leads to all.
SHOWN_EVENTS = 40
_DECIDED = frozenset(
    (
        "partner_id",
        "company_id",
        "state",
        "action",
        "rule_refs",
        "hits",
        "opened_at",
        "last_at",
        "decided_by",
        "decided_at",
        "reason",
    )
)


class PinbuRiskCase(models.Model):
    """A shopper whom a person should look at: `open -> approved | refused | blocked`.

    There is one open case for each shopper and company; what rules find in the meantime is added
    to it. It is opened from within the transactions of shoppers, so by SQL.
    """

    _name = "pinbu.risk.case"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Risk Case"
    _order = "last_at desc, id desc"
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
    state = fields.Selection(
        [
            ("open", "To Review"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("blocked", "Blocked"),
        ],
        required=True,
        readonly=True,
        default="open",
        index=True,
        tracking=True,
        group_expand=True,
    )
    action = fields.Selection(
        ACTIONS,
        string="Strictest Action",
        readonly=True,
        help="Empty when only an appeal led here.",
    )
    rule_refs = fields.Json(readonly=True, help="Technical: ids of the rules that led here.")
    hits = fields.Integer(
        string="Times", readonly=True, help="How often rules found something.", aggregator=None
    )
    opened_at = fields.Datetime(string="Since", required=True, readonly=True)
    last_at = fields.Datetime(string="Last Time", required=True, readonly=True)
    decided_by = fields.Many2one("res.users", readonly=True)
    decided_at = fields.Datetime(string="Decided on", readonly=True)
    reason = fields.Text(readonly=True, help="Why it was decided like that.")
    appeal_ids = fields.One2many("pinbu.appeal", "case_id", string="Appeals", readonly=True)
    open_appeal_count = fields.Integer(
        string="Appeals to Answer", compute="_compute_open_appeal_count"
    )
    why = fields.Char(compute="_compute_why", help="What the rules were that led here.")
    event_ids = fields.Many2many(
        "pinbu.risk.event",
        string="Events",
        compute="_compute_event_ids",
        help="The newest that a rule found something about.",
    )
    subsidy_ids = fields.Many2many(
        "pinbu.subsidy", string="Subsidies Held Back", compute="_compute_held"
    )
    withdrawal_ids = fields.Many2many(
        "pinbu.withdrawal", string="Withdrawals Held Back", compute="_compute_held"
    )
    held_count = fields.Integer(string="Held Back", compute="_compute_held")
    block_ids = fields.Many2many(
        "pinbu.risk.block", string="Standing Blocks", compute="_compute_block_ids"
    )
    customer_since = fields.Datetime(related="partner_id.create_date", string="Shopper Since")
    won_count = fields.Integer(string="Teams Won", compute="_compute_seats")
    lost_count = fields.Integer(string="Teams Lost", compute="_compute_seats")
    unpaid_count = fields.Integer(string="Left Unpaid", compute="_compute_seats")
    identity_state = fields.Selection(
        [("none", "Not given"), ("pending", "To Verify"), ("verified", "Verified")],
        string="Identity",
        compute="_compute_identity_state",
    )
    links = fields.Json(
        string="Linked Accounts",
        compute="_compute_links",
        help="Who shares a device, a phone, an address or an account with this shopper.",
    )
    other_case_count = fields.Integer(string="Other Cases", compute="_compute_other_case_count")

    _one_open = models.UniqueIndex(
        "(partner_id, company_id) WHERE state = 'open'",
        "A shopper has one open case in a company.",
    )

    # === COMPUTE METHODS === #

    @api.depends("appeal_ids.state")
    def _compute_open_appeal_count(self):
        for case in self:
            case.open_appeal_count = len(case.appeal_ids.filtered(lambda a: a.state == "open"))

    @api.depends("rule_refs")
    @api.depends_context("lang")
    def _compute_why(self):
        rules = self.env["pinbu.risk.rule"].sudo().with_context(active_test=False)
        refs = {ref for case in self for ref in case.rule_refs or ()}
        names = {rule.id: rule.name for rule in rules.search([("id", "in", list(refs))])}
        for case in self:
            found = [names[ref] for ref in case.rule_refs or () if ref in names]
            case.why = " · ".join(found) or (not case.hits and self.env._("Appeal"))

    def _compute_event_ids(self):
        events = self.env["pinbu.risk.event"]
        for case in self:
            case.event_ids = events.search(case._event_domain(), limit=SHOWN_EVENTS)

    @api.depends_context("uid")
    def _compute_held(self):
        for case, readable in zip(self, self.sudo(), strict=True):
            subsidies, withdrawals = readable._held()
            case.subsidy_ids = subsidies.ids
            case.withdrawal_ids = withdrawals.ids
            case.held_count = len(subsidies) + len(withdrawals)

    def _compute_block_ids(self):
        marks = self._marks()
        known = list(set().union(*marks.values()))
        # Nobody may read marks.
        blocks = (
            self.env["pinbu.risk.block"]
            .sudo()
            ._standing(
                [
                    ("company_id", "in", self.company_id.ids),
                    "|",
                    "|",
                    ("partner_id", "in", self.partner_id.ids),
                    ("mark", "in", known),
                    ("former_mark", "in", known),
                ]
            )
        )
        for case in self:
            case.block_ids = blocks.filtered(
                lambda block, case=case: (
                    block.company_id == case.company_id
                    and (
                        block.partner_id == case.partner_id
                        or {block.mark, block.former_mark} & marks[case]
                    )
                )
            ).with_env(self.env)

    def _compute_seats(self):
        counts = {
            (partner, company, state): count
            for partner, company, state, count in self.env["pinbu.seat"]
            .sudo()
            ._read_group(
                [("partner_id", "in", self.partner_id.ids)],
                ["partner_id", "company_id", "state"],
                ["__count"],
            )
        }
        for case in self:
            mine = (case.sudo().partner_id, case.sudo().company_id)
            case.won_count = counts.get((*mine, "won"), 0)
            case.lost_count = counts.get((*mine, "lost"), 0)
            case.unpaid_count = counts.get((*mine, "released"), 0)

    def _compute_identity_state(self):
        states = {
            identity.partner_id.id: identity.state
            for identity in self.env["pinbu.identity"]
            .sudo()
            .search([("partner_id", "in", self.partner_id.ids)])
        }
        for case in self:
            state = states.get(case.partner_id.id)
            case.identity_state = state if state in ("pending", "verified") else "none"

    @api.depends_context("lang")
    def _compute_links(self):
        for case in self:
            case.links = case._find_links()

    def _compute_other_case_count(self):
        counts = {
            (partner, company): count
            for partner, company, count in self._read_group(
                [("partner_id", "in", self.partner_id.ids)],
                ["partner_id", "company_id"],
                ["__count"],
            )
        }
        for case in self:
            here = counts.get((case.partner_id, case.company_id), 0)
            case.other_case_count = max(here - bool(case.id), 0)

    # === CRUD METHODS === #

    def write(self, vals):
        if not self.env.su and _DECIDED.intersection(vals):
            raise AccessError(self.env._("A case is decided with its buttons."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Cases are kept: they tell what was decided, and why."))

    # === BUSINESS METHODS === #

    @api.model
    def _open(self, cr, judged):
        """Open a case for the shopper of each of these facts, or add to the open one: one statement
        on `cr`, however many they are.

        Nothing happens for somebody unknown, for a shopper whom `cr` does not see (yet), and for
        what no rule found: a blocked shopper who keeps trying was looked at already.

        :param list[tuple] judged: of whom (Facts), and which rules held (Verdict)
        """
        wanted = [
            (facts.company_id, facts.partner_id, verdict.action, verdict.rule_ids)
            for facts, verdict in judged
            if facts.partner_id and verdict.rule_ids and not verdict.block_id
        ]
        if wanted:
            self._insert(cr, wanted)

    @api.model
    def _open_for_appeal(self, partner, company):
        """:return: the id of the case in which this shopper's appeal is looked at"""
        [case_id] = self._insert(self.env.cr, [(company.id, partner.id, None, ())], hits=0)
        self.invalidate_model(flush=False)
        return case_id

    @api.model
    def _insert(self, cr, wanted, hits=1):
        """:param list[tuple] wanted: company id, partner id, strictest action or None, and rule ids;
            a shopper may come up more than once
        :param int hits: how often rules found something, for each of them
        :return: the ids of the shoppers' open cases; none for a shopper who is not there
        """
        rows = {}
        for company_id, partner_id, action, rule_ids in wanted:
            row = rows.setdefault((company_id, partner_id), [None, set(), 0])
            row[0] = max(row[0], action, key=lambda name: SEVERITY.get(name, -1))
            row[1].update(rule_ids)
            row[2] += hits
        cr.execute(
            SQL(
                """
                INSERT INTO pinbu_risk_case AS old
                       (partner_id, company_id, state, action, rule_refs, hits, opened_at, last_at,
                        create_uid, create_date, write_uid, write_date)
                SELECT partner.id, found.company_id, 'open', found.action, to_jsonb(found.rules),
                       found.hits, %(now)s, %(now)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM (VALUES %(found)s) found (company_id, partner_id, action, rules, hits)
                  JOIN res_partner partner ON partner.id = found.partner_id
              ORDER BY partner.id
                    ON CONFLICT (partner_id, company_id) WHERE state = 'open' DO UPDATE
                   SET hits = old.hits + EXCLUDED.hits,
                       last_at = EXCLUDED.last_at,
                       action = CASE WHEN old.action IS NULL
                                       OR array_position(%(actions)s, EXCLUDED.action::text)
                                          > array_position(%(actions)s, old.action::text)
                                     THEN EXCLUDED.action ELSE old.action END,
                       rule_refs = (SELECT jsonb_agg(DISTINCT rule) FROM jsonb_array_elements(
                                           old.rule_refs || EXCLUDED.rule_refs) rule),
                       write_date = EXCLUDED.write_date
             RETURNING id
                """,
                found=SQL(", ").join(
                    SQL("(%s, %s, %s::varchar, %s::int[], %s)", *ids, action, sorted(rules), count)
                    for ids, (action, rules, count) in rows.items()
                ),
                actions=[action for action, _label in ACTIONS],
                now=SQL_NOW,
                uid=self.env.uid,
            )
        )
        return [row[0] for row in cr.fetchall()]

    def _marks(self):
        """:return: ``{case: marks of the shopper's phone and devices, by which blocks meet them}``
        :rtype: dict
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "SELECT DISTINCT company_id, partner_ref, device FROM pinbu_risk_event"
                " WHERE company_id = ANY(%s) AND partner_ref = ANY(%s) AND device IS NOT NULL",
                self.company_id.ids,
                self.partner_id.ids,
            )
        )
        devices = {}
        for company_id, partner_id, device in self.env.cr.fetchall():
            devices.setdefault((company_id, partner_id), set()).add(device)
        marks = {}
        for case in self:
            phone = case.partner_id.sudo()._pinbu_phone_trait()
            own = {mark(self.env, "phone", phone), former_mark(self.env, "phone", phone)}
            marks[case] = (own - {None}) | devices.get(
                (case.company_id.id, case.partner_id.id), set()
            )
        return marks

    def _event_domain(self):
        """:return: what led here, and what happened to the shopper's other attempts"""
        return [
            ("partner_ref", "=", self.partner_id.id),
            ("company_id", "=", self.company_id.id),
            "|",
            ("action", "!=", False),
            ("outcome", "=", "refused"),
        ]

    def _pinbu_forget_blocks(self):
        """Devices and phones that were blocked with these cases stay so; why, in words about their
        shopper, goes."""
        marks = self._marks()
        for case in self.filtered("reason"):
            blocks = self.env["pinbu.risk.block"].search(
                [
                    ("reason", "=", case.reason),
                    ("partner_id", "=", False),
                    ("company_id", "=", case.company_id.id),
                    "|",
                    ("mark", "in", list(marks[case])),
                    ("former_mark", "in", list(marks[case])),
                ]
            )
            blocks = blocks.with_context(pinbu_about_id=case.partner_id.id)
            blocks.reason = self.env._("Account closed")

    def _pinbu_forget(self):
        """What was decided stays, the words do not."""
        self.write({"reason": False})
        self.env["res.partner"]._pinbu_forget_chatter(self)

    def _pinbu_forget_in_others(self, names):
        """One reason that was given for many stays with the others, and names this shopper no more.

        :param list names: by which it may call them
        """
        self.env.flush_all()
        for reason in {reason for reason in self.mapped("reason") if reason}:
            text = without_names(reason, names)
            if text != reason:
                for table in ("pinbu_risk_case", "pinbu_risk_block"):
                    # Not by the ORM: the audit log would keep of the others what goes here.
                    self.env.cr.execute(
                        SQL(
                            "UPDATE %s SET reason = %s WHERE reason = %s",
                            SQL.identifier(table),
                            text,
                            reason,
                        )
                    )
        self.env["pinbu.risk.block"].invalidate_model(["reason"], flush=False)
        self.invalidate_model(["reason"], flush=False)
