import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { formatFloat, formatInteger } from "@web/views/fields/formatters";

const MUCH_MONEY = 100_000;

/** Seconds in the two largest units that fit. */
function formatDuration(seconds) {
    const whole = Math.round(seconds);
    const days = Math.floor(whole / 86400);
    const hours = Math.floor(whole / 3600) % 24;
    const minutes = Math.floor(whole / 60) % 60;
    if (days) {
        return _t("%(days)s d %(hours)s h", { days, hours });
    }
    if (hours) {
        return _t("%(hours)s h %(minutes)s min", { hours, minutes });
    }
    if (minutes) {
        return _t("%(minutes)s min %(seconds)s s", { minutes, seconds: whole % 60 });
    }
    return _t("%(seconds)s s", { seconds: whole });
}

/**
 * @param {number|null} value null: it cannot be said, such as a rate of nothing
 * @param {"count"|"money"|"percent"|"seconds"|"factor"} unit
 * @param {number} currencyId of money
 */
export function formatFigure(value, unit, currencyId) {
    if (value === null) {
        return "–";
    }
    switch (unit) {
        case "money":
            // Of much money nobody needs the cents, and they would not fit.
            return formatCurrency(
                value,
                currencyId,
                Math.abs(value) < MUCH_MONEY ? {} : { digits: [0, 0] }
            );
        case "percent":
            return `${formatFloat(value * 100, { digits: [0, 1] })}%`;
        case "seconds":
            return formatDuration(value);
        case "factor":
            return formatFloat(value, { digits: [0, 2] });
        default:
            return formatInteger(Math.round(value));
    }
}

/**
 * How a figure changed: of shares in percentage points, of everything else in percent.
 *
 * @returns {{text: string, direction: number}|null} null where there is nothing to compare with
 */
export function changeOf({ value, previous, unit }) {
    if (value === null || previous === null || previous === undefined) {
        return null;
    }
    const direction = Math.sign(value - previous);
    if (!direction) {
        return null;
    }
    if (unit === "percent") {
        const points = formatFloat(Math.abs(value - previous) * 100, { digits: [0, 1] });
        return { text: _t("%s pts", points), direction };
    }
    if (!previous) {
        return { text: _t("new"), direction };
    }
    const percent = (Math.abs(value - previous) / Math.abs(previous)) * 100;
    const digits = percent < 10 ? 1 : 0;
    return { text: `${formatFloat(percent, { digits: [0, digits] })}%`, direction };
}
