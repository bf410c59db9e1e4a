"""Shoppers who use their rights, on a server with keys of these tests."""

import base64
import uuid
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.tests import HttpCase, new_test_user
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin
from odoo.addons.pinbu_subsidy.tests.withdrawal_common import WithdrawalMixin

from .. import keyring
from ..keyring import Keyring

OLD_KEY, NEW_KEY = ("old", b"o" * 32), ("new", b"n" * 32)
# A number with the right check digit; nobody's.
ID_NUMBER = "110101199003074610"
IDENTITY = {"real_name": "张三丰", "id_number": ID_NUMBER}


def as_text(*keys):
    """:return: keys as the server's configuration has them"""
    return ",".join(f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in keys)


class KeysMixin:
    def use_keys(self, *keys):
        """Have the server configured with these keys, the first one current."""
        ring = Keyring(dict(keys)) if keys else None
        for module in ("pinbu_identity", "pinbu_former_shopper"):
            self._patch(f"odoo.addons.pinbu_risk.models.{module}.configured", ring)
        self._patch(f"{keyring.__name__}.configured", ring)

    def _patch(self, target, ring):
        patcher = patch(target, lambda: ring)
        patcher.start()
        self.addCleanup(patcher.stop)


class RightsCase(KeysMixin, WithdrawalMixin, ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.officer = new_test_user(cls.env, "officer", "pinbu_risk.group_officer")
        cls.clerk = new_test_user(cls.env, "clerk", "pinbu_risk.group_identity")
        cls.marketer = new_test_user(cls.env, "marketer", "pinbu_groupbuy.group_user")
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.use_keys(OLD_KEY)
        self.ann, self.ben = self.log_in("ann"), self.log_in("ben")
        self.partner = self.user_of("ann").partner_id

    def empty_audit_log(self):
        """What was written before, with whatever key this machine has, is not of this story."""
        for table in ("pinbu_audit_log", "pinbu_audit_head"):
            self.cr.execute(SQL("ALTER TABLE %s DISABLE TRIGGER USER", SQL.identifier(table)))
            self.cr.execute(SQL("DELETE FROM %s", SQL.identifier(table)))
            self.cr.execute(SQL("ALTER TABLE %s ENABLE TRIGGER USER", SQL.identifier(table)))

    def post(self, path, body=None, token=None):
        return self.call("POST", path, body or {}, token or self.ann, uuid.uuid4().hex)

    def get(self, path, token=None):
        return self.call("GET", path, token=token or self.ann)

    def give_identity(self, token=None, **values):
        answer = self.post("/me/identity", {**IDENTITY, **values}, token)
        self.assertEqual(answer.status, 200, answer.text)
        return self.env["pinbu.identity"].search([], limit=1)

    def run_cron(self, model, method):
        """Run what a scheduled action runs."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            getattr(api.Environment(cr, SUPERUSER_ID, {})[model], method)()
        self.env.invalidate_all()
