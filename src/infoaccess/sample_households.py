"""Let the sample's invented households live: buy or receive a phone, go online, change class.

One array a property, one entry a household ever listed; a month is a few operations on whole arrays.
"""

import numpy as np
import pandas as pd

OFF, POOR, NEAR, POLICY = 0, 1, 2, 3
CLASSES = ("poor", "near_poor", "policy_only")
A_LUOI = "481"
NEVER = 999  # a month that does not come


def _chance(logit: np.ndarray) -> np.ndarray:
    """Return the probability that belongs to a logit."""
    return 1 / (1 + np.exp(-logit))


class Pool:
    """Hold every household that was ever listed and move all of them through the months.

    `time` is 0 in the first month of the sample and 1 in the last; `now` counts months from 0.
    """

    def __init__(self, communes: pd.DataFrame, known: dict, rng: np.random.Generator):
        self.communes, self.known, self.rng = communes, known, rng
        self.at: dict[str, np.ndarray] = {}
        self.new(0, 0, POOR, 0.0)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.at[name]

    @property
    def size(self) -> int:
        """Count the households ever listed."""
        return len(self.at["status"])

    def info(self) -> np.ndarray:
        """Count the deprivations of the information dimension: 11 nobody online, 12 no device."""
        return (~self["online"]).astype(int) + ~(self["phone"] | self["device"])

    def new(self, n: int, group: int, status: int, time: float) -> None:
        """Add n households of a class, in A Lưới (group 0) or elsewhere (group 1)."""
        rng, home, inf = self.rng, self.known["household"], self.known["information"]
        places = self.communes[self.communes.group == group]
        commune = rng.choice(places.index.to_numpy(), n, p=(places.weight / places.weight.sum()).to_numpy())
        local = self.communes.loc[commune]
        born = np.clip(rng.normal(home["born_mean"], home["born_sd"], n).round(), 1932, 2001).astype(int)
        age = (home["born_mean"] - born) / 15
        more = home["more_members_elsewhere"] if group else home["more_members_a_luoi"]
        members = np.minimum(1 + rng.poisson(more, n), 10)
        lean = local.information.to_numpy() + inf["class_logit"][CLASSES[status - 1]]
        ready = inf["phone_logit_first"] * (1 - time) + inf["phone_logit_last"] * time
        refuses = rng.random(n) < _chance(np.log(inf["refuse"]) + inf["refuse_age"] * age - 0.25)
        # Who wants no smartphone has none, so the others have one a little more often.
        phone = (rng.random(n) < _chance(ready + 0.3 + lean + inf["age_logit"] * age)) & ~refuses
        device = rng.random(n) < inf["device_without_phone"]
        easy = inf["online_logit_first"] * (1 - time) + inf["online_logit_last"] * time
        online = rng.random(n) < np.where(phone, _chance(easy + lean), inf["online_without_phone"])
        total = self._draw(self.known["deprivation"][CLASSES[status - 1]], n)
        found = (~online).astype(int) + ~(phone | device)
        likely = np.log(self.known["deprivation"]["weights"]) + rng.gumbel(size=(n, 10))
        made = {
            "group": np.full(n, group),
            "status": np.full(n, status),
            "commune": commune,
            "hamlet": 1 + (rng.random(n) * local.hamlets.to_numpy()).astype(int),
            "born": born,
            "female": rng.random(n) < home["female_head_share"],
            "members": members,
            "adults": 1 + rng.binomial(members - 1, home["adult_share"]),
            "habit": rng.random(n),  # share of the other adults who use a smartphone, at the start
            "speed": local.speed.to_numpy(),
            "ease": np.exp(local.information.to_numpy()),  # factor on buying a phone and going online
            "policy": (rng.random(n) < home["policy_share"]) | (status == POLICY),
            "phone": phone,
            "device": device,
            "online": online,
            "online_at": np.full(n, NEVER),
            "wants": ~refuses,
            "given": np.zeros(n, bool),
            "numbered": rng.random(n) < home["number_known"],
            "other": np.maximum(total - found, 0),  # how many of the indicators 1-10
            "rank": likely.argsort(axis=1)[:, ::-1].argsort(axis=1).astype(np.int8),  # and which come first
        }
        self.at = {key: np.concatenate([self.at[key], new]) if self.at else new for key, new in made.items()}

    def live(self, now: int) -> None:
        """Let one month pass without anybody's help: purchases, internet, births, deprivations that fade."""
        inf, home, n, a = self.known["information"], self.known["household"], self.size, self.at
        luck = self.rng.random((8, n))
        rate = a["ease"] * np.where(a["wants"], inf["buys_a_month"], inf["buys_a_month_refuser"])
        buys = ~a["phone"] & (luck[0] < rate)
        a["phone"] = a["phone"] | buys
        goes = np.where(a["phone"], inf["goes_online_a_month"], inf["goes_online_without_phone"])
        a["online"] = a["online"] | (buys & (luck[1] < inf["online_with_bought_phone"])) | (luck[2] < goes * a["ease"])
        a["online"] = a["online"] | (a["online_at"] == now)
        a["device"] = a["device"] | (luck[3] < inf["gets_device_a_month"])
        fades = (a["other"] + self.info() > 3) & (a["other"] > 0) & (a["status"] == POOR)
        a["other"] = a["other"] - (fades & (luck[4] < self.known["deprivation"]["fades_a_month"]))
        a["members"] = a["members"] + ((luck[5] < home["size_change"]) & (a["members"] < 10))
        a["members"] = a["members"] - ((luck[6] < home["size_change"]) & (a["members"] > a["adults"]))
        a["adults"] = a["adults"] + ((luck[7] < home["size_change"]) & (a["adults"] < a["members"]))

    def hand_over(self, now: int, month: str, cover: float, before: int) -> pd.DataFrame:
        """Give phones to listed households in need until handed / (handed + need) is `cover`.

        Returns one row a phone (or its price in cash).
        """
        plan, rng, a = self.known["programme"], self.rng, self.at
        need = np.flatnonzero((a["status"] != OFF) & ~a["phone"] & a["wants"])
        n = min(max(round(cover * (before + len(need)) - before), 0), len(need))
        merit = a["policy"][need] & (a["status"][need] != POLICY)
        tier = np.array([0.0, *(plan["weights"][name] for name in CLASSES)])[a["status"][need]]
        weight = np.where(merit, plan["weights"]["merit"], tier) * a["speed"][need]
        chosen = np.sort(need[np.argsort(-(np.log(weight) + rng.gumbel(size=len(need))))[:n]])
        policy = a["status"][chosen] == POLICY
        source = np.where(
            policy,
            rng.choice(4, n, p=plan["sources"]["policy_only"]),
            rng.choice(4, n, p=plan["sources"]["poor"]),
        )
        cash = (source == 0) & (rng.random(n) < plan["cash_share"])
        value = np.array(plan["sources"]["values"])[source, rng.integers(0, 3, n)]
        days = pd.bdate_range(f"{month}-02", f"{month}-28")  # not on New Year
        a["phone"][chosen] = a["given"][chosen] = True
        joins = rng.random(n) < self.known["information"]["online_with_given_phone"]
        delay = rng.integers(0, self.known["information"]["online_delay_months"] + 1, n)
        a["online"][chosen[joins & (delay == 0)]] = True
        later = joins & (delay > 0)
        a["online_at"][chosen[later]] = now + delay[later]
        names = plan["sources"]["names"].copy()
        names[1] = plan["budget_name"]["2025" if month >= "2025" else "2024"]
        made = {
            "month": month,
            "household": chosen,
            "date": days[rng.integers(0, len(days), n)],
            "source": np.array(names, dtype=object)[source],
            "cash": cash,
            "value_dong": np.where(cash, plan["cash_value"], value),
        }
        return pd.DataFrame(made).sort_values(["date", "household"], ignore_index=True)

    def reclassify(self) -> None:
        """Make near-poor the poor households that fell to two deprivations or fewer."""
        a = self.at
        a["status"][(a["status"] == POOR) & (a["other"] + self.info() <= 2)] = NEAR

    def settle(self, group: int, goal: list[int], fixed: np.ndarray, time: float) -> None:
        """Move households between classes, on and off the list, until the group's totals are met.

        `fixed` marks households that may not move this month. Raises ValueError if the totals cannot be met.
        """
        go, fixed = self.known["movement"], np.flatnonzero(fixed)
        flows = (
            (POOR, NEAR, "poor_to_near_poor"),
            (POOR, OFF, "poor_leaves"),
            (NEAR, POOR, "near_poor_to_poor"),
        )
        flows += ((NEAR, OFF, "near_poor_leaves"), (POLICY, OFF, "policy_leaves"))
        for old, new, key in flows:
            self._move(group, old, new, self.rng.binomial(self._count(group, old), go[key]), fixed)
        for status, name in enumerate(CLASSES, 1):
            self._enter(group, status, self.rng.binomial(self._count(group, status), go["enters"][name]), time)
        lacks = goal[0] - self._count(group, POOR)
        if lacks < 0:
            rises = round(-lacks * go["surplus_poor_to_near_poor"])
            self._move(group, POOR, NEAR, rises, fixed)
            self._move(group, POOR, OFF, -lacks - rises, fixed)
        else:
            self._move(group, NEAR, POOR, round(lacks * go["missing_poor_from_near_poor"]), fixed)
        for status, wanted in zip((POOR, NEAR, POLICY), goal, strict=True):
            lacks = wanted - self._count(group, status)
            if lacks < 0:
                self._move(group, status, OFF, -lacks, fixed)
                continue
            self._enter(group, status, lacks, time)
        if [self._count(group, status) for status in (POOR, NEAR, POLICY)] != list(goal):
            raise ValueError("Tỷ lệ thu nhỏ quá bé: không đạt được số hộ của tháng.")

    def listed(self, time: float, was: np.ndarray | None, given: np.ndarray) -> pd.DataFrame:
        """Return the month's list: one row a household; d1..d12 are deprivations.

        `was` marks the households on the list before (None: there was no list), `given` those that got a
        phone this month.
        """
        a, row = self.at, np.flatnonzero(self["status"] != OFF)
        phone, adults = a["phone"][row], a["adults"][row]
        share = np.minimum(1, a["habit"][row] + self.known["information"]["users_growth"] * time)
        lack = {f"d{i + 1}": a["rank"][row, i] < a["other"][row] for i in range(10)}
        lack |= {"d11": ~a["online"][row], "d12": ~(phone | a["device"][row])}
        made = {
            "household": row,
            "commune": a["commune"][row],
            "status": a["status"][row],
            "policy": a["policy"][row],
            "members": a["members"][row],
            "adults": adults,
            **lack,
            "phone": phone,
            "users": np.where(phone, 1 + np.floor((adults - 1) * share).astype(int), 0),
            "need": ~phone & a["wants"][row],
            "number": a["numbered"][row] & ~lack["d12"],
            "entered": ~np.isin(row, row if was is None else np.flatnonzero(was)),
            "given": np.isin(row, np.flatnonzero(given)),
        }
        return pd.DataFrame(made)

    def _count(self, group: int, status: int) -> int:
        return int(((self["group"] == group) & (self["status"] == status)).sum())

    def _draw(self, shares: dict[str, float], n: int) -> np.ndarray:
        """Draw n numbers of deprivations."""
        return self.rng.choice([int(key) for key in shares], n, p=list(shares.values()))

    def _enter(self, group: int, status: int, n: int, time: float) -> None:
        """Put n households on the list: some were listed earlier, the others are new."""
        before = self._count(group, status)
        if status != POLICY:
            self._move(group, OFF, status, round(n * self.known["movement"]["returns"]), np.array([], int))
        self.new(before + n - self._count(group, status), group, status, time)

    def _move(self, group: int, old: int, new: int, n: int, fixed: np.ndarray) -> None:
        """Move up to n households from one class to another and make their deprivations agree with it."""
        a, rng = self.at, self.rng
        can = np.setdiff1d(np.flatnonzero((a["group"] == group) & (a["status"] == old)), fixed)
        who = rng.choice(can, min(n, len(can)), replace=False)
        found = self.info()[who]
        status = np.full(len(who), new)
        if new == OFF and old != POLICY:
            status[a["policy"][who]] = POLICY  # no longer poor, still a policy family: stays on the list
        more = np.maximum(a["other"][who], 3 - found + (rng.random(len(who)) < 0.3))
        fewer = np.minimum(a["other"][who], 2 - found)
        a["other"][who] = np.where(status == POOR, more, np.where(status == OFF, a["other"][who], fewer))
        a["status"][who] = status
