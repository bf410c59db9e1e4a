import uuid

from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.tests.security_matrix import NAME
from odoo.addons.pinbu_subsidy.tests import test_api_security

from .rights_common import ID_NUMBER, IDENTITY, OLD_KEY, KeysMixin


@tagged("post_install", "-at_install")
class TestApiSecurity(KeysMixin, test_api_security.TestApiSecurity):
    """All that the add-ons below ask, with what is Ann's here beside."""

    def setUp(self):
        self.use_keys(OLD_KEY)
        super().setUp()
        self.bodies["/me/identity"] = IDENTITY
        self.bodies["/me/appeals"] = {"text": "Somebody else's words"}

    def make_what_ann_has(self):
        for path, body, status in (
            ("/me/identity", {"real_name": NAME, "id_number": ID_NUMBER}, 200),
            ("/me/appeals", {"text": f"I am {NAME}"}, 201),
            ("/me/export", {}, 202),
        ):
            answer = self.call("POST", path, body, self.ann, uuid.uuid4().hex)
            self.assertEqual(answer.status, status, answer.text)
        return super().make_what_ann_has()
