from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..facts import ACTIONS

_DECIDED = frozenset(("partner_id", "company_id", "state", "action", "rule_refs", "hits"))


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

    _one_open = models.UniqueIndex(
        "(partner_id, company_id) WHERE state = 'open'",
        "A shopper has one open case in a company.",
    )

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
    def _open(self, cr, facts, verdict):
        """Open a case for the shopper of `facts`, or add to the open one: one statement on `cr`.

        Nothing happens for somebody unknown, for a shopper whom `cr` does not see (yet), and for
        what no rule found: a blocked shopper who keeps trying was looked at already.

        :param Facts facts: of whom
        :param Verdict verdict: which rules held, and the strictest action of them
        """
        if not facts.partner_id or not verdict.rule_ids:
            return
        self._insert(cr, facts.company_id, facts.partner_id, verdict.action, verdict.rule_ids, 1)

    @api.model
    def _insert(self, cr, company_id, partner_id, action, rule_ids, hits):
        """:return: the id of the shopper's open case, or None for a shopper who is not there"""
        cr.execute(
            SQL(
                """
                INSERT INTO pinbu_risk_case AS old
                       (partner_id, company_id, state, action, rule_refs, hits, opened_at, last_at,
                        create_uid, create_date, write_uid, write_date)
                SELECT id, %(company)s, 'open', %(action)s, to_jsonb(%(rules)s::int[]), %(hits)s,
                       %(now)s, %(now)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM res_partner WHERE id = %(partner)s
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
                company=company_id,
                partner=partner_id,
                action=action,
                rules=list(rule_ids),
                hits=hits,
                actions=[action for action, _label in ACTIONS],
                now=SQL_NOW,
                uid=self.env.uid,
            )
        )
        row = cr.fetchone()
        return row and row[0]

    def _pinbu_forget(self):
        """What was decided stays, the words do not."""
        self.message_ids.unlink()
