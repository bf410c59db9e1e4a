"""Rules in plain words."""

from odoo import api, fields, models
from odoo.tools import format_amount

from .pinbu_risk_rule import LOOKS_AT

_HOUR = 60
_DAY = 24 * _HOUR


class PinbuRiskRule(models.Model):
    _inherit = "pinbu.risk.rule"

    sentence = fields.Char(compute="_compute_sentence", string="What It Does")

    # === COMPUTE METHODS === #

    @api.depends(
        *LOOKS_AT.values(),
        "action",
        "activity_ids",
        "currency_id",
        "max_account_age_hours",
        "measure",
        "min_amount",
        "newcomers_only",
        "subject",
        "threshold",
        "window_minutes",
    )
    @api.depends_context("lang")
    def _compute_sentence(self):
        for rule in self:
            rule.sentence = rule._say()

    # === BUSINESS METHODS === #

    def _say(self):
        """:return: what the rule does, in plain words"""
        words = self._say_measures().get(self.measure)
        if not words or not self.action:
            return False
        what, what_of_one = words
        finding = (what_of_one if self.threshold == 1 else what) % {
            "threshold": self.threshold,
            "subject": self._say_subjects().get(self.subject, ""),
            "window": self._say_window(),
        }
        return self.env._(
            "%(finding)s: %(action)s %(conditions)s",
            finding=finding,
            action=self._say_actions()[self.action],
            conditions=" ".join(self._say_conditions()),
        ).strip()

    def _say_measures(self):
        """:return: for each measure, words for what is too much: where several are allowed, and
        where one is"""
        first_money = self.env._("The first money of a subsidy came %(window)s")
        return {
            "participations": (
                self.env._(
                    "More than %(threshold)s openings and joinings by one %(subject)s %(window)s"
                ),
                self.env._("More than one opening or joining by one %(subject)s %(window)s"),
            ),
            "registrations": (
                self.env._("More than %(threshold)s first log-ins from one %(subject)s %(window)s"),
                self.env._("More than one first log-in from one %(subject)s %(window)s"),
            ),
            "shoppers": (
                self.env._("More than %(threshold)s shoppers with one %(subject)s %(window)s"),
                self.env._("More than one shopper with one %(subject)s %(window)s"),
            ),
            "unpaid": (
                self.env._(
                    "More than %(threshold)s places in a row that one %(subject)s takes and does "
                    "not pay for %(window)s"
                ),
                self.env._(
                    "More than one place in a row that one %(subject)s takes and does not pay for "
                    "%(window)s"
                ),
            ),
            "ring": (
                self.env._(
                    "A shopper joins the same other member in more than %(threshold)s teams "
                    "%(window)s"
                ),
                self.env._(
                    "A shopper joins the same other member in more than one team %(window)s"
                ),
            ),
            "teammates": (
                self.env._(
                    "More than %(threshold)s members of one team have one %(subject)s %(window)s"
                ),
                self.env._("More than one member of a team has the same %(subject)s %(window)s"),
            ),
            "failed_teams": (
                self.env._(
                    "A newcomer's team failed, and more than %(threshold)s teams failed %(window)s "
                    "of which all members are newcomers from one %(subject)s (formed teams are "
                    "taken off; five with a single member count as one)"
                ),
                self.env._(
                    "A newcomer's team failed, and more than one team failed %(window)s of which "
                    "all members are newcomers from one %(subject)s (formed teams are taken off; "
                    "five with a single member count as one)"
                ),
            ),
            "friends_lost": (
                self.env._(
                    "More than %(threshold)s friends whom one %(subject)s brought lost a team "
                    "%(window)s, and none has ever won"
                ),
                self.env._(
                    "More than one friend whom one %(subject)s brought lost a team %(window)s, and "
                    "none has ever won"
                ),
            ),
            "first_subsidy": (first_money, first_money),
        }

    def _say_subjects(self):
        return {
            "partner": self.env._("shopper"),
            "address": self.env._("client address"),
            "device": self.env._("device"),
            "phone": self.env._("phone"),
            "delivery": self.env._("delivery address"),
            "inviter": self.env._("inviter"),
            "account": self.env._("receiving account"),
            "person": self.env._("phone, delivery address or account"),
        }

    def _say_window(self):
        if not self.window_minutes:
            return self.env._("in a day, which turns over at midnight of the company's time zone")
        return self._say_span(self.window_minutes)

    def _say_span(self, minutes):
        days, hours = minutes / _DAY, minutes / _HOUR
        if days.is_integer() and days > 1:
            return self.env._("within %s days", int(days))
        if hours.is_integer():
            return (
                self.env._("within an hour")
                if hours == 1
                else self.env._("within %s hours", int(hours))
            )
        return (
            self.env._("within a minute")
            if minutes == 1
            else self.env._("within %s minutes", minutes)
        )

    def _say_actions(self):
        return {
            "note": self.env._("it goes on, and is written down."),
            "review": self.env._("it goes on, and an officer looks at the shopper."),
            "delay": self.env._("it goes on, and what is granted for it waits for an officer."),
            "identity": self.env._("it goes on only once the shopper has proved who they are."),
            "refuse": self.env._("it is refused."),
        }

    def _say_conditions(self):
        """:return: sentences on whom and what the rule leaves alone"""
        conditions = []
        if self.action == "delay" and (self.on_login or self.on_registration):
            span = self._say_span(self.window_minutes or _DAY)
            conditions.append(self.env._("For a log-in, that is what is earned %s after it.", span))
        if self.newcomers_only:
            conditions.append(self.env._("Only for those who have never paid for a place."))
        if self.max_account_age_hours == 1:
            conditions.append(self.env._("Only for accounts younger than an hour."))
        elif self.max_account_age_hours:
            conditions.append(
                self.env._("Only for accounts younger than %s hours.", self.max_account_age_hours)
            )
        if self.min_amount:
            amount = format_amount(self.env, self.min_amount, self.currency_id)
            conditions.append(self.env._("Only from %s on.", amount))
        if self.activity_ids:
            names = ", ".join(self.activity_ids.mapped("display_name"))
            conditions.append(self.env._("Only in: %s.", names))
        if not any(self[field] for field in LOOKS_AT.values()):
            conditions.append(self.env._("It looks at nothing yet: choose when."))
        return conditions
