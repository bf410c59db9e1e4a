"""The pay list on paper: what an accountant types from, ticks off and files."""

from odoo import models
from odoo.exceptions import UserError

from .pinbu_withdrawal_payout import MANUAL


class PinbuWithdrawal(models.Model):
    _inherit = "pinbu.withdrawal"

    def _pay_list(self):
        """What is printed of these: what is being paid by hand, or was. Of the rest the shopper or
        a reviewer still decides, or it went back into the wallet.

        :return: for each company what is to be paid, oldest first: a list of tuples of the company
            and a list of tuples of withdrawal and bank account, which may be empty
        :raise AccessError: for whoever does not pay
        :raise UserError: when none of these is being paid
        """
        listed = self._check_payer().filtered(
            lambda one: one.provider == MANUAL and one.state in ("sent", "done")
        )
        if not listed:
            raise UserError(self.env._("None of these is being paid by hand: start paying first."))
        return [
            (company, [(one, one.partner_id.bank_ids[:1]) for one in withdrawals.sorted("id")])
            for company, withdrawals in listed.grouped("company_id").items()
        ]
