"""Breaking things on purpose: each break in tests/mutations.toml must turn the tests red that are there for it.

If simulator, catalogue, encoder and decoder only agreed with one another, a break on one side would go unnoticed.
Each case changes one place, found by name and syntax tree, and runs the tests that ought to see it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mutation.rows import Mutation, mutations
from mutation.runs import Runner

MUTATIONS = mutations()
RED = (1, 10, 13)  # failed tests, bench fault, safety trip


def folder_of(mutation: Mutation) -> str:
    """Where the tests are that must notice: control runs share what these import."""
    return mutation.seen_by[0].rpartition("/")[0].replace("/", ".")


CONTROLS = sorted({(folder_of(m), m.needs_a_copy) for m in MUTATIONS})


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    made = Runner()
    yield made
    made.close()


def test_every_target_and_every_test_is_there_once() -> None:
    """All at once and without running anything: a rename shows here, with what may be meant."""
    gone = []
    for mutation in MUTATIONS:
        try:
            mutation.text()
            mutation.check_tests()
        except LookupError as error:
            gone.append(f"{mutation.name}: {error}")
    assert not gone, "\n".join(gone)


def test_names_are_unique() -> None:
    assert len({m.name for m in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize(("folder", "copied"), CONTROLS, ids=[f"{f}{'-copied' * c}" for f, c in CONTROLS])
def test_nothing_is_red_without_a_break(folder: str, copied: bool, runner: Runner) -> None:
    """What turns red below does so by its break, and not because it runs there."""
    done = runner.green([m for m in MUTATIONS if (folder_of(m), m.needs_a_copy) == (folder, copied)], copied=copied)
    assert done.code == 0, done.said


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name.replace(" ", "_"))
def test_break_turns_the_suite_red(mutation: Mutation, runner: Runner) -> None:
    done = runner.red(mutation)
    assert done.code in RED, done.said
