"""The methods paragraph, ready to paste: from plan and ledger, claiming nothing that they do not hold."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from experiments.names import ACTIVATIONS, OPTIMIZERS
from experiments.reports.blocks import UNVERIFIED, Block
from experiments.reports.evidence import ALPHA, Evidence
from experiments.reports.frames import in_order
from experiments.reports.models import words
from experiments.reports.roles import tunes
from experiments.reports.summary import FEW, RESAMPLES
from experiments.reports.text import count, join, markdown, rate, seed_list
from experiments.reports.tuning import at_edge

INITIALISERS = {"glorot": "Glorot", "he": "He", "lecun": "LeCun"}
STRATEGIES = {"random": "random search", "bayesian": "Bayesian optimisation", "hyperband": "Hyperband"}
ONLY_RATE = (
    "Only the learning rate was tuned; the ranking can change when momentum, betas and epsilon are tuned too"
    " (Choi et al. 2019)."
)
AT_DEFAULTS = (
    "No learning rate was tuned: this compares defaults, and tuned rates can change the ranking (Choi et al. 2019)."
)


def paragraph(found: Sequence[Evidence], runs: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """What was trained, how tuned, how often, how compared, with what."""
    blocks = [each.block for each in found]
    if not blocks:
        return "Nothing has been trained yet."
    told = [_trained(block, facts) for block in blocks]
    told += [
        _plugin(facts),
        _initialisers(blocks),
        _tuning(blocks, runs, facts),
        _scored(blocks),
        _compared(found),
        _software(facts),
    ]
    return " ".join(each for each in told if each)


def _trained(block: Block, facts: Mapping[str, Any]) -> str:
    data: Mapping[str, Any] = next(
        (d for d in facts.get("datasets") or () if d.get("fingerprint") == block.fingerprint), {}
    )
    sizes = data.get("sizes") or {}
    parts = [f"{number:,} {'training' if name == 'train' else markdown(name)}" for name, number in sizes.items()]
    release = {True: "verified as the canonical release", False: UNVERIFIED}.get(block.verified)  # type: ignore[arg-type]
    title = markdown(block.title or block.dataset)
    within = [f"{join(parts)} examples"] if parts else []
    within += [release] if release and release not in title else []
    activations = in_order(block.runs["activation"], ACTIVATIONS)
    optimizers = in_order(block.runs["optimizer"], OPTIMIZERS)
    sizes_seen = block.runs["parameters"].dropna()
    parameters = ""
    if len(sizes_seen) and sizes_seen.max() > 0:
        least, most = int(sizes_seen.min()), int(sizes_seen.max())
        parameters = f" ({least:,}{f' to {most:,}' if most > least else ''} trainable parameters)"
    of = f" ({'; '.join(within)})" if within else ""
    return (
        f"On {title}{of} we trained the model"
        f" {markdown(words(block.model))}{parameters} with {count(len(activations), 'activation')}"
        f" ({join([markdown(name) for name in activations])}) and {count(len(optimizers), 'optimizer')}"
        f" ({join([markdown(name) for name in optimizers])}), {len(block.cells)} combinations, for"
        f" {count(block.epochs, 'epoch')} each, {markdown(block.batches)}, at a constant learning rate in"
        " float32; output"
        f" {markdown(block.head)}, loss {markdown(block.loss)}."
    )


def _plugin(facts: Mapping[str, Any]) -> str:
    plugin = facts.get("plugin") or {}
    if not plugin:
        return ""
    files = join([markdown(str(name)) for name in plugin.get("files") or (plugin.get("file", ""),)])
    return (
        f"What is named plugin: is no part of this suite; it comes from {files} of whoever trained it (sha256"
        f" {plugin.get('digest', '')[:16]})."
    )


def _initialisers(blocks: Sequence[Block]) -> str:
    runs = pd.concat([block.runs for block in blocks])
    used: dict[str, list[str]] = {}
    for name, part in runs.groupby("initialiser", sort=False):
        used[str(name)] = in_order(part["activation"], ACTIVATIONS)
    told = [
        f"{INITIALISERS.get(name, markdown(name))} for {join([markdown(each) for each in who])}"
        for name, who in used.items()
    ]
    return f"Initial weights were drawn by uniform variance scaling: {join(told)}." if told else ""


def _tuning(blocks: Sequence[Block], runs: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    tuning = facts.get("tuning") or {}
    strategy = tuning.get("strategy", "none")
    if strategy == "none" or not tunes(runs, facts):
        known = [block for block in blocks if block.rates != "tuned"]
        return AT_DEFAULTS if known and all(_at_defaults(block) for block in known) else ""
    tuned = int(sum((~_deep(block)).sum() for block in blocks))
    metric = join(list(dict.fromkeys(block.metric.word for block in blocks)))
    points = tuning.get("points")
    if strategy == "grid":
        how = f"a grid of {points} rates half a decade apart around the optimizer's default"
        if tuning.get("extensions"):
            how += (
                f", which grew by two half decades, at most {count(int(tuning['extensions']), 'time')},"
                " where the best"
                " rate lay at its edge"
            )
    else:
        named = STRATEGIES.get(strategy, markdown(strategy))
        decades = f"{(int(points) - 1) / 2:g} decades" if points else "a range"
        how = f"{named} over {decades} around the optimizer's default rate, on a logarithmic scale"
        how += (
            f", {count(int(tuning['trials']), 'trial')} a cell"
            if strategy in ("random", "bayesian") and tuning.get("trials")
            else ""
        )
    if tuning.get("confirm"):
        how += f", the best rate being confirmed with {count(int(tuning['confirm']), 'further tuning seed')}"
    text = (
        f"The learning rate of each cell was chosen by validation {metric} at the best epoch, averaged over"
        f" {count(int(tuning.get('seeds', 1)), 'tuning seed')} apart from the scoring seeds, by {how};"
        f" {int(runs['role'].eq('trial').sum()):,} tuning runs, {tuned} cells tuned."
    )
    edge = sum(len(at_edge(block)) for block in blocks)
    text += f" In {count(edge, 'cell')} the choice still lay at an edge." if edge else ""
    text += " Test data were not read while tuning."
    deep = sorted(
        {name for block in blocks if len(block.choices) for names in block.choices["constants"] for name in names}
    )
    if deep:
        cells = count(sum(int(_deep(block).sum()) for block in blocks), "cell")
        constants = markdown(join(deep))
        return f"{text} In {cells}, constants ({constants}) were tuned beside the rate, and stand apart."
    return f"{text} {ONLY_RATE}"


def _deep(block: Block) -> pd.Series:
    return pd.Series([len(each) > 0 for each in block.choices["constants"]] if len(block.choices) else [], dtype=bool)


def _at_defaults(block: Block) -> bool:
    from experiments.reports.words import default_rate

    known = block.runs[block.runs["learning_rate"].notna()]
    return all(
        value == default_rate(block, str(name))
        for name, value in zip(known["optimizer"], known["learning_rate"], strict=True)
    )


def _scored(blocks: Sequence[Block]) -> str:
    seeds = sorted({seed for block in blocks for seed in block.seeds})
    diverged = sum(int(block.runs["status"].eq("diverged").sum()) for block in blocks)
    text = (
        f"Each cell was then trained with {seed_list(seeds)}; a seed fixes the initial weights and the"
        " order of the data,"
        " the same in every cell, so that differences are paired. A run keeps the weights of the epoch"
        " with the best"
        " validation metric, and reads the test data once, at the end."
    )
    if diverged:
        text += f" {count(diverged, 'run')} diverged and {'count' if diverged > 1 else 'counts'} at chance level."
    return text


def _compared(found: Sequence[Evidence]) -> str:
    most = max((int(each.block.cells["seeds"].max()) for each in found if len(each.block.cells)), default=0)
    margins = list(dict.fromkeys(each.block.metric.gap(each.margin) for each in found))
    interval = (
        "Student's t" if most < FEW else f"BCa bootstrap ({RESAMPLES:,} resamples), Student's t below {FEW} seeds"
    )
    return (
        f"Intervals are 95 % ({interval}). Levels of a factor were averaged over the other factor within"
        " each seed and"
        " compared by paired t tests over seeds, corrected by Holm over all pairs of one factor on one"
        " data set and"
        f" model (level {ALPHA:g}); equivalence by two one-sided tests with {join(margins)} as the"
        " smallest difference of"
        " interest. Shares of variance are omega squared of a two-way model with the seed as a random"
        " block, with"
        " jackknife intervals over seeds."
    )


def _software(facts: Mapping[str, Any]) -> str:
    names = {"python": "Python", "keras": "Keras", "tensorflow": "TensorFlow", "jax": "JAX", "numpy": "NumPy"}
    versions = facts.get("versions") or {}
    told = [f"{names[name]} {markdown(versions[name])}" for name in names if versions.get(name)]
    engine = f" (engine {markdown(facts['engine'])})" if facts.get("engine") else ""
    commit = f", code at commit {markdown(str(facts['commit']))}" if facts.get("commit") else ""
    return f"Software: {join(told)}{engine}{commit}." if told else ""


def rates_used(block: Block) -> str:
    """``adam 0.001 to 0.01``: the range of rates by optimizer."""
    told = []
    for name, part in block.cells[block.cells["learning_rate"].notna()].groupby("optimizer", sort=False):
        least, most = part["learning_rate"].min(), part["learning_rate"].max()
        told.append(f"{markdown(name)} {rate(least)}{f' to {rate(most)}' if most > least else ''}")
    return ", ".join(told)
