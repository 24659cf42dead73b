"""The form in which texts are compared: one key for one word, and never one key for two."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infoaccess import legacy
from infoaccess.canonical import canonical, strip_accents, tidy

TONES = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hoà", "hòa"),
        ("Thuỷ", "Thủy"),
        ("THUỲ", "thùy"),
        ("khoẻ", "khỏe"),
        ("qúy", "quý"),
        ("gía", "giá"),
        ("Hoàn", "Hòan"),
        (unicodedata.normalize("NFD", "Nguyễn Hoà"), "NGUYỄN HÒA"),
        ("Нuế", "Huế"),  # Cyrillic Н
        ("хã", "xã"),  # Cyrillic х under no tone
        ("Lа\u0300ng", "Làng"),  # Cyrillic а under a grave
        ("Ðiền", "Điền"),  # Eth
        ("ðiền", "điền"),
        ("A\xa0Lưới\u2003 2", "a lưới 2"),
        ("Phú\u200b Lộc\ufeff", "phú lộc"),
        ("Phú\u00ad Lộc", "phú lộc"),
        ("Pơ’loong", "pơ'loong"),
        ("“Sóng”", '"sóng"'),
        ("Phú – Lộc", "phú - lộc"),
        ("Ｈｕế", "huế"),  # fullwidth
        ("✔\ufe0f", "✔"),
    ],
)
def test_what_reads_the_same_has_one_key(one, other):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Hương Vân", "Hương Văn"), ("Thuận Hòa", "Thuận Hóa"), ("Lý", "Lí"), ("Dương", "Đương"), ("Mía", "Miá lá")],
)
def test_accents_stay(one, other):
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    "word", ["huế", "quý", "giá", "thuở", "giếng", "gìn", "quốc", "khuỷu", "nguyễn", "señor", "½ m²", "zơ'râm"]
)
def test_a_word_in_its_right_form_stays(word):
    assert canonical(word) == word == canonical(word.upper())


def test_no_two_syllables_share_a_key():
    """Every initial, rime and tone, the tone on the last vowel with a mark or on the first vowel."""
    seen: dict[str, str] = {}
    for initial in ["", *legacy._INITIALS.split()]:
        for rime in legacy._RIMES.split():
            if (initial, rime[0]) in {("gi", "i"), ("qu", "u"), ("qu", "o")} or (initial == "g" and rime[0] == "i"):
                continue  # gi + in is g + in
            vowels = [i for i, c in enumerate(rime) if c in "aăâeêioôơuưy"]
            marked = [i for i in vowels if rime[i] in "ăâêôơư"]
            at = marked[-1] if marked else vowels[0]
            for tone in TONES:
                word = unicodedata.normalize("NFC", initial + rime[: at + 1] + tone + rime[at + 1 :])
                assert seen.setdefault(canonical(word), word) == word
    assert len(seen) > 20_000


@pytest.mark.parametrize("one, other", [("hoá", "hóa"), ("tuý", "túy"), ("loè", "lòe"), ("uỷ", "ủy"), ("hoạ", "họa")])
def test_both_styles_of_tone_agree_after_any_initial(one, other):
    for initial in ("", "kh", "ng", "th"):
        assert canonical(initial + one) == canonical(initial + other)


@given(st.text(max_size=30))
def test_any_text_has_a_key_without_odd_spaces(text):
    key = canonical(text)
    assert key == " ".join(key.split())
    assert tidy(tidy(text)) == tidy(text)


@given(st.text(alphabet="aăâeêioôơuưyđ gqhntcAĐ\u0300\u0301\u0303\u0309\u0323'-хВ", max_size=20))
def test_a_key_is_its_own_key(text):
    assert canonical(canonical(text)) == canonical(text)


@given(st.sampled_from(["Nguyễn Thị Thuý", "Hồ Văn Hoà", "Trần Quốc Khoẻ", "Lê Ðức Quý"]))
def test_form_and_case_make_no_difference(name):
    for form in ("NFC", "NFD"):
        assert canonical(unicodedata.normalize(form, name.upper())) == canonical(name)


def test_accents_are_dropped_for_proposals_only():
    assert strip_accents("Đường Hương Văn, Ấp 2") == "Duong Huong Van, Ap 2"
    assert strip_accents(unicodedata.normalize("NFD", "đá")) == "da"
