"""What a rule would have found lately, while it is edited: nothing needs to be saved."""

from psycopg2.errors import QueryCanceled

from odoo import api, fields, models
from odoo.tools import SQL

from .pinbu_risk_rule import LOOKS_AT

DAYS = 30
# Beyond so many cases of a moment, every second, third, … one stands for the others.
SAMPLE = 5000
# Whoever edits a rule does not wait for longer.
PATIENCE_MS = 3000
# What others look at is as it is now, and not as it was then.
_KEPT = frozenset(
    ("participations", "registrations", "shoppers", "unpaid", "first_subsidy", "friends_lost")
)
_TERMS = (
    *LOOKS_AT.values(),
    "activity_ids",
    "company_id",
    "max_account_age_hours",
    "measure",
    "min_amount",
    "newcomers_only",
    "subject",
    "threshold",
    "window_minutes",
)


class _Past:
    """`Facts` of each row of the events `seen`, as SQL: measures count as if it were then."""

    address = SQL("seen.address")
    device = SQL("seen.device")
    phone = SQL("seen.phone")
    delivery = SQL("seen.delivery")
    account = SQL("seen.account")
    partner_id = SQL("seen.partner_ref")
    inviter_id = SQL("seen.inviter_ref")
    activity_id = SQL("seen.activity_ref")
    team_id = SQL("seen.team_ref")
    now = SQL("seen.create_date")

    def __init__(self, moment, company_id):
        self.moment = moment
        self.company_id = company_id


class PinbuRiskRule(models.Model):
    _inherit = "pinbu.risk.rule"

    preview = fields.Char(
        compute="_compute_preview",
        help="What this rule, as it is being edited, would have found within the last 30 days.",
    )

    # === COMPUTE METHODS === #

    @api.depends(*_TERMS, "action")
    @api.depends_context("lang", "allowed_company_ids")
    def _compute_preview(self):
        for rule in self:
            rule.preview = rule._say_preview()

    # === BUSINESS METHODS === #

    def _say_preview(self):
        if not self.measure or not self.subject or not self.action:
            return False
        if self.measure not in _KEPT:
            return self.env._(
                "What this counts cannot be told from the past: let the rule note first, and look "
                "at its cases."
            )
        found = self._look_back()
        if not found:
            return self.env._(
                "There is too much to look at while you edit. Choose a shorter window."
            )
        total, met, shoppers, is_sample = found
        return self._preview_words()[self.action] % {
            "met": f"{met:,}",
            "total": f"{total:,}",
            "days": DAYS,
            "shoppers": f"{shoppers:,}",
            "about": self.env._("about ") if is_sample else "",
        }

    def _preview_words(self):
        """:return: a sentence for each action"""
        return {
            "note": self.env._(
                "In the last %(days)s days it would have noted %(about)s%(met)s of %(total)s, by "
                "%(shoppers)s shoppers."
            ),
            "review": self.env._(
                "In the last %(days)s days it would have flagged %(about)s%(met)s of %(total)s, by "
                "%(shoppers)s shoppers."
            ),
            "delay": self.env._(
                "In the last %(days)s days it would have delayed %(about)s%(met)s of %(total)s, by "
                "%(shoppers)s shoppers."
            ),
            "identity": self.env._(
                "In the last %(days)s days it would have asked for the identity in "
                "%(about)s%(met)s of %(total)s, by %(shoppers)s shoppers."
            ),
            "refuse": self.env._(
                "In the last %(days)s days it would have stopped %(about)s%(met)s of %(total)s, by "
                "%(shoppers)s shoppers."
            ),
        }

    def _look_back(self):
        """Ask this rule, saved or not, about what it would have looked at.

        Each case is counted as if the rule had been new then: what it would have stopped before
        counts on. Of other companies nothing is read.

        :return: (cases, those that the rule holds for, by how many shoppers, whether these are
            estimated from a part), or None where that takes too long
        """
        self.ensure_one()
        companies = self.company_id or self.env.companies
        moments = [moment for moment, field in LOOKS_AT.items() if self[field]]
        cr = self.env.cr
        self.env.flush_all()
        cr.execute("SELECT current_setting('statement_timeout')")
        [patience] = cr.fetchone()
        met = 0
        shoppers = set()
        total = 0
        is_sample = False
        try:
            with cr.savepoint(flush=False):
                cr.execute("SELECT set_config('statement_timeout', %s, TRUE)", [str(PATIENCE_MS)])
                for company in companies:
                    for moment in moments:
                        cases, found, every = self._look_back_at(moment, company)
                        total += cases
                        met += len(found) * every
                        shoppers.update(found)
                        is_sample = is_sample or every > 1
                cr.execute("SELECT set_config('statement_timeout', %s, TRUE)", [patience])
        except QueryCanceled:
            return None
        return total, min(met, total), len(shoppers), is_sample

    def _look_back_at(self, moment, company):
        """:return: (how many cases there were, the shopper of each one looked at that meets the
        rule, how many cases one of them stands for)"""
        past = SQL(
            "company_id = %s AND kind = %s AND create_date >= %s",
            company.id,
            moment,
            fields.Datetime.subtract(fields.Datetime.now(), days=DAYS),
        )
        cr = self.env.cr
        cr.execute(SQL("SELECT count(*) FROM pinbu_risk_event WHERE %s", past))
        [cases] = cr.fetchone()
        if not cases:
            return 0, [], 1
        every = -(-cases // SAMPLE)
        terms = self._to_terms()
        facts = _Past(moment, company.id)
        cr.execute(
            SQL(
                """
                SELECT seen.partner_ref
                  FROM (SELECT * FROM pinbu_risk_event
                         WHERE %(past)s AND id %% %(every)s = 0) seen
                 WHERE %(conditions)s AND %(measure)s > %(threshold)s
                """,
                past=past,
                every=every,
                conditions=self._sql_conditions(terms, facts),
                measure=self._sql_measure(terms, facts),
                threshold=terms.threshold,
            )
        )
        return cases, [row[0] for row in cr.fetchall()], every

    @api.model
    def _sql_conditions(self, terms, facts):
        """:return: SQL: as `Terms.may_apply`, and that the subject is known"""
        conditions = [SQL("%s IS NOT NULL", self._subject_of(terms, facts))]
        if terms.max_account_age_hours:
            conditions.append(
                SQL("COALESCE(seen.account_age_hours, 0) < %s", terms.max_account_age_hours)
            )
        if terms.min_amount_minor:
            conditions.append(SQL("COALESCE(seen.amount_minor, 0) >= %s", terms.min_amount_minor))
        if terms.activity_ids:
            conditions.append(SQL("seen.activity_ref = ANY(%s)", sorted(terms.activity_ids)))
        if terms.newcomers_only:
            conditions.append(SQL("seen.is_newcomer IS NOT FALSE"))
        return SQL(" AND ").join(conditions)
