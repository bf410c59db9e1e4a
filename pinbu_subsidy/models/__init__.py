# Rules, tasks and prizes inherit it.
from . import pinbu_reward

# isort: split
from . import (
    base_partner_merge,
    loyalty_card,
    loyalty_card_owner,
    loyalty_program,
    payment_provider,
    payment_transaction,
    payment_transaction_invite,
    payment_transaction_wallet,
    pinbu_activity,
    pinbu_activity_grounds,
    pinbu_activity_voucher,
    pinbu_invite,
    pinbu_invite_reward,
    pinbu_invite_rule,
    pinbu_invite_task,
    pinbu_scene,
    pinbu_seat,
    pinbu_seat_invite,
    pinbu_seat_voucher,
    pinbu_seat_wallet,
    pinbu_subsidy,
    pinbu_subsidy_decision,
    pinbu_subsidy_grant,
    pinbu_subsidy_rule,
    pinbu_subsidy_take_back,
    pinbu_team,
    pinbu_team_invite,
    pinbu_transition,
    pinbu_voucher,
    pinbu_voucher_invite,
    pinbu_wallet_entry,
    res_company,
    res_company_books,
    res_company_invite,
    res_config_settings,
    res_config_settings_invite,
    res_partner_invite,
    sale_order,
    sale_order_line_owner,
    sale_order_owner,
    sale_order_scene,
    sale_order_voucher,
    sale_order_wallet,
    stock_move_invite,
)

# isort: split
# What the API adds to these models.
from . import api_activity, api_invite, api_order, api_subsidy, api_wallet
