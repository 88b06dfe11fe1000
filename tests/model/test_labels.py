from model.labels import AAMI_CLASS


def test_the_beat_codes_of_the_database_fall_into_the_five_classes() -> None:
    assert {code: AAMI_CLASS[code] for code in "NLRejAaJSVEF/fQ"} == {
        **dict.fromkeys("NLRej", "N"),
        **dict.fromkeys("AaJS", "S"),
        **dict.fromkeys("VE", "V"),
        "F": "F",
        **dict.fromkeys("/fQ", "Q"),
    }
    assert not set('+~|![]"x') & AAMI_CLASS.keys(), "rhythm, noise and flutter are not beats"
