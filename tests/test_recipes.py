"""The recipes of CONTRIBUTING are true: a toy of every kind, added by exactly the steps that are written, is tested by
the tests over the tables and passes them; and a page is deleted by deleting what is written.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = tuple(folder.name for folder in (ROOT / "assets" / "lessons").iterdir())
LESSON = """# A toy

## idea

It shows nothing.

## formula

$$a = a$$

## try

1. Choose **Language**.

## questions

### What is shown?

Look again.

## references

- [Nobody 2026, Nothing](https://example.org)
"""


class Project:
    """A copy of the project, which notes the files that are written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.touched: set[str] = set()
        files = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for name in filter(None, files.decode().split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, folder / name)

    def write(self, file: str, text: str) -> None:
        """A new file."""
        path = self.folder / file
        assert not path.exists(), f"{file} exists already"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.touched.add(file)

    def insert(self, file: str, before: str, text: str) -> None:
        """Some lines into a file, before the first line that begins with `before`."""
        path = self.folder / file
        content = path.read_text(encoding="utf-8")
        place = re.search(rf"^{re.escape(before)}", content, re.MULTILINE)
        assert place, f"{file} has no line that begins with {before!r}"
        path.write_text(content[: place.start()] + text + content[place.start() :], encoding="utf-8")
        self.touched.add(file)

    def append(self, file: str, text: str) -> None:
        """Some lines at the end of a file."""
        path = self.folder / file
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
        self.touched.add(file)

    def pytest(self, *arguments: str) -> ElementTree.Element:
        """The results of some tests of the copy, in pytest's own XML."""
        report = self.folder / "results.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", f"--junitxml={report}"]
        done = subprocess.run([*command, *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        assert report.exists(), done.stdout + done.stderr
        results = ElementTree.parse(report).getroot()
        report.unlink()
        return results


def failures(suite: ElementTree.Element) -> list[str]:
    """The tests of a suite that failed or ended with an error."""
    return [case.attrib["name"] for case in suite if case.find("failure") is not None or case.find("error") is not None]


def method(project: Project, name: str) -> None:
    project.write(
        f"core/attribution/{name}.py",
        f'''"""How bright every pixel is, whatever the network says."""

import numpy as np

from core.attribution import SaliencyMap
from core.networks.network import Network


def {name}(network: Network, image: np.ndarray, class_index: int | None = None) -> SaliencyMap:
    """The mean of the inputs' colours, from 0 on."""
    bright = network.inputs(image)[0].mean(axis=-1)
    return SaliencyMap(bright - bright.min(), None, None, calls=1)
''',
    )
    project.insert(
        "core/attribution/__init__.py",
        ")\nMETHODS:",
        f"""    Method(
        name="{name}",
        title="Brightness",
        family="activations",
        paper="Nobody 2026, Nothing",
        link="https://example.org",
        per_class=False,
    ),
""",
    )
    for language in LANGUAGES:
        project.insert(f"assets/lessons/{language}/ui.toml", "grad_cam =", f'{name} = "How bright a pixel is."\n')


def network(project: Project, name: str) -> None:
    project.write(
        f"core/networks/{name}.py",
        '''"""One convolution and its global average."""

import keras


def build() -> keras.Model:
    """The network with random weights, from images to the logits of five classes."""
    inputs = keras.Input((32, 32, 3))
    start = keras.initializers.GlorotUniform(seed=0)
    x = keras.layers.Conv2D(5, 3, activation="relu", kernel_initializer=start, name="maps")(inputs)
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    return keras.Model(inputs, keras.layers.Dense(5, name="logits")(x))
''',
    )
    project.insert(
        "core/networks/table.py",
        ")\nNETWORKS:",
        f"""    Entry(
        name="{name}",
        title="A toy",
        builder="core.networks.{name}:build",
        arguments=(),
        preprocessing="unit",
        names=tuple("abcde"),
        classes=5,
        input_size=32,
        default_layer="maps",
        embedding_layer="embedding",
        subject="object",
        parameters=170,
    ),
""",
    )


def page(project: Project, name: str) -> None:
    project.write(
        f"pages/see/{name}.py",
        f'''"""A toy."""

from dashboard.shared import lesson

lesson.opening("{name}")
lesson.closing("{name}", ("core.images:resize",))
''',
    )
    for language in LANGUAGES:
        project.write(f"assets/lessons/{language}/{name}.md", LESSON.replace("Language", LANGUAGE_LABELS[language]))
        project.write(f"assets/lessons/{language}/{name}.toml", f'[pages]\n{name} = "A toy"\n')
    project.insert("dashboard/navigation.py", '    Page("training"', f'    Page("{name}", "see"),\n')


LANGUAGE_LABELS = {
    folder.name: re.search(r'^language = "(.+)"$', (folder / "ui.toml").read_text(encoding="utf-8"), re.MULTILINE)[1]
    for folder in (ROOT / "assets" / "lessons").iterdir()
}


def language(project: Project, name: str) -> None:
    source = project.folder / "assets" / "lessons" / "en"
    for file in sorted(source.iterdir()):
        text = file.read_text(encoding="utf-8").replace('own_name = "English"', 'own_name = "Toyish"')
        project.write(f"assets/lessons/{name}/{file.name}", text)


def problem(project: Project, name: str) -> None:
    project.insert(
        "core/training/problems.py",
        '}\n"""Name -> problem',
        f"""    "{name}": Problem(
        replace(_SMALL, learning_rate=2e-5),
        lambda run: run.last("validation_accuracy"),
        limit=0.5,
        above=False,
        percent=True,
    ),
""",
    )
    for language in LANGUAGES:
        labels = (f'{kind}_{name} = "Toy"' for kind in ("problem", "see", "measured", "why"))
        project.insert(f"assets/lessons/{language}/training.toml", "problem_rate_too_high", "\n".join(labels) + "\n")


def constraint(project: Project, name: str) -> None:
    project.append(
        "core/neighbours/constraints.py",
        f'''

def {name}(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measurements]:
    """Nothing is made harder."""
    for _ in steps:
        yield {{("accuracy", "knn"): 1.0}}
''',
    )
    project.insert(
        "core/neighbours/table.py",
        '}\n"""Constraints in the order of the lab',
        f'    "{name}": Constraint(("accuracy",), _shots),\n',
    )
    for language in LANGUAGES:
        labels = (f'{name}{end} = "Toy"\n' for end in ("", "_help", "_axis"))
        project.insert(f"assets/lessons/{language}/neighbours.toml", "crowd = ", "".join(labels))


def runtime(project: Project, name: str) -> None:
    file = "core/deployment/runtimes.py"
    project.insert(
        file,
        "READERS",
        f'''def {name}(data: bytes) -> Run:
    """Our own interpreter."""
    return flat.interpreter(data)


''',
    )
    project.insert(file, '        Runtime("cpp"', f'        Runtime("{name}", "Toy", "flat", {name}),\n')
    for language in LANGUAGES:
        project.insert(f"assets/lessons/{language}/deploy.toml", "onnxruntime =", f'{name} = "Toy"\n')


def evaluation(project: Project, name: str) -> None:
    project.append(
        "core/evaluation/tasks.py",
        f'''

def {name}(network: str | Entry) -> int:
    """How many classes there are to explain."""
    return len(load(network).entry.labels)
''',
    )
    project.write(
        f"dashboard/evaluation/{name}.py",
        f'''"""A toy."""

import streamlit as st

from core.evaluation import tasks
from dashboard.shared.frame import Frame
from dashboard.shared.workers import ask


def {name}_test(frame: Frame) -> None:
    """The number of classes."""
    st.metric("toy", ask(tasks.{name}, frame.network))
''',
    )
    table = "dashboard/evaluation/table.py"
    project.insert(table, "from dashboard.shared", f"from dashboard.evaluation.{name} import {name}_test\n")
    project.insert(table, '    "leaderboard":', f'    "{name}": {name}_test,\n')
    for language in LANGUAGES:
        labels = (f'test_{name}{end} = "Toy"\n' for end in ("", "_help"))
        project.insert(f"assets/lessons/{language}/evaluation.toml", "test_deletion = ", "".join(labels))


def component(project: Project, name: str) -> None:
    folder = "dashboard/components/"
    project.write(f"{folder}{name}.py", '"""A toy."""\n')
    project.write(f"{folder}{name}.html", "<p></p>\n")
    project.write(f"{folder}{name}.css", "p {\n  color: inherit;\n}\n")
    project.write(
        f"{folder}{name}.js",
        "export default function ({ data, parentElement }) {\n"
        '  parentElement.querySelector("p").textContent = data;\n}\n',
    )


TOYS: dict[str, tuple[str, Callable[[Project, str], None]]] = {
    "an attribution method": ("toy_method", method),
    "a network": ("toy_network", network),
    "a page": ("toy_page", page),
    "a language": ("xx", language),
    "a training problem": ("toy_problem", problem),
    'a constraint of "kNN or network?"': ("toy_constraint", constraint),
    'a runtime of "Ship it"': ("toy_runtime", runtime),
    "a test of explanations": ("toy_evaluation", evaluation),
    "a component": ("toy_component", component),
}


def recipes() -> dict[str, tuple[list[str], str]]:
    """What CONTRIBUTING says has to be touched to add a thing, and the command that tests it."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (an? [^|]+) \| ([^|]+) \| `(pytest [^|]+)` \|$", text, re.MULTILINE)
    return {
        name: ([word for word in re.findall(r"`([^`]+)`", touch) if "/" in word], command)
        for name, touch, command in rows
    }


def filled(pattern: str, name: str) -> set[str]:
    """The files that a pattern of a recipe stands for."""
    pattern = pattern.replace("<name>", name).replace("<chapter>", "see")
    return {pattern.replace("<language>", language) for language in LANGUAGES}


def test_every_recipe_has_a_toy() -> None:
    assert recipes().keys() == TOYS.keys()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, set[str]]]:
    """The project with all toys, and which files each of them touched."""
    copy, touched = Project(tmp_path_factory.mktemp("project")), {}
    for kind, (name, add) in TOYS.items():
        if kind != "a language":  # by itself: in another language all labels of the other toys would be missing
            copy.touched = set()
            add(copy, name)
            touched[kind] = copy.touched
    copy.touched = set()
    language(copy, TOYS["a language"][0])
    return copy, touched | {"a language": copy.touched}


@pytest.mark.parametrize("kind", TOYS)
def test_a_recipe_says_all_that_is_touched(kind: str, project: tuple[Project, dict[str, set[str]]]) -> None:
    patterns, _ = recipes()[kind]
    written = set().union(*(filled(pattern, TOYS[kind][0]) for pattern in patterns))
    touched = {file if file in written else f"{Path(file).parent}/" for file in project[1][kind]}
    assert touched == written


@pytest.mark.slow
@pytest.mark.parametrize("kind", TOYS)
def test_a_toy_is_tested_by_the_tables_and_passes(kind: str, project: tuple[Project, dict[str, set[str]]]) -> None:
    command = recipes()[kind][1].replace("<name>", TOYS[kind][0])
    suite = project[0].pytest(*shlex.split(command)[1:]).find("testsuite")
    assert suite is not None and int(suite.attrib["tests"]) > 0, f"no test of the toy: {command}"
    assert not failures(suite)


@pytest.mark.slow
def test_a_page_is_deleted_with_its_files(tmp_path: Path) -> None:
    """All other pages and their words stay as they were."""
    copy, name = Project(tmp_path), "populations"
    (copy.folder / "pages" / "look" / f"{name}.py").unlink()
    for language in LANGUAGES:
        for kind in ("md", "toml"):
            (copy.folder / "assets" / "lessons" / language / f"{name}.{kind}").unlink()
    for folder in ("dashboard", "tests/pages"):
        shutil.rmtree(copy.folder / folder / name)
    navigation = copy.folder / "dashboard" / "navigation.py"
    lines = navigation.read_text(encoding="utf-8").splitlines(keepends=True)
    navigation.write_text("".join(line for line in lines if f'Page("{name}"' not in line), encoding="utf-8")
    left = ["tests/core/test_lessons.py", "tests/core/test_imports.py", "tests/pages/shared/test_rooms.py"]
    suite = copy.pytest(*left, "tests/pages/test_pages.py", "-k", "not test_page_shows or home or masks").find(
        "testsuite"
    )
    assert suite is not None and int(suite.attrib["tests"]) > 100
    assert not failures(suite)
