from psycopg2.errors import RaiseException

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.hooks import uninstall_hook as uninstall_groupbuy
from odoo.addons.pinbu_subsidy.hooks import uninstall_hook as uninstall_subsidy

from ..hooks import uninstall_hook as uninstall_risk


@tagged("post_install", "-at_install")
class TestUninstall(TransactionCase):
    def _functions(self):
        self.env.cr.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'pinbu%'")
        return {row[0] for row in self.env.cr.fetchall()}

    def test_no_function_outlives_its_module(self):
        """Odoo drops the tables by itself, and knows nothing of what ``init`` made beside them."""
        self.assertIn("pinbu_risk_ring", self._functions())
        uninstall_risk(self.env)
        self.assertFalse([name for name in self._functions() if name.startswith("pinbu_risk")])
        with mute_logger("odoo.sql_db"), self.assertRaises(RaiseException):
            with self.env.cr.savepoint():
                self.env.cr.execute("UPDATE pinbu_transition SET note = NULL")
        uninstall_subsidy(self.env)
        uninstall_groupbuy(self.env)
        self.assertFalse(self._functions())
