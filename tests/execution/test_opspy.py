"""Every way of computing in PyTorch is seen, named as written, and followed to the kernel or the answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import triton
import triton.language as tl

from triton_quest.child.instruments.launches import observed
from triton_quest.child.instruments.opspy import OpSpy
from triton_quest.child.instruments.torchcalls import CallKind

N = 16


@triton.jit
def _copy(x_ptr, out_ptr, scale, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.load(x_ptr + i) * scale)


def copied(x: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
    out = torch.empty(x.numel())
    _copy[(1,)](x, out, scale, BLOCK=N)
    return out


def watch(launcher: Callable[..., torch.Tensor], **options) -> tuple[OpSpy, torch.Tensor]:
    inputs = torch.rand(N, generator=torch.Generator().manual_seed(0)), torch.rand(4, 4)
    spy = OpSpy(__file__, inputs, **options)
    with observed(spy), spy:
        answer = launcher(*inputs)
    return spy, answer


def refused(launcher: Callable[..., torch.Tensor]) -> set[str]:
    spy, answer = watch(launcher)
    return {call.python_name for call in (*spy.reaches(answer), *spy.reaches_kernels())}


def plain(x, m):
    assert x.is_contiguous() and (x == x).all() and torch.isfinite(m).all()
    return copied(x)


def prints(x, m):
    out = copied(x)
    print(x, out.numpy()[:2], x.tolist()[:1], x.max().item(), f"{x.min():.3f}")
    return out


def views(x, m):
    return copied(m.t()[0:4].transpose(0, 1).reshape(-1).unsqueeze(0)[0]).view(4, 4).t()


def copies(x, m):
    return copied(m.t().contiguous().reshape(-1).clone())


def fills(x, m):
    out = torch.full((N,), float("-inf"))
    out[:] = 2.0
    out.zero_()
    _copy[(1,)](x, out, 1.0, BLOCK=N)
    return out


def tutorial_style(x, m):
    out = torch.empty_like(x)
    n_elements = out.numel()
    grid = lambda meta: (triton.cdiv(n_elements, meta["BLOCK"]),)  # noqa: E731
    _copy[grid](x, out, m.shape[-1] ** -0.5, BLOCK=N)
    return out


@pytest.mark.parametrize("launcher", [plain, prints, views, copies, fills, tutorial_style])
def test_honest_launchers_pass(launcher, capsys) -> None:
    assert refused(launcher) == set()


def by_method(x, m):
    return copied(x.softmax(-1))


def by_function(x, m):
    return torch.nn.functional.softmax(copied(x), dim=-1)


def by_operator(x, m):
    return m @ m


def by_operator_on_the_result(x, m):
    out = copied(x)
    return out / out.sum()


def in_place(x, m):
    out = copied(x)
    out *= 2
    return out


def in_place_through_a_view(x, m):
    out = copied(x)
    out.view(4, 4)[1].exp_()
    return out


def with_out(x, m):
    out = torch.empty(4, 4)
    torch.mm(m, m, out=out)
    return out


def after_a_decoy(x, m):
    out = copied(m.reshape(-1)).view(4, 4)
    out.copy_(m.matmul(m))
    return out


def through_two_kernels(x, m):
    return copied(copied(x.neg()))


def through_a_cast(x, m):
    return copied(x.half()).double()


def aliased(x, m):
    t = torch
    return getattr(t, "exp")(x)  # noqa: B009


def through_numpy(x, m):
    return torch.from_numpy(np.exp(x.numpy()))


def through_an_array(x, m):
    return copied(torch.as_tensor(np.asarray(x) * 2))


def through_a_list(x, m):
    return torch.tensor([2 * value for value in x.tolist()])


def into_numpy_memory(x, m):
    out = copied(x)
    out.numpy()[:] = np.exp(x.numpy())
    return out


def through_a_buffer(x, m):
    return torch.frombuffer(bytearray(np.exp(x.numpy()).tobytes()), dtype=torch.float32)


def through_a_number(x, m):
    return copied(x, x.max().item())


def filled_with_a_number(x, m):
    return torch.full((N,), float(x[3]))


@pytest.mark.parametrize(
    ("launcher", "names"),
    [
        (by_method, {"x.softmax(-1)"}),
        (by_function, {"torch.nn.functional.softmax(copied(x), dim=-1)"}),
        (by_operator, {"m @ m"}),
        (by_operator_on_the_result, {"out.sum()", "out / out.sum()"}),
        (in_place, {"out *= 2"}),
        (in_place_through_a_view, {"out.view(4, 4)[1].exp_()"}),
        (with_out, {"torch.mm(m, m, out=out)"}),
        (after_a_decoy, {"m.matmul(m)"}),
        (through_two_kernels, {"x.neg()"}),
        (through_a_cast, {"x.half()", "copied(x.half()).double()"}),
        (aliased, {'getattr(t, "exp")(x)'}),
        (through_numpy, {"x.numpy()"}),
        (through_an_array, {"np.asarray(x)"}),
        (through_a_list, {"x.tolist()"}),
        (into_numpy_memory, {"x.numpy()", "out.numpy()"}),
        (through_a_buffer, {"x.numpy()"}),
        (through_a_number, {"x.max()", "x.max().item()"}),
        (filled_with_a_number, {"float(x[3])"}),
    ],
)
def test_what_is_computed_in_torch_is_named_as_written(launcher, names) -> None:
    assert refused(launcher) == names


def test_lines_and_files_are_the_learners() -> None:
    spy, answer = watch(by_method)
    (call,) = spy.reaches(answer)
    assert (call.file, call.line) == (__file__, by_method.__code__.co_firstlineno + 1)
    assert (call.name, call.kind) == ("_softmax", CallKind.COMPUTE)


def test_kinds_storages_and_bytes() -> None:
    def launcher(x, m):
        a = torch.empty(N)  # 64 bytes
        b = m.t()
        c = b.contiguous()  # 64
        d = c.to(torch.float16)  # 32
        d.add_(1)
        a.copy_(c.view(-1))
        return a

    spy, _ = watch(launcher)
    kinds = [call.kind for call in spy.calls]
    assert kinds == [
        CallKind.ALLOCATE,
        CallKind.VIEW,
        CallKind.COPY,
        CallKind.CAST,
        CallKind.INPLACE,
        CallKind.VIEW,
        CallKind.COPY,
    ]
    assert [call.allocates for call in spy.calls] == [64, 0, 64, 32, 0, 0, 0] and spy.allocated_bytes == 160
    allocate, view, copy, cast, inplace, flat, back = spy.calls
    assert view.inputs == view.outputs == copy.inputs
    assert copy.outputs == cast.inputs == flat.outputs
    assert cast.outputs == inplace.inputs == inplace.outputs
    assert back.outputs == allocate.outputs and set(back.inputs) == {*allocate.outputs, *copy.outputs}


def test_uninitialised_memory_is_known_until_written() -> None:
    kept = []

    def launcher(x, m):
        kept.extend([torch.empty(4), torch.empty_like(x), torch.empty(3).fill_(1), torch.zeros(2)])
        return copied(x)

    spy, _ = watch(launcher)
    assert spy.uninitialised_addresses == {tensor.untyped_storage().data_ptr() for tensor in kept[:2]}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float8_e5m2])
def test_uninitialised_floats_can_be_nan(dtype: torch.dtype) -> None:
    spy, answer = watch(lambda x, m: torch.empty((2, 3), dtype=dtype).t(), fill_uninitialised_with_nan=True)
    assert answer.float().isnan().all() and [call.name for call in spy.calls] == ["empty", "t"]


def test_uninitialised_integers_can_be_far_out() -> None:
    _, answer = watch(lambda x, m: torch.empty(3, dtype=torch.int32), fill_uninitialised_with_nan=True)
    assert answer.tolist() == [0x55555555] * 3


def test_what_torch_allocates_fills_and_writes_is_told_apart() -> None:
    empty, filled, written, either = set(), set(), set(), set()

    def launcher(x, m):
        torch.zeros(3)
        torch.full((5,), -torch.inf)
        torch.empty(2).fill_(1.0)
        torch.empty(7).copy_(torch.zeros(7))
        return copied(x).clone()

    watch(
        launcher,
        on_uninitialised=lambda tensor: empty.add(tensor.numel()),
        on_filled=lambda tensor: filled.add(tensor.numel()),
        on_written=lambda tensor: written.add(tensor.numel()),
    )
    assert (empty, filled, written) == ({2, 7, N}, {2, 3, 5, 7}, {7, N})
    watch(launcher, on_written=lambda tensor: either.add(tensor.numel()))
    assert either == filled | written, "who doesn't ask for the difference hears of both"


def test_what_a_launch_wrote_can_be_told() -> None:
    def launcher(x, m):
        scratch = x.exp()
        out = torch.empty(N)
        _copy[(1,)](x, out, 1.0, BLOCK=N)  # writes `out` only
        _copy[(1,)](scratch, x, 1.0, BLOCK=N)
        return out

    spy, answer = watch(launcher, stored_to=lambda launch: [launch.arguments["out_ptr"]])
    assert spy.reaches(answer) == []
    assert [call.python_name for call in spy.reaches_kernels()] == ["x.exp()"]


def test_calls_inside_kernels_are_the_interpreters() -> None:
    spy, _ = watch(lambda x, m: copied(x))
    assert [call.name for call in spy.calls] == ["empty"]


def test_nothing_stays_behind() -> None:
    watch(plain)
    assert torch.utils._python_dispatch._get_current_dispatch_mode() is None
    assert torch.overrides._get_current_function_mode() is None


def test_a_launcher_that_raises_leaves_what_was_seen() -> None:
    def launcher(x, m):
        x.exp()
        raise ValueError("no")

    spy, x = OpSpy(__file__), torch.rand(4)
    with pytest.raises(ValueError), observed(spy), spy:
        launcher(x, None)
    assert [call.python_name for call in spy.calls] == ["x.exp()"]
