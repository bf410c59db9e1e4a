"""The document of the API, as this database has it."""

import json
from pathlib import Path

from odoo import api, models, tools
from odoo.modules import get_module_path

from ..api.openapi import Document


class PinbuApiDocument(models.AbstractModel):
    _name = "pinbu.api.document"
    _description = "API Document"

    @api.model
    # Goes with the routes that it describes.
    @tools.ormcache("lang", cache="routing")
    def _text(self, lang):
        """:param str lang: the reader's language, such as ``zh_CN``
        :return: the OpenAPI document, as JSON
        :rtype: str
        """
        document = self._build(lang)
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

    @api.model
    def _build(self, lang):
        """:return: the OpenAPI document; English where a text is not translated
        :rtype: dict
        """
        texts = self._translations(lang)
        return Document(self.env, lambda text: texts.get(text, text)).build()

    @api.model
    def _translations(self, lang):
        """What shapes and docstrings say, in another language: Odoo's translations know neither.

        :return: ``{English: translation}`` of all installed modules
        :rtype: dict[str, str]
        """
        texts = {}
        for module in sorted(self.env.registry._init_modules):
            folder = get_module_path(module, display_warning=False)
            file = Path(folder or "", "i18n", f"openapi.{lang}.json")
            if file.is_file():
                texts |= json.loads(file.read_text(encoding="utf-8"))
        return texts
