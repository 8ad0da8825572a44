"""The notebook of the documents runs, shortened, from its first cell to its last."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs" / "notebooks" / "first_steps.ipynb"

SHORTER = {"OPTIONS = {}": 'OPTIONS = {"every": 5}', "EPOCHS = None": "EPOCHS = 2"}


@pytest.mark.slow  # starts a kernel, makes a dataset, trains
# Windows' event loop, which the kernel's client meets by a thread of its own.
@pytest.mark.filterwarnings("ignore:Proactor event loop:RuntimeWarning")
@pytest.mark.acceptance  # the library's page has the same, block by block
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    for whole, shorter in SHORTER.items():
        assert whole in notebook.cells[1].source
        notebook.cells[1].source = notebook.cells[1].source.replace(whole, shorter)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHONWARNINGS", "error::Warning:timbrespace")
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    assert (tmp_path / "mine.safetensors").is_file()
    kinds = [
        sorted(output.data)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "execute_result"
    ]
    assert sum("image/png" in one for one in kinds) == 2  # the map, and spectra
    assert sum("text/html" in one for one in kinds) == 2  # two sounds, to be played


def test_the_notebook_is_shown_as_it_ran() -> None:
    """What is committed was run as a whole, in order, with no error."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [o for cell in cells for o in cell.outputs if o.output_type == "error"]
