from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models.pinbu_activity_voucher import PinbuActivity
from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestServices(GroupBuyCase):
    def test_a_service_without_vouchers_cannot_be_published(self):
        service = self.env["product.product"].create(
            {
                "name": "Class",
                "type": "service",
                "list_price": 68.0,
                "taxes_id": [Command.clear()],
            }
        )
        activity = self.make_activity(service, price=39.9, publish=False)
        # As it is where no other module issues vouchers.
        alone = patch.object(
            type(activity),
            "_check_can_issue_vouchers",
            PinbuActivity._check_can_issue_vouchers,
        )
        with alone, self.assertRaisesRegex(UserError, "Class is a service"):
            activity.action_publish()
        with alone:
            self.make_activity(self.make_product("Nuts", 5)).action_publish()
