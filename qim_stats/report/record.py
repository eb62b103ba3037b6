"""The record: the design as it was run, the options and versions behind the numbers, the alerts, and the data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from qim_stats.analysis import Analysis
from qim_stats.errors import FactorError
from qim_stats.factors import Factor, same_level
from qim_stats.plain import plain, to_json
from qim_stats.report.numbers import MINUS, MISSING, column, level, level_of_confidence, levels, number
from qim_stats.screening.pseudo_errors import PSE_NAMES
from qim_stats.validation import Validation

View = dict[str, Any]
OPEN_ROWS = 60
_MAX_CELLS = 6000
_MAX_TEXT = 700_000
_BOOKKEEPING = ("order", "run", "replicate", "block", "state", "seconds")
_ALWAYS = ("order", "run")


def design_view(analysis: Analysis) -> View:
    """Return the runs in execution order, each level natural and coded, and what the design is."""
    trials = analysis.trials
    frame, ordered = _in_execution_order(trials.frame)
    names = [*trials.factor_names, *trials.dummies]
    shown = frame.head(max(OPEN_ROWS, _MAX_CELLS // (len(names) + 4)))
    bookkeeping = [c for c in _BOOKKEEPING if c in frame and (c in _ALWAYS or frame[c].nunique(dropna=False) > 1)]
    plan = dict(trials.metadata.design) if trials.metadata else {}
    facts = [(key, _option(value)) for key, value in plan.items() if key not in ("dummies",) and value is not None]
    if trials.metadata is not None and trials.metadata.seed is not None:
        facts.append(("seed of the run order", str(trials.metadata.seed)))
    return {
        "factors": [
            {"name": f.name, "low": low, "high": high, "scale": f.scale if f.is_numeric else "text"}
            for f, (low, high) in ((f, levels(f)) for f in trials.factors)
        ],
        "facts": facts,
        "dummies": trials.dummies,
        "bookkeeping": bookkeeping,
        "response": trials.response,
        "ordered": ordered,
        "rows": [
            _design_row(row, answer, bookkeeping, analysis)
            for row, answer in zip(shown.to_dict("records"), _answers(shown[trials.response]), strict=True)
        ],
        "total": len(frame),
        "folded": len(shown) > OPEN_ROWS,
    }


def _in_execution_order(frame: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Sort the trials by their run order, and say whether there is one."""
    if "order" in frame:
        order = pd.to_numeric(frame["order"], errors="coerce")
        if order.notna().all():
            return frame.iloc[order.argsort(kind="stable").to_numpy()], True
    return frame, False


def _answers(response: pd.Series) -> list[str]:
    """Write the responses with common decimals; what is no number stays the text it is."""
    numbers = pd.to_numeric(response, errors="coerce")
    shown = column(numbers, 5)
    return [text if pd.notna(n) else _cell(raw) for text, n, raw in zip(shown, numbers, response, strict=True)]


def _design_row(row: Mapping[Any, Any], answer: str, bookkeeping: list[str], analysis: Analysis) -> View:
    trials = analysis.trials
    return {
        "bookkeeping": [_cell(row[name], 3 if name == "seconds" else 5) for name in bookkeeping],
        "factors": [_coded_cell(factor, row[factor.name]) for factor in trials.factors],
        "dummies": [_sign(row[name]) for name in trials.dummies],
        "response": answer,
    }


def _coded_cell(factor: Factor, value: object) -> View:
    """Return a level in its own unit with its sign; a trial that was set aside may lack it."""
    if plain(value) is None:
        return {"text": MISSING, "sign": "", "high": False}
    try:
        coded = float(factor.code([value])[0])
    except FactorError:
        return {"text": _cell(value), "sign": "?", "high": False}
    is_coded = same_level(factor.low, -1) and same_level(factor.high, 1)  # the sign says it all
    return {
        "text": "" if is_coded else level(factor.decode(int(coded)), None),
        "sign": "+" if coded > 0 else MINUS if coded < 0 else "0",
        "high": coded > 0,
    }


def _sign(value: object) -> str:
    return "+" if same_level(value, 1) else MINUS if same_level(value, -1) else "0" if value == 0 else MISSING


def _cell(value: Any, digits: int = 5) -> str:
    """Return a table's own value as text, short but exact enough to be found again in the data."""
    value = plain(value)
    if value is None or pd.isna(value):
        return MISSING
    if isinstance(value, float) and not isinstance(value, bool):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else number(value, digits)
    return str(value)


def method_view(analysis: Analysis) -> View:
    """Return every option, the versions, and what the trials' maker wrote down about where they came from."""
    method = plain(analysis.method)
    versions = method.pop("versions", {})
    method.pop("factors", None)  # the design's section has them as a table
    metadata = analysis.trials.metadata
    provenance = dict(metadata.provenance) if metadata else {}
    return {
        "options": [(key, _option(value)) for key, value in method.items()],
        "versions": list(versions.items()),
        "provenance": list(provenance.items()),
        **_methods_used(analysis),
    }


def _methods_used(analysis: Analysis) -> View:
    """Return which methods had a part in these numbers, so that the sources named are those of the methods used."""
    evidence, lenth, options = analysis.evidence, analysis.lenth(), analysis.options
    ranking = analysis.ranking()
    return {
        "confidence": level_of_confidence(analysis.confidence),
        "weighted": options.weights is not None,
        "robust": options.robust == "hc3",
        "ranked": bool(len(ranking)),
        "aware": bool(len(ranking)) and ranking["alias_aware"].iloc[0] is not None,
        "pse": None if lenth is None else PSE_NAMES[lenth.method],
        "box_meyer": not isinstance(evidence.box_meyer, str),
        "models": not isinstance(evidence.models, str),
        "failures": evidence.failures is not None,
        "lost": not evidence.lost.kept.all(),
    }


def _option(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_option(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_option(item)}" for key, item in value.items()) or "none"
    return str(value)


def alerts_view(analysis: Analysis) -> View:
    """Return the alerts by severity, the gravest first."""
    words = {"error": "Errors", "warning": "Warnings", "info": "Remarks"}
    groups = [(s, word, [a for a in analysis.all_alerts if a.severity == s]) for s, word in words.items()]
    return {"groups": [group for group in groups if group[2]]}


def data_view(analysis: Analysis, validation: Validation | None) -> View:
    """Return the trials as CSV and the results as JSON, escaped for a ``<pre>``; very long ones by checksum only."""
    table = analysis.trials.frame.to_csv(index=False, lineterminator="\n")
    results = analysis.to_dict()
    if validation is not None:
        results["validation"] = validation.to_dict()
    return {"csv": _embedded(table), "json": _embedded(to_json(results))}


def _embedded(text: str) -> View:
    body = escape(text)
    checksum = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    fits = len(body.encode("utf-8", "surrogatepass")) <= _MAX_TEXT
    return {"text": body if fits else Markup(""), "fits": fits, "size": len(text), "sha256": checksum}
