"""An activity's result as a workbook: figures and costs, a chart by day, all its teams."""

import io

import xlsxwriter

NUMBER_FORMATS = {
    "count": "#,##0",
    "factor": "0.00",
    "money": "#,##0.00",
    "percent": "0.0%",
    "seconds": "[h]:mm:ss",
}
# Of a sheet, less its heading.
MOST_ROWS = 1_048_575


def result_workbook(activity):
    """:param pinbu.activity activity: the caller has checked who asks
    :rtype: bytes
    """
    file = io.BytesIO()
    # Rows go to the disk as they come: there may be as many teams as a sheet holds.
    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}
    with xlsxwriter.Workbook(file, {**options, "strings_to_formulas": False}) as book:
        result = activity._result()
        styles = {
            unit: book.add_format({"num_format": code}) for unit, code in NUMBER_FORMATS.items()
        }
        styles["title"] = book.add_format({"bold": True, "font_size": 14})
        head = {"bold": True, "bg_color": "#E9ECEF", "border": 1}
        styles["head"] = book.add_format({**head, "text_wrap": True, "valign": "top"})
        styles["muted"] = book.add_format({"font_color": "#6C757D"})
        _write_figures(book, styles, activity, result)
        _write_days(book, styles, activity, result["days"])
        _write_teams(book, styles, activity)
    return file.getvalue()


def _write_figures(book, styles, activity, result):
    sheet = book.add_worksheet(activity.env._("Result"))
    sheet.set_column(0, 0, 36)
    sheet.set_column(1, 1, 18)
    sheet.write_string(0, 0, activity.name, styles["title"])
    sheet.write_string(1, 0, activity.product_tmpl_id.display_name, styles["muted"])
    first, last = (day.isoformat() for day in activity._result_period())
    sheet.write_string(2, 0, f"{first} – {last}", styles["muted"])
    _fit_on_paper(sheet)
    row = 4
    sheet.write_row(row, 0, (activity.env._("Figures"), ""), styles["head"])
    row += 1
    for label, value, unit in result["figures"]:
        sheet.write_string(row, 0, label)
        if value is not None:
            # A day is 1 in a workbook.
            number = value / 86_400 if unit == "seconds" else value
            sheet.write_number(row, 1, number, styles[unit])
        row += 1
    row += 1
    currency = activity.currency_id.name
    sheet.write_row(row, 0, (activity.env._("Costs (%s)", currency), ""), styles["head"])
    for label, amount in result["costs"]:
        row += 1
        sheet.write_string(row, 0, label)
        sheet.write_number(row, 1, amount, styles["money"])


def _write_days(book, styles, activity, days):
    env = activity.env
    name = env._("By Day")
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 3, 14)
    _keep_heading(sheet)
    sheet.set_landscape()
    heads = (env._("Day"), env._("Amount paid"), env._("Teams formed"), env._("Teams failed"))
    sheet.write_row(0, 0, heads, styles["head"])
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    for row, (day, paid, formed, failed) in enumerate(days, start=1):
        sheet.write_datetime(row, 0, day, date)
        sheet.write_number(row, 1, paid, styles["money"])
        sheet.write_number(row, 2, formed, styles["count"])
        sheet.write_number(row, 3, failed, styles["count"])
    if not days:
        return
    chart = book.add_chart({"type": "column"})
    lines = book.add_chart({"type": "line"})
    for column, target in ((1, chart), (2, lines), (3, lines)):
        target.add_series(
            {
                "name": [name, 0, column],
                "categories": [name, 1, 0, len(days), 0],
                "values": [name, 1, column, len(days), column],
                "y2_axis": target is lines,
            }
        )
    chart.combine(lines)
    chart.set_title({"name": name, "name_font": {"size": 12}})
    chart.set_x_axis({"num_format": "m-d"})
    chart.set_y_axis({"name": heads[1], "num_format": "#,##0"})
    lines.set_y2_axis({"name": env._("Teams"), "num_format": "0"})
    chart.set_size({"width": 720, "height": 360})
    chart.set_legend({"position": "bottom"})
    sheet.insert_chart("F2", chart)


def _write_teams(book, styles, activity):
    env = activity.env
    sheet = book.add_worksheet(env._("Teams"))
    for column, width in enumerate((10, 24, 12, 8, 12, 18, 18, 14)):
        sheet.set_column(column, column, width)
    _keep_heading(sheet)
    sheet.set_landscape()
    heads = (
        env._("Team"),
        env._("Leader"),
        env._("State"),
        env._("Size"),
        env._("Paid places"),
        env._("Opened"),
        env._("Finished"),
        env._("Amount paid"),
    )
    sheet.write_row(0, 0, heads, styles["head"])
    states = activity._result_states()
    rows = activity._result_teams(limit=MOST_ROWS)
    row = 0
    for row, (number, leader, state, size, paid, opened, finished, amount) in enumerate(rows, 1):
        sheet.write_number(row, 0, number)
        sheet.write_string(row, 1, leader or env._("Merchant"))
        sheet.write_string(row, 2, states[state])
        sheet.write_number(row, 3, size)
        sheet.write_number(row, 4, paid)
        sheet.write_datetime(row, 5, opened)
        if finished:
            sheet.write_datetime(row, 6, finished)
        sheet.write_number(row, 7, amount, styles["money"])
    sheet.autofilter(0, 0, row, len(heads) - 1)


def _keep_heading(sheet):
    """It stays in sight on the screen, and comes again on each sheet of paper."""
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    _fit_on_paper(sheet)


def _fit_on_paper(sheet):
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
