"""Rules for one test, and shoppers who meet them."""

from odoo import Command

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_subsidy.tests.withdrawal_common import WithdrawalMixin

MOMENTS = (
    "login",
    "registration",
    "open",
    "join",
    "subsidy",
    "invite_reward",
    "withdrawal",
)


class RiskMixin(WithdrawalMixin):
    """A shop without any rule but those of the test."""

    @classmethod
    def set_up_shop(cls, **kwargs):
        super().set_up_shop(**kwargs)
        cls.rules = cls.env["pinbu.risk.rule"]
        cls.events = cls.env["pinbu.risk.event"]
        cls.cases = cls.env["pinbu.risk.case"]
        cls.outages = cls.env["pinbu.risk.outage"]
        cls.rules.search([]).active = False

    @classmethod
    def make_rule(cls, *moments, **values):
        """A rule that holds at these moments for whoever has opened or joined once before."""
        return cls.rules.create(
            {
                "name": "Has been here",
                "measure": "participations",
                "subject": "partner",
                "window_minutes": 60,
                "threshold": 0,
                "activity_ids": [Command.clear()],
                **{f"on_{moment}": moment in moments for moment in MOMENTS},
                **values,
            }
        )

    def events_of(self, partner, *kinds):
        return self.events.search(
            [("partner_ref", "=", partner.id), ("kind", "in", kinds)], order="id"
        )

    def case_of(self, partner):
        return self.cases.search([("partner_id", "=", partner.id), ("state", "=", "open")])

    def refusal(self, function, *args):
        """:return: the code with which it is refused; `assertRaises` would roll back what stays"""
        try:
            function(*args)
        except PinbuError as error:
            return error.code
        self.fail("It was not refused.")
