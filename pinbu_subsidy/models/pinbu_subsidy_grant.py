import logging
from datetime import timedelta

import psycopg2
import psycopg2.extensions

from odoo import Command, api, fields, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

_logger = logging.getLogger(__name__)

OWE_BATCH = 100
GRANT_BATCH = 200
# Another transaction moved one of the rows: with a fresh snapshot the batch goes through.
_TRY_AGAIN = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.UniqueViolation,
)
TRIES = 3
# A row that cannot be granted is tried again after so long, then so long, …
BACKOFF_MINUTES = (1, 5, 30, 120, 720)

# Nobody is written to and nothing is tracked: the row itself is the record.
_QUIET = {"loyalty_no_mail": True, "tracking_disable": True, "mail_create_nolog": True}


class PinbuSubsidy(models.Model):
    """Granting what is due, by a scheduler that may be killed anywhere.

    What is given and the row's way from due to granted are one transaction, so that each row is
    granted once.
    """

    _inherit = "pinbu.subsidy"

    error = fields.Char(readonly=True, help="Why it could not be granted the last time.")
    attempts = fields.Integer(readonly=True)
    retry_at = fields.Datetime(string="Next Attempt", readonly=True)

    _one_card = models.UniqueIndex(
        "(card_id) WHERE type IN ('coupon', 'ticket')", "A coupon is given once."
    )

    # === BUSINESS METHODS: WHAT IS GIVEN === #

    @api.model
    def _grant_batch(self, after=0, limit=GRANT_BATCH, ids=None):
        """Grant the next due subsidies, in the current transaction.

        Rows that another transaction works on are left to it. Safe to repeat after a rollback,
        and after a commit: a row is given while its state goes from due to granted.

        :param int after: only ids above this one
        :param list[int] ids: only these
        :return: the ids that were granted, in rising order
        :rtype: list[int]
        """
        self.env.flush_all()
        conditions = [self._sql_is_due(), SQL("id > %s", after)]
        if ids is not None:
            conditions.append(SQL("id = ANY(%s)", list(ids)))
        self.env.cr.execute(
            SQL(
                "SELECT id FROM pinbu_subsidy WHERE %s ORDER BY id LIMIT %s"
                " FOR NO KEY UPDATE SKIP LOCKED",
                SQL(" AND ").join(conditions),
                limit,
            )
        )
        subsidies = self.browse(row[0] for row in self.env.cr.fetchall()).sudo()
        if not subsidies:
            return []
        subsidies.invalidate_recordset(flush=False)
        subsidies = subsidies._check_may_grant()
        in_order = subsidies.sorted(lambda subsidy: subsidy._key_of_locks())
        for (company, kind), owed in in_order.grouped(lambda s: (s.company_id, s.type)).items():
            given = getattr(owed.with_company(company), f"_grant_{kind}")(company)
            owed._mark_granted(*given)
        return subsidies.ids

    def _key_of_locks(self):
        """What is given is locked always in this order: two batches with the same shoppers must not
        deadlock, nor one with `_take_back`, which comes to wallets last."""
        self.ensure_one()
        return (
            self.type == "cash",
            self.type,
            self.company_id.id,
            self.program_id.id,
            self.partner_id.id,
            self.id,
        )

    def _check_may_grant(self):
        """Hook: look at these once more before anything is given; they are due, locked, and read
        with sudo. Safe to repeat after a rollback.

        :return: those of these that may be granted now; the others were held back, or wait for
            their `retry_at`
        """
        return self

    @api.model
    def _sql_is_due(self):
        return SQL(
            "state = 'due' AND due_at <= %(now)s AND (retry_at IS NULL OR retry_at <= %(now)s)",
            now=SQL_NOW,
        )

    def _mark_granted(self, column, refs):
        """:param str column: what refers to that which was given
        :param list[int] refs: for each of these subsidies what it refers to
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE pinbu_subsidy subsidy
                   SET state = 'granted', granted_at = %(now)s, %(column)s = given.ref,
                       error = NULL, retry_at = NULL, write_date = %(now)s, write_uid = %(uid)s
                  FROM unnest(%(ids)s::int[], %(refs)s::int[]) AS given (id, ref)
                 WHERE subsidy.id = given.id AND subsidy.state = 'due'
                """,
                now=SQL_NOW,
                column=SQL.identifier(column),
                ids=self.ids,
                refs=list(refs),
                uid=self.env.uid,
            )
        )
        self.env["pinbu.notice"]._tell_subsidies(self)
        self.invalidate_recordset(flush=False)
        self.env["loyalty.card"].invalidate_model(["pinbu_subsidy_ids"], flush=False)
        self.env["sale.order"].invalidate_model(["pinbu_gift_ids"], flush=False)
        self.env["pinbu.webhook"]._emit("subsidy.granted", self)

    def _grant_cash(self, company):
        wallets = company._pinbu_wallets(self.partner_id, create=True)
        entry_ids = self.env["loyalty.card"]._pinbu_post(
            [
                {
                    "card_id": wallets[subsidy.partner_id.id].id,
                    "kind": "subsidy",
                    "amount_minor": subsidy.amount_minor,
                    "reference": subsidy._reference(),
                    "idempotency_key": f"subsidy:{subsidy.id}",
                }
                for subsidy in self
            ]
        )
        return "entry_id", entry_ids

    def _grant_coupon(self, company):
        """A coupon of the program for each, which nobody but its shopper can use."""
        today = fields.Datetime.context_timestamp(
            self.with_context(tz=company._pinbu_timezone()), fields.Datetime.now()
        ).date()
        cards = (
            self.env["loyalty.card"]
            .with_context(**_QUIET)
            .create(
                [
                    {
                        "program_id": subsidy.program_id.id,
                        "partner_id": subsidy.partner_id.id,
                        "points": subsidy.program_id._pinbu_coupon_points(),
                        "expiration_date": bool(subsidy.valid_days)
                        and today + timedelta(days=subsidy.valid_days),
                    }
                    for subsidy in self
                ]
            )
        )
        return "card_id", cards.ids

    def _grant_ticket(self, company):
        return self._grant_coupon(company)

    def _grant_points(self, _company):
        cards = {}
        for program, owed in self.grouped("program_id").items():
            found = program._pinbu_points_cards(owed.partner_id)
            cards |= {subsidy: found[subsidy.partner_id.id] for subsidy in owed}
        for subsidy in self.sorted(lambda subsidy: cards[subsidy].id):
            self.env.cr.execute(
                SQL(
                    "UPDATE loyalty_card SET points = COALESCE(points, 0) + %s, write_date = %s"
                    " WHERE id = %s",
                    subsidy.points,
                    SQL_NOW,
                    cards[subsidy].id,
                )
            )
        self.env["loyalty.card"].union(*cards.values()).invalidate_recordset(flush=False)
        self.env["loyalty.history"].create(
            [
                {
                    "card_id": cards[subsidy].id,
                    "description": subsidy._reference(),
                    "issued": subsidy.points,
                    "order_model": self._name,
                    "order_id": subsidy.id,
                }
                for subsidy in self
            ]
        )
        return "card_id", [cards[subsidy].id for subsidy in self]

    def _grant_gift(self, company):
        """An order at a price of zero, which the warehouse ships as any other.

        Without an address it stays a quotation: the merchant asks the shopper.
        """
        addresses = {
            partner: partner._api_addresses()[:1] or partner for partner in self.partner_id
        }
        orders = (
            self.env["sale.order"]
            .with_context(**_QUIET)
            .create(
                [
                    {
                        "partner_id": subsidy.partner_id.id,
                        "partner_shipping_id": addresses[subsidy.partner_id].id,
                        "company_id": company.id,
                        "client_order_ref": subsidy._reference(),
                        "require_payment": False,
                        "require_signature": False,
                        "order_line": [
                            Command.create({"product_id": subsidy.product_id.id, "discount": 100})
                        ],
                    }
                    for subsidy in self
                ]
            )
        )
        # It earns nothing itself: confirming asks what it is.
        for subsidy, order in zip(self, orders, strict=True):
            subsidy.gift_order_id = order
        orders.filtered(lambda order: order.partner_shipping_id.street).action_confirm()
        return "gift_order_id", orders.ids

    def _reference(self):
        """:return: what it is for, in the shopper's language: an order, or an invite, …
        :rtype: str
        """
        self.ensure_one()
        if self.order_id:
            return self.order_id.name
        shopper = self.with_context(lang=self.partner_id.lang)
        return dict(shopper._fields["reason"]._description_selection(shopper.env))[self.reason]

    # === BUSINESS METHODS: THE SCHEDULER === #

    @api.model
    def _cron_grant(self):
        """Write down what the teams that have failed owe, and grant everything that is due: a batch
        per transaction, until the time is up.

        What cannot be done is passed over, so that one broken row does not hold up the others; a
        later run looks at it again.
        """
        last_team = last_subsidy = 0
        while True:
            team_ids = self._next_failed(last_team)
            if team_ids:
                last_team = team_ids[-1]
                self._one_by_one_or_all(team_ids, self._owe_and_commit)
            subsidy_ids = self._next_due(last_subsidy)
            if subsidy_ids:
                last_subsidy = subsidy_ids[-1]
                self._one_by_one_or_all(subsidy_ids, self._grant_and_commit)
            if not team_ids and not subsidy_ids:
                return
            if not self.env["ir.cron"]._commit_progress():
                self.env.ref("pinbu_subsidy.ir_cron_grant")._trigger()
                self.env["ir.cron"]._commit_progress()
                return

    @api.model
    def _one_by_one_or_all(self, ids, work):
        """:param work: called with a list of ids; returns whether it went through"""
        if not work(ids) and len(ids) > 1:
            for one in ids:
                work([one])

    def _next_failed(self, after):
        """:return: ids of the next failed teams above `after` whose debts are not written yet, and
        a fresh snapshot to write them on"""
        self.env.cr.execute(
            SQL(
                "SELECT id FROM pinbu_team WHERE to_subsidise AND id > %s ORDER BY id LIMIT %s",
                after,
                OWE_BATCH,
            )
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.env.cr.rollback()
        return ids

    def _next_due(self, after):
        """:return: ids of the next batch above `after`, and a fresh snapshot to grant it on"""
        self.env.cr.execute(
            SQL(
                "SELECT id FROM pinbu_subsidy WHERE %s AND id > %s ORDER BY id LIMIT %s",
                self._sql_is_due(),
                after,
                GRANT_BATCH,
            )
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.env.cr.rollback()
        return ids

    def _owe_and_commit(self, team_ids):
        """Write down what these teams owe, in a transaction of its own.

        :return: whether it went through; if not, nothing was written
        """

        def owe():
            self.env["pinbu.team"].sudo().browse(team_ids)._owe_subsidies()

        error = self._commit_or_undo(owe)
        if error:
            _logger.error("Could not work out what the teams %s owe", team_ids, exc_info=error)
        return error is None

    def _grant_and_commit(self, ids):
        """Grant these in a transaction of their own.

        :return: whether it went through; if not, nothing was granted
        """

        def grant():
            granted = self._grant_batch(ids=ids)
            self.browse(granted).sudo().team_id._check_settled_again()

        error = self._commit_or_undo(grant)
        if error is None:
            return True
        if isinstance(error, _TRY_AGAIN):
            _logger.info("The subsidies %s are busy: the next run grants them", ids)
            return False
        _logger.error("Could not grant the subsidies %s", ids, exc_info=error)
        if len(ids) == 1:
            self.browse(ids)._try_later(error)
            self.env["ir.cron"]._commit_progress()
        return False

    def _commit_or_undo(self, work):
        """Call `work()` and commit, again if rivals were in the way.

        :return: None, or the exception, when nothing of it was done
        """
        for attempt in range(1, TRIES + 1):
            try:
                work()
                self.env["ir.cron"]._commit_progress()
            except _TRY_AGAIN as error:
                self.env.cr.rollback()
                if attempt == TRIES:
                    return error
            except Exception as error:
                self.env.cr.rollback()
                return error
            else:
                return None

    def _try_later(self, error):
        """Note why this one could not be granted, and wait longer each time."""
        self.ensure_one()
        waits = BACKOFF_MINUTES[min(self.attempts, len(BACKOFF_MINUTES) - 1)]
        self.env.cr.execute(
            SQL(
                """
                UPDATE pinbu_subsidy
                   SET error = %s, attempts = COALESCE(attempts, 0) + 1,
                       retry_at = %s + %s * interval '1 minute'
                 WHERE id = %s AND state = 'due'
                """,
                f"{type(error).__name__}: {error}"[:500],
                SQL_NOW,
                waits,
                self.id,
            )
        )
        self.invalidate_recordset(["error", "attempts", "retry_at"], flush=False)
