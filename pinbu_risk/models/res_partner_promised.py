"""What was promised to shoppers before they closed their account and came back.

Else whoever has used up the guards of a subsidy rule would close the account and begin anew.
"""

from datetime import timedelta

from odoo import fields, models
from odoo.fields import NO_ACCESS

from odoo.addons.pinbu_subsidy.models.pinbu_promise import DECAY_DAYS, Usage


class ResPartner(models.Model):
    _inherit = "res.partner"

    pinbu_promised_before = fields.Json(
        readonly=True,
        copy=False,
        groups=NO_ACCESS,
        help="Technical: what `_pinbu_promised` told when they left.",
    )

    # === BUSINESS METHODS === #

    def _pinbu_promised(self):
        """:return: ``{"until": when they leave, "companies": {company id: {type: [seats that were
        promised it ever, lately, since the last delivered win]}}}``, as JSON can hold it, with
        what was before if they have returned already; None if there was nothing
        """
        self.ensure_one()
        companies = dict((self.pinbu_promised_before or {}).get("companies", {}))
        held = self.env["pinbu.subsidy.reservation"]._read_group(
            [("partner_id", "=", self.id)], ["company_id"], ["activity_id:recordset"]
        )
        for company, activities in held:
            facts = activities[0]._promise_facts(self.env.cr, self, self.env["pinbu.team"])
            companies[str(company.id)] = {
                kind: [usage.ever, usage.lately, usage.since_win]
                for kind, usage in facts.usage.items()
            }
        if not companies:
            return None
        return {"until": fields.Datetime.to_string(fields.Datetime.now()), "companies": companies}

    def _pinbu_with_promised_before(self, usage, company):
        """:param dict usage: ``{type: Usage}`` of this account in `company`
        :return: the same with what was before it
        """
        self.ensure_one()
        before = self.pinbu_promised_before or {}
        kinds = before.get("companies", {}).get(str(company.id))
        if not kinds:
            return usage
        until = fields.Datetime.to_datetime(before["until"])
        is_recent = until > fields.Datetime.now() - timedelta(days=DECAY_DAYS)
        has_won = self._pinbu_delivered_wins(company)
        usage = dict(usage)
        for kind, (ever, lately, since_win) in kinds.items():
            now = usage.get(kind, Usage())
            usage[kind] = now._replace(
                ever=now.ever + ever,
                lately=now.lately + (lately if is_recent else 0),
                since_win=now.since_win + (0 if has_won else since_win),
            )
        return usage
