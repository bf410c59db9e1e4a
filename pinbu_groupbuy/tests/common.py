import secrets
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.exceptions import UserError
from odoo.tests import TransactionCase

from odoo.addons.payment.models.payment_transaction import PaymentTransaction

from ..exceptions import PinbuError
from ..models.pinbu_settlement import SHARDS


class GroupBuyMixin:
    """A merchant with one activity, shoppers who pay, and a provider that answers at once.

    Tests of any add-on of the suite use it: mix it into a test class and call `set_up_shop()`.
    """

    @classmethod
    def set_up_shop(cls, size=3, stock=100):
        cls.company = cls.env.company
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.product = cls.make_product("Crisps", stock)
        cls.provider = cls.make_provider()
        cls.activity = cls.make_activity(size=size)

    @classmethod
    def make_provider(cls):
        """A provider for tests with its journal, as a real one would have."""
        journal = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )
        method = cls.env["payment.method"].create(
            {"name": "Test method", "code": f"test_{secrets.token_hex(4)}", "active": True}
        )
        methods = cls.env["account.payment.method"]
        if not methods.search([("code", "=", "none")]):
            methods.create({"name": "Test provider", "code": "none", "payment_type": "inbound"})
        # The demo merchant's provider may be there as well.
        cls.env["payment.provider"].search([("is_published", "=", True)]).is_published = False
        provider = cls.env["payment.provider"].create(
            {
                "name": "Test provider",
                "code": "none",
                "state": "test",
                "is_published": True,
                "sequence": 0,
                "company_id": cls.company.id,
                "payment_method_ids": [Command.set(method.ids)],
            }
        )
        provider.journal_id = journal
        return provider

    @classmethod
    def make_product(cls, name, stock):
        # Whatever taxes the chart brings, what a shopper pays is the group price.
        product = cls.env["product.product"].create(
            {
                "name": name,
                "is_storable": True,
                "list_price": 30.0,
                "taxes_id": [Command.clear()],
            }
        )
        quants = cls.env["stock.quant"].with_context(inventory_mode=True)
        quants.create(
            {
                "product_id": product.id,
                "location_id": cls.warehouse.lot_stock_id.id,
                "inventory_quantity": stock,
            }
        ).action_apply_inventory()
        return product

    @classmethod
    def make_activity(cls, product=None, price=19.9, quota=0, publish=True, **vals):
        product = product or cls.product
        activity = cls.env["pinbu.activity"].create(
            {
                "name": "Three bags of crisps",
                "product_tmpl_id": product.product_tmpl_id.id,
                "starts_at": fields.Datetime.now() - timedelta(days=1),
                "ends_at": fields.Datetime.now() + timedelta(days=30),
                "line_ids": [
                    Command.create({"product_id": product.id, "group_price": price, "quota": quota})
                ],
                "size": 3,
                # Tests play with several activities of one product.
                "allow_overlap": True,
                **vals,
            }
        )
        if publish:
            activity.action_publish()
        return activity

    @classmethod
    def shopper(cls, name):
        return cls.env["res.partner"].create({"name": name, "street": "1 Lane", "city": "Shanghai"})

    def refusal_of(self, function):
        """:return: the code of the PinbuError that `function()` raises"""
        with self.assertRaises(PinbuError) as caught:
            function()
        return caught.exception.code

    def checkout(self, shopper, team=None, activity=None, quantity=1, **kwargs):
        activity = activity or (team and team.activity_id) or self.activity
        order, _created = self.env["pinbu.seat"]._checkout(
            shopper, activity, activity.line_ids[:1].product_id, quantity, team=team, **kwargs
        )
        return order

    def pay(self, order):
        """Pay as the provider's notice would tell it."""
        order._pinbu_start_payment()._set_done()
        self.env.invalidate_all()
        return order

    def join(self, shopper, team=None, **kwargs):
        """Check out and pay. :return: the seat"""
        return self.pay(self.checkout(shopper, team, **kwargs)).seat_ids

    @contextmanager
    def refusing(self, message):
        """The block is refused with a text that matches, and what it did is rolled back."""
        with self.assertRaises(UserError) as caught:
            yield
        self.assertRegex(str(caught.exception), message)

    def form_team(self, prefix="shopper", **kwargs):
        """:return: a formed and settled team"""
        team = self.join(self.shopper(f"{prefix} 1"), **kwargs).team_id
        for number in range(2, team.size + 1):
            self.join(self.shopper(f"{prefix} {number}"), team)
        self.run_schedulers()
        return team

    def pass_deadline(self, team):
        """Let the deadline pass, for a team whose members paid in time."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_seat SET paid_at = paid_at - interval '30 days' WHERE team_id = %s",
            [team.id],
        )
        self.env.cr.execute(
            "UPDATE pinbu_team SET deadline = deadline - interval '10 days' WHERE id = %s",
            [team.id],
        )
        self.env.invalidate_all()

    def skip_delay(self):
        self.env["pinbu.settlement"].search([]).due_at = "2020-01-01"

    @staticmethod
    def let_time_pass(refunds):
        """Their next attempt is due, and an answer to the last one would have come by now."""
        refunds.write({"pinbu_next_attempt_at": "2020-01-01", "last_state_change": "2020-01-01"})

    def run_schedulers(self, rounds=2):
        """What Odoo's scheduler does within a minute."""
        with self.refunds_answered():
            for _round in range(rounds):
                self.run_scheduler("close")
                self.run_scheduler("settle")
                self.run_scheduler("money")

    def run_scheduler(self, name):
        """Run one of the scheduled actions: ``close``, ``settle`` or ``money``."""
        patched = nullcontext() if self._registry_patched else self.enter_registry_test_mode()
        self.env.flush_all()
        with patched, self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if name == "close":
                env["pinbu.settlement"]._cron_close_teams()
            elif name == "settle":
                for shard in range(SHARDS):
                    env["pinbu.settlement"]._cron_settle(shard)
            else:
                env["payment.transaction"]._cron_move_money()
        self.env.invalidate_all()

    @staticmethod
    def refunds_answered():
        """The provider refunds at once. Where a test wants another answer, it patches again."""

        def answer(tx):
            tx._set_done()

        return patch.object(PaymentTransaction, "_send_refund_request", answer)


class GroupBuyCase(GroupBuyMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
