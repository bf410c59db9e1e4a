"""Transactions beside the request's own.

Odoo runs a request at REPEATABLE READ. There a counter that many shoppers change at once raises
serialization failures, and Odoo sleeps between its retries while it holds the worker. A short
transaction at READ COMMITTED waits its turn instead, for milliseconds.
"""

import logging
from contextlib import contextmanager

from odoo.sql_db import Cursor
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# The database's clock in UTC, as Odoo stores times. It reads the wall clock, not the start of the
# transaction: a claim that waited for a lock past the deadline is late.
SQL_NOW = SQL("(clock_timestamp() AT TIME ZONE 'UTC')")

_BEGIN = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '2s'"
_BEGIN_LIGHTLY = f"{_BEGIN}; SET LOCAL synchronous_commit = off"


def in_test_transaction(cr):
    """Whether `cr` is the one transaction that a test rolls back at its end.

    A second cursor would not see that test's rows, and would wait for ever for those it touched.
    Cursors that a test opens for its own threads are real ones and are treated as such.
    """
    from odoo.modules import module

    if not isinstance(cr, Cursor):
        return True
    return bool(module.current_test) and getattr(module.current_test, "cr", None) is cr


@contextmanager
def short_transaction(env, *, durable=True):
    """Yield a READ COMMITTED cursor that commits at the end of the block.

    SQL only: the ORM's cache and snapshot belong to the request's own cursor. Waiting for a lock
    longer than 2 s raises LockNotAvailable, which Odoo retries. On any error all is rolled back.
    Under a test it is a savepoint of the test's transaction.

    :param bool durable: whether the commit waits for the disk. Not needed where nobody is told
                         before another, durable commit: that one brings this one to the disk too,
                         and a crash before it loses both. Locks are held for a shorter time.
    """
    if in_test_transaction(env.cr):
        env.flush_all()
        try:
            with env.cr.savepoint(flush=False):
                yield env.cr
        finally:
            env.invalidate_all()
        return
    with env.registry.cursor() as cr:
        cr.execute(_BEGIN if durable else _BEGIN_LIGHTLY)
        yield cr


def renew_snapshot(env):
    """End the request's transaction and go on in a new one, which sees what was committed since.

    What was written so far is committed: say in the caller why that may be.
    """
    if not in_test_transaction(env.cr):
        env.cr.commit()
    env.invalidate_all()


def after_commit(env, function):
    """Call `function()` once the current transaction is committed, at once under a test.

    What it does must be work that a scheduler would find and do as well: an error is logged and
    the request still succeeds, since its own work is committed by then.
    """
    if in_test_transaction(env.cr):
        env.flush_all()
        function()
        return

    def run():
        try:
            function()
        except Exception:
            _logger.exception("After-commit work failed; the scheduler will repeat it")

    env.cr.postcommit.add(run)


def wake(env, cr, *xmlids, at=None):
    """Have scheduled actions run as soon as `cr` has committed, or at `at` (UTC, to a minute).

    `ir.cron._trigger` would do the same through the ORM, which a short transaction must not use.
    """
    data = env["ir.model.data"]
    cr.execute(
        SQL(
            "INSERT INTO ir_cron_trigger (cron_id, call_at) SELECT unnest(%s), %s",
            [data._xmlid_to_res_id(xmlid, raise_if_not_found=True) for xmlid in xmlids],
            at or SQL_NOW,
        )
    )
    if not at:
        cr.postcommit.add(env["ir.cron"]._notifydb)
