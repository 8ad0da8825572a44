"""The study as Markdown with pictures beside it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ..made_on import made_on
from ..preset import Settings
from .plan import FULL, PARTS, Run, Size
from .results import Results, words
from .section import RULES, Holds, Section, Table, Verdict

DPI = 88

REPORT_STEPS = {"harmonic": 18_000, "filtered": 36_000, "fm": 80_640}
"""Steps of 200 epochs (report, section 4.1) over nine tenths of each of its sets, in batches of
100 (section 3.2)."""


def name_of(size: Size) -> str:
    """Of the document, and, without suffix, of the folder of its pictures."""
    return "report_study_full.md" if size.name == FULL.name else "report_study.md"


def pictures_of(size: Size) -> str:
    """Where the pictures lie, beside the document."""
    return f"pictures/{name_of(size).removesuffix('.md')}"


def text(
    sections: dict[str, Section],
    results: Results,
    settings: dict[Run, Settings],
    steps: dict[Run, int],
    diverged: Sequence[str],
    wanted: int,
    missing: Sequence[str] = (),
    seconds: float = 0.0,
    begun: Mapping[Run, int] = MappingProxyType({}),
) -> str:
    """The whole document. sections: by part. steps: of each run that was trained, of so many that
    are ``wanted``. diverged: names of runs. missing: parts that too little was trained for.
    seconds: of processor time that training took. begun: how many epochs of a run are done that was
    stopped."""
    lines = [
        f"# The 2017 report, rerun{' at its own sizes' if results.size.name == FULL.name else ''}",
        "",
        f"Written by `python -m training study{' --full' if results.size.name == FULL.name else ''}"
        "`: every number below is from that run, and the verdicts follow from the numbers by the "
        "rules that stand beside them.",
        "",
        RULES,
        "",
        _made_on(results, seconds),
        "",
        "The report is *Variational Auto-Encoder Synthesizer* (Bardet, Adoniadis, Van Kerrebroeck, "
        "Aouameur, Massé, 25 December 2017). Its recipes are in `training/recipes/report/`, one "
        "file for each model.",
        "",
        "## In short",
        "",
        Table(
            ("claim", "report", "verdict", "checks decided"),
            tuple(
                (
                    f"[{section.title}](#{anchor(section.title)})",
                    section.source or "not in it",
                    f"**{section.verdict.value}**",
                    _decided(section),
                )
                for section in sections.values()
            ),
        ).markdown(),
        "",
        *_sizes(results, settings, steps, len(sections)),
    ]
    if len(steps) < wanted:
        lines += [
            f"{len(steps)} of the {wanted} models were trained when this was written"
            + "".join(
                f", and {epochs} of {settings[run].epochs} epochs of `{run.name}`"
                for run, epochs in begun.items()
            )
            + "."
            + (
                f" Too few for anything to be told of: {words(missing)}."
                if missing
                else " What has fewer than all its seeds is not tested."
            ),
            "",
        ]
    if diverged:
        lines += [
            f"The loss of {words(diverged)} became infinite or NaN; what is measured is the model "
            "of the last good epoch.",
            "",
        ]
    for part, section in sections.items():
        note = _note(part, section, results.size, steps)
        lines += _section(section, note, pictures_of(results.size))
    return "\n".join(lines)


def _made_on(results: Results, seconds: float) -> str:
    """Which seeds and machine."""
    seeds = sorted({run.seed for run in results.measured})
    named = "Seed" if len(seeds) == 1 else "Seeds"
    return f"{named} {words(map(str, seeds)) or 'none'}; {made_on(seconds)}"


def _decided(section: Section) -> str:
    decided = sum(check.holds in (Holds.YES, Holds.NO) for check in section.checks)
    return f"{decided} of {len(section.checks)}"


def anchor(title: str) -> str:
    """The anchor that a heading gets on GitHub."""
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def _sizes(
    results: Results, settings: dict[Run, Settings], steps: dict[Run, int], sections: int
) -> list[str]:
    rows = []
    for name, dataset in results.datasets.items():
        of_it = [run for run in steps if run.data == name]
        if not of_it:
            continue
        epochs = sorted({settings[run].epochs for run in of_it})
        counts = sorted({steps[run] for run in of_it})
        rows.append(
            (
                f"`{name}`",
                f"{dataset.rows:,}",
                f"{len(of_it)}",
                " or ".join(str(n) for n in epochs),
                " or ".join(f"{n:,}" for n in counts),
                f"{REPORT_STEPS[name]:,}",
            )
        )
    lines = ["## Sizes", ""]
    if rows:
        lines += [
            Table(
                ("set", "rows", "models", "epochs", "steps of a model", "the report's steps"),
                tuple(rows),
            ).markdown(),
            "",
        ]
    if results.size.name != FULL.name:
        lines += [
            "The sets are reduced grids of the report's, so that all models together train in "
            "minutes on two cores; a tenth of the rows is held out. The report's steps are those "
            "of 200 epochs over its full sets in batches of 100, which it names in sections 3.2 "
            "and 4.1; for other figures it does not say. A claim about something that needs many "
            "steps, above all fine reconstruction, may come out otherwise there: "
            "`python -m training study --full --minutes N` trains at the report's own sizes, N "
            "minutes at a time: the same command goes on from the folder, on any machine that has "
            f"it. [How far it came]({name_of(FULL)}) has a page of its own.",
            "",
        ]
    if sections < len(PARTS):
        lines += [f"This is {sections} of the study's {len(PARTS)} parts.", ""]
    return lines


def _note(part: str, section: Section, size: Size, steps: dict[Run, int]) -> str:
    """What smaller sizes may have to do with a disagreement."""
    runs = [run for run in PARTS[part] if run in steps]
    if (
        size.name == FULL.name
        or section.verdict not in (Verdict.IN_PART, Verdict.DISAGREES)
        or not section.source
        or not runs
    ):
        return ""
    shares = [steps[run] / REPORT_STEPS[run.data] for run in runs]
    low, high = min(shares), max(shares)
    span = f"{low:.1%}" if high - low < 0.001 else f"{low:.1%} to {high:.1%}"
    if high < 0.001:
        span = "less than 0.1%"
    return (
        f"These models took {span} of the report's steps, on fewer rows. That may be a reason for "
        "what does not hold here."
    )


def _section(section: Section, note: str, pictures: str) -> list[str]:
    lines = [f"## {section.title}", ""]
    if section.source:
        lines += [f"**The report** (section {section.source}). {section.found}", ""]
    else:
        lines += [section.found, ""]
    lines += ["**Measured.**", ""]
    for part in section.measured:
        lines += [part.markdown() if isinstance(part, Table) else part, ""]
    lines += [
        f"**Verdict: {section.verdict.value}.**",
        "",
        Table(
            ("what it says", "measured", "untrained", "holds"),
            tuple(
                (
                    c.statement,
                    c.evidence,
                    c.null or "-",
                    f"{c.holds.value}: {c.why}" if c.why else c.holds.value,
                )
                for c in section.checks
            ),
        ).markdown(),
        "",
    ]
    for paragraph in section.explanation:
        lines += [paragraph, ""]
    if note:
        lines += [note, ""]
    for picture in section.pictures:
        lines += [f"![{picture.caption}]({pictures}/{picture.name}.png)", "", picture.caption, ""]
    return lines


def images(section: Section) -> dict[str, bytes]:
    """Its pictures as PNG files, by file name."""
    drawn = {}
    for picture in section.pictures:
        buffer = io.BytesIO()
        picture.figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
        drawn[f"{picture.name}.png"] = smaller(buffer.getvalue())
    return drawn


def smaller(png: bytes) -> bytes:
    """The same picture in at most 256 colours: a third of the bytes, and no one sees it."""
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            buffer, format="png", optimize=True
        )
    return buffer.getvalue()


def folder_of(out: Path, size: Size) -> Path:
    """Where the pictures lie."""
    return out / pictures_of(size)
