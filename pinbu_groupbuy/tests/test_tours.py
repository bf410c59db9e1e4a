from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestTours(HttpCase):
    """The back office as a marketing person uses it, in a browser."""

    def test_create_activity(self):
        product = self.env["product.template"].create(
            {
                "name": "Tour crisps",
                "list_price": 30.0,
                "is_storable": True,
                "taxes_id": False,
            }
        )
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        )
        self.env["stock.quant"]._update_available_quantity(
            product.product_variant_id, warehouse.lot_stock_id, 10
        )
        new_test_user(
            self.env, "tour_marketing", "pinbu_groupbuy.group_user", lang="en_US", tz="UTC"
        )
        self.start_tour("/odoo/group-buying", "pinbu_create_activity", login="tour_marketing")
        activity = self.env["pinbu.activity"].search([("name", "=", "Tour activity")])
        # That it runs, the tour has seen; this transaction began before the activity did.
        self.assertEqual(
            (activity.product_tmpl_id, activity.size, activity.group_price),
            (product, 2, 19.9),
        )
        self.assertTrue(activity.is_published)
