import uuid

from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.tests.security_matrix import SecurityMatrix

from .withdrawal_common import WithdrawalMixin


@tagged("post_install", "-at_install")
class TestApiSecurity(WithdrawalMixin, SecurityMatrix):
    def make_what_ann_has(self):
        partner = self.user_of("Ann").partner_id
        self.trust(partner)
        self.give(partner, 30000)
        self.env.flush_all()
        answer = self.call("POST", "/me/withdrawals", {"amount": 777}, self.ann, uuid.uuid4().hex)
        self.assertEqual(answer.status, 201, answer.text)
        return {**super().make_what_ann_has(), "withdrawal_id": answer.data["id"]}

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
        for path in ("/me/withdrawals", "/me/wallet/entries", "/me/subsidies", "/me/coupons"):
            self.assertEqual(self.call("GET", path, token=token).data["items"], [], path)

    def test_a_passer_by(self):
        self.check_nobody_reads_what_is_anns(None)
