"""What schedulers here have in common."""

import logging

from psycopg2 import OperationalError

_logger = logging.getLogger(__name__)
_BATCH = 200


def each_alone(records, domain, step):
    """Call the method `step` on each record of the domain, in a transaction of its own; one that
    fails is passed over, and tried again by the next run.

    :param records: an empty recordset, with the rights that the step needs
    :return: whether the time was enough for all
    """
    last_id = 0
    while batch := records.search([*domain, ("id", ">", last_id)], order="id", limit=_BATCH):
        for record in batch:
            try:
                # Another worker may have been faster.
                if record.try_lock_for_update().filtered_domain(domain):
                    getattr(record, step)()
            except OperationalError:
                records.env.cr.rollback()
            except Exception:
                records.env.cr.rollback()
                _logger.exception("%s of %s %s failed", step, record._name, record.id)
            if not records.env["ir.cron"]._commit_progress(1):
                return False
        last_id = batch.ids[-1]
    return True
