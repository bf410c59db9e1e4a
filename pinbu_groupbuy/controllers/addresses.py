from odoo import http
from odoo.http import request

from ..api import Reply, api_route, paging, schemas


class AddressesController(http.Controller):
    @api_route("/me/addresses", methods=["GET"], query=schemas.PageQuery)
    def addresses(self, query):
        addresses, next_cursor = request.env.user.partner_id._api_address_page(query)
        return paging.answer([address._to_api_address() for address in addresses], next_cursor)

    @api_route("/me/addresses", methods=["POST"], body=schemas.AddressBody)
    def create_address(self, body):
        address = request.env.user.partner_id._api_create_address(body)
        return Reply(address._to_api_address(), status=201)

    @api_route("/me/addresses/<int:address_id>", methods=["PUT"], body=schemas.AddressBody)
    def update_address(self, address_id, body):
        address = request.env.user.partner_id._api_find_address(address_id)
        address._api_update_address(body)
        return address._to_api_address()

    @api_route("/me/addresses/<int:address_id>", methods=["DELETE"])
    def remove_address(self, address_id):
        request.env.user.partner_id._api_find_address(address_id)._api_remove_address()
