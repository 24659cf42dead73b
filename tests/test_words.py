"""Numbers are written as babel writes them, whichever way they take."""

from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from infoaccess import words

WHOLE = st.integers(-(10**13), 10**13)


@given(st.one_of(WHOLE, st.floats(-1e9, 1e9)), st.sampled_from(words.LANGUAGES), st.integers(0, 2))
def test_a_number_is_written_as_babel_writes_it(value, lang, digits):
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    assert words.number(value, lang, digits) == format_decimal(value, format=pattern, locale=lang).replace("-", "−")
