import { registry } from "@web/core/registry";

/**
 * A risk officer looks at a case, sees who shares a device, and refuses what was held back. The
 * test brings "Tour Ann", whose subsidy a rule holds back, and "Tour Ben" on the same device.
 */
registry.category("web_tour.tours").add("pinbu_risk_review", {
    url: "/odoo/risk-review",
    steps: () => [
        {
            content: "Ann waits in the queue, with something held back; open her case",
            trigger:
                ".o_kanban_record:contains('Tour Ann'):contains('Tour rule'):contains('held back')",
            run: "click",
        },
        {
            content: "What led here",
            trigger: ".o_field_widget[name=event_ids] .o_data_row:contains('Tour rule')",
        },
        {
            content: "Who is linked?",
            trigger: ".nav-link[name=links]",
            run: "click",
        },
        {
            content: "Ben has the same device",
            trigger: ".o_pinbu_risk_links tr:contains('Tour Ben'):contains('same device')",
        },
        {
            content: "Refuse",
            trigger: ".o_form_statusbar button[name=action_refuse]",
            run: "click",
        },
        {
            content: "The subsidy is listed",
            trigger: ".modal .o_field_widget[name=subsidy_ids] .o_data_row:contains('Tour rule')",
        },
        {
            content: "Say why",
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit Two accounts on one device",
        },
        {
            content: "Choose a published ground",
            trigger: ".modal .o_field_widget[name=ground] input",
            run: "click",
        },
        {
            content: "They are one person",
            trigger: ".o_select_menu_item:contains('One Person')",
            run: "click",
        },
        {
            content: "Do it",
            trigger: ".modal button[name=action_decide]:contains('Refuse')",
            run: "click",
        },
        {
            content: "It is decided",
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status button[aria-checked=true]:contains('Refused')",
        },
    ],
});
