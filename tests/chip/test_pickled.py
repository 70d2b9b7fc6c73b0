"""Pickles: Python 2's are read, hostile ones are refused."""

from __future__ import annotations

import builtins
import os
import pickle
import pickletools
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.chip.pickled import NAMES, dumps_triple, loads_triple

SCORE = np.arange(120, dtype=np.uint8).reshape(10, 4, 3)
GOOD = dumps_triple(24.0, 18_375, SCORE)


class Reduces:
    """Pickles as a call."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def with_array_parts(
    shape: bytes = b"(K\x02t", dtype: bytes = b"U\x02u1", contents: bytes = b"U\x02ab"
) -> bytes:
    return (
        b"\x80\x02G@8\x00\x00\x00\x00\x00\x00K\x01cnumpy.core.multiarray\n_reconstruct\n"
        b"cnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01" + shape + b"cnumpy\ndtype\n" + dtype
        + b"K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + contents + b"tb\x87."
    )  # fmt: skip


def test_what_is_dumped_loads() -> None:
    rate, nsamps, score = loads_triple(GOOD)
    assert (rate, nsamps) == (24.0, 18_375)
    assert score.dtype == np.uint8
    assert score.flags.writeable
    assert np.array_equal(score, SCORE)


def test_a_dump_names_only_what_python_2_s_numpy_has() -> None:
    opcodes = list(pickletools.genops(GOOD))
    assert {argument for opcode, argument, _ in opcodes if opcode.name == "GLOBAL"} == {
        "numpy.core.multiarray _reconstruct",
        "numpy ndarray",
        "numpy dtype",
    }
    assert max(opcode.proto for opcode, _, _ in opcodes) == 2
    assert not any("UNICODE" in opcode.name or "BYTES" in opcode.name for opcode, _, _ in opcodes)


def test_a_dump_is_a_pickle_of_numpy_s_own() -> None:
    rate, nsamps, score = pickle.loads(GOOD, encoding="latin1")
    assert (rate, nsamps) == (24.0, 18_375)
    assert np.array_equal(score, SCORE)


def test_a_pickle_of_python_2_loads() -> None:
    # pickle.dumps((24.0, 7, array)) of Python 2.7, numpy 1.16; and with numpy's numbers.
    old = (
        b"(F24.0\nI7\ncnumpy.core.multiarray\n_reconstruct\np1\n(cnumpy\nndarray\np2\n(I0\ntS'b'\n"
        b"tRp3\n(I1\n(I1\nI4\ntcnumpy\ndtype\np4\n(S'u1'\nI0\nI1\ntRp5\n(I3\nS'|'\nNNNI-1\nI-1\n"
        b"I0\ntbI00\nS'\\x00<\\xff\\x01'\ntbtp6\n."
    )
    rate, nsamps, score = loads_triple(old)
    assert (rate, nsamps) == (24.0, 7)
    assert score.tolist() == [[0, 60, 255, 1]]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("order", ["C", "F"])
def test_pickles_of_python_3_load(protocol: int, order: Any) -> None:
    data = pickle.dumps((24.0, 9, np.asarray(SCORE, order=order)), protocol)
    assert np.array_equal(loads_triple(data)[2], SCORE)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numpy_s_numbers_are_numbers(protocol: int) -> None:
    data = pickle.dumps((np.float32(24.0), np.int64(9), SCORE), protocol)
    assert loads_triple(data)[:2] == (24.0, 9)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        (os.system, ("touch {}",), "system"),
        (builtins.eval, ("open({!r}, 'w')",), "eval"),
        (builtins.open, ("{}", "w"), "open"),
        (os.mkdir, ("{}",), "mkdir"),
        (builtins.getattr, (os, "system"), "getattr"),
        (np.fromfile, ("{}",), "fromfile"),
    ],
)
def test_a_call_is_refused_by_name_and_not_made(
    function: Callable[..., Any], arguments: tuple[Any, ...], name: str, protocol: int,
    tmp_path: Path,
) -> None:  # fmt: skip
    target = tmp_path / "made"
    arguments = tuple(part.format(target) for part in arguments if isinstance(part, str))
    for hostile in (
        Reduces(function, *arguments),
        (24.0, 9, Reduces(function, *arguments)),
        (24.0, 9, [{"deep": (SCORE, Reduces(function, *arguments))}]),
    ):
        with pytest.raises(ValueError, match=rf"pickle names \S*{name}, which no score needs"):
            loads_triple(pickle.dumps(hostile, protocol))
    assert not target.exists()


def test_the_names_it_knows_are_not_the_things_themselves() -> None:
    for module, name in NAMES:
        data = f"c{module}\n{name}\n.".encode()
        with pytest.raises(ValueError, match=r"not \(rate, nsamps, array\)"):
            loads_triple(data)
    assert not any(record in {np.ndarray, np.dtype} for record in NAMES.values())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pickle.dumps((24.0, 9, np.array([object, None])), 2), "which no score needs: refused"),
        (pickle.dumps((24.0, 9, np.array([None, 3])), 2), "array is of type 'O8'"),
        (pickle.dumps((24.0, 9, np.array(["ab"])), 2), "array is of type 'U2'"),
        (with_array_parts(shape=b"(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ft"), "has 2 bytes"),
        (with_array_parts(shape=b"(J\xff\xff\xff\xfft"), "array without a shape"),
        (with_array_parts(shape=b"(U\x01at"), "array without a shape"),
        (with_array_parts(shape=b"N"), "array without a shape"),
        (with_array_parts(shape=b"(K\x03t"), r"array of shape \(3,\) has 2 bytes"),
        (with_array_parts(shape=b"(K\x00" + 40 * b"K\x01" + b"t"), "bytes of contents"),
        (with_array_parts(dtype=b"U\x01O"), "array is of type 'O'"),
        (with_array_parts(dtype=b"U\x06u1,u1,"), "array is of type 'u1,u1,'"),
        (with_array_parts(contents=b"N"), "contents are nonetype, not bytes"),
        (with_array_parts(contents=b"X\x03\x00\x00\x00\xe2\x82\xac"), "contents are str"),
        (b"\x80\x02K\x01r\xff\xff\xff\x7f.", "holds int, not"),
        (b"I1\np99999999999999\n.", "holds int, not"),
        (b"", "."),
        (b".", "."),
        (b"hello, this is no pickle", "."),
        (b"\x80\xff.", "."),
        (pickle.dumps([24.0, 9, SCORE]), r"holds list, not \(rate, nsamps, array\)"),
        (pickle.dumps((24.0, 9)), r"holds tuple, not \(rate, nsamps, array\)"),
        (pickle.dumps(("24", 9, SCORE)), "rate is a str, not a number"),
        (pickle.dumps((24.0, 9.5, SCORE)), "nsamps is a float, not a whole number"),
        (pickle.dumps((24.0, True, SCORE)), "nsamps is a bool"),
        (pickle.dumps((24.0, 9, SCORE.tolist())), "score is a list, not an array"),
    ],
)
def test_foreign_and_hostile_pickles_are_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        loads_triple(data)
    assert "\n" not in str(caught.value)


def test_a_made_up_memo_index_takes_no_memory() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="holds int, not"):
            loads_triple(b"\x80\x02K\x01r\xff\xff\xff\x7f.")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_a_truncated_pickle_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads_triple(GOOD[:length])


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_damaged_byte_gives_a_triple_or_a_value_error(at: int, value: int) -> None:
    try:
        rate, nsamps, score = loads_triple(GOOD[:at] + bytes([value]) + GOOD[at + 1 :])
    except ValueError:
        return
    assert isinstance(rate, float)
    assert isinstance(nsamps, int)
    assert isinstance(score, np.ndarray)
