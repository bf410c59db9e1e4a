from werkzeug.exceptions import NotFound

from odoo import fields, http
from odoo.http import request


class BankFileController(http.Controller):
    @http.route("/pinbu/withdrawals/bank_file", type="http", auth="user", methods=["GET"])
    def bank_file(self, ids):
        """The withdrawals that an accountant chose to pay, as a file."""
        if not all(part.isdecimal() for part in ids.split(",")):
            raise NotFound
        wanted = [("id", "in", [int(part) for part in ids.split(",")])]
        withdrawals = request.env["pinbu.withdrawal"].search(wanted, order="id")._check_payer()
        name = f"withdrawals-{fields.Date.context_today(withdrawals)}.csv"
        return request.make_response(
            withdrawals._bank_file(),
            [
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", http.content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )
