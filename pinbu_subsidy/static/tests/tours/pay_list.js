import { registry } from "@web/core/registry";

/**
 * An accountant opens the pay list, starts to pay a withdrawal, and notes that it is paid.
 * The test brings one withdrawal of 10.00.
 */
registry.category("web_tour.tours").add("pinbu_pay_list", {
    url: "/odoo/withdrawals",
    steps: () => [
        {
            content: "What the balance is enough for stands above",
            trigger: ".o_pinbu_payout_forecast",
        },
        {
            content: "Choose the withdrawal",
            trigger: ".o_data_row:contains('10.00') .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Start paying it",
            trigger: ".o_control_panel button[name=action_start]",
            run: "click",
        },
        {
            content: "It is under way; open it",
            trigger: ".o_data_row:contains('10.00'):contains('Sent') td[name=number]",
            run: "click",
        },
        {
            content: "It is paid",
            trigger: ".o_form_view button[name=action_mark_paid]",
            run: "click",
        },
        {
            content: "It says so",
            trigger: ".o_statusbar_status button[data-value=done].o_arrow_button_current",
        },
    ],
});
