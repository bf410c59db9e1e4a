from odoo import models
from odoo.tools import SQL


class ResCompany(models.Model):
    _inherit = "res.company"

    def _pinbu_wallet_program(self):
        """The company's wallet program, made when it is first needed.

        :rtype: loyalty.program (sudo)
        """
        return self._pinbu_program("pinbu_is_wallet", "_pinbu_create_wallet")

    def _pinbu_voucher_program(self):
        """The company's program of vouchers for services, made when it is first needed.

        :rtype: loyalty.program (sudo)
        """
        return self._pinbu_program("pinbu_is_voucher", "_pinbu_create_vouchers")

    def _pinbu_program(self, mark, create):
        """:param str mark: the field that marks the one program of its kind
        :param str create: the method of `loyalty.program` that makes it
        """
        self.ensure_one()
        programs = self.env["loyalty.program"].sudo()
        domain = [(mark, "=", True), ("company_id", "=", self.id)]
        program = programs.search(domain, limit=1)
        if program:
            return program
        # Two at once would make two programs: the second one waits here, and then fails to
        # serialize (or, at READ COMMITTED, sees the first one's program).
        self.env.cr.execute(
            SQL("UPDATE res_company SET write_date = write_date WHERE id = %s", self.id)
        )
        return programs.search(domain, limit=1) or getattr(programs, create)(self)

    def _pinbu_wallets(self, partners, create=False):
        """The wallets of these shoppers in this company.

        :param bool create: whether shoppers without one get one. Another transaction that makes
            the same wallet at the same time makes this one fail on a unique index: try again.
        :return: ``{partner id: loyalty.card (sudo)}``
        """
        self.ensure_one()
        cards = self.env["loyalty.card"].sudo()
        wallets = cards.search(
            [
                ("pinbu_is_wallet", "=", True),
                ("company_id", "=", self.id),
                ("partner_id", "in", partners.ids),
            ]
        )
        found = {card.partner_id.id: card for card in wallets}
        missing = partners.filtered(lambda partner: partner.id not in found)
        if create and missing:
            program = self._pinbu_wallet_program()
            # Nobody is written to and nothing is tracked: the ledger is the record.
            made = cards.with_context(
                loyalty_no_mail=True, tracking_disable=True, mail_create_nolog=True
            ).create([{"program_id": program.id, "partner_id": partner.id} for partner in missing])
            found.update({card.partner_id.id: card for card in made.with_env(cards.env)})
        return found
