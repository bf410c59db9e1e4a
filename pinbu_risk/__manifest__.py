{
    "name": "Pinbu Risk",
    "summary": "Rules that refuse what farms do before money moves, and a record of each refusal",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "Pinbu",
    "depends": ["pinbu_subsidy"],
    "data": [
        "security/ir.model.access.csv",
        "security/rules.xml",
        "data/pinbu_risk_rule.xml",
        "views/risk_rule_views.xml",
        "views/risk_event_views.xml",
        "views/menus.xml",
    ],
}
