from . import pinbu_voucher_redemption
