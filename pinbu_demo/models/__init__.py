from . import payment_provider, payment_transaction, pinbu_activity
