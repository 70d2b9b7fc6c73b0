"""Products of small tiles in vectors of 512 bits, in LLVM's own language: the same floats in less time.

On Intel's machines that have such vectors the compiler prefers those of 256 bits. So it makes loops of those in
`gru` that read the rows of `x` anew for every two rows of the matrix. Here four or eight rows share each reading,
and their sums are added up together. Each sum is added in the order of those loops: in 16 parts, in 32 for
fewer than four rows of `x`, which are then added half by half.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features, get_host_cpu_name
from numba.core import cgutils, types
from numba.extending import intrinsic

WIDE = get_host_cpu_features().get("avx512vl", False) and "znver" not in get_host_cpu_name()
"""Whether this machine is one of those; on AMD's the compiler has wide vectors by itself, and another order."""
STEP = 32
"""Of this the columns of a matrix are a multiple."""
LANES = 16
FEW, MANY = 4, 8
"""Rows of the matrix in a tile, for two and four rows of `x`, and for one."""
_ROWS = {1: MANY, 2: FEW, 4: FEW}
"""How many those are, by how many rows of `x` there are."""
_EACH = {1: 2, 2: 2, 4: 1}
"""How many vectors hold the parts of a sum, by how many rows of the product there are."""

_I8, _I32, _I64, _F32 = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.FloatType()


def _vector(kind: ir.Type, lanes: int = LANES) -> ir.VectorType:
    return ir.VectorType(kind, lanes)


@intrinsic
def add_tile(_: Any, w: Any, scale: Any, x: Any, out: Any, row: Any) -> Any:
    """`out[r, i] += (scale * w)[i] @ x[r]` for the rows i of a tile, of which `row` is the first.

    `w` `[n, in]` is int8, `scale` `[n]`, `x` a tuple of 1, 2 or 4 vectors `[in]`, `out` a tuple of as many
    `[n]`, or of 2 or 4: then those of `x` repeat. All are float32 and contiguous. `in` is a multiple of `STEP`.
    Nothing is checked.
    """
    del row
    signature = types.void(w, scale, x, out, types.intp)
    return signature, _add_tile


def _add_tile(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    of_w, of_scale, of_x, of_out, _ = signature.args
    w = context.make_array(of_w)(context, builder, values[0])
    scale = context.make_array(of_scale)(context, builder, values[1]).data
    x, out = (
        [
            context.make_array(kind.dtype)(context, builder, one).data
            for one in cgutils.unpack_tuple(builder, packed, kind.count)
        ]
        for kind, packed in ((of_x, values[2]), (of_out, values[3]))
    )
    row, columns = values[4], cgutils.unpack_tuple(builder, w.shape, 2)[1]
    rows, each = _ROWS[len(x)], _EACH[len(out)]
    firsts = [
        builder.gep(w.data, [builder.mul(builder.add(row, _I64(k)), columns)]) for k in range(rows)
    ]
    parts = _parts(builder, firsts, x, columns, each)
    total, lanes = _sums(builder, parts, each)
    some = _vector(_F32, rows)
    scales = _load(builder, scale, row, some)
    for r, row_of_out in enumerate(out):
        of = r % len(x)
        mine = ir.Constant(_vector(_I32, rows), lanes[of * rows : (of + 1) * rows])
        sums = builder.shuffle_vector(total, ir.Constant(total.type, ir.Undefined), mine)
        now = _fused(builder, scales, sums, _load(builder, row_of_out, row, some))
        at = builder.bitcast(builder.gep(row_of_out, [row]), some.as_pointer())
        builder.store(now, at, align=4)
    return context.get_dummy_value()


def _parts(
    builder: ir.IRBuilder, w: list[ir.Value], x: list[ir.Value], columns: ir.Value, each: int
) -> list[ir.Value]:
    """A loop over the columns that adds up the parts of each sum, `each` vectors, the first row of `x` first."""
    before = builder.block
    loop, after = builder.append_basic_block("columns"), builder.append_basic_block("added")
    builder.branch(loop)
    builder.position_at_end(loop)
    j = builder.phi(_I64)
    j.add_incoming(_I64(0), before)
    zero = ir.Constant(_vector(_F32), [0.0] * LANES)
    parts = [builder.phi(_vector(_F32)) for _ in range(len(x) * len(w) * each)]
    found: list[ir.Value] = []
    steps = [builder.add(j, _I64(LANES * e)) for e in range(each)]
    read = [[_load(builder, one, at, _vector(_F32)) for at in steps] for one in x]
    weights = [
        [builder.sitofp(_load(builder, one, at, _vector(_I8)), _vector(_F32)) for at in steps]
        for one in w
    ]
    for r in range(len(x)):
        for k in range(len(w)):
            for e in range(each):
                found.append(_fused(builder, weights[k][e], read[r][e], parts[len(found)]))
    later = builder.add(j, _I64(LANES * each))
    builder.cbranch(builder.icmp_signed("<", later, columns), loop, after)
    j.add_incoming(later, loop)
    for part, value in zip(parts, found, strict=True):
        part.add_incoming(zero, before)
        part.add_incoming(value, loop)
    builder.position_at_end(after)
    return found


def _sums(builder: ir.IRBuilder, parts: list[ir.Value], each: int) -> tuple[ir.Value, list[int]]:
    """The sum of every `each` vectors' lanes, all of them in one vector, and in which lane each is."""
    labels = [[at // each] for at in range(len(parts))]
    if each == 2:
        parts, labels = _halve(builder, parts, labels, LANES)
        labels = [names[:1] for names in labels]
    width = LANES
    while width > 1:
        parts, labels = _halve(builder, parts, labels, width)
        width //= 2
    (total,), (names,) = parts, labels
    return total, [names.index(i) for i in range(max(names) + 1)]


def _halve(
    builder: ir.IRBuilder, vectors: list[ir.Value], labels: list[list[int]], width: int
) -> tuple[list[ir.Value], list[list[int]]]:
    """Add the halves of all runs of `width` lanes, of two vectors into one.

    `labels` says of each vector which sums its runs are of; so does what is returned.
    """
    found, names, half = [], [], width // 2
    for at in range(0, len(vectors), 2):
        pair = [min(at + of, len(vectors) - 1) for of in range(2)]
        order = [(of, run) for run in range(LANES // width) for of in range(2)]
        low = [LANES * of + width * run + lane for of, run in order for lane in range(half)]
        a, b = (
            builder.shuffle_vector(
                vectors[pair[0]], vectors[pair[1]], ir.Constant(_vector(_I32), mask)
            )
            for mask in (low, [lane + half for lane in low])
        )
        found.append(builder.fadd(a, b))
        names.append([labels[pair[of]][run] for of, run in order])
    return found, names


def _load(builder: ir.IRBuilder, data: ir.Value, at: ir.Value, kind: ir.VectorType) -> ir.Value:
    """A vector from an array's element on."""
    first = builder.bitcast(builder.gep(data, [at]), kind.as_pointer())
    return builder.load(first, align=1 if kind.element == _I8 else 4)


def _fused(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
    """`a * b + c`, rounded once where the machine can."""
    kind = a.type
    name = f"llvm.fmuladd.v{kind.count}f32"
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(kind, (kind,) * 3), name
    )
    return builder.call(function, (a, b, c))
