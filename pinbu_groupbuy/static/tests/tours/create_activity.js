import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

/**
 * A marketing person opens the app, sets up an activity, puts it in the shop and sees it run.
 * The test brings a product named "Tour crisps" at 30.00.
 */
registry.category("web_tour.tours").add("pinbu_create_activity", {
    url: "/odoo/group-buying",
    steps: () => [
        {
            content: "Start a new activity",
            trigger: ".o-kanban-button-new",
            run: "click",
        },
        {
            content: "Give it a name",
            trigger: ".o_field_widget[name=name] input, .o_field_widget[name=name] textarea",
            run: "edit Tour activity",
        },
        {
            content: "Look for the product",
            trigger: ".o_field_widget[name=product_tmpl_id] input",
            run: "edit Tour crisps",
        },
        {
            content: "Take the product",
            trigger: ".ui-autocomplete .ui-menu-item a:contains('Tour crisps')",
            run: "click",
        },
        {
            content: "Its variant is offered by itself",
            trigger: ".o_field_widget[name=line_ids] .o_data_row td[name=product_id]",
        },
        {
            content: "Set the group price",
            trigger: ".o_field_widget[name=line_ids] .o_data_row td[name=group_price]",
            run: "click",
        },
        {
            content: "Type the group price",
            trigger: ".o_field_widget[name=line_ids] .o_data_row [name=group_price] input",
            run: "edit 19.90",
        },
        {
            content: "See what makes a team",
            trigger: ".nav-link[name=team]",
            run: "click",
        },
        {
            content: "Two make a team",
            trigger: ".o_field_widget[name=size] input",
            run: "edit 2",
        },
        ...stepUtils.saveForm(),
        {
            content: "Put it in the shop",
            trigger: "button[name=action_publish]",
            run: "click",
        },
        {
            content: "It runs",
            trigger: ".o_statusbar_status button[data-value=running].o_arrow_button_current",
        },
        {
            content: "Back to all activities",
            trigger: ".o_back_button, .breadcrumb-item:first a",
            run: "click",
        },
        {
            content: "The card says so, too",
            trigger: ".o_kanban_record:contains('Tour activity') .text-bg-success",
        },
    ],
});
