from . import (
    activity_launch,
    batch_by_activity,
    order_address,
    order_refund,
    refund_by_hand,
    return_answer,
    stock_picking_to_batch,
    team_intervention,
    team_interventions,
    tracking_import,
)
