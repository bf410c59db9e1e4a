"""Shoppers who withdraw, and a provider of payouts that lives in these tests only."""

from contextlib import contextmanager, nullcontext
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.tools import mute_logger

from .common import SubsidyMixin

WORKER = "odoo.addons.pinbu_subsidy.models.pinbu_withdrawal_payout"


class Killed(BaseException):
    """What no `except Exception` catches: the process is gone."""


class Gateway:
    """What stands at the other end: bills by their number, as WeChat's transfers behave.

    The same number with the same data is the same request, with other data an error.
    """

    def __init__(self):
        self.bills = {}  # number: {"amount": minor units, "state": …}
        self.calls = []  # (what was asked, number)
        self.starts_as = "confirm"
        self.broken = ()  # of "send", "query", "cancel": the request never arrives
        self.deaf = ()  # …: it arrives, the answer is lost
        self.kill_at = None  # …: it arrives, and the process that asked is killed

    def _call(self, what, number, act):
        self.calls.append((what, number))
        if what in self.broken:
            raise ConnectionError("the network is down")
        result = act()
        if what == self.kill_at:
            raise Killed
        if what in self.deaf:
            raise TimeoutError("no answer in time")
        return result

    def _accept(self, number, amount):
        bill = self.bills.setdefault(number, {"amount": amount, "state": self.starts_as})
        if bill["amount"] != amount:
            raise ValueError("the same number with other data")
        return bill

    def _cancel(self, number):
        if self.bills[number]["state"] == "confirm":
            self.bills[number]["state"] = "cancelled"

    @staticmethod
    def translate(bill):
        """:return: a notice in the words of `_process_payout_notice`"""
        data = {"state": bill["state"], "amount_minor": bill["amount"], "reference": "bill-1"}
        if bill["state"] == "cancelled":
            data |= {"state": "failed", "failure": "cancelled"}
        if bill["state"] == "confirm":
            data["confirm"] = {"mchId": "1", "package": "p"}
        return data

    # === THE PROVIDER'S METHODS === #

    def send(self, withdrawal):
        number, amount = withdrawal.number, withdrawal.amount_minor
        bill = self._call("send", number, lambda: self._accept(number, amount))
        withdrawal._process_payout_notice(self.translate(bill))

    def query(self, withdrawal):
        bill = self._call("query", withdrawal.number, lambda: self.bills.get(withdrawal.number))
        if bill is None:
            return False
        withdrawal._process_payout_notice(self.translate(bill))
        return True

    def cancel(self, withdrawal):
        self._call("cancel", withdrawal.number, lambda: self._cancel(withdrawal.number))


class WithdrawalMixin(SubsidyMixin):
    """A shop whose shoppers may withdraw without further ado, but for what a test sets."""

    @classmethod
    def set_up_shop(cls, **kwargs):
        super().set_up_shop(**kwargs)
        cls.withdrawals = cls.env["pinbu.withdrawal"]
        cls.company.write(
            {
                "pinbu_payout_provider": "manual",
                "pinbu_withdrawal_min": 1.0,
                "pinbu_withdrawal_max": 200.0,
                "pinbu_withdrawal_day_amount": 500.0,
                "pinbu_withdrawal_day_count": 3,
                "pinbu_withdrawal_review_above": 100.0,
                "pinbu_identity_required_from": 0.0,
                "pinbu_payout_balance_at": False,
                "pinbu_payout_alerted": False,
            }
        )

    @classmethod
    def give(cls, partner, amount_minor, key="gift", company=None):
        """Put money into a wallet. :return: the wallet"""
        wallet = (company or cls.company)._pinbu_wallets(partner, create=True)[partner.id]
        wallet._pinbu_post(
            [
                {
                    "card_id": wallet.id,
                    "kind": "subsidy",
                    "amount_minor": amount_minor,
                    "idempotency_key": f"test:{key}:{wallet.id}",
                }
            ]
        )
        return wallet

    @classmethod
    def rich(cls, name="Rich", amount_minor=5000):
        """:return: a shopper with money in the wallet, whose identity was checked"""
        partner = cls.shopper(name)
        cls.trust(partner)
        cls.give(partner, amount_minor)
        return partner

    @classmethod
    def trust(cls, partner):
        partner.pinbu_identity_checked_at = fields.Datetime.now()

    def withdraw(self, partner, amount_minor=1000):
        return self.withdrawals._request(partner, self.company, amount_minor)

    def points(self, partner):
        """:return: what is in the wallet, in minor units"""
        return round(self.balance(partner) * 100)

    @contextmanager
    def gateway(self):
        """The provider `test` is there, and the company's: :return: the Gateway behind it"""
        model = self.registry["pinbu.withdrawal"]
        field = model._fields["provider"]
        gateway = Gateway()
        with (
            patch.object(field, "selection", [*field.selection, ("test", "Test")]),
            patch.object(field, "_selection", {**field._selection, "test": "Test"}),
            patch.object(model, "_send_payout_request", lambda one: gateway.send(one)),
            patch.object(model, "_query_payout", lambda one: gateway.query(one)),
            patch.object(model, "_cancel_payout", lambda one: gateway.cancel(one)),
            patch.object(model, "_can_cancel_payout", lambda withdrawal: True),
            mute_logger(WORKER),
        ):
            self.company.pinbu_payout_provider = "test"
            yield gateway

    def run_payouts(self, *due):
        """Run the scheduled action, when the next attempt of the withdrawals `due` has come."""
        for withdrawal in due:
            withdrawal.next_attempt_at = "2020-01-01"
        patched = nullcontext() if self._registry_patched else self.enter_registry_test_mode()
        self.env.flush_all()
        try:
            with patched, self.registry.cursor() as cr:
                api.Environment(cr, SUPERUSER_ID, {})["pinbu.withdrawal"]._cron_payouts()
        finally:
            self.env.invalidate_all()

    def run_until_killed(self):
        try:
            self.run_payouts()
        except Killed:
            # Odoo's `assertRaises` would take back what was committed before.
            self.env.invalidate_all()
        else:
            self.fail("The provider was not asked.")
