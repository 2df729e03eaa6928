"""Counts beyond the counted sizes come from a law that each counted size follows exactly, or they don't come at all."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmark.made_up import SIZES, naive_like, tally
from triton_quest.report.growth import Law, law_of, shown_sizes

COEFFICIENT = st.integers(-1000, 1000)


@given(COEFFICIENT, COEFFICIENT, COEFFICIENT, st.integers(1, 100_000))
def test_a_law_of_the_second_degree_is_found_and_goes_on_exactly(a: int, b: int, c: int, size: int) -> None:
    def exactly(n: int) -> int:
        return a * n * n + b * n + c

    law = law_of({n: exactly(n) for n in SIZES})
    assert law is not None and law(size) == exactly(size)


@given(COEFFICIENT, st.sampled_from(SIZES), st.integers(1, 5))
def test_one_byte_off_at_one_size_and_there_is_no_law(a: int, size: int, off: int) -> None:
    counts = {n: a * n * n + (off if n == size else 0) for n in SIZES}
    assert law_of(counts) is None


def test_a_law_is_not_believed_without_a_size_that_it_foretold() -> None:
    assert law_of({64: 1, 128: 2, 256: 3}) is None


def test_a_cubic_is_no_law() -> None:
    assert law_of({n: n**3 for n in SIZES}) is None


@pytest.mark.parametrize(
    ("coefficients", "shown"),
    [
        ((0, 512), "512 S"),
        ((0, 256, 20), "20 S^2 + 256 S"),
        ((0, 384, 1), "S^2 + 384 S"),
        ((-32, 64), "64 S - 32"),
        ((1,), "1"),
        ((0, Fraction(65, 2), Fraction(1, 2)), "0.5 S^2 + 32.5 S"),
        ((0, 0, 0), "0"),
        ((0, 0, 1_500), "1,500 S^2"),
    ],
)
def test_a_law_reads_as_one_writes_it(coefficients: tuple[int | Fraction, ...], shown: str) -> None:
    assert Law(tuple(map(Fraction, coefficients))).shown("S") == shown


def test_counted_sizes_are_given_as_they_were_counted_and_larger_ones_by_the_law() -> None:
    naive = tally("naive", naive_like)
    counted, beyond = naive.at(512), naive.at(8192)
    assert counted is not None and counted.is_counted and counted.asked == 20 * 512**2 + 256 * 512
    assert beyond is not None and not beyond.is_counted and beyond.asked == 20 * 8192**2 + 256 * 8192


def test_sizes_between_and_below_the_counted_ones_are_not_made_up() -> None:
    naive = tally("naive", naive_like)
    assert naive.at(200) is naive.at(32) is None


def test_where_one_measure_has_no_law_nothing_is_extrapolated() -> None:
    odd = tally("odd", lambda n: naive_like(n) | {"dot_flops": n**3})
    assert odd.laws["asked"] is not None and odd.laws["dot_flops"] is None and odd.at(8192) is None
    assert shown_sizes([odd], 3) == SIZES[-3:]


def test_side_by_side_are_the_sizes_that_all_counted_and_some_beyond() -> None:
    small, large = tally("small", naive_like), tally("large", naive_like, SIZES[1:] + (1024,))
    assert shown_sizes([small, large], 3) == (128, 256, 512, 2048, 8192)
