"""Sixteen bits only where the processor is faster with them."""

import pytest

from grm_core import precision


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu avx avx2 avx512f avx512_bf16", "bfloat16"),
        ("fpu avx avx2 avx512f", "bfloat16"),
        ("fpu avx avx2 fma f16c", "float32"),
        ("", "float32"),
    ],
)
def test_sixteen_bits_need_avx512(flags: str, expected: str) -> None:
    info = f"processor\t: 0\nmodel name\t: avx512f\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: {flags}\n"
    assert precision.of_processor(info) == expected


def test_this_machine_has_one_of_the_two() -> None:
    assert precision.of_processor() in ("bfloat16", "float32")
