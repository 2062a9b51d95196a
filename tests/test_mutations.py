"""Breaking things on purpose: each break in tests/mutations.toml must turn the tests red that are there for it.

If simulator, catalogue, encoder and decoder only agreed with one another, a break on one side would go unnoticed.
Each case changes one place, found by name and syntax tree, and runs the tests that ought to see it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mutation.rows import Mutation, mutations
from mutation.runs import Done, Runner

MUTATIONS = mutations()
RED = (1, 10, 13)  # failed tests, bench fault, safety trip
BATCH = 12


class Lab:
    """Runs mutations, and makes sure that what turned red did so by its break, and not because it ran here."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self._sound: set[tuple[str, bool]] = set()  # (test, whether in a copy) that are green with nothing broken
        self._red: dict[tuple[str, bool], None] = {}  # still to be run with nothing broken

    def broken(self, mutation: Mutation) -> Done:
        done = self.runner.broken(mutation)
        self._red |= {(node, mutation.needs_a_copy): None for node in done.red}
        if len(self._red) >= BATCH:  # not all of them at the end, where other workers have nothing to do any more
            self.check_nothing_is_red_without_a_break()
        return done

    def check_nothing_is_red_without_a_break(self) -> None:
        red, self._red = self._red, {}
        for copied in (False, True):
            nodes = [node for node, in_copy in red if in_copy is copied and (node, in_copy) not in self._sound]
            if nodes:
                done = self.runner.whole(nodes, copied=copied)
                assert done.code == 0, f"red with nothing broken: {', '.join(done.red)}\n{done.said[-3000:]}"
        self._sound |= set(red)


@pytest.fixture(scope="session")
def lab(forking: Runner) -> Iterator[Lab]:
    made = Lab(forking)
    yield made
    made.check_nothing_is_red_without_a_break()


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


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name.replace(" ", "_"))
def test_break_turns_the_suite_red(mutation: Mutation, lab: Lab) -> None:
    done = lab.broken(mutation)
    assert done.code in RED, done.said[-3000:]
    assert done.red, done.said[-3000:]
