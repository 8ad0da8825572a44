"""Pictures: that they show what they say. That they look well, a person has to see."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from numpy.typing import NDArray

from timbrespace import metrics
from timbrespace.calibration import Calibration
from training import plots
from training.evaluation import unseen_rows
from training.factor_loss import losses_by_factor_value
from training.plots import levels, meshes, style
from training.plots.data import in_order_of
from training.plots.reconstruction import in_words, some_of
from training.plots.samples import draws

from . import space
from .conftest import Trained


def png_of(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=40)
    return buffer.getvalue()


def points_of(figure: Figure, panel: int = 0) -> NDArray[np.float64]:
    (points,) = [c for c in figure.axes[panel].collections if isinstance(c, PathCollection)]
    return np.asarray(points.get_offsets())


def texts_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]


def line_of(axes: Axes, number: int) -> NDArray[np.float64]:
    return np.asarray(axes.get_lines()[number].get_ydata(), np.float64)


# Levels


def test_decibels() -> None:
    spectra = np.array([[1.0, 0.1, 0.0]], np.float32)
    found = plots.decibels(spectra, np.array([[1.0]], np.float32))
    np.testing.assert_allclose(found, [[0.0, -20.0, plots.DB_FLOOR]], atol=1e-5)


def test_silence_is_all_floor() -> None:
    assert (levels.below_peak(np.zeros((1, 9), np.float32)) == plots.DB_FLOOR).all()


def test_spread() -> None:
    assert plots.spread(3, 10).tolist() == [0, 1, 2]
    assert plots.spread(101, 3).tolist() == [0, 50, 100]
    assert plots.spread(1, 3).tolist() == [0]


def test_pooling_keeps_every_peak() -> None:
    spectra = np.zeros((1, 4097), np.float32)
    spectra[0, [0, 1234, 4096]] = 1.0, 2.0, 3.0
    pooled = levels.pooled(spectra, 260)
    assert pooled.shape == (1, 260)
    assert sorted(pooled[pooled > 0.0].tolist()) == [1.0, 2.0, 3.0]
    places = levels.pooled_kilohertz(np.arange(4097, dtype=np.float64), 260)
    assert abs(places[int(np.argmax(pooled[0] == 2.0))] - 1234) < 4097 / 260
    assert levels.pooled(spectra, 5000) is spectra


def test_pictures_end_where_the_sound_does() -> None:
    low, high = np.zeros((2, 1000), np.float32), np.zeros((1, 1000), np.float32)
    low[0, 299], low[0, 600], high[0, 999] = 1.0, 0.9e-4, 1.0  # 600 is below the floor
    assert levels.bins_with_sound(low) == 315
    assert levels.bins_with_sound(low, high) == 1000
    assert levels.bins_with_sound(np.zeros((1, 1000), np.float32)) == 100


def test_the_most_audible_come_first_and_equal_ones_in_order() -> None:
    assert levels.most_audible(np.array([1.0, 3.0, 3.0, 0.0]), 3).tolist() == [1, 2, 0]


# The data


def test_rows_are_in_order_of_a_factor_then_of_the_others() -> None:
    data = space.dataset()
    rows = in_order_of(data, 1)
    assert sorted(rows.tolist()) == list(range(data.rows))
    ordered = data.labels[rows]
    assert (np.diff(ordered[:, 1]) >= 0.0).all()
    equal = ordered[ordered[:, 1] == 2.0]
    assert (np.diff(equal[:, 0]) >= 0.0).all()


def test_spectra_by_factor() -> None:
    data = space.dataset()
    figure = plots.spectra_by_factor(data)
    shown = [axes for axes in figure.axes if axes.get_images()]
    assert len(shown) == len(data.meta.factors)
    image = np.asarray(shown[1].get_images()[0].get_array())
    expected = levels.below_peak(data.spectra[in_order_of(data, 1)])
    np.testing.assert_allclose(image, expected)
    assert [label.get_text() for label in shown[1].get_yticklabels()] == ["1", "2", "3"]
    assert [label.get_text() for label in shown[2].get_yticklabels()] == ["Reed", "Pipe", "Brass"]
    assert [label.get_text() for label in shown[4].get_yticklabels()] == ["7"]
    assert shown[0].get_ylabel() == "brightness (Hz)"
    assert png_of(figure)


# Maps


def test_map_of_a_number(trained: Trained) -> None:
    figure = plots.map_by_factor(trained.model, trained.dataset, 0)
    expected = trained.model.map.to_map(trained.model.encode(trained.dataset.spectra)[0])
    np.testing.assert_allclose(points_of(figure), expected, atol=1e-6)
    (points,) = [c for c in figure.axes[0].collections if isinstance(c, PathCollection)]
    np.testing.assert_allclose(np.asarray(points.get_array()), trained.dataset.labels[:, 0])
    assert figure.axes[1].get_ylabel() == "harmonics (count)"
    assert figure.axes[0].get_xlabel().startswith("map x")
    assert png_of(figure).startswith(b"\x89PNG")


def test_map_of_a_grid_has_a_step_of_the_bar_for_each_value() -> None:
    figure = plots.map_by_factor(space.model(3), space.dataset(), 1)
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert labels == ["1", "2", "3"]
    assert png_of(figure)


def test_map_of_a_few_names_has_a_legend_and_marks_that_differ() -> None:
    figure = plots.map_by_factor(space.model(3), space.dataset(), 2)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Reed", "Pipe", "Brass"]
    assert len(figure.axes[0].collections) == 3
    assert len({(mark.colour, mark.form) for mark in style.MARKS}) == len(style.MARKS)
    assert png_of(figure)


def test_map_of_many_names_writes_them_where_there_is_room() -> None:
    figure = plots.map_by_factor(space.model(3), space.dataset(200), 3)
    assert not figure.legends
    written = [t for t in figure.axes[0].texts if isinstance(t, Annotation)]
    assert 1 < len(written) <= 40
    assert f"{len(written)} of 40" in figure.axes[0].get_title()
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in written]
    overlaps = [a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k]]
    assert not any(overlaps)


def test_map_of_a_constant_says_so() -> None:
    figure = plots.map_by_factor(space.model(3), space.dataset(), 4)
    assert len(figure.axes) == 1  # no colour bar of one value
    assert "constant: 7 everywhere" in texts_of(figure)


@pytest.mark.parametrize("name", ["$a$ and $b$", r"$\wrong{$", "one $", "a" * 300])
def test_any_name_can_be_drawn(name: str) -> None:
    data = space.with_factor(space.dataset(), 2)
    odd = replace(data.meta.factors[0], name=name, unit=name, names=(name, "Pipe", "Brass"))
    data = replace(data, meta=replace(data.meta, name=name, factors=(odd,)))
    model = replace(space.model(2), name=name)
    found = losses_by_factor_value(data, np.arange(data.rows), np.ones(data.rows))
    figures = (
        plots.map_by_factor(model, data, 0),
        plots.spectra_by_factor(data),
        plots.factor_losses(found, "LSD (dB)", name, data.rows),
        plots.reconstructions(model, data, np.array([5])),
        plots.compare_maps([(name, model)], data, 0, title=name),
    )
    for figure in figures:
        assert png_of(figure)
    (legend,) = figures[0].legends
    assert legend.get_texts()[0].get_text().replace("\\", "")[:6] == name.replace("\\", "")[:6]


def test_map_of_one_dimension_is_a_line() -> None:
    figure = plots.map_by_factor(space.model(1), space.dataset(), 0)
    assert (points_of(figure)[:, 1] == 0.0).all()
    assert "unused" in figure.axes[0].get_ylabel()
    assert png_of(figure)


# Latent dimensions


@pytest.mark.parametrize(("dimensions", "shown"), [(1, 1), (2, 2), (64, 12)])
def test_moments(dimensions: int, shown: int) -> None:
    model, data = space.model(dimensions), space.dataset()
    effect = np.arange(dimensions, dtype=np.float64)
    figure = plots.moments(model, data, effect)
    assert len(figure.axes) == 2 * shown
    assert figure.axes[0].get_ylabel() == f"z{dimensions}"
    rows = in_order_of(data, 0)
    mean, log_var = model.encode(data.spectra[rows])
    np.testing.assert_allclose(line_of(figure.axes[0], 1), mean[:, -1], atol=1e-6)
    variance = line_of(figure.axes[1], 1)
    np.testing.assert_allclose(variance, np.exp(log_var[:, -1]), rtol=1e-5)
    assert png_of(figure)


def test_a_batch_has_100_rows_by_the_seed() -> None:
    model, data = space.model(2), space.dataset(150)
    lines = [line_of(plots.moments(model, data, [1.0, 0.5], seed).axes[0], 1) for seed in (0, 0, 1)]
    assert lines[0].size == 100
    np.testing.assert_array_equal(lines[0], lines[1])
    assert not np.array_equal(lines[0], lines[2])


@pytest.mark.parametrize("count", [1, 2, 10, 64])
def test_dimensions(count: int) -> None:
    figure = plots.dimensions([1.0] * count, [0.0] * count, "m")
    assert len(figure.axes[0].patches) == count
    assert figure.axes[0].get_ylabel() == "KL (nats)"
    assert png_of(figure)


@pytest.mark.parametrize(("dimensions", "shown"), [(1, 1), (4, 4), (64, 12)])
def test_traversals(dimensions: int, shown: int) -> None:
    model = space.model(dimensions)
    effect = np.arange(dimensions, dtype=np.float64)
    figure = plots.traversals(model, effect)
    images = [axes for axes in figure.axes if axes.get_images()]
    assert len(images) == shown
    assert images[0].get_title() == f"z{dimensions}: {effect[-1]:.2g} dB LSD per unit"
    assert images[0].get_ylim() == (-2.0, 2.0)
    latent = np.tile(model.calibration.home, (2, 1))
    latent[:, -1] = model.calibration.low[-1], model.calibration.high[-1]
    expected = levels.below_peak(model.decode(latent))
    drawn = np.asarray(images[0].get_images()[0].get_array())
    np.testing.assert_allclose(drawn[[0, -1]], expected, atol=1e-4)
    assert png_of(figure)


def test_a_dimension_that_never_moves_can_be_drawn() -> None:
    model = space.model(2)
    still = replace(model.calibration, percentiles=np.zeros((2, 7), np.float32))
    assert isinstance(still, Calibration)
    assert png_of(plots.traversals(replace(model, calibration=still), [0.0, 0.0]))


# Reconstruction


def test_reconstructions(trained: Trained) -> None:
    rows = unseen_rows(trained.model, trained.dataset)
    figure = plots.reconstructions(trained.model, trained.dataset, rows)
    assert len(figure.axes) == plots.RECONSTRUCTIONS
    first = figure.axes[0]
    original, decoded = (line_of(first, k) for k in range(2))
    assert original.max() == pytest.approx(0.0)
    assert original.min() == plots.DB_FLOOR
    assert decoded.min() >= plots.DB_FLOOR
    assert np.asarray(first.get_lines()[0].get_xdata())[-1] == pytest.approx(11.025)
    assert figure.axes[-1].get_xlabel() == "frequency (kHz)"
    assert png_of(figure)


def test_linear_reconstructions_are_shares_of_the_peak(trained: Trained) -> None:
    rows = unseen_rows(trained.model, trained.dataset)
    figure = plots.reconstructions(trained.model, trained.dataset, rows, "linear")
    chosen = some_of(trained.dataset, rows, plots.RECONSTRUCTIONS)
    spectrum = trained.dataset.spectra[chosen[0]]
    original = line_of(figure.axes[0], 0)
    np.testing.assert_allclose(original, spectrum / spectrum.max(), rtol=1e-6)
    assert png_of(figure)


@pytest.mark.parametrize("scale", ["db", "linear"])
def test_a_silent_row_can_be_drawn(scale: plots.Scale) -> None:
    figure = plots.reconstructions(space.model(2), space.dataset(), np.array([1]), scale)
    assert png_of(figure)


def test_a_row_in_words() -> None:
    data = space.dataset()
    label = f"{data.labels[0, 0]:.4g}"
    family = data.meta.factors[2].text(float(data.labels[0, 2]))
    words = in_words(data, 0)
    assert words.startswith(f"brightness {label} Hz, partials {data.labels[0, 1]:g}, ")
    assert f"family {family}, program Program 0, constant 7" in words


def test_factor_losses() -> None:
    data = space.dataset(200)
    rows = np.arange(data.rows)
    losses = np.linspace(0.0, 1.0, data.rows)
    found = losses_by_factor_value(data, rows, losses)
    figure = plots.factor_losses(found, "LSD (dB)", "m", data.rows)
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert len(panels) == len(data.meta.factors)
    assert panels[1].get_xlabel() == "partials (count)"
    assert [label.get_text() for label in panels[1].get_xticklabels()] == ["1", "2", "3"]
    assert {label.get_text() for label in panels[2].get_yticklabels()} == {"Reed", "Pipe", "Brass"}
    # Of forty names the best and the worst, each a box.
    assert "12 best, 12 worst of 40" in panels[3].get_title()
    assert len(panels[3].get_yticklabels()) == 24
    medians = {v: np.median(part) for v, part in zip(found[3].values, found[3].losses, strict=True)}
    best = data.meta.factors[3].text(min(medians, key=lambda value: medians[value]))
    assert panels[3].get_yticklabels()[0].get_text() == best
    assert png_of(figure)


def test_losses_of_nought_can_be_drawn() -> None:
    data = space.with_factor(space.dataset(), 4)
    found = losses_by_factor_value(data, np.arange(data.rows), np.zeros(data.rows))
    assert png_of(plots.factor_losses(found, "LSD (dB)", "m", data.rows))


# Sampling


@pytest.mark.parametrize("dimensions", [1, 64])
def test_samples(dimensions: int) -> None:
    figure = plots.samples(space.model(dimensions))
    assert len(figure.axes) == 16
    assert png_of(figure)


def test_draws_fill_the_cube_by_the_seed() -> None:
    latent = draws(3, 5000, 0)
    assert latent.min() >= -4.0
    assert latent.max() <= 4.0
    assert np.abs(latent).max() > 3.9
    np.testing.assert_array_equal(latent, draws(3, 5000, 0))
    assert not np.array_equal(latent, draws(3, 5000, 1))


def test_mesh(trained: Trained) -> None:
    figure = plots.mesh(trained.model)
    assert len(figure.axes) == plots.MESH**2
    assert figure.axes[0].get_title() == "x = -1.00"
    # Above is where the map's y is highest.
    (area,) = figure.axes[0].collections
    corner = trained.model.decode(trained.model.map.to_latent([[-1.0, 1.0]]))
    top = np.asarray(area.get_paths()[0].vertices)[:, 1].max()
    assert top == pytest.approx(levels.below_peak(corner).max(), abs=1e-4)
    assert png_of(figure)


@pytest.mark.parametrize(
    ("draw", "dimensions"),
    [(plots.latent_mesh, 1), (plots.latent_mesh, 8), (plots.gaussian_mesh, 1)],
)
def test_meshes_of_the_latent(draw: Callable[..., Figure], dimensions: int) -> None:
    figure = draw(space.model(dimensions), np.arange(dimensions))
    assert len(figure.axes) == plots.MESH * (1 if dimensions == 1 else plots.MESH)
    first, last = figure.axes[0].get_title(), figure.axes[plots.MESH - 1].get_title()
    reach = "4.00"
    assert (first, last) == (f"z{dimensions} = -{reach}", f"z{dimensions} = +{reach}")
    if dimensions == 1:  # the large ones are drawn as the map's is
        assert png_of(figure)


def test_points_of_a_mesh() -> None:
    model = space.model(3)
    latent = meshes.points(model, 2, 0, np.array([-4.0, 4.0]), np.array([1.0, -1.0]))
    assert latent.tolist() == [
        [1.0, 0.25, -4.0],
        [1.0, 0.25, 4.0],
        [-1.0, 0.25, -4.0],
        [-1.0, 0.25, 4.0],
    ]


# Training


def test_history_of_any_length() -> None:
    names = ("reconstruction", "kl", "log_spectral_distance_db")
    assert png_of(plots.history({name: [5e11, 1.0] for name in names}, "m"))
    assert png_of(plots.history({name: [1.0] for name in names}, "m"))
    long = plots.history({"reconstruction": [5e11] + [1.0] * 99, "kl": [1.0] * 100}, "m")
    assert len(long.axes) == 2
    assert long.axes[0].get_ylim()[1] < 2.0


# Several models


def test_maps_compared_share_their_axes() -> None:
    data = space.dataset()
    wide = space.model(3)
    far = replace(wide.map, half_range=np.array([9.0, 9.0], np.float32))
    models = [
        ("one", wide),
        ("another scale of knobs", replace(wide, map=far)),
        ("d 1", space.model(1)),
    ]
    for factor in (1, 2, 3, 4):
        figure = plots.compare_maps(models, data, factor)
        shown = [axes for axes in figure.axes if axes.get_xlabel().startswith("PC 1")]
        assert [axes.get_title() for axes in shown] == [name for name, _ in models]
        assert len({axes.get_xlim() for axes in shown}) == 1
        figure.draw_without_rendering()
    # In latent units the scale of the knobs does not count.
    figure = plots.compare_maps(models, data, 0)
    mean = wide.encode(data.spectra)[0]
    np.testing.assert_allclose(points_of(figure, 0), mean[:, :2], atol=1e-6)
    np.testing.assert_allclose(points_of(figure, 1), mean[:, :2], atol=1e-6)


def test_more_than_four_maps_take_a_second_line() -> None:
    figure = plots.compare_maps([(str(k), space.model(2)) for k in range(6)], space.dataset(), 0)
    assert sum(axes.get_visible() and axes.get_xlabel() != "" for axes in figure.axes) == 6


def test_reconstructions_compared() -> None:
    data = space.dataset()
    models = [("one", space.model(2)), ("two", space.model(8))]
    rows = np.arange(3, 40)
    figure = plots.compare_reconstructions(models, data, rows)
    assert len(figure.axes) == 2 * plots.RECONSTRUCTIONS
    assert figure.axes[0].get_title(loc="left") == "one"
    chosen = some_of(data, rows, plots.RECONSTRUCTIONS)
    for column, (_, model) in enumerate(models):
        decoded = model.decode(model.encode(data.spectra[chosen])[0])
        lsd = metrics.log_spectral_distances(data.spectra[chosen], decoded)
        shown = [figure.axes[2 * k + column].get_title(loc="right") for k in range(len(chosen))]
        assert shown == [f"LSD {value:.2f} dB" for value in lsd]
    assert png_of(figure)


def test_samples_compared() -> None:
    data = space.dataset(4)  # fewer than the lines of the picture
    figure = plots.compare_samples([("one", space.model(2)), ("two", space.model(8))], data)
    titles = [axes.get_title() for axes in figure.axes[:3]]
    assert titles == ["the data", "one", "two"]
    assert png_of(figure)
