"""Augmentation keeps shape and range, and changes what it says that it changes."""

# ruff: noqa: PLC0415  TensorFlow takes long to import: quick tests collect this file and do not wait for it.

import numpy as np
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def augment():
    """The module, seeded."""
    import keras

    from leukonet.training import augment

    keras.utils.set_random_seed(3)
    return augment


@pytest.fixture
def images() -> np.ndarray:
    """`(8, 96, 96, 3)` smooth pictures of 0 to 1, each with a hard edge."""
    ramp = np.linspace(0.2, 0.9, 96, dtype=np.float32)
    picture = np.repeat((ramp[:, None] * ramp[None])[..., None], 3, axis=2)
    picture[30:60, 30:60] = 0.1
    return np.repeat(picture[None], 8, axis=0)


def test_recompressing_draws_lots_for_each_image(augment, images):
    """With certainty each one is changed, by another size and quality."""
    changed = augment.recompress(images, 36, 1.0).numpy()

    assert images.shape == changed.shape
    assert 8 == len({picture.tobytes() for picture in changed})
    assert all(0.0 < np.abs(picture - images[0]).mean() < 0.1 for picture in changed)


def test_recompressing_leaves_images_alone_where_the_lot_says_so(augment, images):
    """A chance of none changes nothing."""
    assert np.array_equal(images, augment.recompress(images, 36, 0.0).numpy())


def test_sharpening_steepens_edges_of_about_every_second_image(augment, images):
    """By an unsharp mask: across an edge the levels step further, and where there is none nothing changes."""
    many = np.repeat(images, 8, axis=0)
    changed = augment.sharpen(many, 2.5).numpy()
    steps = np.abs(np.diff(changed[:, 45], axis=1)).max(axis=(1, 2))
    before = np.abs(np.diff(many[0, 45], axis=0)).max()

    assert many.shape == changed.shape
    assert 16 < np.count_nonzero(steps > before + 0.01) < 48
    assert np.abs(changed[:, 45, 45] - many[:, 45, 45]).max() < 0.001
    assert all(0.0 <= picture.min() and picture.max() <= 1.0 for picture in changed)


def test_sharpening_by_nothing_changes_nothing(augment, images):
    """The greatest part of the difference is none."""
    assert np.array_equal(images, augment.sharpen(images, 0.0).numpy())


@pytest.mark.parametrize("grained", [False, True])
def test_noise_has_at_most_the_strength_it_is_told(augment, images, grained):
    """Each image its own; a grain makes it coarser, not stronger."""
    grey = np.full_like(np.repeat(images, 8, axis=0), 0.5)
    strengths = (augment.noise(grey, 0.05, grained=grained).numpy() - 0.5).std(axis=(1, 2, 3))

    assert 0.03 < strengths.max() < 0.051
    assert strengths.min() < 0.02


def test_grained_noise_is_alike_from_pixel_to_pixel(augment, images):
    """As a sensor's colour mosaic makes it; else neighbours know nothing of each other."""
    grey = np.full_like(images, 0.5)

    def likeness(*, grained: bool) -> float:
        values = augment.noise(grey, 0.05, grained=grained).numpy()[0] - 0.5
        return float(np.corrcoef(values[:, :-1].ravel(), values[:, 1:].ravel())[0, 1])

    assert abs(likeness(grained=False)) < 0.05
    assert max(likeness(grained=True) for _ in range(8)) > 0.3


def test_roughening_blends_each_image_by_its_own_share(augment, images):
    """The same kernel, eight shares."""
    changed = augment.roughen(images, 1.0).numpy()

    assert images.shape == changed.shape
    assert 8 == len({picture.tobytes() for picture in changed})


def test_roughening_leaves_batches_alone_where_the_lot_says_so(augment, images):
    """A chance of none changes nothing."""
    assert np.array_equal(images, np.asarray(augment.roughen(images, 0.0)))


def test_mixed_styles_are_for_training_only(augment):
    """At analysis the layer is not there."""
    from leukonet.training.mixing import MixedStyle

    values = np.random.default_rng(0).random((4, 6, 6, 3)).astype(np.float32)

    assert np.array_equal(values, np.asarray(MixedStyle()(values, training=False)))


def test_mixed_styles_change_means_and_keep_patterns(augment):
    """Each channel stays what it was, but for a gain and an offset."""
    from leukonet.training.mixing import MixedStyle

    values = np.random.default_rng(0).random((4, 6, 6, 3)).astype(np.float32)
    values *= np.arange(1, 5, dtype=np.float32)[:, None, None, None]
    mixed = np.asarray(MixedStyle()._mixed(values))

    assert not np.allclose(values, mixed)
    for before, after in zip(values.reshape(4, 36, 3), mixed.reshape(4, 36, 3), strict=True):
        for channel in range(3):
            assert np.corrcoef(before[:, channel], after[:, channel])[0, 1] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(
    ("flags", "policy"),
    [
        ("fma avx2 avx512_bf16", "mixed_bfloat16"),
        ("fma avx2 amx_bf16", "mixed_bfloat16"),
        ("fma avx2", "float32"),
    ],
)
def test_bfloat16_is_for_processors_that_multiply_it(tmp_path, monkeypatch, flags, policy):
    """Emulated, a step takes ten times as long as in float32."""
    import keras

    from leukonet.training import fit

    told = tmp_path / "cpuinfo"
    told.write_text(f"processor : 0\nflags : {flags}\n")
    monkeypatch.setattr(fit, "CPUINFO", told)
    try:
        fit.prepare(1)
        assert policy == keras.config.dtype_policy().name
    finally:
        keras.mixed_precision.set_global_policy("float32")
