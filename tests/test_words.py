"""Numbers are written as babel writes them, whichever way they take."""

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from infoaccess import words

WHOLE = st.integers(-(10**13), 10**13)


@given(st.one_of(WHOLE, st.floats(-1e9, 1e9)), st.sampled_from(words.LANGUAGES), st.integers(0, 2))
def test_a_number_is_written_as_babel_writes_it(value, lang, digits):
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    written = format_decimal(value, format=pattern, locale=lang)
    zero = not any(letter in "123456789" for letter in written)
    assert words.number(value, lang, digits) == written.replace("-", "" if zero else "−")


@pytest.mark.parametrize("first", [-0.0, 0.0, -0.04, 0.04])
def test_nothing_has_no_sign_whichever_zero_was_written_before(first):
    words._decimal.cache_clear()
    assert [words.number(v, "vi", 1) for v in (first, -0.0, 0.0, -0.04)] == ["0,0"] * 4
