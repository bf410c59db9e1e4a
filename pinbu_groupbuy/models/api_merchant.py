"""What the merchant's own systems read: as the user for whom a key acts, in the key's company.

Searches run with that user's rights, so access rights and record rules hold; what is found is
rendered with sudo, as for shoppers.
"""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..api import render
from ..api.paging import search_page
from ..exceptions import PinbuError


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    @api.model
    def _merchant_find(self, activity_id):
        """:return: the activity, with sudo
        :raise PinbuError: ``not_found``
        """
        domain = [("id", "=", activity_id), ("company_id", "=", self.env.company.id)]
        if found := self.search(domain):
            return found.sudo()
        raise PinbuError("not_found", self.env._("This group-buy does not exist (any more)."))

    @api.model
    def _merchant_list(self, query):
        """:return: (activities with sudo, newest first, next cursor)"""
        domain = Domain("company_id", "=", self.env.company.id)
        if query.state:
            domain &= Domain("state", "=", query.state)
        kind = f"merchant.activities.{query.state}"
        return _newest(self, domain, kind, query)

    def _to_merchant(self):
        """:rtype: list[dict]"""
        return [
            {
                "id": activity.id,
                "name": activity.name,
                "mode": activity.mode,
                "state": activity.state,
                "currency": activity.currency_id.name,
                "size": activity.size,
                "starts_at": render.to_iso(activity.starts_at),
                "ends_at": render.to_iso(activity.ends_at),
                "validity_hours": activity.validity_hours or None,
                "limit_per_user": activity.limit_per_user or None,
                "sold": activity.sold,
                "teams_forming": activity.teams_forming,
                "participants": activity.participants,
                "variants": [line._to_merchant() for line in activity.line_ids],
            }
            for activity in self.sudo()
        ]


class PinbuActivityLine(models.Model):
    _inherit = "pinbu.activity.line"

    def _to_merchant(self):
        self.ensure_one()
        product = self.product_id
        return {
            "product_id": product.id,
            "sku": product.default_code or None,
            "name": product.with_context(display_default_code=False).display_name,
            "list_price": render.to_minor(self.list_price, self.currency_id),
            "group_price": render.to_minor(self.group_price, self.currency_id),
            "quota": self.quota or None,
            "available": self.available,
        }


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    @api.model
    def _merchant_find(self, token):
        """:return: the team, with sudo
        :raise PinbuError: ``not_found``
        """
        domain = [("token", "=", token), ("company_id", "=", self.env.company.id)]
        if found := self.search(domain):
            return found.sudo()
        raise PinbuError("not_found", self.env._("This team does not exist."))

    @api.model
    def _merchant_list(self, query):
        """:return: (teams with sudo, newest first, next cursor)"""
        domain = Domain("company_id", "=", self.env.company.id)
        if query.state:
            outcomes = {"formed": ["formed", "shipped"], "failed": ["failed", "settled"]}
            domain &= Domain("state", "in", outcomes.get(query.state, [query.state]))
        if query.activity_id:
            domain &= Domain("activity_id", "=", query.activity_id)
        kind = f"merchant.teams.{query.state}.{query.activity_id}"
        return _newest(self, domain, kind, query)

    def _to_merchant(self):
        """:rtype: list[dict]"""
        return [
            {
                "token": team.token,
                "activity_id": team.activity_id.id,
                "state": team._effective_state(),
                "failure": team._api_failure(),
                "size": team.size,
                "seats_paid": team.seats_paid,
                "merchant_places": team.merchant_places,
                "missing": team.missing,
                "deadline": render.to_iso(team.deadline),
                "opened_at": render.to_iso(team.opened_at),
                "finished_at": render.to_iso(team._api_finished_at()),
                "order_ids": team.seat_ids.filtered(
                    lambda seat: seat.state in ("paid", "won", "lost")
                ).order_id.ids,
            }
            for team in self.sudo()
        ]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.model
    def _merchant_domain(self):
        return Domain("company_id", "=", self.env.company.id) & Domain("seat_ids", "!=", False)

    @api.model
    def _merchant_find(self, order_id):
        """:return: the group-buying order, with sudo
        :raise PinbuError: ``not_found``
        """
        if found := self.search(self._merchant_domain() & Domain("id", "=", order_id)):
            return found.sudo()
        raise PinbuError("not_found", self.env._("This order does not exist."))

    @api.model
    def _merchant_list(self, query):
        """:return: (orders with sudo, newest first, next cursor)"""
        domain = self._merchant_domain()
        if query.state:
            domain &= Domain("seat_ids", "any", self._api_seat_domains()[query.state])
        return _newest(self, domain, f"merchant.orders.{query.state}", query)

    def _to_merchant(self):
        """The shopper's view of each order, with who ordered it and the product's own code.

        :rtype: list[dict]
        """
        orders = self.sudo()
        return [
            {
                **shown,
                "team_token": shown["team"] and shown["team"]["token"],
                "customer": {"id": order.partner_id.id, "name": order.partner_id.name or ""},
                "sku": order.seat_ids.product_id.default_code or None,
            }
            for order, shown in zip(orders, orders._to_api(), strict=True)
        ]


def _newest(records, domain, kind, query):
    """:return: (a page of what the user may read, with sudo, the newest first; next cursor)"""
    key = SQL("(-%s)", SQL.identifier(records._table, "id"))
    records.check_access("read")
    found, next_cursor = search_page(records, domain, kind, [key], query)
    return found.sudo(), next_cursor
