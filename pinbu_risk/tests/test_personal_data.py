from odoo.tests import TransactionCase, tagged

_ADDONS = ("pinbu_groupbuy", "pinbu_subsidy", "pinbu_risk")

# What becomes of each reference to a person, in a shopper's export and when they leave.
EXPORTED = "in the export; stays, of a former shopper"
ERASED = "in the export; deleted when the shopper leaves"
PART_OF_ORDER = "the export shows it with the order; stays, of a former shopper"
TECHNICAL = "says nothing that the export does not show; stays, of a former shopper"
OTHERS = "another person's, or shown without a name"
STAFF = "of somebody who works here"

REFERENCES = {
    "pinbu.account.deletion.partner_id": TECHNICAL,
    "pinbu.activity.user_id": STAFF,
    "pinbu.appeal.decided_by": STAFF,
    "pinbu.appeal.partner_id": ERASED,
    "pinbu.audit.check.user_id": STAFF,
    "pinbu.consent.partner_id": EXPORTED,
    "pinbu.coupon.use.partner_id": PART_OF_ORDER,
    "pinbu.data.export.partner_id": ERASED,
    "pinbu.identity.partner_id": ERASED,
    "pinbu.invite.inviter_id": EXPORTED,
    "pinbu.invite.partner_id": EXPORTED,
    "pinbu.job.user_id": STAFF,
    "pinbu.notice.partner_id": ERASED,
    "pinbu.ranking.queue.inviter_id": TECHNICAL,
    "pinbu.ranking.score.partner_id": TECHNICAL,
    "pinbu.ranking.winner.partner_id": TECHNICAL,
    "pinbu.return.partner_id": EXPORTED,
    "pinbu.risk.block.partner_id": ERASED,
    "pinbu.risk.case.decided_by": STAFF,
    "pinbu.risk.case.partner_id": EXPORTED,
    "pinbu.scene.partner_id": STAFF,
    "pinbu.seat.inviter_id": OTHERS,
    "pinbu.seat.partner_id": PART_OF_ORDER,
    "pinbu.subsidy.partner_id": EXPORTED,
    "pinbu.subsidy.reservation.partner_id": PART_OF_ORDER,
    "pinbu.shopper.partner_id": ERASED,
    "pinbu.subscription.partner_id": ERASED,
    "pinbu.team.leader_id": PART_OF_ORDER,
    "pinbu.transition.user_id": TECHNICAL,
    "pinbu.voucher.partner_id": PART_OF_ORDER,
    "pinbu.voucher.used_by": STAFF,
    "pinbu.withdrawal.partner_id": EXPORTED,
    "res.company.pinbu_accountant_id": STAFF,
}


@tagged("post_install", "-at_install")
class TestPersonalData(TransactionCase):
    def test_every_reference_to_a_person_was_thought_about(self):
        """A new one belongs into `_pinbu_export` and `_pinbu_forget` of ``res.partner``, or nowhere;
        then it is listed here. See docs/personal_data.rst."""
        found = {
            f"{field.model_name}.{field.name}"
            for model in self.env.registry.values()
            if not (model._abstract or model._transient)
            for field in model._fields.values()
            if field.store
            and field.comodel_name in ("res.partner", "res.users")
            and field.type in ("many2one", "many2many")
            and field._module in _ADDONS
            and field.name not in ("create_uid", "write_uid")
        }
        self.assertEqual(found - set(REFERENCES), set(), "What becomes of these?")
        self.assertEqual(set(REFERENCES) - found, set(), "These are gone.")
