"""What an officer decides about cases, and what becomes then of what was held back."""

from odoo import models
from odoo.exceptions import AccessError, UserError

from .pinbu_appeal import OFFICERS

# Of a withdrawal's `review_reason`.
HELD_BY_RISK = "risk"


class PinbuRiskCase(models.Model):
    _inherit = "pinbu.risk.case"

    # === ACTION METHODS === #

    def action_approve(self):
        """Ask why these shoppers did nothing wrong."""
        return self._action_decide("approve", self.env._("Approve"))

    def action_refuse(self):
        """Ask on which ground these shoppers get nothing of what was held back."""
        return self._action_decide("refuse", self.env._("Refuse"))

    def action_block(self):
        """Ask for how long these shoppers may not take part any more."""
        return self._action_decide("block", self.env._("Block"))

    def action_view_events(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_risk.pinbu_risk_event_action")
        domain = [
            ("partner_ref", "=", self.partner_id.id),
            ("company_id", "=", self.company_id.id),
        ]
        return {**action, "domain": domain, "context": {}}

    def action_view_blocks(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_risk.pinbu_risk_block_action")
        return {**action, "domain": [("partner_id", "=", self.partner_id.id)]}

    def action_view_other_cases(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pinbu_risk.pinbu_risk_case_action")
        domain = [
            ("partner_id", "=", self.partner_id.id),
            ("company_id", "=", self.company_id.id),
            ("id", "!=", self.id),
        ]
        return {
            **action,
            "domain": domain,
            "context": {},
            "views": [(False, "list"), (False, "form")],
        }

    def _action_decide(self, decision, title):
        self._check_officer()
        waiting = self.filtered(lambda case: case.state == "open")
        if not waiting:
            raise UserError(self.env._("These are decided already."))
        return {
            "type": "ir.actions.act_window",
            "res_model": "pinbu.risk.decision",
            "views": [(False, "form")],
            "target": "new",
            "name": title,
            "context": {"default_decision": decision, "default_case_ids": waiting.ids},
        }

    def _check_officer(self):
        """:raise AccessError: for whoever does not decide cases"""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(OFFICERS):
            raise AccessError(self.env._("Only risk officers decide cases."))

    # === BUSINESS METHODS === #

    def _held(self):
        """:return: (subsidies, withdrawals) of these cases' shoppers that risk holds back, with the
        rights of this environment"""
        subsidies, withdrawals = self.env["pinbu.subsidy"], self.env["pinbu.withdrawal"]
        for company, cases in self.grouped("company_id").items():
            theirs = [
                ("partner_id", "in", cases.partner_id.ids),
                ("company_id", "=", company.id),
            ]
            subsidies |= subsidies.search(
                [*theirs, ("state", "=", "blocked"), ("risk_action", "!=", False)]
            )
            withdrawals |= withdrawals.search(
                [*theirs, ("state", "=", "review"), ("review_reason", "=", HELD_BY_RISK)]
            )
        return subsidies, withdrawals

    def _approve(self, reason, subsidies, withdrawals):
        """These shoppers did nothing wrong: they get what was held back.

        :param str reason: why, for the back office
        :param pinbu.subsidy subsidies: those held back that are granted now
        :param pinbu.withdrawal withdrawals: those held back that are paid now
        :return: the cases that were open
        """
        decided = self._to_decided("approved", reason)
        held, stopped = decided._among_held(subsidies, withdrawals)
        held._release()
        stopped._to_requested(reason)
        for withdrawal in stopped:
            # Risk is one thing, a large amount another.
            if reason := withdrawal._needs_review():
                withdrawal._to_review(reason)
        if stopped:
            self.env.ref("pinbu_subsidy.ir_cron_payouts").sudo()._trigger()
        decided._open_for_rest()
        return decided

    def _refuse(self, state, reason, ground, subsidies, withdrawals):
        """These shoppers get nothing of what was held back; withdrawals go back into the wallet.

        :param str state: ``refused`` or ``blocked``
        :param str ground: one of `GROUNDS`, for the shopper; needed where subsidies are withheld
        :return: the cases that were open
        """
        decided = self._to_decided(state, reason)
        held, stopped = decided._among_held(subsidies, withdrawals)
        if held:
            held._void(ground, reason)
        stopped._to_failed("refused", ("review",), reason)
        decided._open_for_rest()
        return decided

    def _to_decided(self, state, reason):
        """:return: those that were open, and are decided now"""
        self._check_officer()
        waiting = self.filtered(lambda case: case.state == "open")
        waiting.sudo().write(
            {
                "state": state,
                "reason": reason,
                "decided_by": self.env.uid,
                "decided_at": self.env.cr.now(),
            }
        )
        waiting.activity_ids.action_feedback(feedback=reason)
        return waiting

    def _among_held(self, subsidies, withdrawals):
        """:return: those of these that are held back in these cases, with sudo: an officer decides
        about them here, and nowhere else"""
        held, stopped = self.sudo()._held()
        return held & subsidies.sudo(), stopped & withdrawals.sudo()

    def _open_for_rest(self):
        """What is still held back, left out by the officer or come while they decided, waits in a
        new case."""
        self.env.flush_all()
        rest = self.filtered(lambda case: any(case.sudo()._held()))
        if rest:
            self._insert(
                self.env.cr,
                [
                    (
                        case.company_id.id,
                        case.partner_id.id,
                        case.action or None,
                        case.rule_refs or (),
                    )
                    for case in rest
                ],
            )
        self.invalidate_model(flush=False)

    def _block(self, expires_at, reason, others, with_device=False, with_phone=False):
        """Keep these shoppers out, and whatever else was chosen.

        :param datetime expires_at: until when, or False
        :param res.partner others: linked accounts that are kept out, too
        :return: the new blocks
        """
        self._check_officer()
        # Nobody but a case knows the marks of devices.
        blocks = self.env["pinbu.risk.block"].sudo()
        made = blocks
        for case in self:
            rows = []
            common = {
                "company_id": case.company_id.id,
                "reason": reason,
                "expires_at": expires_at,
            }
            for partner in case.partner_id | others:
                rows.append({**common, "subject": "partner", "partner_id": partner.id})
            if with_device:
                for mark in case._devices():
                    rows.append({**common, "subject": "device", "mark": mark})
            phone = case.partner_id.sudo()._pinbu_phone_trait()
            if with_phone and phone:
                rows.append({**common, "subject": "phone", "value": phone})
            made |= blocks.with_context(pinbu_about_id=case.partner_id.id).create(rows)
        return made.with_env(self.env)

    def _answer_appeals(self, is_upheld, answer):
        """The open appeals of these cases are decided with them.

        :param str answer: what the shoppers read
        """
        waiting = self.appeal_ids.filtered(lambda appeal: appeal.state == "open")
        waiting.write({"answer": answer})
        waiting._decide("upheld" if is_upheld else "dismissed")

    def _appeals_decided(self, state):
        """Appeals of these cases were decided by themselves: where nothing else led to a case, and
        nothing is held back, it is over.

        :param str state: ``upheld`` or ``dismissed``
        """
        for case in self.filtered(lambda case: case.state == "open" and not case.hits):
            if not case.open_appeal_count and not case.held_count:
                reason = self.env._("The appeal was answered.")
                case._to_decided("approved" if state == "upheld" else "refused", reason)
