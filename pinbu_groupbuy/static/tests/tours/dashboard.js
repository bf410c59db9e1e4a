import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

/** The app opens on the dashboard, whose figures lead to their records and back. */
registry.category("web_tour.tours").add("pinbu_dashboard", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the app",
            trigger: ".o_app[data-menu-xmlid='pinbu_groupbuy.menu_root']",
            run: "click",
        },
        {
            content: "Its first screen is the dashboard",
            trigger: ".o_pinbu_dashboard [data-period=today].btn-primary",
        },
        {
            content: "Look at a month",
            trigger: ".o_pinbu_dashboard [data-period=month]",
            run: "click",
        },
        {
            content: "Open the formed teams",
            trigger:
                ".o_pinbu_dashboard:has([data-period=month].btn-primary):has(canvas)" +
                " [data-figure=teams_formed]:contains(1)",
            run: "click",
        },
        {
            content: "They are that one team",
            trigger: ".o_kanban_view .o_kanban_record:contains(Tour team)",
        },
        {
            content: "Go back",
            trigger: ".o_breadcrumb .breadcrumb-item a, .o_back_button",
            run: "click",
        },
        {
            content: "The month is still chosen",
            trigger: ".o_pinbu_dashboard [data-period=month].btn-primary",
        },
        {
            content: "Much money is told without cents",
            trigger: "[data-figure=paid_amount] .o_pinbu_value:contains(/,\\d{3}$/)",
        },
        {
            content: "Open a figure of nothing",
            trigger: ".o_pinbu_dashboard [data-figure=views]:contains(Visitors)",
            run: "click",
        },
        {
            content: "The screen says why it is empty, and not in tags",
            trigger: ".o_nocontent_help .o_view_nocontent_smiling_face:contains(Nobody has visited)",
        },
        {
            content: "What is listed there are visits",
            trigger: ".o_breadcrumb .active:contains(Visits)",
        },
        {
            content: "Go back again",
            trigger: ".o_breadcrumb .breadcrumb-item a, .o_back_button",
            run: "click",
        },
        {
            content: "The activity stands side by side with the others",
            trigger: ".o_pinbu_dashboard td.o_pinbu_name:contains(Tour team)",
        },
    ],
});
