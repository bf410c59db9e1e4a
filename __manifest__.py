{
    "name": "Pinbu",
    "summary": "Group-buying, subsidies and risk control for a WeChat mini-program shop: the suite",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "Pinbu",
    "depends": [
        "pinbu_groupbuy",
        "pinbu_subsidy",
        "pinbu_risk",
    ],
}
