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
from core.digits import embedded
from core.images import from_uint8
from core.neighbours import NETWORK, PROJECTIONS, NeighbourError, album, constraints, stored, tasks
from core.neighbours.album import Album
from core.neighbours.collection import Collection, Settings, Split, confusion, divide
from core.neighbours.constraints import LEARNERS, size_of, trained_linear
from core.neighbours.embedding import PIXELS, embed, logits, pixels
from core.neighbours.experiment import run
from core.neighbours.findings import Result, verdict
from core.neighbours.heads import inputs, knn, linear, predict
from core.neighbours.index import INDEXES, brute_force, hnsw, unit
from core.neighbours.projection import CELLS, project, regions
from core.neighbours.table import CONSTRAINTS, MEASURES
from core.neighbours.verification import occlusion, pairs, verification_rates
from core.networks.loading import load
from core.networks.table import DIGITS, MINIFACE, UNTRAINED
from core.networks.tasks import inspect
from core.progress import Cancelled

FLAT = Settings(k=1, metric="euclidean", people=2, samples=2)


def line(*numbers: float, labels: tuple[int, ...], groups: tuple[str, ...] = ("A", "B")) -> Collection:
    """Images as points on a line."""
    count = max(labels) + 1
    people = Album("own", np.array(labels), tuple("abcdef"[:count]), (groups * count)[:count])
    vectors = np.array(numbers, np.float32)[:, None]
    return Collection(people, "by hand", vectors, np.full(count, -1))


@pytest.fixture(scope="session")
def new_people() -> Collection:
    return tasks.embed_source(MINIFACE, NETWORK, "new", 20)


@pytest.fixture(scope="session")
def known_people() -> Collection:
    return tasks.embed_source(MINIFACE, NETWORK, "known", 20)


# --- albums and embeddings --------------------------------------------------------------------------------------------


def test_an_album_leaves_out_who_has_one_picture() -> None:
    grey = [np.full((4, 6), shade) for shade in (0, 0.2, 0.4, 0.6, 1)]
    people = album.named("own", grey, ["bo", "ada", "carl", "ada", "bo"])
    assert people.names == ("ada", "bo") and people.labels.tolist() == [1, 0, 0, 1]
    assert people.pixels is not None and people.pixels.shape == (4, album.SIDE, album.SIDE, 3)
    assert [int(image[0, 0, 0]) for image in people.pixels] == [0, 51, 153, 255]
    assert people.image(3, 8).shape == (8, 8, 3) and (people.image(3, 8) == 1).all()
    with pytest.raises(NeighbourError, match="1 people"):
        album.named("own", grey, ["ada", "ada", "bo", "carl", "dora"])


@pytest.mark.parametrize(
    ("path", "person"),
    [("photos/ada/1.jpg", "ada"), ("ada_01.jpg", "ada"), ("ada (2).png", "ada"), ("ada.jpg", "ada"), ("17.jpg", "17")],
)
def test_a_file_says_whom_it_shows(path, person) -> None:
    assert album.person_of(path) == person


def test_people_are_rendered_when_they_are_looked_at() -> None:
    people = album.new_people(3, 2)
    assert people.names == ("5000", "5001", "5002") and people.groups == ("A", "B", "A")
    assert people.labels.tolist() == [0, 0, 1, 1, 2, 2]
    np.testing.assert_array_equal(people.image(3, 32), faces.render_capture(5001, album.SEED, 1, 32)[0])
    assert album.known_people(1000).names[-1] == "47"
    assert people.digest != album.known_people(3, 2).digest


def test_digits_come_in_equal_numbers() -> None:
    digits = album.digits()
    assert digits.names == tuple("0123456789")
    assert np.bincount(digits.labels).tolist() == [album.DIGITS_EACH] * 10


def test_digits_are_held_out_of_the_training_lab_and_lose_no_pixel(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))  # no MNIST here
    everything, digits = embedded(), album.digits()
    held_out = {image.tobytes() for part in (everything.validation, everything.test) for image in part.images}
    learned = {image.tobytes() for image in everything.train.images}
    for row in range(0, 400, 9):
        image = np.rint(digits.image(row, 28)[..., 0] * 255).astype(np.uint8).tobytes()
        assert image in held_out and image not in learned


def test_the_digits_network_knows_its_digits() -> None:
    collection = tasks.embed_album(DIGITS, NETWORK, album.digits())
    assert collection.vectors.shape == (400, 25) and collection.classes.tolist() == list(range(10))
    settings = Settings(people=10)
    comparison, learned = tasks.compare(collection, settings), tasks.predict_learned(collection, settings)
    assert set(learned) == {"linear", "softmax"}
    truth = collection.labels[comparison.split.queries]
    assert all((head.labels == truth).mean() > 0.9 for head in (comparison.predictions | learned).values())
    assert tasks.embed_album(MINIFACE, NETWORK, first_of_each(collection.album, 4)).logits is None


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
    people = album.olivetti(str(tmp_path))
    assert len(people) == 400 and len(people.names) == 40 and np.bincount(people.labels).tolist() == [10] * 40
    assert people.pixels is not None and int(people.pixels[200, 50, 50, 0]) == round(255 * 200 / 399)
    assert people.pixels[5, 2, 0, 0] > 150 > 20 > people.pixels[5, 0, 2, 0]


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
    people = album.lfw(str(tmp_path))
    assert people.names == ("Ada Lovelace", "Bo Bell") and np.bincount(people.labels).tolist() == [album.LFW_EACH] * 2
    assert people.pixels is not None
    np.testing.assert_allclose(people.pixels[:, 0, 0, 0], np.where(people.labels == 0, 200, 50), atol=3)


def test_no_dataset_is_a_sentence(monkeypatch) -> None:
    import sklearn.datasets

    def offline(**_):
        raise OSError("no connection")

    monkeypatch.setattr(sklearn.datasets, "fetch_olivetti_faces", offline)
    with pytest.raises(NeighbourError, match="Olivetti faces is not here"):
        album.olivetti()


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
    fresh = embed(load(MINIFACE), np.stack([new_people.album.image(row, 112) for row in rows]))
    np.testing.assert_allclose(new_people.vectors[rows], fresh, rtol=2e-3, atol=2e-2)
    assert len(tasks.embed_crowd(MINIFACE).vectors) == album.CROWD * album.CROWD_EACH


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
    people, truth, predicted = np.array([2, 5]), np.array([2, 2, 5, 5]), np.array([2, 5, 5, -1])
    np.testing.assert_array_equal(confusion(people, truth, predicted), [[0.5, 0.5], [0, 0.5]])


# --- heads ------------------------------------------------------------------------------------------------------------


def test_knn_by_hand() -> None:
    """Enrolled: a at 0 and 2, b at 3 and 9; asked: a picture of a at 2.6, nearest to b at 3, then to a at 2 and 0."""
    points = line(0, 2, 2.6, 3, 9, 8, labels=(0, 0, 0, 1, 1, 1))
    split = Split(np.array([0, 1, 3, 4]), np.array([0, 0, 1, 1]), np.array([2]), np.array([True]), np.array([0, 1]))

    def predicted(**changes) -> tuple[int, float]:
        prediction = predict("knn", points, split, replace(FLAT, **changes))
        return int(prediction.labels[0]), float(prediction.confidence[0])

    assert predicted(k=1) == (1, 1.0)
    assert predicted(k=3) == (0, pytest.approx(2 / 3))
    near, votes = 1 / 0.4, 1 / 0.6 + 1 / 2.6
    assert predicted(k=3, weights="distance") == (1, pytest.approx(near / (near + votes)))
    assert predicted(k=25) == (0, 0.5)


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_knn_is_scikit_learn_s_called_by_hand(new_people, metric, weights) -> None:
    settings = Settings(k=5, metric=metric, weights=weights)
    comparison = tasks.compare(new_people, settings)
    split, vectors = comparison.split, new_people.vectors
    hand = KNeighborsClassifier(5, metric=metric, weights=weights)
    hand.fit(vectors[split.gallery], new_people.labels[split.gallery])
    np.testing.assert_array_equal(comparison.predictions["knn"].labels, hand.predict(vectors[split.queries]))
    distances, nearest = hand.kneighbors(vectors[split.queries])
    np.testing.assert_allclose(comparison.distances, distances, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(comparison.neighbours, split.gallery[nearest])


def test_the_linear_head_is_scikit_learn_s_called_by_hand(new_people) -> None:
    split, predictions = divide(new_people, Settings()), tasks.predict_learned(new_people, Settings(k=7))
    hand = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    hand.fit(new_people.vectors[split.gallery], split.labels)
    np.testing.assert_array_equal(predictions["linear"].labels, hand.predict(new_people.vectors[split.queries]))


def test_on_people_that_nobody_was_trained_on_every_head_names_most(new_people) -> None:
    """An embedding that served only its own 48 people would be none: 20 new ones, 5 pictures each enrolled."""
    rates = {head: [] for head in LEARNERS}
    for seed in range(3):
        settings = Settings(k=1, people=20, samples=5, seed=seed)
        split = divide(new_people, settings)
        truth = new_people.labels[split.queries]
        for head in LEARNERS:
            rates[head].append((predict(head, new_people, split, settings).labels == truth).mean())
    assert all(np.mean(draws) >= 0.9 for draws in rates.values()), rates


def test_the_network_s_own_softmax_knows_its_people_without_pictures(known_people, new_people) -> None:
    comparison = tasks.compare(known_people, Settings(samples=1))
    truth = known_people.labels[comparison.split.queries]
    softmax = tasks.predict_learned(known_people, Settings(samples=1))["softmax"]
    assert (softmax.labels == truth).mean() > 0.95
    assert (comparison.predictions["knn"].labels == truth).mean() < (softmax.labels == truth).mean()
    assert "softmax" not in tasks.predict_learned(new_people, Settings())
    split = divide(new_people, Settings())
    with pytest.raises(NeighbourError, match="no output"):
        predict("softmax", new_people, split, Settings())


def test_pca_is_fitted_to_the_enrolled_alone(new_people) -> None:
    grey = replace(new_people, embedding="pca", vectors=np.random.default_rng(0).random((400, 64), np.float32))
    split = divide(grey, Settings(samples=3))
    before = inputs(grey, split.gallery)
    changed = grey.vectors.copy()
    changed[split.queries[0]] += 5
    after = inputs(replace(grey, vectors=changed), split.gallery)
    np.testing.assert_allclose(before[split.gallery], after[split.gallery])
    assert before.shape == (400, 50)
    np.testing.assert_allclose(before[split.gallery].std(axis=0, ddof=1), 1, rtol=1e-3)


def test_the_linear_head_learns_the_same_with_pauses(new_people) -> None:
    split, heads = divide(new_people, Settings()), []
    enrolled, asked = new_people.vectors[split.gallery], new_people.vectors[split.queries]

    def paused():
        heads.append((yield from trained_linear(enrolled, split.labels)))

    pauses = list(paused())
    assert pauses and not any(pauses)
    shares = [head.predict_proba(asked) for head in (heads[0], linear().fit(enrolled, split.labels))]
    np.testing.assert_allclose(*shares, atol=0.02)


def test_the_perceptron_learns_live_and_can_be_cancelled(new_people) -> None:
    reports = []
    history = tasks.train_perceptron(
        new_people, Settings(), 20, lambda step, steps, **values: reports.append((step, steps, values))
    )
    assert [step for step, _, _ in reports] == list(range(1, 21))
    assert history.loss[-1] < history.loss[0] / 4 and history.accuracy[-1] > history.accuracy[0]
    assert reports[-1][2]["accuracy"] == pytest.approx(history.accuracy[-1])

    def cancel(*_, **__):
        raise Cancelled

    with pytest.raises(Cancelled):
        tasks.train_perceptron(new_people, Settings(), 20, cancel)


# --- indexes ----------------------------------------------------------------------------------------------------------


def test_indexes_find_the_same_neighbours_as_brute_force() -> None:
    rng = np.random.default_rng(0)
    vectors, queries = (unit(rng.normal(size=(count, 16)).astype(np.float32)) for count in (500, 50))
    nearest = np.argsort(((queries[:, None] - vectors) ** 2).sum(axis=2), axis=1)[:, :3]
    for name, build in INDEXES.items():
        search, memory = build(vectors, 3)
        distances, rows = search(queries)
        assert (rows == nearest).mean() > (0.95 if name == "hnsw" else 0.999), name
        expected = np.linalg.norm(queries - vectors[rows[:, 0]], axis=1)
        np.testing.assert_allclose(distances[:, 0], expected, atol=1e-3)
        assert memory >= vectors.nbytes
    assert hnsw(vectors, 1)[1] > brute_force(vectors, 1)[1] == 500 * 16 * 4


def test_unit_vectors_rank_by_euclid_as_by_cosine(new_people) -> None:
    vectors = new_people.vectors[:60]
    flat = unit(vectors)
    np.testing.assert_allclose(np.linalg.norm(flat, axis=1), 1, rtol=1e-5)
    squares = ((flat[:, None] - flat) ** 2).sum(axis=2)
    np.testing.assert_allclose(squares, 2 * (1 - flat @ flat.T), atol=1e-4)
    assert (unit(np.zeros((1, 3), np.float32)) == 0).all()


# --- constraints ------------------------------------------------------------------------------------------------------


class Results(dict[str, Result]):
    """Every experiment, small, made when it is looked at."""

    def __init__(self, new_people: Collection, known_people: Collection) -> None:
        self.new_people, self.known_people = new_people, known_people

    def __missing__(self, name: str) -> Result:
        people = self.known_people if name == "erasure" else self.new_people
        if CONSTRAINTS[name].in_crowd:
            crowd = tasks.embed_crowd(MINIFACE)
            rows = crowd.labels < 30
            few = Album("new", crowd.labels[rows], crowd.album.names[:30], crowd.album.groups[:30])
            people = Collection(few, "MiniFace", crowd.vectors[rows], crowd.classes[:30])
        left: list[int] = []
        self[name] = run(name, people, Settings(people=8, samples=5), 2, lambda step, steps: left.append(steps - step))
        remaining = list(dict.fromkeys(left))  # a head that learns for long says in between that it goes on
        assert remaining == sorted(remaining, reverse=True) and remaining[-1] == 0, name
        return self[name]


@pytest.fixture(scope="session")
def results(new_people, known_people) -> Results:
    return Results(new_people, known_people)


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_a_constraint_has_its_experiment_and_gives_its_measures(results, name: str) -> None:
    result = results[name]
    assert getattr(constraints, name).__name__ == name and result.constraint == name
    assert tuple(result.measures) == CONSTRAINTS[name].measures
    for measure, heads in result.measures.items():
        for values in heads.values():
            assert values.shape == (2, len(result.steps)), measure
            if MEASURES[measure].unit == "share":
                assert ((values >= 0) & (values <= 1) | np.isnan(values)).all(), measure


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
    measures, sizes = results["crowd"].measures, results["crowd"].steps
    assert sizes.tolist() == [10, 30, 100, 300]
    np.testing.assert_array_equal(measures["accuracy"]["brute"], measures["accuracy"]["ball_tree"])
    assert (measures["bytes"]["brute"][0] == sizes * 128 * 4).all()
    assert np.isnan(measures["accuracy"]["linear"][:, 0]).all()  # one person: nothing to learn


def test_letting_more_strangers_in_lets_more_known_people_in(results) -> None:
    for head, values in results["strangers"].measures["identified"].items():
        assert (np.diff(values, axis=1) >= 0).all(), head


def test_the_same_seed_gives_the_same_result(new_people) -> None:
    settings = Settings(people=6, samples=3)
    first, again, other = (
        run("strangers", new_people, replace(settings, seed=seed), 1).measures["identified"]["knn"]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_crowd_needs_enough_pictures_of_each(new_people) -> None:
    rows = np.arange(0, 400, 2)
    half = replace(new_people, album=replace(new_people.album, labels=new_people.labels[rows]))
    with pytest.raises(NeighbourError, match="at least 11"):
        run("crowd", half, Settings())


def test_verdict_by_hand() -> None:
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
    rates = verification_rates(np.array([1.0, 2.0, 5.0]), np.array([3.0, 6.0, 7.0]))
    assert rates.equal_error == pytest.approx(1 / 3)
    assert 3 <= rates.threshold <= 5
    assert verification_rates(np.array([1.0, 2.0]), np.array([3.0, 4.0])).equal_error == 0


def test_pairs_against_scikit_learn(new_people) -> None:
    rows = np.arange(0, 400, 5)
    vectors, labels = new_people.vectors[rows], new_people.labels[rows]
    compared = pairs(vectors, labels, "cosine")
    assert len(compared.same) + len(compared.other) == 80 * 79 // 2
    assert len(compared.same) == 20 * 6
    truth = np.r_[np.ones(len(compared.same)), np.zeros(len(compared.other))]
    area = np.trapezoid(compared.roc.true_positive_rate, compared.roc.false_positive_rate)
    assert area == pytest.approx(roc_auc_score(truth, -np.r_[compared.same, compared.other])) and area > 0.9
    wrong = (compared.same > compared.threshold).mean(), (compared.other < compared.threshold).mean()
    np.testing.assert_allclose(wrong, compared.equal_error, atol=0.01)


def test_hiding_a_place_moves_two_pictures_of_a_person_apart() -> None:
    network, reports = load(MINIFACE), []
    first, second = (faces.render_capture(5000, album.SEED, capture, 112)[0] for capture in (0, 1))
    other = embed(network, second[None])[0]
    occluded = occlusion(network, first, other, "cosine", 4, size=0.25, report=lambda *step: reports.append(step))
    assert occluded.shape == (4, 4) and reports[0] == (0, 16)
    hidden = first.copy()
    hidden[28:56, 56:84] = 0.5
    apart = [1 - code @ other / np.linalg.norm(code) / np.linalg.norm(other)
             for code in embed(network, np.stack([first, hidden]))]  # fmt: skip
    assert occluded[1, 2] == pytest.approx(apart[1] - apart[0], abs=1e-4)
    assert occluded.max() > 0.02
    five = tasks.embed_source(MINIFACE, NETWORK, "new", 5)
    same = tasks.verify(MINIFACE, five, Settings(people=5), (0, 0), 4)
    assert same.distance == pytest.approx(0, abs=1e-5) and len(same.maps) == 2


# --- maps -------------------------------------------------------------------------------------------------------------


def test_projections_keep_people_together(new_people) -> None:
    rows = np.flatnonzero(new_people.labels < 4)
    reports = []
    for method in PROJECTIONS:
        points = project(new_people.vectors[rows], method, 2, report=lambda *step: reports.append(step))
        assert points.shape == (len(rows), 2) and np.isfinite(points).all()
        nearest = KNeighborsClassifier(1).fit(points[::2], new_people.labels[rows][::2])
        assert nearest.score(points[1::2], new_people.labels[rows][1::2]) > (0.4 if method == "pca" else 0.8), method
    assert (0, 1000) in reports and (0, 300) in reports and max(reports)[0] >= 299
    assert project(new_people.vectors[rows], "pca", 3).shape == (len(rows), 3)


def test_what_is_left_out_of_a_map_has_no_place(new_people) -> None:
    settings = Settings(people=5, samples=2)
    split = divide(new_people, settings)
    points = tasks.project(new_people, settings, "pca", 2)
    inside = np.isin(np.arange(400), np.r_[split.gallery, split.queries])
    np.testing.assert_array_equal(np.isfinite(points).all(axis=1), inside)


def test_regions_of_two_people_on_a_plane() -> None:
    points = np.array([[0, 0], [0, 1], [4, 0], [4, 1], [1, 0], [3, 1]], np.float32)
    labels = np.array([0, 0, 1, 1, 0, 1])
    split = Split(np.arange(4), labels[:4], np.array([4, 5]), np.array([True, True]), np.array([0, 1]))
    map_regions = regions(points, labels, split, FLAT)
    assert map_regions.accuracy == {"knn": 1, "linear": 1}
    for predicted in map_regions.labels.values():
        assert predicted.shape == (CELLS, CELLS)
        assert (predicted[:, : CELLS // 2 - 1] == 0).all() and (predicted[:, CELLS // 2 + 1 :] == 1).all()
    assert map_regions.x[0] < 0 < 4 < map_regions.x[-1]


# --- real faces -------------------------------------------------------------------------------------------------------

ORL = DATA / "faces" / "orl"


@pytest.mark.skipif(not ORL.exists(), reason=f"no real faces at {ORL}")
def test_an_embedding_serves_the_people_that_its_network_learned_from() -> None:
    """Real faces: one that learned from real ones (of which its publisher's say 99.5 %) beside ours, which learned from
    drawn ones, eigenfaces and pixels.
    """
    file = str(DATA / "weights" / "mobilefacenet_insightface.keras")
    real_network = inspect(file).entry(file, "MobileFaceNet", "bytes", "face")
    files = sorted(ORL.glob("s*/*.pgm"))
    grey = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) / np.float32(255) for file in files]
    real = album.named("own", [image[10:102] for image in grey], [file.parent.name for file in files])
    rates = {}
    networks = [(entry, NETWORK) for entry in (real_network, MINIFACE, UNTRAINED)]
    for entry, embedding in (*networks, (MINIFACE, "pca"), (MINIFACE, "pixels")):
        collection = tasks.embed_album(entry, embedding, real)
        settings = Settings(k=1, people=40, samples=5)
        split = divide(collection, settings)
        prediction = predict("knn", collection, split, settings)
        rates[collection.embedding] = float((prediction.labels == collection.labels[split.queries]).mean())
    print(rates)
    assert from_uint8(real.pixels).max() <= 1 and len(real.names) == 40
    assert rates["MobileFaceNet"] > 0.97 > 0.95 > rates["pca"] > 0.8 > rates["MiniFace"]
