"""Subsidies and rewards are judged before they are granted, a batch in one statement."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..facts import ACTIONS, facts_of
from .pinbu_risk_outage import RulesDown

_INVITER_REASONS = ("invite", "task")
# After a failure of the rules a subsidy waits for so long.
_WAIT_MINUTES = 5
_REFUSING = ("identity", "refuse")
# What tells the shopper apart as when they took part; a scheduler has no client.
_MARKS = ("address", "device", "phone", "delivery")


class PinbuSubsidy(models.Model):
    _inherit = "pinbu.subsidy"

    risk_action = fields.Selection(
        ACTIONS,
        string="Held Back by Risk",
        readonly=True,
        groups="base.group_user",
        help="What the strictest of the rules wanted that held.",
    )
    is_cleared = fields.Boolean(
        string="Looked at",
        readonly=True,
        groups="base.group_user",
        help="Somebody let it be granted: no rule holds it back again.",
    )

    # === BUSINESS METHODS === #

    def _check_may_grant(self):
        subsidies = super()._check_may_grant()
        to_judge = subsidies.filtered(lambda subsidy: not subsidy.is_cleared)
        granted = subsidies - to_judge
        for company, of_company in to_judge.grouped("company_id").items():
            granted |= of_company.with_company(company)._judge_or_wait(company)
        # In their order, and with the environment of before.
        return subsidies.filtered(lambda subsidy: subsidy in granted)

    def _judge_or_wait(self, company):
        """Judge these, one by one where that fails for all of them.

        :return: those that may be granted
        """
        try:
            return self._judge(company)
        except RulesDown as error:
            if len(self) == 1:
                self._wait_for_rules(error)
                return self.browse()
        return self.browse().union(*(one._judge_or_wait(company) for one in self))

    def _wait_for_rules(self, error):
        """Nothing is granted unjudged. It is tried again, as soon as the rules answer."""
        self.env["pinbu.risk.outage"]._note(self.company_id.id, error, refused=len(self))
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_subsidy SET error = %s, retry_at = %s + %s * interval '1 minute'"
                " WHERE id = ANY(%s) AND state = 'due'",
                self.env._("The risk rules cannot be asked."),
                SQL_NOW,
                _WAIT_MINUTES,
                self.ids,
            )
        )
        self.invalidate_recordset(["error", "retry_at"], flush=False)

    def _judge(self, company):
        """:return: those of these, of one company, that may be granted; the others are held back
        :raise RulesDown: when the rules cannot be asked
        """
        rules = self.env["pinbu.risk.rule"]
        led_here = self._led_here()
        facts = [subsidy._facts(company, led_here.get(subsidy.id, {})) for subsidy in self]
        verdicts, actions = [], {}
        judged = rules._judge_all(self.env.cr, facts)
        verified = rules._verified(
            [
                one
                for one, verdict in zip(facts, judged, strict=True)
                if verdict.action == "identity"
            ]
        )
        for subsidy, facts_, verdict in zip(self, facts, judged, strict=True):
            is_verified = verdict.action == "identity" and facts_ in verified
            if is_verified:
                verdict = verdict.if_verified or verdict
            is_held = verdict.reaches("review") and not (
                is_verified and verdict.action == "identity"
            )
            actions[subsidy] = verdict.action if is_held else None
            verdicts.append(verdict)
        rules._keep_all(
            self.env.cr,
            [
                (facts_, verdict, "refused" if actions[subsidy] in _REFUSING else "allowed")
                for subsidy, facts_, verdict in zip(self, facts, verdicts, strict=True)
            ],
        )
        held_for = defaultdict(self.browse)
        # Nothing else says that somebody has to decide about these: the shopper was looked at long
        # ago, or what led here is a friend's.
        unseen = []
        for subsidy, verdict in zip(self, verdicts, strict=True):
            delayed_by = led_here.get(subsidy.id, {}).get("delayed_by")
            if actions[subsidy]:
                held_for[actions[subsidy], verdict.rule_ids] |= subsidy
                if verdict.block_id:
                    unseen.append((subsidy, actions[subsidy], verdict.rule_ids))
            elif delayed_by:
                held_for["delay", (delayed_by,)] |= subsidy
                unseen.append((subsidy, "delay", (delayed_by,)))
        if unseen:
            self.env["pinbu.risk.case"]._insert(
                self.env.cr, [(company.id, one.partner_id.id, *why) for one, *why in unseen]
            )
        for (action, rule_ids), subsidies in held_for.items():
            subsidies._hold_back(action, rule_ids)
        return self - self.browse().union(*held_for.values())

    def _facts(self, company, seen):
        """:param dict seen: of `_led_here`"""
        self.ensure_one()
        is_invite = self.reason in _INVITER_REASONS
        partner = self.partner_id
        facts = facts_of(
            self.with_context(pinbu_address=None, pinbu_device=None).env,
            "invite_reward" if is_invite else "subsidy",
            company,
            partner,
            account=self.env["pinbu.withdrawal"]._receiving_account(partner),
            inviter=partner if is_invite else self.seat_id.inviter_id,
            activity=self.activity_id,
            team=self.team_id,
            amount_minor=self.amount_minor or None,
        )
        marks = {name: getattr(facts, name) or seen.get(name) for name in _MARKS}
        return replace(facts, **marks, address_prefix=seen.get("address_prefix"))

    def _led_here(self):
        """From where these shoppers took part, and what was said then.

        :return: ``{subsidy id: {mark: …, address_prefix, delayed_by: the rule that wants what
            is granted to be looked at first, unless somebody has approved the shopper since}}``.
            A rule about a log-in wants that of what is earned for as long after it as the rule
            looks back: a day where that is the company's day.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT subsidy.id, seen.address, seen.device, seen.phone, seen.delivery,
                       seen.address_prefix, delayed.rule_ref
                  FROM pinbu_subsidy subsidy
             LEFT JOIN pinbu_invite invite ON invite.subsidy_id = subsidy.id
             LEFT JOIN pinbu_seat seat ON seat.id = COALESCE(subsidy.seat_id, invite.seat_id)
             LEFT JOIN LATERAL (
                       SELECT * FROM pinbu_risk_event event
                        WHERE event.company_id = subsidy.company_id
                          AND event.partner_ref = subsidy.partner_id
                          AND event.kind = ANY(%(participations)s) AND event.outcome = 'allowed'
                     ORDER BY event.create_date DESC LIMIT 1) seen ON TRUE
             LEFT JOIN LATERAL (
                       SELECT event.rule_ref FROM pinbu_risk_event event
                        WHERE event.company_id = subsidy.company_id
                          AND event.partner_ref = COALESCE(seat.partner_id, subsidy.partner_id)
                          AND event.action = 'delay' AND event.outcome = 'allowed'
                          AND (event.kind = ANY(%(log_ins)s)
                              AND COALESCE(seat.create_date, subsidy.create_date)
                                  BETWEEN event.create_date
                                      AND event.create_date + %(a_minute)s * COALESCE((
                                          SELECT NULLIF(window_minutes, 0) FROM pinbu_risk_rule
                                           WHERE id = event.rule_ref), %(a_day)s)
                               OR event.kind = ANY(%(participations)s)
                              AND event.activity_ref = seat.activity_id
                              AND event.create_date BETWEEN seat.create_date - interval '10 s'
                                                        AND seat.create_date + interval '10 s')
                          AND NOT EXISTS (
                              SELECT 1 FROM pinbu_risk_case looked_at
                               WHERE looked_at.partner_id = event.partner_ref
                                 AND looked_at.company_id = event.company_id
                                 AND looked_at.state = 'approved'
                                 AND looked_at.last_at >= event.create_date)
                        LIMIT 1) delayed ON TRUE
                 WHERE subsidy.id = ANY(%(ids)s)
                """,
                participations=["open", "join"],
                log_ins=["login", "registration"],
                a_minute=timedelta(minutes=1),
                a_day=24 * 60,
                ids=self.ids,
            )
        )
        names = ("address", "device", "phone", "delivery", "address_prefix", "delayed_by")
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in self.env.cr.fetchall()}

    def _hold_back(self, action, rule_ids):
        """:param rule_ids: why; none where a block stands"""
        rules = self.env["pinbu.risk.rule"].sudo().browse(rule_ids).exists()
        names = ", ".join(rules.mapped("name"))
        self._block(names or self.env._("The shopper is blocked."))
        self.risk_action = action

    def _block(self, note):
        blocked = super()._block(note)
        # What a rule wanted before is decided.
        blocked.sudo().filtered("risk_action").risk_action = False
        return blocked

    def _release(self):
        released = super()._release()
        released.sudo().write({"is_cleared": True})
        return released

    def _judge_again(self):
        """Have the rules look at what was held back once more."""
        released = self._release()
        released.sudo().is_cleared = False
        return released

    def _reinstate(self):
        reinstated = super()._reinstate()
        reinstated.sudo().write({"is_cleared": True})
        return reinstated
