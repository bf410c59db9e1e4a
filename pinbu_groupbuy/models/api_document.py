"""The document of the API, as this database has it."""

import json

from odoo import api, models, tools

from ..api.openapi import Document


class PinbuApiDocument(models.AbstractModel):
    _name = "pinbu.api.document"
    _description = "API Document"

    @api.model
    # Goes with the routes that it describes.
    @tools.ormcache("lang", cache="routing")
    def _text(self, lang):
        """:param str lang: ``zh_CN``, or any other for English
        :return: the OpenAPI document, as JSON
        :rtype: str
        """
        return json.dumps(self._build(lang), ensure_ascii=False, separators=(",", ":"))

    @api.model
    def _build(self, lang):
        return Document(self.env).build()
