from . import (
    pinbu_payout_balance,
    pinbu_shopper_coupon,
    pinbu_subsidy_decision,
    pinbu_voucher_redemption,
    pinbu_wallet_export,
    pinbu_withdrawal_result,
)
