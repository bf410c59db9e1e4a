"""What a rule promises to one shopper, and why it does not."""

from odoo import models

from ..money import to_minor
from .pinbu_promise import DECAY, Offer, least_and_most


class PinbuSubsidyRule(models.Model):
    _inherit = "pinbu.subsidy.rule"

    def _refusal(self, facts, usage):
        """:param facts: a `Facts` of `pinbu_activity_promise`
        :param usage: its `Usage` of this rule's type
        :return: why this shopper is not promised it now, as a code, or None
        """
        self.ensure_one()
        if facts.minutes_left < self.min_paid_minutes:
            return "too_near_deadline"
        if (
            0 < self.cap_per_day <= usage.today
            or 0 < self.cap_per_activity <= usage.here
            or 0 < self.cap_for_life <= usage.ever
        ):
            return "limit_reached"
        if self.type == "cash" and 0 < self.max_without_win <= usage.since_win:
            return "too_often_without_win"
        if self.has_decay and usage.lately >= len(DECAY):
            return "too_often"
        return None

    def _budget_refusal(self, units, taken, taken_today):
        """:return: why `units` more cannot be promised, as a code, or None"""
        if taken + units > self._units(self.budget):
            return "budget_used_up"
        if self.budget_per_day and taken_today + units > self._units(self.budget_per_day):
            return "day_budget_used_up"
        return None

    def _offer(self, size, percent=100, is_newcomer=False):
        """:return: what is promised to a shopper for whom nothing stands against it
        :rtype: Offer
        """
        self.ensure_one()
        terms = self._terms(size, percent, is_newcomer)
        item = {"type": self.type, "conditions": self._conditions(), "terms": terms}
        units = 1
        if self.type == "points":
            item["points"] = units = terms["points"]
        elif self.type in ("coupon", "ticket"):
            # No amount says which one it is.
            item["conditions"] = [self._worth(), *item["conditions"]]
        elif self.type == "cash":
            least, units = least_and_most(terms)
            if least == units:
                item["amount"] = units
            else:
                item.update(min_amount=least, max_amount=units)
        return Offer(self, item, units)

    def _units(self, value):
        """:return: `value`, a budget, in what reservations count: minor units of money, else 1"""
        self.ensure_one()
        return to_minor(value, self.currency_id) if self.type == "cash" else int(value)

    def _terms(self, size, percent=100, is_newcomer=False):
        """What a promise freezes of this rule: all that the grant will need.

        :param int size: that of the team
        :param int percent: what decay leaves of the amounts
        :return: ``rule_id``, ``type``, ``program_id``; of cash ``min``, ``max`` and ``step`` (minor
            units), ``basis``, ``extra``, ``friend_extra``, ``max_friends``; ``points``;
            ``min_paid_members``, ``leader_min_friends``, ``consolation`` (``{type, program_id,
            points}`` or None), ``delay_minutes``, ``valid_days``, ``withdraw_after_wins``
        :rtype: dict
        """
        self.ensure_one()
        terms = {
            "rule_id": self.id,
            "type": self.type,
            "min_paid_members": self.min_paid_members,
            "leader_min_friends": self.leader_min_friends,
            "consolation": self._consolation_terms(),
            "delay_minutes": round(self.delay_hours * 60),
            "valid_days": self.valid_days,
        }
        if self.type == "cash":
            return terms | {
                **self._money_terms(size, percent, is_newcomer),
                "withdraw_after_wins": self.withdraw_after_wins,
            }
        if self.type == "points":
            terms["points"] = max(1, self.points * percent // 100)
        return terms | {"program_id": self.program_id.id}

    def _money_terms(self, size, percent, is_newcomer):
        minor = {
            name: to_minor(self[name], self.currency_id) * percent // 100
            for name in ("amount", "amount_max", "amount_step", "newcomer_extra", "friend_extra")
        }
        least = max(1, minor["amount"])
        return {
            "min": least,
            "max": max(least, minor["amount_max"]),
            "step": max(1, minor["amount_step"]),
            "basis": self.basis,
            "extra": minor["newcomer_extra"] if is_newcomer else 0,
            "friend_extra": minor["friend_extra"],
            "max_friends": min(self.max_friends, size - 1),
            "size": size,
        }

    def _consolation_terms(self):
        if self.consolation == "nothing":
            return None
        return {
            "type": self.consolation,
            "program_id": self.consolation_program_id.id,
            "points": self.consolation_points if self.consolation == "points" else None,
        }
