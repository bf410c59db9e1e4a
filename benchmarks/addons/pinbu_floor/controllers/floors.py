from odoo import http
from odoo.http import request


class FloorsController(http.Controller):
    @http.route("/floor/empty", type="http", auth="public", methods=["GET"], save_session=False)
    def empty(self):
        """What Odoo itself takes for any route."""
        return ""

    @http.route(
        "/floor/record/<int:partner_id>",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
    )
    def record(self, partner_id):
        """The least that a route does which shows something."""
        partner = request.env["res.partner"].sudo().browse(partner_id)
        return request.make_json_response({"id": partner.id, "name": partner.name})
