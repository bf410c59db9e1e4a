from odoo.tests import tagged

from .security_matrix import STREET, SecurityMatrix


@tagged("post_install", "-at_install")
class TestApiSecurity(SecurityMatrix):
    def test_only_with_a_token(self):
        self.check_only_with_a_token()

    def test_bad_tokens(self):
        self.check_bad_tokens()

    def test_another_shopper(self):
        self.check_others_find_nothing(self.bob)
        self.check_nobody_reads_what_is_anns(self.bob)

    def test_a_shopper_of_another_company(self):
        token = self.other_company_token()
        self.check_others_find_nothing(token)
        self.check_nobody_reads_what_is_anns(token)
        # Nor is anything of this company's shop there.
        for path in (f"/activities/{self.activity.id}", f"/teams/{self.ann_has['token']}"):
            self.assertEqual(self.call("GET", path, token=token).status, 404, path)
        for path in ("/activities", "/orders", "/me/teams", "/me/addresses"):
            self.assertEqual(self.call("GET", path, token=token).data["items"], [], path)
        for path in ("/orders", "/orders/quote"):
            self.assertEqual(self.ask("POST", path, token).status, 404, path)

    def test_a_passer_by(self):
        self.check_nobody_reads_what_is_anns(None)

    def test_ids_in_bodies(self):
        cid = self.log_in("Cid")
        address = self.call("POST", "/me/addresses", self.address(), cid).data
        wish = self.wish(address_id=address["id"])
        for path in ("/orders/quote", "/orders"):
            self.bodies[path] = wish
            self.assertEqual(self.ask("POST", path, cid).status // 100, 2, path)
            answer = self.ask("POST", path, self.bob)
            self.assertEqual((answer.status, answer.code), (404, "not_found"), answer.text)
            self.assertNotIn(STREET, answer.text)
