"""How withdrawals look in the API, and how a shopper asks for one."""

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.api.paging import search_page
from odoo.addons.pinbu_groupbuy.api.render import to_iso
from odoo.addons.pinbu_groupbuy.exceptions import PinbuError


class PinbuWithdrawal(models.Model):
    _inherit = "pinbu.withdrawal"

    @api.model
    def _api_domain(self, partner):
        return [("partner_id", "=", partner.id), ("company_id", "=", self.env.company.id)]

    @api.model
    def _api_find(self, partner, withdrawal_id):
        """:return: the shopper's own withdrawal, with sudo
        :raise PinbuError: ``not_found``, also for another shopper's
        """
        domain = [*self._api_domain(partner), ("id", "=", withdrawal_id)]
        if withdrawal := self.sudo().search(domain):
            return withdrawal
        raise PinbuError("not_found", self.env._("This withdrawal does not exist."))

    @api.model
    def _api_list(self, partner, query):
        """:return: (withdrawals with sudo, newest first, next cursor)"""
        return search_page(
            self.sudo(),
            self._api_domain(partner),
            "withdrawals",
            [SQL('-"pinbu_withdrawal"."id"')],
            query,
        )

    def _api_cancel(self):
        """The shopper gives it up.

        :raise PinbuError: ``not_allowed_now``
        """
        if not self._cancel():
            raise PinbuError(
                "not_allowed_now", self.env._("This withdrawal cannot be cancelled any more.")
            )

    def _to_api(self):
        """:return: the contract's Withdrawal objects, in order
        :rtype: list[dict]
        """
        failures = dict(self._fields["failure"]._description_selection(self.env))
        return [
            {
                "id": withdrawal.id,
                "number": withdrawal.number,
                "amount": withdrawal.amount_minor,
                "currency": withdrawal.currency_id.name,
                "state": withdrawal.state,
                "provider": withdrawal.provider,
                "created_at": to_iso(withdrawal.create_date),
                "finished_at": to_iso(withdrawal.finished_at),
                "failure": withdrawal.failure or None,
                "failure_text": failures.get(withdrawal.failure),
                "confirm": (withdrawal.confirm_params or None)
                if withdrawal.state == "confirm"
                else None,
                "actions": withdrawal._actions(),
            }
            for withdrawal in self.sudo()
        ]

    def _actions(self):
        """:return: what the shopper can do with it now
        :rtype: list[str]
        """
        self.ensure_one()
        actions = []
        if self.state in ("requested", "review"):
            actions.append("cancel")
        elif self.state in ("sent", "confirm"):
            actions.append("refresh")
            if not self.cancel_asked_at and self._can_cancel_payout():
                actions.append("cancel")
        return actions
