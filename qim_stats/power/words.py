"""What a comparison of designs says, in sentences and in a table of 80 columns."""

from __future__ import annotations

import math

from qim_stats.design import Design
from qim_stats.power.comparison import Comparison
from qim_stats.power.cost import Price, spelled_hours
from qim_stats.power.options import sight
from qim_stats.power.pilot import Noise
from qim_stats.power.significance import check_levels
from qim_stats.terminal.layout import labelled, number, wrap

_NAME = 18


def design_power_line(
    design: Design, sd: float | None = None, power: float = 0.8, confidence: float = 0.95, seed: int = 0
) -> str:
    """Say in a line which effects a design can see.

    Parameters
    ----------
    design : Design
        Any design.
    sd : float, optional
        Standard deviation of a trial over its seeds, in the response's unit.
    power, confidence, seed
        As of ``detectable_effects``.

    Returns
    -------
    str
        Such as ``detects effects of 5 seed SDs or more in 80 % of studies (12 trials, 3 df (residual))``.

    Raises
    ------
    QimError
        If an option means nothing.
    """
    check_levels(power, confidence)
    seen = sight(design, confidence=confidence, seed=seed)
    smallest = seen.detectable(power)
    if smallest is None:
        return f"{design.n} trials leave no error estimate, so no effect can be told from noise"
    line = (
        f"detects effects of {smallest:.2g} seed SDs or more in {100 * power:.4g} % of studies "
        f"({design.n} trials, {seen.error.words()})"
    )
    return line if sd is None else f"{line}; with sd {number(sd)}: {smallest * sd:.2g}"


def answer(comparison: Comparison) -> str:
    """Name the cheapest design that sees the effect asked for, or say what would be needed.

    Parameters
    ----------
    comparison : Comparison
        With or without an effect asked for.

    Returns
    -------
    str
        One or two sentences.
    """
    asked, designs = comparison.question, comparison.designs
    often = f"in {100 * asked.power:.4g} % of studies"
    if asked.effect is None:
        best = designs.iloc[0]
        if math.isnan(best["detectable_sd"]):
            return f"The smallest design, {best['design']}, has no error estimate and can tell nothing from noise."
        size = f"{best['detectable_sd']:.2g} seed SDs"
        return f"The smallest design, {best['design']} ({best['trials']} trials), sees effects of {size} {often}."
    wanted = f"an effect of {number(asked.effect)} ({asked.effect_sd:.2g} seed SDs)"
    if comparison.cheapest is not None:
        best = designs[designs["design"] == comparison.cheapest].iloc[0]
        text = f"The cheapest design here that sees {wanted} {often} is {best['design']}, {best['trials']} trials"
        text += f", which sees it in {_percent(best['power'])}."
        if asked.noise is not None and best["detectable_careful"] > asked.effect:
            text += (
                f" The pilot leaves it open whether the SD is as large as {number(asked.noise.high)}; then it sees "
                f"effects of {number(best['detectable_careful'])} or more."
            )
        return text
    if comparison.enough is not None:
        name, trials = comparison.enough
        return f"No design listed sees {wanted} {often}; {name}, {trials} trials, would."
    return f"No design of 100,000 trials or fewer sees {wanted} {often}."


def _percent(share: float) -> str:
    """Write a share in whole percent, never rounded up to certainty."""
    return "over 99 %" if share > 0.99 else f"{100 * share:.0f} %"


def comparison_text(comparison: Comparison) -> str:
    """Tell a comparison.

    Parameters
    ----------
    comparison : Comparison
        What to tell.

    Returns
    -------
    str
        Lines of at most 80 columns, ending with a line break.
    """
    asked = comparison.question
    lines = [*wrap(answer(comparison)), "", *_table(comparison), ""]
    if asked.noise is not None:
        lines += labelled("noise", _noise_words(asked.noise))
        for alert in asked.noise.alerts:
            lines += labelled("note" if alert.severity == "info" else alert.severity, alert.message)
    lines += labelled("sees", _sees_words(comparison))
    lines += labelled("top", _top_words(comparison))
    if (comparison.designs["error"] == "residual").any():
        text = "residual error also holds the interactions: with large ones, less is seen than is told here."
        lines += labelled("error", text)
    if asked.price is not None:
        lines += labelled("cost", _cost_words(asked.price, comparison))
    return "\n".join(lines) + "\n"


def _table(comparison: Comparison) -> list[str]:
    asked = comparison.question
    priced, wanted, known = asked.price is not None, asked.effect is not None, asked.noise is not None
    header = ["design", "trials", *(["cost"] if priced else []), "error", "df", "sees"]
    header += [*(["power"] if wanted else []), "top 1", "top 3"]
    rows = [
        [
            _shortened(str(row["design"])) + (" *" if row["asked"] else ""),
            str(row["trials"]),
            *([spelled_hours(row["device_hours"])] if priced else []),
            str(row["error"]),
            _digits(row["df"]),
            _digits(row["detectable"] if known else row["detectable_sd"]),
            *([_share(row["power"])] if wanted else []),
            _share(row["p_top1"]),
            _share(row["p_top3"]),
        ]
        for row in comparison.designs.to_dict("records")
    ]
    rows.insert(0, header)
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    left = {0, header.index("error")}
    lines = []
    for cells in rows:
        padded = [c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        lines.append("  ".join(padded).rstrip())
    return [*lines, "* the design of the file"] if comparison.designs["asked"].any() else lines


def _shortened(name: str) -> str:
    """Cut a long name, so that the table keeps to its width."""
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _digits(value: float) -> str:
    """Write a number with three significant digits; a hyphen when missing."""
    return "-" if math.isnan(value) else f"{value:.3g}"


def _share(value: float) -> str:
    """Write a share with two decimals; a hyphen when missing."""
    return "-" if math.isnan(value) else f"{value:.2f}"


def _noise_words(noise: Noise) -> str:
    if noise.df is None:
        return f"SD of a trial over seeds {number(noise.sd)}, as given."
    return (
        f"SD of a trial over seeds {number(noise.sd)} ({100 * noise.confidence:.4g} % limits {number(noise.low)} to "
        f"{number(noise.high)}; {noise.trials} trials in {noise.groups} groups, df {noise.df})."
    )


def _sees_words(comparison: Comparison) -> str:
    asked = comparison.question
    unit = "in the response's unit" if asked.noise is not None else "in SDs of a trial over seeds"
    k = len(comparison.factors)
    text = (
        f"the effect (high - low), {unit}, that is claimed in {100 * asked.power:.4g} % of studies at "
        f"{100 * asked.confidence:.4g} % family-wise confidence over {k} factors "
        f"(p < {(1 - asked.confidence) / k:.2g}, the first step of Holm)"
    )
    if asked.noise is not None and asked.noise.high is not None:
        factor = asked.noise.high / asked.noise.sd
        text += f"; {factor:.3g} times as much with the upper limit of the SD"
    return text + "."


def _cost_words(price: Price, comparison: Comparison) -> str:
    first, last = comparison.designs.iloc[0], comparison.designs.iloc[-1]
    return (
        f"time of {'cores' if price.device == 'core' else 'GPUs'}, {price.devices:g} for each trial, at "
        f"{number(price.seconds)} s a trial. With {price.jobs} at once {first['design']} takes "
        f"{spelled_hours(first['clock_hours'])} on the clock, {last['design']} {spelled_hours(last['clock_hours'])}."
    )


def _top_words(comparison: Comparison) -> str:
    told, k = comparison.question.assumptions, len(comparison.factors)
    return (
        "share of simulated studies whose plain ranking by |effect| has the first factor, and the set of the first "
        f"three, right (Monte Carlo error {comparison.designs['monte_carlo_error'].max():.2g}). Assumed: "
        f"{told.active(k)} of {k} factors active, their effects normal with SD {told.typical:g} seed SDs, the others' "
        f"{told.inert:g} of that; interactions {told.heredity:g} of their parents."
    )
