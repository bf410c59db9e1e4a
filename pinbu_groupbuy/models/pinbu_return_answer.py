"""What staff, the shopper or the time make of a return before its goods come back."""

import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..const import MONEY_GROUPS
from ..exceptions import PinbuError
from ..transactions import SQL_NOW

_logger = logging.getLogger(__name__)

ANSWER_BATCH = 50


class PinbuReturn(models.Model):
    _inherit = "pinbu.return"

    # === ACTION METHODS === #

    def action_accept(self):
        return self._open_answer(is_refusal=False)

    def action_refuse(self):
        return self._open_answer(is_refusal=True)

    def action_refund_without_goods(self):
        """Owe the money back although the goods stay with the shopper."""
        self._check_may_refund()._waive()

    def action_cancel(self):
        """The goods are not going to come."""
        self._check_may_answer()._give_up("cancelled by the merchant")

    def action_pickings(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("stock.action_picking_tree_all")
        return {
            **action,
            "domain": [("pinbu_return_id", "=", self.id)],
            "context": {"create": False},
        }

    def _open_answer(self, is_refusal):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse the return")
            if is_refusal
            else self.env._("Accept the return"),
            "res_model": "pinbu.return.answer",
            "view_mode": "form",
            "target": "new",
            "context": {"default_return_id": self.id, "default_is_refusal": is_refusal},
        }

    # === BUSINESS METHODS: CHECKS === #

    def _check_may_answer(self):
        """:return: these, with the rights to change them
        :raise AccessError: for whom they are none of their business
        """
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("pinbu_groupbuy.group_user"):
            raise AccessError(self.env._("Only the group-buying staff answers returns."))
        return self.sudo()

    def _check_may_refund(self):
        """As `_check_may_answer`, for what moves money before the warehouse has anything."""
        self.check_access("read")
        if not self.env.su and not any(self.env.user.has_group(group) for group in MONEY_GROUPS):
            raise AccessError(
                self.env._("Only group-buying managers and accountants deal with refunds.")
            )
        return self.sudo()

    # === BUSINESS METHODS: ANSWERS === #

    def _accept(self, answer="", with_fee=False, reason="return accepted"):
        """The goods may come back: the warehouse awaits them from now on.

        :param str answer: what the shopper reads, for example where to send them
        :param bool with_fee: whether what the delivery cost goes back as well
        :raise UserError: when it was answered already, or the pieces came back another way
        """
        self.ensure_one()
        if not self._move(["requested"], "accepted", reason, note=answer or None):
            raise UserError(self.env._("This return is decided already."))
        self.write({"answer": answer, "with_fee": with_fee, "answered_at": fields.Datetime.now()})
        self._await_goods()
        self._dismiss_staff()
        self.env["pinbu.notice"]._tell_returns(self, "return_accepted")

    def _refuse(self, answer):
        """:param str answer: why, in words for the shopper
        :raise UserError: when it was answered already, or nothing is said
        """
        self.ensure_one()
        if not answer.strip():
            raise UserError(self.env._("Tell the shopper why."))
        if not self._move(["requested"], "refused", "return refused", note=answer):
            raise UserError(self.env._("This return is decided already."))
        self.write({"answer": answer, "answered_at": fields.Datetime.now()})
        self.seat_id._let_go(self.quantity)
        self._dismiss_staff()
        self.env["pinbu.notice"]._tell_returns(self, "return_refused")

    def _give_up(self, reason):
        """Nothing is going to come back.

        :raise PinbuError: ``not_allowed_now`` when something has, or it is decided already
        """
        for request in self:
            if request.quantity_received or not request._move(
                ["requested", "accepted"], "cancelled", reason
            ):
                raise PinbuError("not_allowed_now", self.env._("This is not possible now."))
            request.seat_id._let_go(request.quantity)
            request._dismiss_staff()
            request._cancel_deliveries()

    # === SCHEDULER === #

    @api.model
    def _cron_answer(self):
        """Accept what nobody has answered in time; one that cannot be stays with the staff."""
        last_id = 0
        while ids := self._unanswered(last_id):
            for request in self.sudo().browse(ids):
                request._accept_alone()
                if not self.env["ir.cron"]._commit_progress(1):
                    self.env.ref("pinbu_groupbuy.ir_cron_answer_returns").sudo()._trigger()
                    return
            last_id = ids[-1]

    @api.model
    def _unanswered(self, after):
        self.env.cr.execute(
            SQL(
                """
                SELECT request.id FROM pinbu_return request
                  JOIN res_company company ON company.id = request.company_id
                 WHERE request.state = 'requested' AND company.pinbu_answer_days > 0
                   AND request.create_date
                       < %s - company.pinbu_answer_days * interval '1 day'
                   AND request.id > %s
              ORDER BY request.id LIMIT %s
                """,
                SQL_NOW,
                after,
                ANSWER_BATCH,
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _accept_alone(self):
        try:
            with self.env.cr.savepoint():
                if self.try_lock_for_update().filtered(lambda r: r.state == "requested"):
                    self.with_company(self.company_id)._accept(reason="nobody answered")
        except OperationalError:
            # Somebody works on the same rows: the next run finds it again.
            self.env.cr.rollback()
        except Exception:
            self.env.invalidate_all()
            _logger.warning("Return %s could not be accepted by itself", self.id, exc_info=True)
