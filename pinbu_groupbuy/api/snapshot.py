"""Seeing what other transactions have committed since this request began."""

from ..transactions import in_test_transaction


def renew(env):
    """End the request's transaction and go on in a new one, with a new snapshot.

    What was written so far is committed: say in the caller why that may be.
    """
    if not in_test_transaction(env.cr):
        env.cr.commit()
    env.invalidate_all()
