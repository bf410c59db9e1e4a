import { registry } from "@web/core/registry";

/** Where officers, identity clerks and auditors begin the day: in their own screen of this app. */
const HOMES = { officer: "Review", identity: "Identities", auditor: "Audit Log" };

for (const [group, screen] of Object.entries(HOMES)) {
    registry.category("web_tour.tours").add(`pinbu_risk_home_${group}`, {
        url: "/odoo",
        steps: () => [
            {
                content: "The screen is there",
                trigger: `.o_control_panel .o_breadcrumb:contains(${screen})`,
            },
            {
                content: "And the app's menus with it",
                trigger: ".o_menu_sections [data-menu-xmlid='pinbu_risk.menu_risk']",
            },
        ],
    });
}
