"""The scheduler that moves money: what is sent, each in a transaction of its own."""

import logging

from psycopg2 import OperationalError

from odoo import api, models
from odoo.fields import Domain

_logger = logging.getLogger(__name__)

MONEY_BATCH = 200
# Journals and accounts are read once for so many payments; one that fails is booked apart.
BOOK_BATCH = 20


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    # === SCHEDULER === #

    @api.model
    def _cron_move_money(self):
        """Book what came in, and send what goes back: each refund in a transaction of its own."""
        received = (
            Domain("sale_order_ids.seat_ids", "!=", False)
            & Domain("state", "=", "done")
            & Domain("is_post_processed", "=", False)
        )
        txs = self.sudo()
        if not (
            txs._book_in_batches(received)
            and txs._each_alone(txs._pinbu_to_send_domain(), "_pinbu_send_refund")
            # A transaction of its own: an answer once received must outlive a failure to book it.
            and txs._book_in_batches(received)
            and txs._each_alone(txs._pinbu_to_alert_domain(), "_pinbu_alert")
            and txs._each_alone(txs._pinbu_alerted_for_nothing_domain(), "_pinbu_end_alert")
        ):
            self.env.ref("pinbu_groupbuy.ir_cron_move_money").sudo()._trigger()
            self.env["ir.cron"]._commit_progress()

    def _book_in_batches(self, domain):
        """:return: whether the time was enough for all of the domain"""
        last_id = 0
        while batch := self.search(
            domain & Domain("id", ">", last_id), order="id", limit=BOOK_BATCH
        ):
            if not batch._book_together(domain):
                return False
            last_id = batch.ids[-1]
        return True

    def _book_together(self, domain):
        """:return: whether time is left for more"""
        try:
            self.try_lock_for_update().filtered_domain(domain)._pinbu_book()
            return bool(self.env["ir.cron"]._commit_progress(len(self)))
        except Exception:
            self.env.cr.rollback()
            _logger.info("Booking %s payments at once failed; trying them one by one", len(self))
            return all(tx._alone(domain, tx._pinbu_book) for tx in self)

    def _each_alone(self, domain, step):
        """Call the method `step` on each transaction of the domain; one that fails is passed over.

        :return: whether the time was enough for all
        """
        last_id = 0
        while batch := self.search(
            domain & Domain("id", ">", last_id), order="id", limit=MONEY_BATCH
        ):
            if not all(tx._alone(domain, getattr(tx, step)) for tx in batch):
                return False
            last_id = batch[-1].id
        return True

    def _alone(self, domain, step):
        """Run `step` for this transaction, locked, and commit; not if another worker was faster,
        and it is not one of the domain any more.

        :return: whether time is left for more
        """
        try:
            if self.try_lock_for_update().filtered_domain(domain):
                step()
            return bool(self.env["ir.cron"]._commit_progress(1))
        except OperationalError:
            self.env.cr.rollback()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("Moving the money of transaction %s failed", self.id)
        return True

    def _pinbu_book(self):
        """Book those payments and refunds that are done, and not booked yet."""
        self.filtered(lambda tx: tx.state == "done" and not tx.is_post_processed)._post_process()

    def _post_process(self):
        """Odoo's own scheduler calls this too: what is under way is left to its answer, which must
        not meet a change of the same row; what was booked since it looked is not told twice."""
        done = self.filtered(lambda tx: tx.state == "done")
        waiting = (self - done).filtered("pinbu_refund_reason")
        booked = done.filtered(
            lambda tx: tx.is_post_processed and tx.payment_id and tx._is_group_buy()
        )
        others = self - waiting - booked
        super(PaymentTransaction, others)._post_process()
        others.filtered("pinbu_refund_reason")._pinbu_reconcile()

    def _pinbu_reconcile(self):
        """Odoo leaves a payment's and its refund's receivable lines open; they cancel out."""
        plan = []
        for refund in self:
            payments = refund.payment_id | refund.source_transaction_id.payment_id
            lines = payments.move_id.line_ids.filtered(
                lambda line: (
                    line.account_id.account_type == "asset_receivable" and not line.reconciled
                )
            )
            if len(lines) > 1 and len(lines.account_id) == 1:
                plan.append(lines)
        if plan:
            self.env["account.move.line"]._reconcile_plan(plan)
