from odoo import http
from odoo.http import request

from ..result_workbook import result_workbook


class ActivityResultController(http.Controller):
    @http.route(
        "/pinbu/activities/<int:activity_id>/result.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def activity_result(self, activity_id):
        """What an activity has brought, as a workbook, for who runs the group-buying."""
        activity = request.env["pinbu.activity"].search([("id", "=", activity_id)])
        if not activity:
            raise request.not_found()
        activity._check_may_see_result()
        name = f"{activity.name}.xlsx"
        return request.make_response(
            result_workbook(activity),
            [
                (
                    "Content-Type",
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                ),
                ("Content-Disposition", http.content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )
