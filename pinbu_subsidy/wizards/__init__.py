from . import pinbu_subsidy_decision, pinbu_voucher_redemption, pinbu_wallet_export
