from odoo import http
from odoo.http import request

from ..api import Reply, api_route, paging, schemas, shapes


class AddressesController(http.Controller):
    @api_route(
        "/me/addresses",
        methods=["GET"],
        query=schemas.PageQuery,
        reply=shapes.Page[shapes.Address],
    )
    def addresses(self, query):
        """The caller's addresses, the default one first."""
        addresses, next_cursor = request.env.user.partner_id._api_address_page(query)
        return paging.answer([address._to_api_address() for address in addresses], next_cursor)

    @api_route(
        "/me/addresses",
        methods=["POST"],
        body=schemas.AddressBody,
        reply={201: shapes.Address},
        errors=("limit_reached",),
    )
    def create_address(self, body):
        """Keep an address; the first one is the default."""
        address = request.env.user.partner_id._api_create_address(body)
        return Reply(address._to_api_address(), status=201)

    @api_route(
        "/me/addresses/<int:address_id>",
        methods=["PUT"],
        body=schemas.AddressBody,
        reply=shapes.Address,
    )
    def update_address(self, address_id, body):
        """Replace an address. Orders that were made for it keep what it said."""
        address = request.env.user.partner_id._api_find_address(address_id)
        address._api_update_address(body)
        return address._to_api_address()

    @api_route("/me/addresses/<int:address_id>", methods=["DELETE"])
    def remove_address(self, address_id):
        """Forget an address."""
        request.env.user.partner_id._api_find_address(address_id)._api_remove_address()
