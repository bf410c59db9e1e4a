from odoo import http
from odoo.http import Response, request

from odoo.addons.pinbu_groupbuy.api import Reply, api_route
from odoo.addons.pinbu_groupbuy.exceptions import PinbuError

from ..api import schemas, shapes


class DataRightsController(http.Controller):
    """What the law gives a shopper: a copy of what is held about them, and its end."""

    @api_route(
        "/me/export", methods=["POST"], reply={202: shapes.Export}, errors=("not_allowed_now",)
    )
    def ask_for_export(self):
        """Ask for a file with everything held about the shopper; it is made within minutes."""
        export = request.env["pinbu.data.export"]._ask(
            request.env.user.partner_id, request.env.company
        )
        return Reply(export._to_api(), status=202)

    @api_route("/me/export", methods=["GET"], reply=shapes.Export, errors=("not_found",))
    def export(self):
        """How far the shopper's last export is, and where its file is once it is ready."""
        return self._find()._to_api()

    @api_route(
        "/me/export/file",
        methods=["GET"],
        reply="application/zip",
        errors=("not_found", "not_allowed_now"),
    )
    def export_file(self):
        """The file of the shopper's last export, a ZIP."""
        return Response(
            self._find()._read_file(),
            content_type="application/zip",
            headers={
                "Content-Disposition": 'attachment; filename="my-data.zip"',
                "Cache-Control": "private, no-store",
            },
        )

    @api_route(
        "/me",
        methods=["DELETE"],
        body=schemas.DeletionBody,
        reply={202: shapes.Deletion},
        errors=("not_allowed_now",),
    )
    def delete_me(self, body):
        """Close the account at once and have the shopper's data deleted; refused while money is
        under way. The details of the refusal name the reasons."""
        request.env["pinbu.account.deletion"]._ask(
            request.env.user, request.env.company, body.give_up_wallet
        )
        return Reply({"state": "requested"}, status=202)

    def _find(self):
        partner = request.env.user.partner_id
        export = request.env["pinbu.data.export"]._latest(partner)
        if not export:
            raise PinbuError("not_found", request.env._("No export was asked for."))
        return export
