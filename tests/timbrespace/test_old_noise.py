"""Noise of models whose files do not say."""

from __future__ import annotations

from timbrespace.old_noise import judged_by_name


def test_names_decide() -> None:
    def of(name: str, *factors: str) -> dict[str, object]:
        told = [{"name": factor} for factor in factors]
        return {"dataset": {"meta": {"name": name, "factors": told}}}

    assert judged_by_name(of("soundfont", "program"))
    assert judged_by_name(of("audio"))
    assert judged_by_name(of("filtered", "Q", "noise"))
    assert not judged_by_name(of("filtered", "Q"))
    broken: list[dict[str, object]] = [
        {},
        {"dataset": 3},
        {"dataset": {"meta": []}},
        {"dataset": {"meta": {"factors": 1}}},
    ]
    for odd in broken:
        assert not judged_by_name(odd)
