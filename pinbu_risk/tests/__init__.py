from . import (
    test_access_matrix,
    test_account_deletion,
    test_api_risk,
    test_api_security,
    test_appeals,
    test_data_export,
    test_identity,
    test_participation,
    test_personal_data,
    test_risk_blocks,
    test_risk_cases,
    test_risk_review,
)
