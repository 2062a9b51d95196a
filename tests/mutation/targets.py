"""Find one place in a module by its qualified name and what it is, and change the source there.

A target is `module:qualified.name` of a function, a class or an assigned name. What is changed in it is a part:

| part       | what becomes something else                     | `at` picks one of several                         |
| ---------- | ----------------------------------------------- | ------------------------------------------------- |
| value      | what is assigned                                | the variable, if the target is a function         |
| condition  | the test of `if`, `while`, `a if c else b`, `for ... if` | an expression in the test                |
| compare    | one comparison                                  | an expression in it                               |
| return     | what is returned                                | an expression in it, or in the `if` it stands in  |
| statement  | a simple statement; nothing instead removes it  | an expression in it, or in the `if` it stands in  |
| argument   | arguments of a call, by position or keyword     | the function that is called, or the whole call    |
| expression | one expression                                  | that expression, all of it                        |
| body       | all that a function does                        |                                                   |

`at` is compared as a syntax tree, so layout, quotes and parentheses never matter; a part that is all of `at` goes
before parts that contain it. Anything but one match is a `TargetError`. Every line keeps its number.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Edit = tuple[ast.AST, ast.AST, str]  # (first node, last node, what stands there instead)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class TargetError(LookupError):
    """A target is gone, is ambiguous, or is not changed by what it becomes."""


@dataclass(frozen=True)
class Part:
    """A place that may be meant: the node that is replaced, and the nodes in which `at` is looked for."""

    node: ast.AST
    searched: tuple[ast.AST, ...]


def changed(source: str, name: str, part: str, at: str, becomes: str | Mapping[str, str]) -> str:
    """The source of a module with one part of one definition replaced.

    Args:
        source: the module's text.
        name: qualified name in the module, as `Class.method` or `CONSTANT`.
        part: a row of the table above.
        at: an expression, empty where the part is the only one of its kind.
        becomes: Python source on one line; for entries of a dict or arguments of a call a mapping of key to source.

    Raises:
        TargetError: the name or part is gone or ambiguous, or nothing changes.
    """
    tree = _parsed(source)
    defined = _definition(tree, name)
    if part == "body":
        edits = _body(defined, name, becomes)
    else:
        found = _the_part(defined, name, part, at)
        if isinstance(becomes, str):
            edits = [(found, found, becomes or "pass" if isinstance(found, ast.stmt) else becomes)]
        else:
            edits = [(old, old, new) for old, new in _entries(found, name, becomes)]
    for first, last, new in edits:
        made = _snippets(new, name)
        if isinstance(first, ast.expr) and not (len(made) == 1 and isinstance(made[0], ast.expr)):
            raise TargetError(f"{name}: becomes = {new!r} is no Python expression")
        if first is last and [_shape(node) for node in made] == [_shape(_bare(first))]:
            raise TargetError(f"{name}: {ast.unparse(first)} is what it would become: nothing would change")
    return _edited(source, edits)


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


def _definition(tree: ast.Module, name: str) -> ast.AST:
    here: ast.AST = tree
    for word in name.split("."):
        named = [(known, node) for known, node in _defined_in(here) if known == word]
        if len(named) != 1:
            lines = ", ".join(str(node.lineno) for _, node in named)  # type: ignore[attr-defined]
            meant = difflib.get_close_matches(word, {known for known, _ in _defined_in(here)}, n=3)
            hint = f"; is {' or '.join(meant)} meant?" if meant else ""
            raise TargetError(
                f"{name}: {word!r} is ambiguous, in lines {lines}" if named else f"{name}: {word!r} is gone{hint}"
            )
        here = named[0][1]
    return here


def _defined_in(scope: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """(name, node) of each function, class and, outside of functions, assigned value; not of those further inside."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, _DEFINITIONS):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from ((t.id, value) for t, value in _assigned(node) if isinstance(t, ast.Name))
        elif isinstance(node, ast.stmt | ast.ExceptHandler):
            yield from _defined_in(node)


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """(target, value) of an assignment, one by one where a tuple is assigned to a tuple."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]
    if node.value is None:  # type: ignore[attr-defined]
        return
    for target in targets:
        value = node.value  # type: ignore[attr-defined]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            yield from zip(target.elts, value.elts, strict=True)
        else:
            yield target, value


def _the_part(defined: ast.AST, name: str, part: str, at: str) -> ast.AST:
    if part not in _KINDS:
        raise TargetError(f"{name}: there is no part {part!r}; expected body, {', '.join(_KINDS)}")
    parts = _KINDS[part](defined)
    if at:
        wanted = _shape(_snippets(at, name)[0])
        exact = [p for p in parts if any(_shape(node) == wanted for node in p.searched)]
        if part in ("expression", "argument") or (part == "value" and isinstance(defined, _DEFINITIONS)):
            parts = exact
        else:
            parts = exact or [p for p in parts if any(_contains(node, wanted) for node in p.searched)]
    if len(parts) != 1:
        places = "".join(f"\n  line {p.node.lineno}: {ast.unparse(p.node)}" for p in parts)  # type: ignore[attr-defined]
        trouble = f"is ambiguous:{places}" if parts else "is gone"
        raise TargetError(f"{name}: the {part}{f' at `{at}`' if at else ''} {trouble}")
    return parts[0].node


def _snippets(text: str, name: str) -> list[ast.AST]:
    """The statements of a piece of source; of one that is an expression, that expression."""
    try:
        return [_bare(node) for node in ast.parse(text).body]
    except (SyntaxError, ValueError):
        raise TargetError(f"{name}: {text!r} is no Python source") from None


def _bare(node: ast.AST) -> ast.AST:
    return node.value if isinstance(node, ast.Expr) else node


@cache
def _shape(node: ast.AST) -> tuple[object, ...]:
    """What the node says, without where: `x` that is assigned and `x` that is read are one expression here."""
    values = (value for name, value in ast.iter_fields(node) if name != "ctx")
    return (type(node), *(_said(value) for value in values))


def _said(value: object) -> object:
    if isinstance(value, ast.AST):
        return _shape(value)
    return tuple(map(_said, value)) if isinstance(value, list) else (type(value), value)


def _contains(node: ast.AST, wanted: tuple[object, ...]) -> bool:
    return any(_shape(inner) == wanted for inner in ast.walk(node))


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below that have a place of their own in the source; those inside of f-strings have none."""
    for inner in ast.iter_child_nodes(node):
        yield inner
        if not isinstance(inner, ast.JoinedStr):
            yield from _nodes(inner)


def _guarded(defined: ast.AST, kind: type[ast.stmt] | tuple[type[ast.stmt], ...]) -> Iterator[tuple[ast.stmt, ...]]:
    """Each statement of a kind, with the condition of the `if` in whose first branch it stands."""
    guards = {id(s): n.test for n in _nodes(defined) if isinstance(n, ast.If) for s in n.body}
    for node in _nodes(defined):
        if isinstance(node, kind):
            yield (node, *((guards[id(node)],) if id(node) in guards else ()))


def _values(defined: ast.AST) -> list[Part]:
    if not isinstance(defined, _DEFINITIONS):
        return [Part(defined, (defined,))]
    assignments = (n for n in _nodes(defined) if isinstance(n, ast.Assign | ast.AnnAssign | ast.AugAssign))
    return [Part(value, (target,)) for node in assignments for target, value in _assigned(node)]


def _conditions(defined: ast.AST) -> list[Part]:
    tests: list[ast.expr] = []
    for node in _nodes(defined):
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            tests.append(node.test)
        elif isinstance(node, ast.comprehension):
            tests += node.ifs
    return [Part(test, (test,)) for test in tests]


def _compares(defined: ast.AST) -> list[Part]:
    return [Part(node, (node,)) for node in _nodes(defined) if isinstance(node, ast.Compare)]


def _returns(defined: ast.AST) -> list[Part]:
    return [
        Part(node.value, (node.value, *guard))
        for node, *guard in _guarded(defined, ast.Return)
        if isinstance(node, ast.Return) and node.value is not None
    ]


def _statements(defined: ast.AST) -> list[Part]:
    simple = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Raise, ast.Delete, ast.Assert)
    return [Part(node, (node, *guard)) for node, *guard in _guarded(defined, simple)]


def _calls(defined: ast.AST) -> list[Part]:
    return [Part(node, (node.func, node)) for node in _nodes(defined) if isinstance(node, ast.Call)]


def _expressions(defined: ast.AST) -> list[Part]:
    return [Part(node, (node,)) for node in _nodes(defined) if isinstance(node, ast.expr)]


_KINDS = {
    "value": _values,
    "condition": _conditions,
    "compare": _compares,
    "return": _returns,
    "statement": _statements,
    "argument": _calls,
    "expression": _expressions,
}


def _body(defined: ast.AST, name: str, becomes: str | Mapping[str, str]) -> list[Edit]:
    if not isinstance(defined, ast.FunctionDef | ast.AsyncFunctionDef) or not isinstance(becomes, str):
        raise TargetError(f"{name}: only a function has a body that can be replaced by statements")
    said = len(defined.body) > 1 and ast.get_docstring(defined, clean=False) is not None
    return [(defined.body[1 if said else 0], defined.body[-1], becomes)]


def _entries(node: ast.AST, name: str, becomes: Mapping[str, str]) -> list[tuple[ast.AST, str]]:
    """(node, what it becomes) for values of a dict by key, and arguments of a call by keyword or position."""
    known: Mapping[str, ast.AST] = {}
    if isinstance(node, ast.Dict):
        known = {str(k.value): v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant)}
    elif isinstance(node, ast.Call):
        known = {str(i): arg for i, arg in enumerate(node.args)} | {k.arg: k.value for k in node.keywords if k.arg}
    gone = [key for key in becomes if key not in known]
    if gone:
        raise TargetError(f"{name}: {', '.join(gone)} is gone; expected one of {', '.join(known) or 'no keys at all'}")
    return [(known[key], new) for key, new in becomes.items()]


def _edited(source: str, edits: list[Edit]) -> str:
    """The source with nodes replaced; what is shorter than before is filled up with empty lines."""
    raw = source.encode()
    starts = [0]
    for line in raw.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    places = []
    for first, last, becomes in edits:
        lost = "\n" * (last.end_lineno - first.lineno)  # type: ignore[attr-defined]
        new = f"({lost}{becomes})" if isinstance(first, ast.expr) else becomes + lost
        start = starts[first.lineno - 1] + first.col_offset  # type: ignore[attr-defined]
        places.append((start, starts[last.end_lineno - 1] + last.end_col_offset, new))  # type: ignore[attr-defined]
    for start, end, new in sorted(places, reverse=True):
        raw = raw[:start] + new.encode() + raw[end:]
    return raw.decode()
