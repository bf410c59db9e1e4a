import re

from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_open
from odoo.tools.translate import TranslationModuleReader, translation_file_reader

_CHINESE = re.compile(r"[一-鿿]")
# Names that are the same in Chinese.
_SAME = {"Pinbu"}


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    """Every term of the suite that a person can read has its Chinese."""

    def test_every_term_is_in_chinese(self):
        # The umbrella holds no code of its own; an export of it would list that of all the others.
        modules = self.env["ir.module.module"].search(
            [("name", "=like", r"pinbu\_%"), ("state", "=", "installed")]
        )
        for module in modules.mapped("name"):
            with self.subTest(module):
                translated = self._translated(module)
                missing = sorted(
                    source
                    for source in self._sources(module)
                    if source not in translated
                    and source not in _SAME
                    and not _CHINESE.search(source)
                )
                self.assertFalse(missing, f"{module}/i18n/zh_CN.po lacks these terms")

    def _sources(self, module):
        """What Odoo's own export finds in the add-on."""
        return {row[4] for row in TranslationModuleReader(self.env.cr, modules=[module])}

    def _translated(self, module):
        try:
            with file_open(f"{module}/i18n/zh_CN.po", "rb") as file:
                rows = translation_file_reader(file, fileformat="po", module=module)
                return {row["src"] for row in rows if row["value"]}
        except FileNotFoundError:
            return set()
