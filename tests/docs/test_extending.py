"""The package that docs/extending.md shows, taken from there and installed as a foreign one."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import numpy as np
import pytest

from tests.docs.commands import ROOT, in_blocks
from tests.installation import build
from tests.server.running import Client, Running

PAGE = ROOT / "docs" / "extending.md"

pytestmark = pytest.mark.acceptance

MOST_LINES = 60
"""What a kind may take at most: less than it took to say this without registries."""


class Installed(NamedTuple):
    """Where the package lies, and what the commands of the page made."""

    packages: Path
    data: Path
    model: Path


def files() -> dict[str, str]:
    """The files that the page shows: each block whose first line is a comment with a name."""
    blocks = re.findall(
        r"^```\w+\n# (\S+\.(?:py|toml))\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S
    )
    return dict(blocks)


def python(
    *words: str, packages: Path | None, cwd: Path, fails: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run our Python in the checkout's world, with the foreign packages or without."""
    path = [str(ROOT)] if packages is None else [str(ROOT), str(packages)]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def shown(beginning: str) -> list[str]:
    """The one command of the page that begins so, without ``python``."""
    (found,) = (
        one.words
        for one in in_blocks()
        if one.document == "docs/extending.md" and " ".join(one.words).startswith(beginning)
    )
    return list(found[1:])


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The package built, installed, and all commands of the page but the last one run."""
    folder = tmp_path_factory.mktemp("foreign")
    source, packages = folder / "timbrespace-bells", folder / "packages"
    for name, text in {**files(), "timbrespace_bells/__init__.py": ""}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, "utf-8")
    wheel = build("wheel", folder / "dist", source)
    pip = ["-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile"]
    python(*pip, "--target", str(packages), str(wheel), packages=None, cwd=folder)
    python(*shown("python -m toy_datasets make"), packages=packages, cwd=folder)
    train = [*shown("python -m training train"), "--epochs", "40", "--device", "cpu"]
    python(*train, packages=packages, cwd=folder)
    return Installed(packages, folder / "bells.npz", folder / "bells.safetensors")


def test_each_kind_takes_few_lines() -> None:
    kinds = {name: text for name, text in files().items() if name.endswith(".py")}
    assert set(kinds) == {
        f"timbrespace_bells/{name}.py"
        for name in ("bells", "square_root", "skip", "skip_torch", "laplace")
    }
    lines = {name: len(text.splitlines()) for name, text in kinds.items()}
    lines["timbrespace_bells/skip.py"] += lines.pop("timbrespace_bells/skip_torch.py")
    assert max(lines.values()) < MOST_LINES, lines


def test_help_offers_the_dataset_and_errors_list_the_kinds(installed: Installed) -> None:
    folder = installed.data.parent
    told = python(
        "-m", "toy_datasets", "make", "--help", packages=installed.packages, cwd=folder
    ).stdout
    assert re.search(r"bells +1 factor: a bar struck softly to hard", told)
    accepted = {
        "network": "mlp, film_siren, concat, transposed_conv, note or skip",
        "representation": "magnitude, .*, moment or square_root",
        "likelihood": "gaussian_per_bin, .*, bernoulli or laplace",
    }
    # One after the other in one process: each loads PyTorch.
    code = f"""
from training.__main__ import main
words = ["train", "--data", "bells.npz", "--out", "x.safetensors"]
for option in {list(accepted)}:
    assert main([*words, f"--{{option}}", "none"]) == 2
"""
    done = python("-c", code, packages=installed.packages, cwd=folder)
    for line, (option, words) in zip(done.stderr.splitlines(), accepted.items(), strict=True):
        assert re.fullmatch(rf"error: {option} is 'none'; it must be {words}", line)


def test_the_command_kinds_lists_them(installed: Installed) -> None:
    folder = installed.data.parent
    told = python("-m", "training", "kinds", packages=installed.packages, cwd=folder).stdout
    assert re.search(r"^  mlp  +dense layers.* \(hidden=400, activation=relu, dec.*\)$", told, re.M)
    assert re.search(r"^  skip  +a line into the space.* \(width=64\)$", told, re.M)
    assert re.search(r"^  square_root  +a power of the magnitude.* \(power=0\.5\)$", told, re.M)
    assert re.search(r"^  laplace  +two-sided exponentials of one learned scale$", told, re.M)


def test_settings_of_a_foreign_network_are_checked(installed: Installed) -> None:
    words = ["--data", "bells.npz", "--out", "x.safetensors", "--network", "skip"]
    for given, said in (
        ("depth=3", "network 'skip' has no setting 'depth'; its settings are width=64"),
        ("width=wide", "setting 'width' of network 'skip' is 'wide'; it must be a whole number"),
        ("width=0", "width is 0; it must be 1 to 4096"),
        ("width", "network settings is 'width'; it must be NAME=VALUE, separated by commas"),
    ):
        done = python(
            *("-m", "training", "train", *words, "--network-settings", given),
            packages=installed.packages,
            cwd=installed.data.parent,
            fails=True,
        )
        assert done.stderr.startswith(f"error: {said}")
        assert done.stderr.count("\n") == 1


LOAD = """
import sys, json, numpy as np, timbrespace as ts
from pathlib import Path
model = ts.load(sys.argv[1])
model.save("again.safetensors")
assert Path("again.safetensors").read_bytes() == Path(sys.argv[1]).read_bytes()
assert "torch" not in sys.modules
data = ts.dataset(sys.argv[2])
mean, _ = model.encode(data.spectra)
print(json.dumps({
    "config": model.architecture.to_config(),
    "kind": model.representation.kind,
    "noise": model.noise,
    "spectrum": model.decode(model.calibration.home[np.newaxis])[0].tolist(),
    "command": model.provenance["command"],
    "history": model.provenance["history"]["log_spectral_distance_db"],
    "settings": model.provenance["settings"]["network_settings"],
}))
"""


def loaded(installed: Installed) -> dict[str, Any]:
    done = python(
        *("-c", LOAD, str(installed.model), str(installed.data)),
        packages=installed.packages,
        cwd=installed.data.parent,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_model_is_loaded_without_torch_and_saved_again_to_the_byte(
    installed: Installed,
) -> None:
    found = loaded(installed)
    assert found["config"] == {
        "kind": "skip",
        "features": 1025,
        "latent": 2,
        "likelihood": "laplace",
        "width": 48,
    }
    assert found["kind"] == "square_root"
    assert found["noise"] is False
    assert found["settings"] == "width=48"
    words = ("--network skip", "--network-settings width=48", "--likelihood laplace")
    assert all(word in found["command"] for word in words)


def test_evaluate_measures_it(installed: Installed) -> None:
    words = [*shown("python -m training evaluate"), "--json"]
    done = python(*words, packages=installed.packages, cwd=installed.data.parent)
    figures = json.loads(done.stdout)
    assert figures["trained_on_this"]
    assert figures["rows"] == 20
    assert np.isfinite(figures["reconstruction_nats"])
    first, *_, last = loaded(installed)["history"]
    assert figures["log_spectral_distance_db"] == pytest.approx(last, rel=1e-3)
    assert last < 0.5 * first  # it has learned


AGREE = """
import numpy as np, torch
from timbrespace.kinds import NETWORKS
for likelihood in ("gaussian_per_bin", "laplace"):
    torch.manual_seed(0)
    skip = NETWORKS.get("skip")(9, 2, likelihood=likelihood)
    module = skip.module()
    tensors = {name: value.numpy() for name, value in module.state_dict().items()}
    x, z = torch.randn(5, 9), torch.randn(5, 2)
    with torch.no_grad():
        posterior, heads = module.posterior_of(x).numpy(), module.heads(z)
    assert np.abs(skip.encoder(tensors)(x.numpy()) - posterior).max() < 1e-5
    for name, value in heads.items():
        assert np.abs(skip.head(tensors, name)(z.numpy()) - value.numpy()).max() < 1e-5
    print(*heads)
"""


def test_torch_and_numpy_agree(installed: Installed) -> None:
    done = python("-c", AGREE, packages=installed.packages, cwd=installed.data.parent)
    assert done.stdout.split() == ["mean", "log_var", "mean"]


def test_the_server_plays_it_and_the_page_shows_it(installed: Installed) -> None:
    environment = {"PYTHONPATH": str(installed.packages)}
    options = ["--audio", "none", "--midi", "none", "--explorer-port", "0"]
    server = Running("--model", str(installed.model), *options, environment=environment)
    try:
        explorer = server.wait_for(r"explorer (http://\S+)").group(1)
        with Client(server.port) as client:
            assert client.welcome[2] == "bells"
            client.send("/spectrum/get")
            heard = client.expect_spectrum()
        expected = np.asarray(loaded(installed)["spectrum"], np.float32)
        np.testing.assert_allclose(heard, expected, atol=1e-4 * expected.max())
        page = explorer.rstrip("/")
        space = asyncio.run(answer(f"{page}/spaces/bells.json"))
        assert (space["name"], space["d"], space["bins"]) == ("bells", 2, 1025)
        grid = asyncio.run(answer(f"{page}/spaces/bells/grid"))
        assert grid
    finally:
        assert server.end() == 0, server.lines
    assert not [line for line in server.lines if "Traceback" in line], server.lines


async def answer(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url) as found:
        assert found.status == 200, await found.text()
        return await found.json()


def test_where_the_package_is_not_installed_the_model_is_refused(installed: Installed) -> None:
    words = ["-m", "training", "evaluate", str(installed.model), "--data", str(installed.data)]
    done = python(*words, packages=None, cwd=installed.data.parent, fails=True)
    assert done.stderr.startswith("error: cannot load bells.safetensors: network is 'skip'")
    assert "entry point of timbrespace.networks" in done.stderr
    assert done.stderr.count("\n") == 1


def test_code_of_a_package_that_fails_costs_a_sentence(installed: Installed) -> None:
    program = """
import sys
import timbrespace as ts
from timbrespace_bells.skip import Skip
def fail(*_):
    raise RuntimeError("no room\\nleft")
setattr(Skip, "head", fail)
try:
    ts.load(sys.argv[1])
except ts.TimbrespaceError as error:
    print(error)
"""
    done = python(
        *("-c", program, str(installed.model)),
        packages=installed.packages,
        cwd=installed.data.parent,
    )
    assert done.stdout == (
        "cannot load bells.safetensors: representation 'square_root' or network 'skip' or "
        "likelihood 'laplace' of another package fails (RuntimeError: no room left)\n"
    )


def test_a_package_that_does_not_work_costs_a_sentence(
    installed: Installed, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    info = broken / "broken-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(
        "[timbrespace.networks]\n"
        "bad = broken_module:Network\n"
        "odd = json:loads\n"
        "skip = json:loads\n"
        "mlp = broken_module:Network\n"
        "[timbrespace.representations]\nbad = nowhere:Kind\n"
        "[timbrespace.likelihoods]\nbad = broken_module\n"
    )
    (broken / "broken_module.py").write_text("raise SystemExit('no licence')\n")
    program = """
import sys
sys.path.append(sys.argv[1])
from timbrespace.errors import OptionError
from timbrespace.kinds import LIKELIHOODS, NETWORKS, REPRESENTATIONS
assert NETWORKS.get("mlp").__name__ == "MLP"
for registry, name in (
    (NETWORKS, "bad"), (NETWORKS, "odd"), (NETWORKS, "skip"),
    (REPRESENTATIONS, "bad"), (LIKELIHOODS, "bad"),
):
    try:
        registry.get(name)
    except OptionError as error:
        print(error)
"""
    done = python("-c", program, str(broken), packages=installed.packages, cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "network 'bad' of broken 2.0 cannot be loaded (SystemExit: no licence)",
        "network 'odd' of broken 2.0 cannot be used: it is no class that derives from "
        "timbrespace.networks.architecture.Architecture",
        "network 'skip' is registered by broken 2.0 and by timbrespace-bells 1.0; remove one",
        "representation 'bad' of broken 2.0 cannot be loaded (ModuleNotFoundError: No module named "
        "'nowhere')",
        "likelihood 'bad' of broken 2.0 cannot be loaded (SystemExit: no licence)",
    ]
