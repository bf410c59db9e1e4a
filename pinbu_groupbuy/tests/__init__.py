from . import (
    test_api_errors,
    test_api_idempotency,
    test_api_orders,
    test_api_reads,
    test_api_session,
    test_concurrency,
    test_money,
    test_open_deliveries,
    test_services,
    test_shipping_gate,
    test_team,
    test_tours,
)
