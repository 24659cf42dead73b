"""Panels of the cookbook: what a phone and a connection would change, and what the reform did to one place's series."""

import ipywidgets as ipw
import pandas as pd

from infoaccess import areas, desk, desk_names, desk_tables, panels, questions, units, words
from infoaccess.errors import UsageError


class Lifter(ipw.VBox):
    """Show who would no longer be deprived when phones are given, connections made, or both: full counts, internal."""

    def __init__(self, month: str = ""):
        """Open at a month (by default the latest) with phones given and no connection made."""
        self.of = desk_names.month(month or None)
        w = words.load("vi")
        self.phone = ipw.Checkbox(description=w("desk.panel.phone"), value=True, indent=False)
        self.connection = ipw.Checkbox(description=w("desk.panel.connection"), value=False, indent=False)
        self.told, self.map, self.table = ipw.HTML(), panels.empty_map(), ipw.VBox()
        super().__init__([ipw.HBox([self.phone, self.connection]), self.told, self.map, self.table])
        for widget in (self.phone, self.connection):
            widget.observe(self._asked, names="value")
        self._asked(None)

    def _asked(self, _) -> None:
        given = {"phone": self.phone.value, "connection": self.connection.value}
        self.frame = questions.lifting(self.of, **given)
        whole = questions.lifting(self.of, "city", **given).iloc[0]
        said = words.load("vi")(
            "desk.lift_said",
            lifted=words.number(int(whole["lifted"])),
            deprived=words.number(int(whole["deprived"])),
            share=words.share(float(whole["lifted_share"])) if pd.notna(whole["lifted_share"]) else words.MISSING,
            leave=words.number(int(whole["leave_poverty"])),
        )
        self.told.value = f"<p><b>{said}</b></p>{desk_tables.notes(self.frame)}"
        shown = self.frame.assign(
            area_set=units.commune_set(self.of),
            share=self.frame["lifted_share"],
            numerator=self.frame["lifted"],
            denominator=self.frame["deprived"],
            status="empty",
        )
        panels.paint(self.map, shown, "progress", self.frame.attrs["title"])
        self.table.children = (panels.browse(self.frame),)


class Reform(ipw.VBox):
    """Show one former district's months beside those of the communes that hold its territory today."""

    def __init__(self, measure: str = "deprived_any", district: str = "481"):
        """Open at a district of 2021-2024; by default A Lưới."""
        names = areas.names("A_district")
        self.measure = desk_names.measure(measure)
        options = [(f"{n} ({c})", c) for c, n in sorted(names.items())]
        self.district = ipw.Dropdown(
            description=words.load("vi")("desk.panel.district"), options=options, value=district
        )
        self.chart, self.told, self.table = panels.blank(height=420), ipw.HTML(), ipw.VBox()
        self.chart.layout.yaxis.tickformat = ".1%"
        super().__init__([self.district, self.told, self.chart, self.table])
        self.district.observe(self._asked, names="value")
        self._asked(None)

    def _asked(self, _) -> None:
        code = self.district.value
        heirs = areas.heirs(code, units.ERAS["A"], "commune").query("era == 'C'")
        try:
            lines = [desk.series(self.measure.name, _units("A_district", [code]))]
            lines.append(desk.series(self.measure.name, _units("C_commune", heirs["code"].tolist())))
        except UsageError as err:
            self.told.value = f"<p style='color:#8c3b00'>{err}</p>"
            return
        both = pd.concat(lines, ignore_index=True)
        both.attrs = dict(lines[0].attrs)
        shown = both[both["state"] != "union"]
        shown.attrs = {"title": both.attrs["title"]}
        panels.draw_months(self.chart, shown)
        self.told.value = desk_tables.notes(both)
        self.table.children = (panels.browse(both.drop(columns=["valid_from", "measure"])),)


def _units(area_set: str, codes: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"area_set": area_set, "code": codes})
