from pydantic import Field

from odoo import http
from odoo.http import request

from odoo.addons.pinbu_groupbuy.api import Reply, api_route, paging, schemas

from ..api import shapes


class WithdrawalBody(schemas.Body):
    # In minor units; what an integer of the database can hold.
    amount: int = Field(ge=1, le=2**31 - 1)


class WithdrawalsController(http.Controller):
    """Wallet money to the shopper's own account."""

    @api_route(
        "/me/withdrawals",
        methods=["POST"],
        body=WithdrawalBody,
        reply={201: shapes.Withdrawal},
        errors=("insufficient_balance", "identity_required", "limit_reached", "risk_blocked"),
        idempotency="required",
        limit="money",
    )
    def withdraw(self, body):
        """Ask for money of the wallet to be sent to the caller's own account."""
        withdrawal = request.env["pinbu.withdrawal"]._request(
            request.env.user.partner_id, request.env.company, body.amount
        )
        return Reply(withdrawal._to_api()[0], status=201)

    @api_route(
        "/me/withdrawals",
        methods=["GET"],
        query=schemas.PageQuery,
        reply=shapes.Page[shapes.Withdrawal],
    )
    def withdrawals(self, query):
        """The caller's withdrawals, newest first."""
        partner = request.env.user.partner_id
        withdrawals, next_cursor = request.env["pinbu.withdrawal"]._api_list(partner, query)
        return paging.answer(withdrawals._to_api(), next_cursor)

    @api_route("/me/withdrawals/<int:withdrawal_id>", methods=["GET"], reply=shapes.Withdrawal)
    def withdrawal(self, withdrawal_id):
        """One of the caller's withdrawals."""
        return self._find(withdrawal_id)._to_api()[0]

    @api_route(
        "/me/withdrawals/<int:withdrawal_id>/cancel",
        methods=["POST"],
        reply=shapes.Withdrawal,
        errors=("not_allowed_now", "provider_error"),
        limit="money",
    )
    def cancel(self, withdrawal_id):
        """Give up a withdrawal; the money comes back to the wallet."""
        withdrawal = self._find(withdrawal_id)
        withdrawal._api_cancel()
        return withdrawal._to_api()[0]

    @api_route(
        "/me/withdrawals/<int:withdrawal_id>/refresh",
        methods=["POST"],
        reply=shapes.Withdrawal,
        errors=("provider_error",),
        limit="money",
    )
    def refresh(self, withdrawal_id):
        """Ask the provider what became of a withdrawal."""
        withdrawal = self._find(withdrawal_id)
        withdrawal._refresh()
        return withdrawal._to_api()[0]

    def _find(self, withdrawal_id):
        return request.env["pinbu.withdrawal"]._api_find(request.env.user.partner_id, withdrawal_id)
