{
    "name": "Pinbu Demo Merchant",
    "summary": "A snack brand to try Pinbu with; never for a shop that takes real money",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Pinbu",
    "depends": [
        "pinbu",
        "payment_demo",
        "l10n_cn",
    ],
    "data": [
        "data/company.xml",
        "data/users.xml",
        "data/products.xml",
        "data/activities.xml",
        "data/delivery.xml",
        "data/cron.xml",
    ],
    "pre_init_hook": "pre_init_hook",
    "post_init_hook": "post_init_hook",
}
