from . import (
    payment_transaction,
    payment_transaction_refund,
    payment_transaction_scheduler,
    pinbu_activity,
    pinbu_activity_line,
    pinbu_activity_terms,
    pinbu_activity_voucher,
    pinbu_seat,
    pinbu_seat_checkout,
    pinbu_seat_lease,
    pinbu_seat_settlement,
    pinbu_seat_voucher,
    pinbu_settlement,
    pinbu_team,
    pinbu_team_settlement,
    pinbu_transition,
    res_company,
    sale_order,
    stock_move,
    stock_move_line,
    stock_picking,
)

# isort: split
# What the API adds to these models.
from . import (
    api_activity,
    api_idempotency,
    api_order,
    api_partner,
    api_revocation,
    api_team,
    api_voucher,
    ir_http,
    res_users_session,
)
