"""A merchant, products and shoppers in a database of their own, driven through the models' doors."""

import secrets
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.modules.registry import Registry

from odoo.addons.payment.models.payment_transaction import PaymentTransaction
from odoo.addons.pinbu_groupbuy.models.pinbu_settlement import SHARDS

STOCK = 1_000_000


class Shop:
    """Every call that ends in a commit is a request of its own: a new cursor, a cold cache."""

    def __init__(self, database):
        self.registry = Registry(database)

    @contextmanager
    def request(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    # === WHAT IS THERE === #

    def set_up(self):
        """The provider that answers at once, with a journal; no scheduler but ours."""
        with self.request() as env:
            env["ir.cron"].search([]).active = False
            methods = env["account.payment.method"]
            if not methods.search([("code", "=", "none")]):
                methods.create({"name": "Bench", "code": "none", "payment_type": "inbound"})
            env["payment.provider"].search([("is_published", "=", True)]).is_published = False
            method = env["payment.method"].create(
                {"name": "Bench", "code": f"bench_{secrets.token_hex(4)}", "active": True}
            )
            provider = env["payment.provider"].create(
                {
                    "name": "Bench",
                    "code": "none",
                    "state": "test",
                    "is_published": True,
                    "sequence": 0,
                    "company_id": env.company.id,
                    "payment_method_ids": [Command.set(method.ids)],
                }
            )
            provider.journal_id = env["account.journal"].search(
                [("type", "=", "bank"), ("company_id", "=", env.company.id)], limit=1
            )
        return self

    def product(self, name="Crisps"):
        """:return: the id of a product in stock, without taxes"""
        with self.request() as env:
            product = env["product.product"].create(
                {
                    "name": name,
                    "is_storable": True,
                    "list_price": 30.0,
                    "taxes_id": [Command.clear()],
                }
            )
            warehouse = env["stock.warehouse"].search(
                [("company_id", "=", env.company.id)], limit=1
            )
            env["stock.quant"].with_context(inventory_mode=True).create(
                {
                    "product_id": product.id,
                    "location_id": warehouse.lot_stock_id.id,
                    "inventory_quantity": STOCK,
                }
            ).action_apply_inventory()
            return product.id

    def activity(self, product_id, **vals):
        """:return: the id of a published activity"""
        with self.request() as env:
            product = env["product.product"].browse(product_id)
            activity = env["pinbu.activity"].create(
                {
                    "name": product.name,
                    "product_tmpl_id": product.product_tmpl_id.id,
                    "starts_at": fields.Datetime.now() - timedelta(days=1),
                    "ends_at": fields.Datetime.now() + timedelta(days=30),
                    "line_ids": [Command.create({"product_id": product_id, "group_price": 19.9})],
                    "hold_minutes": 600,
                    "last_place_hold_minutes": 600,
                    **vals,
                }
            )
            activity.action_publish()
            return activity.id

    def super_team(self, product_id, size):
        """:return: the ids of a merchant-led activity and of its one team"""
        activity_id = self.activity(product_id, mode="super", size=size)
        with self.request() as env:
            return activity_id, env["pinbu.activity"].browse(activity_id).super_team_id.id

    def shoppers(self, count):
        """:return: ids of partners, all alike"""
        vals = {"name": "Shopper", "street": "1 Lane", "city": "Shanghai"}
        with self.request() as env:
            return env["res.partner"].create([vals] * count).ids

    # === WHAT SHOPPERS DO === #

    def check_out(self, partner_id, activity_id, team_id=None):
        """:return: the order's id"""
        with self.request() as env:
            activity = env["pinbu.activity"].browse(activity_id)
            order, _created = env["pinbu.seat"]._checkout(
                env["res.partner"].browse(partner_id),
                activity,
                activity.line_ids.product_id,
                team=env["pinbu.team"].browse(team_id or ()),
            )
            return order.id

    def start_payment(self, order_id):
        """:return: the transaction's id"""
        with self.request() as env:
            return env["sale.order"].browse(order_id)._pinbu_start_payment().id

    def notify(self, transaction_id):
        """The provider says that this is paid; the team counts it right after the commit."""
        with self.request() as env:
            env["payment.transaction"].browse(transaction_id)._set_done()

    def join(self, partner_id, activity_id, team_id=None):
        """Check out and pay. :return: the team's id"""
        order_id = self.check_out(partner_id, activity_id, team_id)
        self.notify(self.start_payment(order_id))
        with self.request() as env:
            return env["sale.order"].browse(order_id).seat_ids.team_id.id

    # === WHAT THE SCHEDULER DOES === #

    def settle(self):
        """Until the queue is empty, with what would be due in some seconds as well."""
        self.make_due()
        self.work_off(range(SHARDS))

    def make_due(self):
        with self.request() as env:
            env.cr.execute("UPDATE pinbu_settlement SET due_at = '2020-01-01'")

    def work_off(self, shards):
        for shard in shards:
            while self._settle_once(shard):
                pass

    def _settle_once(self, shard):
        with self.request() as env:
            env["pinbu.settlement"]._cron_settle(shard)
            return env["pinbu.settlement"]._due(shard)

    def close_teams(self):
        with self.request() as env:
            env["pinbu.settlement"]._cron_close_teams()

    def move_money(self):
        with self.request() as env:
            env["payment.transaction"]._cron_move_money()


def refunds_answered():
    """The provider refunds at once, for the floor and for the subject alike."""

    def answer(tx):
        tx._set_done()

    return patch.object(PaymentTransaction, "_send_refund_request", answer)


def plain_order(product_id, partner_id):
    """:return: values of an ordinary order of one piece"""
    return {
        "partner_id": partner_id,
        "order_line": [Command.create({"product_id": product_id, "product_uom_qty": 1})],
    }
