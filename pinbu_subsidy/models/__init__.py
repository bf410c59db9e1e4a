from . import (
    base_partner_merge,
    loyalty_card,
    loyalty_program,
    payment_provider,
    payment_transaction,
    payment_transaction_wallet,
    pinbu_activity,
    pinbu_activity_voucher,
    pinbu_seat,
    pinbu_seat_voucher,
    pinbu_seat_wallet,
    pinbu_subsidy,
    pinbu_subsidy_rule,
    pinbu_subsidy_take_back,
    pinbu_team,
    pinbu_transition,
    pinbu_voucher,
    pinbu_wallet_entry,
    res_company,
    res_company_books,
    res_config_settings,
    sale_order,
    sale_order_voucher,
    sale_order_wallet,
)

# isort: split
# What the API adds to these models.
from . import api_activity, api_order, api_subsidy, api_wallet
