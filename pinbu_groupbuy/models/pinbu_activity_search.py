from odoo import api, fields, models
from odoo.tools import SQL

from .. import pinyin


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    search_text = fields.Text(
        compute="_compute_search_text",
        store=True,
        index="trigram",
        help="The names of the activity, its product and its category in all languages, with the "
        "pinyin and the initials of Chinese ones.",
    )

    @api.depends("name", "product_tmpl_id.name", "category_id.name")
    def _compute_search_text(self):
        translations = {
            field: self._names_by_id(records)
            for field, records in (
                ("name", self),
                ("product_tmpl_id", self.product_tmpl_id),
                ("category_id", self.category_id),
            )
        }
        for activity in self:
            texts = [activity.name, activity.product_tmpl_id.name, activity.category_id.name]
            texts += translations["name"].get(activity.id, ())
            texts += translations["product_tmpl_id"].get(activity.product_tmpl_id.id, ())
            texts += translations["category_id"].get(activity.category_id.id, ())
            activity.search_text = pinyin.searchable(texts)

    def _names_by_id(self, records):
        """:return: ``{id: the record's name in each language}``"""
        real = records._origin
        if not real:
            return {}
        real.flush_recordset(["name"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id, name FROM %s WHERE id = ANY(%s)",
                SQL.identifier(records._table),
                real.ids,
            )
        )
        return {row_id: list(names.values()) for row_id, names in rows if names}
