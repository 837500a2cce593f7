"""Heads, constraints and verification against numbers by hand and against scikit-learn called by hand."""

from __future__ import annotations

from dataclasses import replace

import cv2
import joblib
import numpy as np
import pytest
from real_data import DATA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core import faces
from core.compute import Cancelled
from core.digits import embedded
from core.images import from_uint8
from core.intervals import spread
from core.neighbours import NeighbourError, album, stored, tasks
from core.neighbours.album import Album
from core.neighbours.collection import Collection, Settings, Split, confusion, divide
from core.neighbours.constraints import EXPERIMENTS, LEARNERS, learned, run, size_of
from core.neighbours.embedding import PIXELS, embed, logits, pixels
from core.neighbours.findings import CONSTRAINTS, MEASURES, Result, verdict
from core.neighbours.heads import answer, knn, linear, space
from core.neighbours.index import INDEXES, brute_force, hnsw, unit
from core.neighbours.projection import CELLS, lay_out, regions
from core.neighbours.verification import equal_error, pairs, rated, where
from core.networks import tasks as networks_tasks
from core.networks.loading import load
from core.networks.table import DIGITS, MINIFACE, UNTRAINED

FLAT = Settings(k=1, metric="euclidean", people=2, samples=2)


def line(*numbers: float, labels: tuple[int, ...], groups: tuple[str, ...] = ("A", "B")) -> Collection:
    """Pictures as points on a line."""
    count = max(labels) + 1
    people = Album("own", np.array(labels), tuple("abcdef"[:count]), (groups * count)[:count])
    vectors = np.array(numbers, np.float32)[:, None]
    return Collection(people, "by hand", vectors, np.full(count, -1))


@pytest.fixture(scope="session")
def new_people() -> Collection:
    return tasks.collect(MINIFACE, "network", "new", 20)


@pytest.fixture(scope="session")
def known_people() -> Collection:
    return tasks.collect(MINIFACE, "network", "known", 20)


# --- albums and embeddings --------------------------------------------------------------------------------------------


def test_an_album_leaves_out_who_has_one_picture() -> None:
    grey = [np.full((4, 6), shade) for shade in (0, 0.2, 0.4, 0.6, 1)]
    made = album.named("own", grey, ["bo", "ada", "carl", "ada", "bo"])
    assert made.names == ("ada", "bo") and made.labels.tolist() == [1, 0, 0, 1]
    assert made.pixels is not None and made.pixels.shape == (4, album.SIDE, album.SIDE, 3)
    assert [int(picture[0, 0, 0]) for picture in made.pixels] == [0, 51, 153, 255]
    assert made.picture(3, 8).shape == (8, 8, 3) and (made.picture(3, 8) == 1).all()
    with pytest.raises(NeighbourError, match="1 people"):
        album.named("own", grey, ["ada", "ada", "bo", "carl", "dora"])


@pytest.mark.parametrize(
    ("path", "person"),
    [("photos/ada/1.jpg", "ada"), ("ada_01.jpg", "ada"), ("ada (2).png", "ada"), ("ada.jpg", "ada"), ("17.jpg", "17")],
)
def test_a_file_says_whom_it_shows(path, person) -> None:
    assert album.person_of(path) == person


def test_people_are_rendered_when_they_are_looked_at() -> None:
    people = album.people("new", 3, 2)
    assert people.names == ("5000", "5001", "5002") and people.groups == ("A", "B", "A")
    assert people.labels.tolist() == [0, 0, 1, 1, 2, 2]
    np.testing.assert_array_equal(people.picture(3, 32), faces.shot(5001, album.SEED, 1, 32)[0])
    assert album.people("known", 1000).names[-1] == "47"
    assert people.digest != album.people("known", 3, 2).digest


def test_digits_come_in_equal_numbers() -> None:
    digits = album.digits()
    assert digits.names == tuple("0123456789")
    assert np.bincount(digits.labels).tolist() == [album.DIGITS_EACH] * 10


def test_digits_are_held_out_of_the_training_lab_and_lose_no_pixel(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))  # no MNIST here
    found, digits = embedded(), album.digits()
    held_out = {image.tobytes() for part in (found.validation, found.test) for image in part.images}
    learned = {image.tobytes() for image in found.train.images}
    for row in range(0, 400, 9):
        seen = np.rint(digits.picture(row, 28)[..., 0] * 255).astype(np.uint8).tobytes()
        assert seen in held_out and seen not in learned


def test_the_digits_network_knows_its_digits() -> None:
    collection = tasks.embedded(DIGITS, "network", album.digits())
    assert collection.vectors.shape == (400, 25) and collection.classes.tolist() == list(range(10))
    settings = Settings(people=10)
    found, learned_heads = tasks.compare(collection, settings), tasks.ask_learned(collection, settings)
    assert set(learned_heads) == {"linear", "softmax"}
    truth = collection.labels[found.split.queries]
    assert all((said.labels == truth).mean() > 0.9 for said in (found.said | learned_heads).values())
    assert tasks.embedded(MINIFACE, "network", first_of_each(collection.album, 4)).logits is None


def first_of_each(full: Album, each: int) -> Album:
    """The first pictures of everybody."""
    rows = np.concatenate([np.flatnonzero(full.labels == label)[:each] for label in range(len(full.names))])
    assert full.pixels is not None
    return replace(full, labels=full.labels[rows], pixels=full.pixels[rows])


def test_olivetti_faces_come_from_the_cache_of_scikit_learn(tmp_path) -> None:
    """Its layout: 40 people, 10 pictures of 64 x 64 each, columns first."""
    shades = np.linspace(0, 1, 400)[:, None] * np.ones(4096)
    shades[5, 1] = 1  # second row, first column
    joblib.dump(shades, tmp_path / "olivetti_py3.pkz", compress=6)
    found = album.real_faces("olivetti", str(tmp_path))
    assert len(found) == 400 and len(found.names) == 40 and np.bincount(found.labels).tolist() == [10] * 40
    assert found.pixels is not None and int(found.pixels[200, 50, 50, 0]) == round(255 * 200 / 399)
    assert found.pixels[5, 2, 0, 0] > 150 > 20 > found.pixels[5, 0, 2, 0]


def test_faces_in_the_wild_come_from_the_cache_of_scikit_learn(tmp_path) -> None:
    """Its layout: a folder a person, pictures of 250 x 250; who has too few pictures is left out."""
    home = tmp_path / "lfw_home"
    for person, count in (("Ada_Lovelace", album.LFW_EACH + 2), ("Bo_Bell", album.LFW_EACH), ("Carl_Cox", 3)):
        folder = home / "lfw_funneled" / person
        folder.mkdir(parents=True)
        for index in range(count):
            shade = np.full((250, 250, 3), 200 if person < "B" else 50, np.uint8)
            cv2.imwrite(str(folder / f"{person}_{index + 1:04d}.jpg"), shade)
    for name in ("pairs", "pairsDevTrain", "pairsDevTest"):
        (home / f"{name}.txt").touch()
    found = album.real_faces("lfw", str(tmp_path))
    assert found.names == ("Ada Lovelace", "Bo Bell") and np.bincount(found.labels).tolist() == [album.LFW_EACH] * 2
    assert found.pixels is not None
    np.testing.assert_allclose(found.pixels[:, 0, 0, 0], np.where(found.labels == 0, 200, 50), atol=3)


def test_no_dataset_is_a_sentence(monkeypatch) -> None:
    import sklearn.datasets

    def offline(**_):
        raise OSError("no connection")

    monkeypatch.setattr(sklearn.datasets, "fetch_olivetti_faces", offline)
    with pytest.raises(NeighbourError, match="Olivetti faces is not here"):
        album.real_faces("olivetti")


def test_the_head_behind_the_embedding_gives_the_network_s_own_logits() -> None:
    network, images = load(UNTRAINED), np.random.default_rng(0).random((3, 112, 112, 3), np.float32)
    vectors = embed(network, images)
    assert vectors.shape == (3, 128)
    np.testing.assert_allclose(logits(network, vectors), network.run(images), rtol=1e-4, atol=1e-4)


def test_pixels_are_grey_and_small() -> None:
    picture = np.random.default_rng(0).random((96, 96, 3), np.float32)
    expected = cv2.cvtColor(cv2.resize(picture, (PIXELS, PIXELS), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    np.testing.assert_allclose(pixels(picture[None])[0].reshape(PIXELS, PIXELS), expected, atol=1e-6)


def test_what_is_stored_is_what_the_network_answers(new_people) -> None:
    """Made again by `scripts/embed_people.py` after every training."""
    assert stored.holds(MINIFACE) and not stored.holds(UNTRAINED)
    rows = [0, 5, 111]
    fresh = embed(load(MINIFACE), np.stack([new_people.album.picture(row, 112) for row in rows]))
    np.testing.assert_allclose(new_people.vectors[rows], fresh, rtol=2e-3, atol=2e-2)
    assert len(tasks.crowd(MINIFACE).vectors) == stored.CROWD * stored.CROWD_EACH


# --- who is enrolled --------------------------------------------------------------------------------------------------


def test_no_picture_is_enrolled_and_asked_about(new_people) -> None:
    split = divide(new_people, Settings(people=10, samples=4, unknown=0.3))
    assert not set(split.gallery) & set(split.queries)
    assert len(split.people) == 7 and len(split.gallery) == 28
    asked = new_people.labels[split.queries]
    np.testing.assert_array_equal(np.isin(asked, split.people), split.known)
    assert len(np.unique(asked)) == 10 and np.bincount(asked).max() == 10


def test_more_samples_change_nothing_in_what_is_asked(new_people) -> None:
    few, many = (divide(new_people, Settings(samples=count)) for count in (1, 10))
    np.testing.assert_array_equal(few.queries, many.queries)
    assert set(few.gallery) < set(many.gallery)


def test_noise_gives_so_many_pictures_somebody_else_s_name(new_people) -> None:
    clean = divide(new_people, Settings(samples=5))
    noisy = divide(new_people, Settings(samples=5, noise=0.3))
    assert (clean.labels == new_people.labels[clean.gallery]).all()
    assert (noisy.labels != new_people.labels[noisy.gallery]).sum() == 30
    assert set(noisy.labels) <= set(noisy.people)


def test_group_b_may_enrol_less(new_people) -> None:
    split = divide(new_people, Settings(samples=8, samples_b=2))
    counts = np.bincount(split.labels)
    groups = np.array(new_people.album.groups)
    assert set(counts[groups == "A"]) == {8} and set(counts[groups == "B"]) == {2}


def test_too_few_pictures_is_a_sentence() -> None:
    points = line(0, 1, 10, 11, labels=(0, 0, 1, 1))
    with pytest.raises(NeighbourError, match="2 pictures"):
        divide(points, FLAT)
    with pytest.raises(NeighbourError, match="1 people"):
        divide(points, replace(FLAT, samples=1, unknown=0.5))


def test_confusion_by_hand() -> None:
    people, truth, said = np.array([2, 5]), np.array([2, 2, 5, 5]), np.array([2, 5, 5, -1])
    np.testing.assert_array_equal(confusion(people, truth, said), [[0.5, 0.5], [0, 0.5]])


# --- heads ------------------------------------------------------------------------------------------------------------


def test_knn_by_hand() -> None:
    """Enrolled: a at 0 and 2, b at 3 and 9; asked: a picture of a at 2.6, nearest to b at 3, then to a at 2 and 0."""
    points = line(0, 2, 2.6, 3, 9, 8, labels=(0, 0, 0, 1, 1, 1))
    split = Split(np.array([0, 1, 3, 4]), np.array([0, 0, 1, 1]), np.array([2]), np.array([True]), np.array([0, 1]))

    def asked(**changes) -> tuple[int, float]:
        said = answer("knn", points, split, replace(FLAT, **changes))
        return int(said.labels[0]), float(said.confidence[0])

    assert asked(k=1) == (1, 1.0)
    assert asked(k=3) == (0, pytest.approx(2 / 3))
    near, votes = 1 / 0.4, 1 / 0.6 + 1 / 2.6
    assert asked(k=3, weights="distance") == (1, pytest.approx(near / (near + votes)))
    assert asked(k=25) == (0, 0.5)


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_knn_is_scikit_learn_s_called_by_hand(new_people, metric, weights) -> None:
    settings = Settings(k=5, metric=metric, weights=weights)
    found = tasks.compare(new_people, settings)
    split, vectors = found.split, new_people.vectors
    hand = KNeighborsClassifier(5, metric=metric, weights=weights)
    hand.fit(vectors[split.gallery], new_people.labels[split.gallery])
    np.testing.assert_array_equal(found.said["knn"].labels, hand.predict(vectors[split.queries]))
    distances, places = hand.kneighbors(vectors[split.queries])
    np.testing.assert_allclose(found.distances, distances, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found.neighbours, split.gallery[places])


def test_the_linear_head_is_scikit_learn_s_called_by_hand(new_people) -> None:
    split, said = divide(new_people, Settings()), tasks.ask_learned(new_people, Settings(k=7))
    hand = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    hand.fit(new_people.vectors[split.gallery], split.labels)
    np.testing.assert_array_equal(said["linear"].labels, hand.predict(new_people.vectors[split.queries]))


def test_on_people_that_nobody_was_trained_on_every_head_names_most(new_people) -> None:
    """An embedding that served only its own 48 people would be none: 20 new ones, 5 pictures each enrolled."""
    rates = {head: [] for head in LEARNERS}
    for seed in range(3):
        settings = Settings(k=1, people=20, samples=5, seed=seed)
        split = divide(new_people, settings)
        truth = new_people.labels[split.queries]
        for head in LEARNERS:
            rates[head].append((answer(head, new_people, split, settings).labels == truth).mean())
    assert all(np.mean(found) >= 0.9 for found in rates.values()), rates


def test_the_network_s_own_softmax_knows_its_people_without_pictures(known_people, new_people) -> None:
    found = tasks.compare(known_people, Settings(samples=1))
    truth = known_people.labels[found.split.queries]
    softmax = tasks.ask_learned(known_people, Settings(samples=1))["softmax"]
    assert (softmax.labels == truth).mean() > 0.95
    assert (found.said["knn"].labels == truth).mean() < (softmax.labels == truth).mean()
    assert "softmax" not in tasks.ask_learned(new_people, Settings())
    split = divide(new_people, Settings())
    with pytest.raises(NeighbourError, match="no output"):
        answer("softmax", new_people, split, Settings())


def test_pca_is_fitted_to_the_enrolled_alone(new_people) -> None:
    grey = replace(new_people, embedding="pca", vectors=np.random.default_rng(0).random((400, 64), np.float32))
    split = divide(grey, Settings(samples=3))
    before = space(grey, split.gallery)
    changed = grey.vectors.copy()
    changed[split.queries[0]] += 5
    after = space(replace(grey, vectors=changed), split.gallery)
    np.testing.assert_allclose(before[split.gallery], after[split.gallery])
    assert before.shape == (400, 50)
    np.testing.assert_allclose(before[split.gallery].std(axis=0, ddof=1), 1, rtol=1e-3)


def test_the_linear_head_learns_the_same_with_pauses(new_people) -> None:
    split, heads = divide(new_people, Settings()), []
    enrolled, asked = new_people.vectors[split.gallery], new_people.vectors[split.queries]

    def paused():
        heads.append((yield from learned(enrolled, split.labels)))

    pauses = list(paused())
    assert pauses and not any(pauses)
    shares = [head.predict_proba(asked) for head in (heads[0], linear().fit(enrolled, split.labels))]
    np.testing.assert_allclose(*shares, atol=0.02)


def test_the_perceptron_learns_live_and_can_be_cancelled(new_people) -> None:
    told = []
    lesson = tasks.train(new_people, Settings(), 20, lambda step, steps, **values: told.append((step, steps, values)))
    assert [step for step, _, _ in told] == list(range(1, 21))
    assert lesson.loss[-1] < lesson.loss[0] / 4 and lesson.accuracy[-1] > lesson.accuracy[0]
    assert told[-1][2]["accuracy"] == pytest.approx(lesson.accuracy[-1])

    def cancel(*_, **__):
        raise Cancelled

    with pytest.raises(Cancelled):
        tasks.train(new_people, Settings(), 20, cancel)


# --- indexes ----------------------------------------------------------------------------------------------------------


def test_indexes_find_the_same_neighbours_as_brute_force() -> None:
    rng = np.random.default_rng(0)
    vectors, queries = (unit(rng.normal(size=(count, 16)).astype(np.float32)) for count in (500, 50))
    nearest = np.argsort(((queries[:, None] - vectors) ** 2).sum(axis=2), axis=1)[:, :3]
    for name, build in INDEXES.items():
        ask, needed = build(vectors, 3)
        distances, places = ask(queries)
        assert (places == nearest).mean() > (0.95 if name == "hnsw" else 0.999), name
        expected = np.linalg.norm(queries - vectors[places[:, 0]], axis=1)
        np.testing.assert_allclose(distances[:, 0], expected, atol=1e-3)
        assert needed >= vectors.nbytes
    assert hnsw(vectors, 1)[1] > brute_force(vectors, 1)[1] == 500 * 16 * 4


def test_unit_vectors_rank_by_euclid_as_by_cosine(new_people) -> None:
    vectors = new_people.vectors[:60]
    flat = unit(vectors)
    np.testing.assert_allclose(np.linalg.norm(flat, axis=1), 1, rtol=1e-5)
    squares = ((flat[:, None] - flat) ** 2).sum(axis=2)
    np.testing.assert_allclose(squares, 2 * (1 - flat @ flat.T), atol=1e-4)
    assert (unit(np.zeros((1, 3), np.float32)) == 0).all()


# --- constraints ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def results(new_people, known_people) -> dict[str, Result]:
    """Every experiment, small."""
    settings, found = Settings(people=8, samples=5), {}
    for name in CONSTRAINTS:
        people = tasks.crowd(MINIFACE) if name == "crowd" else known_people if name == "erasure" else new_people
        if name == "crowd":
            rows = people.labels < 30
            few = Album("new", people.labels[rows], people.album.names[:30], people.album.groups[:30])
            people = Collection(few, "MiniFace", people.vectors[rows], people.classes[:30])
        told: list[int] = []
        found[name] = run(name, people, settings, 2, lambda step, steps, told=told: told.append(steps - step))
        left = list(dict.fromkeys(told))  # a head that learns for long tells in between that it goes on
        assert left == sorted(left, reverse=True) and left[-1] == 0, name
    return found


def test_every_experiment_gives_the_measures_that_it_names(results) -> None:
    assert tuple(EXPERIMENTS) == CONSTRAINTS
    for name, result in results.items():
        assert tuple(result.measures) == EXPERIMENTS[name].measures
        for measure, heads in result.measures.items():
            for values in heads.values():
                assert values.shape == (2, len(result.x)), (name, measure)
                if MEASURES[measure].unit == "share":
                    assert ((values >= 0) & (values <= 1) | np.isnan(values)).all(), (name, measure)


def test_a_newcomer_costs_knn_less_time_than_those_who_have_to_learn(results) -> None:
    seconds = {head: np.median(values) for head, values in results["newcomer"].measures["seconds"].items()}
    assert 5 * seconds["knn"] < min(seconds["linear"], seconds["mlp"])
    assert results["newcomer"].measures["newcomer"]["knn"][:, -1].mean() > 0.6


def test_more_samples_and_fewer_wrong_names_help(results) -> None:
    for head, values in results["samples"].measures["accuracy"].items():
        assert values[:, -1].mean() > values[:, 0].mean(), head
    for head, values in results["noise"].measures["accuracy"].items():
        assert values[:, -1].mean() < values[:, 0].mean(), head


def test_one_picture_each_is_outvoted_where_three_vote(results) -> None:
    """`Settings` lets three vote: of three different people, whom scikit-learn then takes the first."""
    accuracy = results["samples"].measures["accuracy"]
    assert accuracy["knn"][:, 0].mean() < 0.6 < 0.8 < accuracy["knn_1"][:, 0].mean()
    newcomer = results["newcomer"].measures["newcomer"]
    assert (newcomer["knn"][:, 0] == 0).all() and newcomer["knn_1"][:, 0].mean() > 0.5


def test_a_deleted_person_is_named_no_more_but_by_the_network_itself(results) -> None:
    named = results["erasure"].measures["still_named"]
    assert all((named[head] == 0).all() for head in LEARNERS)
    assert named["softmax"].mean() > 0.9
    assert "softmax" not in results["erasure"].measures["seconds"]


def test_whoever_enrols_less_is_recognised_less(results) -> None:
    measures = results["imbalance"].measures
    for head in LEARNERS:
        assert measures["accuracy_b"][head][:, 0].mean() < measures["accuracy_b"][head][:, -1].mean(), head
        assert measures["accuracy_a"][head].mean() > measures["accuracy_b"][head][:, 0].mean(), head


def test_a_crowd_needs_more_bytes_and_brute_force_is_exact(results) -> None:
    measures, x = results["crowd"].measures, results["crowd"].x
    assert x.tolist() == [10, 30, 100, 300]
    np.testing.assert_array_equal(measures["accuracy"]["brute"], measures["accuracy"]["ball_tree"])
    assert (measures["bytes"]["brute"][0] == x * 128 * 4).all()
    assert np.isnan(measures["accuracy"]["linear"][:, 0]).all()  # one person: nothing to learn


def test_letting_more_strangers_in_lets_more_known_people_in(results) -> None:
    for head, values in results["strangers"].measures["found"].items():
        assert (np.diff(values, axis=1) >= 0).all(), head


def test_the_same_seed_gives_the_same_result(new_people) -> None:
    settings = Settings(people=6, samples=3)
    first, again, other = (
        run("strangers", new_people, replace(settings, seed=seed), 1).measures["found"]["knn"] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_crowd_needs_enough_pictures_of_each(new_people) -> None:
    rows = np.arange(0, 400, 2)
    half = replace(new_people, album=replace(new_people.album, labels=new_people.labels[rows]))
    with pytest.raises(NeighbourError, match="at least 11"):
        run("crowd", half, Settings())


def test_spread_and_verdict_by_hand() -> None:
    values = np.array([[1.0, 4.0], [3.0, 4.0]])  # t(0.975, 1) = 12.7062, standard error of the first: 1
    mean, low, high = spread(values)
    assert mean.tolist() == [2, 4] and high[1] == low[1] == 4
    assert high[0] - 2 == pytest.approx(12.7062, abs=1e-4) == 2 - low[0]
    clear = {"knn": np.array([[0.9, 0.8], [0.8, 0.9], [0.85, 0.85]]), "linear": np.array([[0.7, 0.7]] * 3)}
    close = {"knn": np.array([[0.9], [0.5], [0.8]]), "linear": np.array([[0.8], [0.7], [0.6]])}
    one = Result("samples", np.array([1, 2]), {"accuracy": clear, "bytes": clear}, 10)
    assert verdict(one, "accuracy").winner == "knn" and verdict(one, "bytes").winner == "linear"
    assert verdict(one, "accuracy").means == {"knn": pytest.approx(0.85), "linear": pytest.approx(0.7)}
    assert verdict(Result("samples", np.array([1]), {"accuracy": close}, 10), "accuracy").winner is None
    missing = clear | {"linear": np.array([[np.nan, 0.7]] * 3)}
    means = verdict(Result("crowd", np.array([1, 2]), {"accuracy": missing}, 10), "accuracy").means
    assert means["knn"] == pytest.approx(0.85)


def test_size_grows_with_what_is_kept(new_people) -> None:
    small, large = (
        size_of(knn(FLAT, count).fit(new_people.vectors[:count], new_people.labels[:count])) for count in (20, 200)
    )
    assert large - small >= 180 * 128 * 4


# --- verification -----------------------------------------------------------------------------------------------------


def test_equal_error_by_hand() -> None:
    """Same: 1, 2, 5. Other: 3, 6, 7. Below 5 one of three is rejected and one of three accepted."""
    found = rated(np.array([1.0, 2.0, 5.0]), np.array([3.0, 6.0, 7.0]))
    assert found.equal_error == pytest.approx(1 / 3)
    assert 3 <= found.threshold <= 5
    assert rated(np.array([1.0, 2.0]), np.array([3.0, 4.0])).equal_error == 0
    accepted, kept, thresholds = np.array([0, 0.2, 1.0]), np.array([0, 0.6, 1.0]), np.array([np.inf, 4.0, 0.0])
    rate, threshold = equal_error(accepted, kept, thresholds)  # the gap goes from -0.2 to 1: a sixth of the way
    assert rate == pytest.approx(0.2 + 0.8 / 6) and threshold == pytest.approx(4 - 4 / 6)


def test_pairs_against_scikit_learn(new_people) -> None:
    rows = np.arange(0, 400, 5)
    vectors, labels = new_people.vectors[rows], new_people.labels[rows]
    found = pairs(vectors, labels, "cosine")
    assert len(found.same) + len(found.other) == 80 * 79 // 2
    assert len(found.same) == 20 * 6
    truth = np.r_[np.ones(len(found.same)), np.zeros(len(found.other))]
    area = np.trapezoid(found.true_accepts, found.false_accepts)
    assert area == pytest.approx(roc_auc_score(truth, -np.r_[found.same, found.other])) and area > 0.9
    wrong = (found.same > found.threshold).mean(), (found.other < found.threshold).mean()
    np.testing.assert_allclose(wrong, found.equal_error, atol=0.01)


def test_hiding_a_place_moves_two_pictures_of_a_person_apart() -> None:
    network, told = load(MINIFACE), []
    first, second = (faces.shot(5000, album.SEED, capture, 112)[0] for capture in (0, 1))
    other = embed(network, second[None])[0]
    found = where(network, first, other, "cosine", 4, size=0.25, report=lambda *step: told.append(step))
    assert found.shape == (4, 4) and told[0] == (0, 16)
    hidden = first.copy()
    hidden[28:56, 56:84] = 0.5
    apart = [1 - code @ other / np.linalg.norm(code) / np.linalg.norm(other)
             for code in embed(network, np.stack([first, hidden]))]  # fmt: skip
    assert found[1, 2] == pytest.approx(apart[1] - apart[0], abs=1e-4)
    assert found.max() > 0.02
    same = tasks.verify(MINIFACE, tasks.collect(MINIFACE, "network", "new", 5), Settings(people=5), (first, first), 4)
    assert same.distance == pytest.approx(0, abs=1e-5) and len(same.maps) == 2


# --- maps -------------------------------------------------------------------------------------------------------------


def test_layouts_keep_people_together(new_people) -> None:
    rows = np.flatnonzero(new_people.labels < 4)
    told = []
    for way in ("pca", "tsne", "umap"):
        places = lay_out(new_people.vectors[rows], way, 2, report=lambda *step: told.append(step))
        assert places.shape == (len(rows), 2) and np.isfinite(places).all()
        nearest = KNeighborsClassifier(1).fit(places[::2], new_people.labels[rows][::2])
        assert nearest.score(places[1::2], new_people.labels[rows][1::2]) > (0.4 if way == "pca" else 0.8), way
    assert (0, 1000) in told and (0, 300) in told and max(told)[0] >= 299
    assert lay_out(new_people.vectors[rows], "pca", 3).shape == (len(rows), 3)


def test_what_is_left_out_of_a_map_has_no_place(new_people) -> None:
    settings = Settings(people=5, samples=2)
    split = divide(new_people, settings)
    places = tasks.lay_out(new_people, settings, "pca", 2)
    inside = np.isin(np.arange(400), np.r_[split.gallery, split.queries])
    np.testing.assert_array_equal(np.isfinite(places).all(axis=1), inside)


def test_regions_of_two_people_on_a_plane() -> None:
    places = np.array([[0, 0], [0, 1], [4, 0], [4, 1], [1, 0], [3, 1]], np.float32)
    labels = np.array([0, 0, 1, 1, 0, 1])
    split = Split(np.arange(4), labels[:4], np.array([4, 5]), np.array([True, True]), np.array([0, 1]))
    found = regions(places, labels, split, FLAT)
    assert found.accuracy == {"knn": 1, "linear": 1}
    for drawn in found.labels.values():
        assert drawn.shape == (CELLS, CELLS)
        assert (drawn[:, : CELLS // 2 - 1] == 0).all() and (drawn[:, CELLS // 2 + 1 :] == 1).all()
    assert found.x[0] < 0 < 4 < found.x[-1]


# --- real faces -------------------------------------------------------------------------------------------------------

ORL = DATA / "faces" / "orl"


@pytest.mark.skipif(not ORL.exists(), reason=f"no real faces at {ORL}")
def test_an_embedding_serves_the_people_that_its_network_learned_from() -> None:
    """Real faces: one that learned from real ones (of which its publisher's say 99.5 %) beside ours, which learned from
    drawn ones, eigenfaces and pixels.
    """
    file = str(DATA / "weights" / "mobilefacenet_insightface.keras")
    real_network = networks_tasks.inspect(file).entry(file, "MobileFaceNet", "bytes", "face")
    files = sorted(ORL.glob("s*/*.pgm"))
    grey = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) / np.float32(255) for file in files]
    real = album.named("own", [picture[10:102] for picture in grey], [file.parent.name for file in files])
    rates = {}
    networks = [(entry, "network") for entry in (real_network, MINIFACE, UNTRAINED)]
    for entry, embedding in (*networks, (MINIFACE, "pca"), (MINIFACE, "pixels")):
        collection = tasks.embedded(entry, embedding, real)
        settings = Settings(k=1, people=40, samples=5)
        split = divide(collection, settings)
        said = answer("knn", collection, split, settings)
        rates[collection.embedding] = float((said.labels == collection.labels[split.queries]).mean())
    print(rates)
    assert from_uint8(real.pixels).max() <= 1 and len(real.names) == 40
    assert rates["MobileFaceNet"] > 0.97 > 0.95 > rates["pca"] > 0.8 > rates["MiniFace"]
