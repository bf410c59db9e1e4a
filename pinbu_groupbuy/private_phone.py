"""Phones of private persons, which users without the sales group see masked."""

from odoo import fields
from odoo.tools import SQL

from .api import render

READERS = "sales_team.group_sale_salesman"


class PrivatePhone(fields.Char):
    """A phone number that leaves the server masked, unless its reader is in sales.

    What the server does with it itself (a delivery slip, a carrier's label, a text message) works
    with the whole number, whoever pressed the button. Masked is what is read, listed, exported or
    shown by an onchange, and searching, grouping and ordering find nothing by it. Companies' phones
    are nobody's secret, nor are colleagues'. A shopper reads their own.

    :param str owner: the many2one to whose number it is; without, the record itself is that contact.
        Its model inherits ``pinbu.private.phones``.
    """

    owner = None

    @staticmethod
    def is_whole(env):
        """:return: whether this user reads everybody's numbers, or the record rules leave them
        nothing but their own
        """
        return env.su or not env.user._is_internal() or env.user.has_group(READERS)

    def is_masked(self, record):
        """:return: whether this user sees of the record's number only where it begins and ends"""
        if self.is_whole(record.env):
            return False
        person = record.sudo()
        person = person[self.owner] if self.owner else person
        return person.partner_share and not person.commercial_partner_id.is_company

    def convert_to_read(self, value, record, use_display_name=True):
        value = super().convert_to_read(value, record, use_display_name)
        return render.mask_phone(value) if value and self.is_masked(record) else value

    def convert_to_export(self, value, record):
        value = super().convert_to_export(value, record)
        return render.mask_phone(value) if value and self.is_masked(record) else value

    def to_sql(self, model, alias):
        sql = super().to_sql(model, alias)
        if self.is_whole(model.env):
            return sql
        owner = SQL.identifier(alias, self.owner or "id")
        return SQL("CASE WHEN %s IN %s THEN %s END", owner, sql_without_secret(model.env), sql)


def sql_without_secret(env):
    """:return: a subquery for the contacts whose phones all staff may read"""
    partners = env["res.partner"]
    names = ("partner_share", "is_company", "commercial_partner_id")
    partners.flush_model(names)
    return SQL(
        """(
            SELECT person.id FROM res_partner person
         LEFT JOIN res_partner firm ON firm.id = person.commercial_partner_id
             WHERE person.partner_share IS NOT TRUE OR firm.is_company
        )"""
    )
