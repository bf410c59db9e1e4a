"""How rules are evaluated: one statement for all that look at a moment."""

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_groupbuy.transactions import short_transaction

from ..facts import SEVERITY, Verdict

# The class of the advisory locks on what several shoppers may share.
SUBJECT_LOCK = 19_0003
# What is counted across shoppers exactly, however many come at once. Not the address: carriers put
# thousands behind one, and these must not queue up.
_LOCKED = ("account", "delivery", "device")
_COLUMNS = {"partner": "partner_ref", "inviter": "inviter_ref"}
# No measure looks at more rows than that, however busy an address is.
_AT_MOST = 1000
_COUNTED = {
    "participations": ("open", "join"),
    "registrations": ("registration",),
    "unpaid": ("unpaid",),
}
_SEEN = ("login", "registration", "open", "join", "withdrawal")


class RiskBlocked(PinbuError):
    """A refusal by a rule or a block. Facts and verdict travel with it and never reach the client.

    The transaction that raises it is rolled back: whoever catches it calls `_keep_refusal`.
    """

    def __init__(self, code, message, facts, verdict):
        super().__init__(code, message)
        self.facts = facts
        self.verdict = verdict


class PinbuRiskRule(models.Model):
    _inherit = "pinbu.risk.rule"

    @api.model
    def _judge(self, cr, facts):
        """What the rules and blocks of this moment make of it, in one statement.

        Counts are exact where `cr` is READ COMMITTED and the shopper is locked: what others may
        share with them is locked here, until the transaction ends. Writes nothing.

        :param cr: the cursor to read on, and to lock on
        :param Facts facts: what somebody is about to do
        :rtype: Verdict
        """
        return self._judge_all(cr, [facts])[0]

    @api.model
    def _judge_all(self, cr, all_facts):
        """As `_judge`, for many at once: still one statement, and one for the locks.

        :param list[Facts] all_facts: none of them sees another's case
        :return: a Verdict for each, in order
        """
        all_terms = [self._terms_for(facts) for facts in all_facts]
        self._lock_subjects(cr, all_facts, all_terms)
        cr.execute(
            SQL(" UNION ALL ").join(
                SQL(
                    "(SELECT %s, %s, %s, ARRAY[%s]::bigint[])",
                    number,
                    self.env["pinbu.risk.block"]._sql_standing(facts, facts.client),
                    self._sql_is_newcomer(facts),
                    SQL(", ").join(self._sql_measure(t, facts) for t in terms),
                )
                for number, (facts, terms) in enumerate(zip(all_facts, all_terms, strict=True))
            )
        )
        return [
            self._conclude(terms, *found)
            for terms, (_number, *found) in zip(all_terms, sorted(cr.fetchall()), strict=True)
        ]

    @api.model
    def _terms_for(self, facts):
        """:return: the rules that these facts have to be measured for
        :rtype: list[Terms]
        """
        return [t for t in self._terms_at(facts.moment, facts.company_id) if t.may_apply(facts)]

    @api.model
    def _conclude(self, terms, block_id, is_newcomer, measured):
        """:param list[Terms] terms: of the rules that may apply
        :param list[int | None] measured: what was counted for each
        :rtype: Verdict
        """
        holding = [
            (t, count)
            for t, count in zip(terms, measured, strict=True)
            if (count or 0) > t.threshold and (is_newcomer or not t.newcomers_only)
        ]
        holding.sort(key=lambda pair: -SEVERITY[pair[0].action])
        action = "refuse" if block_id else None
        verdict = Verdict(
            action=action or next((t.action for t, _count in holding), None),
            rule_ids=tuple(t.id for t, _count in holding),
            measured={t.id: count for t, count in holding},
            block_id=block_id or None,
            is_newcomer=is_newcomer,
        )
        rest = [t for t, _count in holding if t.action != "identity"]
        if verdict.action != "identity" or not rest:
            return verdict
        return verdict._replace(
            if_verified=verdict._replace(action=rest[0].action, rule_ids=tuple(t.id for t in rest))
        )

    @api.model
    def _lock_subjects(self, cr, all_facts, all_terms):
        """Whoever shares a counted subject with these shoppers is judged after this transaction.

        Taken after the shopper's own lock and before teams and seats, in the order of their marks.
        """
        marks = {
            getattr(facts, t.subject)
            for facts, terms in zip(all_facts, all_terms, strict=True)
            for t in terms
            if t.subject in _LOCKED and SEVERITY[t.action] > SEVERITY["review"]
        }
        if marks := sorted(marks - {None}):
            cr.execute(
                SQL(
                    "SELECT pg_advisory_xact_lock(%s, hashtext(mark)) FROM unnest(%s) AS mark",
                    SUBJECT_LOCK,
                    marks,
                )
            )

    @api.model
    def _admit(self, cr, facts):
        """Judge, and write down on `cr` what goes on.

        :rtype: Verdict
        :raise RiskBlocked: ``risk_blocked`` or ``identity_required``; the caller's transaction is to
                            be rolled back, and `_keep_refusal` called behind it
        """
        verdict = self._judge(cr, facts)
        verdict = self._check(facts, verdict)
        self._keep(cr, facts, verdict, "allowed")
        return verdict

    @api.model
    def _check(self, facts, verdict):
        """:return: the verdict that stands: of a shopper who has proved who they are, what else is
            wanted
        :rtype: Verdict
        :raise RiskBlocked: politely, and without a hint how to get round it
        """
        if verdict.action == "refuse":
            message = self.env._(
                "This is not possible at the moment. Please try again another time."
            )
            raise RiskBlocked("risk_blocked", message, facts, verdict)
        if verdict.action != "identity":
            return verdict
        if facts not in self._verified([facts]):
            message = self.env._("Please tell us first who you are.")
            raise RiskBlocked("identity_required", message, facts, verdict)
        return verdict.if_verified or verdict

    @api.model
    def _verified(self, all_facts):
        """:return: those of these facts whose shoppers have proved who they are, by one statement
        :rtype: set[Facts]
        """
        verified = (
            self.env["pinbu.identity"]
            .sudo()
            ._read_group(
                [
                    ("partner_id", "in", [facts.partner_id for facts in all_facts]),
                    ("company_id", "in", [facts.company_id for facts in all_facts]),
                    ("state", "=", "verified"),
                ],
                ["partner_id", "company_id"],
            )
        )
        known = {(partner.id, company.id) for partner, company in verified}
        return {facts for facts in all_facts if (facts.partner_id, facts.company_id) in known}

    @api.model
    def _keep_refusal(self, error):
        """Write a refusal down, whose own transaction was rolled back."""
        with short_transaction(self.env) as cr:
            self._keep(cr, error.facts, error.verdict, "refused")

    @api.model
    def _keep(self, cr, facts, verdict, outcome):
        """Write down what was judged, and open a case where somebody has to look at it.

        :param str outcome: ``allowed`` or ``refused``
        """
        self._keep_all(cr, [(facts, verdict, outcome)])

    @api.model
    def _keep_all(self, cr, rows):
        """As `_keep`, of many at once.

        :param list[tuple] rows: facts, verdict and outcome of each; at least one
        """
        self.env["pinbu.risk.event"]._append_all(cr, rows)
        self.env["pinbu.risk.case"]._open(
            cr, [(facts, verdict) for facts, verdict, _ in rows if verdict.reaches("review")]
        )

    # === SQL === #

    @api.model
    def _sql_is_newcomer(self, facts):
        """:return: SQL: whether this shopper has never paid for a place in the company"""
        if facts.is_newcomer is not None or not facts.partner_id:
            return SQL("%s", facts.is_newcomer is not False)
        return SQL(
            "NOT EXISTS (SELECT 1 FROM pinbu_seat WHERE partner_id = %s AND company_id = %s"
            " AND paid_at IS NOT NULL)",
            facts.partner_id,
            facts.company_id,
        )

    @api.model
    def _sql_measure(self, terms, facts):
        """:param Terms terms: of the rule that is evaluated
        :return: SQL for the number that the rule's threshold is compared with, the present case
                 included; NULL where its subject is not known. A module that adds a measure adds
                 the method ``_sql_measure_<measure>``.
        """
        if terms.subject != "person" and self._subject_of(terms, facts) is None:
            return SQL("NULL::integer")
        return SQL("(%s)", getattr(self, f"_sql_measure_{terms.measure}")(terms, facts))

    @api.model
    def _subject_of(self, terms, facts):
        name = f"{terms.subject}_id" if terms.subject in _COLUMNS else terms.subject
        return getattr(facts, name)

    @api.model
    def _sql_since(self, terms, facts):
        """:return: SQL for the moment from which on a rule counts"""
        if terms.window_minutes:
            return SQL("%s - %s * interval '1 minute'", facts.now, terms.window_minutes)
        zone = self.env["res.company"].browse(facts.company_id).sudo()._pinbu_timezone()
        return SQL(
            "date_trunc('day', %s AT TIME ZONE 'UTC' AT TIME ZONE %s) AT TIME ZONE %s"
            " AT TIME ZONE 'UTC'",
            facts.now,
            zone,
            zone,
        )

    @api.model
    def _sql_events(self, terms, facts, kinds):
        """:return: SQL: FROM and WHERE of the subject's events of these kinds in the window, that
        were let pass"""
        column = _COLUMNS.get(terms.subject, terms.subject)
        return SQL(
            "FROM pinbu_risk_event WHERE company_id = %s AND %s = %s AND kind = ANY(%s)"
            " AND create_date >= %s AND create_date < %s AND outcome = 'allowed'",
            facts.company_id,
            SQL.identifier(column),
            self._subject_of(terms, facts),
            list(kinds),
            self._sql_since(terms, facts),
            facts.now,
        )

    @api.model
    def _sql_count(self, terms, facts, more=None):
        """:return: SQL for how many events of the measure's kinds there are, with this one"""
        kinds = _COUNTED[terms.measure]
        return SQL(
            "SELECT count(*) + %s FROM (SELECT 1 %s AND %s LIMIT %s) counted",
            int(facts.moment in kinds),
            self._sql_events(terms, facts, kinds),
            more or SQL("TRUE"),
            _AT_MOST,
        )

    @api.model
    def _sql_measure_participations(self, terms, facts):
        return self._sql_count(terms, facts)

    @api.model
    def _sql_measure_registrations(self, terms, facts):
        return self._sql_count(terms, facts)

    @api.model
    def _sql_measure_unpaid(self, terms, facts):
        """In a row: what was given up before a place was paid for does not count any more."""
        more = SQL(
            "create_date > COALESCE((SELECT MAX(paid_at) FROM pinbu_seat WHERE partner_id = %s"
            " AND company_id = %s AND paid_at < %s), '-infinity')",
            facts.partner_id,
            facts.company_id,
            facts.now,
        )
        return self._sql_count(terms, facts, more)

    @api.model
    def _sql_measure_shoppers(self, terms, facts):
        return SQL(
            "SELECT count(DISTINCT partner_ref) + 1 FROM (SELECT partner_ref %s"
            " AND partner_ref IS DISTINCT FROM %s LIMIT %s) seen",
            self._sql_events(terms, facts, _SEEN),
            facts.partner_id,
            _AT_MOST,
        )
