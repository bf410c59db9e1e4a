from contextlib import nullcontext

from odoo import SUPERUSER_ID, Command, api
from odoo.tests import TransactionCase

from odoo.addons.pinbu_groupbuy.tests.common import GroupBuyMixin


class VoucherMixin(GroupBuyMixin):
    """The shop of the group-buy tests, with a service for teams of two at 39.90."""

    @classmethod
    def set_up_shop(cls, **kwargs):
        super().set_up_shop(**kwargs)
        service = cls.env["product.product"].create(
            {
                "name": "Class",
                "type": "service",
                "list_price": 68.0,
                "taxes_id": [Command.clear()],
            }
        )
        # Goods are made where a test needs them.
        cls.activity.unlink()
        cls.product = service
        cls.activity = cls.make_activity(
            service, price=39.9, size=2, max_quantity=2, limit_per_user=0
        )

    def let_pass(self, vouchers):
        """Let the last day of these vouchers pass."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_voucher SET valid_until = valid_until - interval '400 days'"
            " WHERE id = ANY(%s)",
            [vouchers.ids],
        )
        self.env.invalidate_all()

    def expire(self):
        """Run the scheduled action that expires what is past its date."""
        patched = nullcontext() if self._registry_patched else self.enter_registry_test_mode()
        self.env.flush_all()
        with patched, self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["pinbu.voucher"]._cron_expire()
        self.env.invalidate_all()


class VoucherCase(VoucherMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
