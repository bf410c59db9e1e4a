from . import (
    base_partner_merge,
    loyalty_card,
    loyalty_program,
    pinbu_activity,
    pinbu_seat,
    pinbu_subsidy,
    pinbu_subsidy_rule,
    pinbu_team,
    pinbu_wallet_entry,
    res_company,
    sale_order,
)

# isort: split
# What the API adds to these models.
from . import api_activity, api_order, api_subsidy, api_wallet
