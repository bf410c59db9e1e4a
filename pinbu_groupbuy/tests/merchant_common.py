"""One of the merchant's own systems, which reads from the API with a key."""

from odoo import Command
from odoo.tests import new_test_user


class MerchantMixin:
    """Mix it into a test case of the API."""

    def make_manager(self, login="key manager", **values):
        return new_test_user(self.env, login, groups="pinbu_groupbuy.group_manager", **values)

    def make_key(self, *scopes, user=None, **values):
        """:return: (the key's record, as who made it; the key itself)"""
        user = user or self.make_manager()
        found = self.env["pinbu.api.scope"].search([("code", "in", scopes)])
        self.assertEqual(len(found), len(scopes))
        record = (
            self.env["pinbu.api.key"]
            .with_user(user)
            .create({"name": "A system", "scope_ids": [Command.set(found.ids)], **values})
        )
        return record, record.action_make()["context"]["default_key"]

    def read_with(self, key, path, status=200):
        """:return: what is answered below ``/merchant``"""
        answer = self.call("GET", f"/merchant{path}", token=key)
        self.assertEqual(answer.status, status, answer.text)
        return answer.data if status == 200 else answer.code
