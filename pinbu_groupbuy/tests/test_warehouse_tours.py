from unittest.mock import patch

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.base.models.ir_actions_report import IrActionsReport

from .common import GroupBuyMixin


@tagged("post_install", "-at_install")
class TestWarehouseTours(GroupBuyMixin, HttpCase):
    """The warehouse as a clerk uses it, who has only its group, in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.activity = cls.make_activity(
            name="Tour crisps", product=cls.make_product("Tour crisps", 50)
        )
        new_test_user(
            cls.env, "tour_clerk", groups="stock.group_stock_user", lang="en_US", tz="UTC"
        )

    def test_batch_print_and_ship(self):
        pickings = self.form_team(activity=self.activity).order_ids.picking_ids
        # Where it can make PDF files, Odoo downloads what here is shown.
        with patch.object(IrActionsReport, "get_wkhtmltopdf_state", lambda self: "install"):
            self.start_tour("/odoo", "pinbu_batch_and_ship", login="tour_clerk")
        self.env.invalidate_all()
        self.assertEqual(set(pickings.mapped("state")), {"done"})

    def test_refused_to_ship(self):
        self.join(self.shopper("forming"), activity=self.activity)
        self.run_schedulers()
        self.start_tour("/odoo", "pinbu_refused_to_ship", login="tour_clerk")
