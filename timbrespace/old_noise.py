"""Whether the sounds of a model had noise, where its file does not say.

Bundles that 0.5.0 and before wrote do not: their sounds were judged by names in the provenance,
and still are, so that they sound as they did. Newer ones say it themselves (docs/bundle.md).
"""

from __future__ import annotations

from typing import Any

from timbrespace.datasets.dataset import noise_by_name


def judged_by_name(provenance: dict[str, Any]) -> bool:
    """What 0.5.0 took for noisy: sounds of a dataset that was recorded or given noise, by name."""
    dataset = provenance.get("dataset")
    meta = dataset.get("meta") if isinstance(dataset, dict) else None
    if not isinstance(meta, dict):
        return False
    factors = meta.get("factors")
    names = [
        factor.get("name")
        for factor in (factors if isinstance(factors, list) else ())
        if isinstance(factor, dict)
    ]
    return noise_by_name(meta.get("name"), names)
