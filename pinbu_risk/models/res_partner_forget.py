"""Taking out of the records what tells who a shopper was. Orders, payments and the books stay."""

import secrets

from odoo import api, models
from odoo.tools import SQL

from ..facts import former_mark, mark

# What is said of a person on their contact, and on the addresses below it.
_OF_A_PERSON = (
    "email",
    "phone",
    "street",
    "street2",
    "city",
    "zip",
    "state_id",
    "pinbu_province",
    "pinbu_region_code",
    "pinbu_phone_mark",
    "pinbu_device_mark",
    "vat",
    "ref",
    "website",
    "function",
    "comment",
    "barcode",
    "company_name",
    "image_1920",
    "pinbu_avatar_mark",
    "date_localization",
    "partner_latitude",
    "partner_longitude",
)
# What a payment remembers of who paid, and what was said about it.
_OF_A_PAYER = (
    "partner_name",
    "partner_email",
    "partner_address",
    "partner_zip",
    "partner_city",
    "partner_phone",
    "state_message",
    "pinbu_error",
)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _pinbu_forget(self):
        """Hook: what is held about this former shopper tells nothing of them any more.

        Called by the scheduler, with sudo and without tracking, once no money is under way; may be
        called again.
        Modules that hold more extend this. Posted invoices and accounting entries stay as they
        are, which the law wants.
        """
        self.ensure_one()
        self.env.flush_all()
        places = self | self.child_ids
        cases = self.env["pinbu.risk.case"].search([("partner_id", "=", self.id)])
        # By names and phone, as long as they are known.
        names = places._pinbu_names()
        cases._pinbu_forget_blocks()
        self._pinbu_forget_blocks()
        cases._pinbu_forget_in_others(names)
        self._pinbu_forget_account()
        places._pinbu_forget_contact()
        places._pinbu_forget_words()
        self._pinbu_forget_orders()
        self._pinbu_forget_withdrawals()
        self.pinbu_identity_ids._erase()
        self.env["pinbu.identity.log"]._forget(self.id)
        self.env["pinbu.transition"]._forget(self.id)
        self.env["pinbu.notice"].search([("partner_id", "=", self.id)]).unlink()
        # That they agreed to the terms stays.
        self.env["pinbu.subscription"].search([("partner_id", "=", self.id)]).unlink()
        self.env["pinbu.shopper"].search([("partner_id", "=", self.id)]).unlink()
        self.env["pinbu.data.export"].search([("partner_id", "=", self.id)]).unlink()
        self.env["pinbu.appeal"].search([("partner_id", "=", self.id)])._pinbu_forget()
        cases._pinbu_forget()
        # Nobody can act as them any more.
        self.env["pinbu.risk.block"].search([("partner_id", "=", self.id)]).unlink()
        marks = self.env["pinbu.audit.words"]._forget(places.ids, names)
        # By this row the check of the log knows whose words may be gone.
        self.env["pinbu.audit.log"]._write(
            "forgotten", self, new={"words": " ".join(marks) or None}
        )
        self.env.flush_all()

    def _pinbu_names(self):
        """:return: by what somebody who writes a reason may call these contacts; not what is too
        short to be found among other words"""
        named = [*self.mapped("name"), *self.mapped("phone")]
        return sorted({text.strip() for text in named if text and len(text.strip()) > 1})

    def _pinbu_forget_blocks(self):
        """Their phone stays blocked; why, in words about them, goes."""
        phone = self._pinbu_phone_trait()
        marks = [mark(self.env, "phone", phone), former_mark(self.env, "phone", phone)]
        known = [one for one in marks if one]
        blocks = self.env["pinbu.risk.block"].search(
            ["|", ("mark", "in", known), ("former_mark", "in", known)]
        )
        blocks.with_context(pinbu_about_id=self.id).reason = self.env._("Account closed")

    def _pinbu_forget_account(self):
        for user in self.user_ids:
            user.api_key_ids._remove()
            user.write(
                {
                    "login": f"deleted:{secrets.token_hex(16)}",
                    "signature": False,
                    "active": False,
                }
            )
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE res_users SET password = NULL WHERE id = ANY(%s)", self.user_ids.ids)
        )
        # Answers that were kept hold names and addresses.
        self.env.cr.execute(
            SQL("DELETE FROM pinbu_api_idempotency WHERE user_id = ANY(%s)", self.user_ids.ids)
        )

    def _pinbu_forget_contact(self):
        """Contact and addresses, for which orders and deliveries are only records by now."""
        # With its archived users among those it looks for, Odoo would not archive a contact.
        quiet = self.with_context(no_vat_validation=True, active_test=True)
        nothing = {name: False for name in _OF_A_PERSON if name in self._fields}
        quiet.write(
            {
                **nothing,
                "name": self.env._("Former shopper"),
                "category_id": [(5,)],
                "active": False,
            }
        )
        for account in self.bank_ids:
            account.write(
                {
                    "acc_number": f"deleted-{account.id}",
                    "acc_holder_name": False,
                    "allow_out_payment": False,
                    "active": False,
                }
            )

    def _pinbu_forget_words(self):
        """What was written on contact and addresses, and files there."""
        self._pinbu_forget_chatter(self)
        self.env["ir.attachment"].search(
            [
                ("res_model", "=", self._name),
                ("res_field", "=", False),
                ("res_id", "in", self.ids),
            ]
        ).unlink()
        self.env["mail.followers"].search([("partner_id", "in", self.ids)]).unlink()
        # Who wrote what elsewhere is kept with the name of today.
        self.env.cr.execute(
            SQL("UPDATE mail_message SET email_from = NULL WHERE author_id = ANY(%s)", self.ids)
        )

    @api.model
    def _pinbu_forget_chatter(self, records):
        """Messages and tasks, but those that Odoo's restricted audit trail of the books protects."""
        here = [("res_id", "in", records.ids)]
        messages = self.env["mail.message"].search([("model", "=", records._name), *here])
        messages.filtered(lambda message: not message.account_audit_log_restricted).unlink()
        self.env["mail.activity"].search([("res_model", "=", records._name), *here]).unlink()

    def _pinbu_forget_orders(self):
        """What the shopper wrote on orders and returns, and what was written about them there."""
        orders = self.env["sale.order"].search([("partner_id", "=", self.id)])
        invoices = self.env["account.move"].search([("partner_id", "=", self.id)])
        for records in (orders, orders.picking_ids, invoices):
            self._pinbu_forget_chatter(records)
        orders.picking_ids.note = False
        self.env.flush_all()
        mine = SQL("partner_id = %s", self.id)
        # What a provider said, or whoever paid by hand, is not in the books.
        self.env.cr.execute(
            SQL(
                "UPDATE payment_transaction SET %s WHERE %s",
                SQL(", ").join(SQL("%s = NULL", SQL.identifier(name)) for name in _OF_A_PAYER),
                mine,
            )
        )
        self.env.cr.execute(
            SQL("UPDATE payment_token SET payment_details = NULL, active = FALSE WHERE %s", mine)
        )
        self.env.cr.execute(
            SQL(
                "UPDATE sale_order SET pinbu_remark = NULL, pinbu_note = NULL, signed_by = NULL,"
                " pinbu_invoice_title = NULL, pinbu_tax_number = NULL WHERE %s",
                mine,
            )
        )
        # Posted ones stay as the law wants them.
        self.env.cr.execute(
            SQL(
                "UPDATE account_move SET pinbu_invoice_title = NULL, pinbu_tax_number = NULL"
                " WHERE state = 'draft' AND %s",
                mine,
            )
        )
        # What came back is booked; why, in the shopper's words and pictures, goes, and the answer.
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_return SET reason = NULL, photos = NULL, answer = NULL WHERE %s", mine
            )
        )
        # What a subsidy was withheld for stands in its ground.
        self.env.cr.execute(
            SQL("UPDATE pinbu_subsidy SET note = NULL, error = NULL WHERE %s", mine)
        )
        self.env.invalidate_all(flush=False)

    def _pinbu_forget_withdrawals(self):
        """What was written about them on withdrawals, and what providers said."""
        withdrawals = self.env["pinbu.withdrawal"].search([("partner_id", "=", self.id)])
        self._pinbu_forget_chatter(withdrawals)
        withdrawals.error = False


class PinbuAppeal(models.Model):
    _inherit = "pinbu.appeal"

    def _pinbu_forget(self):
        """What was decided stays, the words do not."""
        self.write({"text": False, "about": False, "answer": False})
        self.env["res.partner"]._pinbu_forget_chatter(self)
