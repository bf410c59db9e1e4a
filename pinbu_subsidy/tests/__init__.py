from . import (
    test_api_wallet,
    test_books,
    test_concurrency,
    test_loyalty,
    test_owe,
    test_promotions,
    test_screens,
    test_subsidy,
    test_voucher,
    test_voucher_concurrency,
    test_voucher_http,
    test_wallet,
)
