"""A user's own triples: what is read, and every way in which they can be wrong, with line, cause and remedy."""

import json
import re

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.options import Options
from lm_eval_ext.worlds.facts import load_table
from lm_eval_ext.worlds.facts.collect import LONGEST_NAME
from lm_eval_ext.worlds.facts.lines import LONGEST_LINE
from lm_eval_ext.worlds.generate import generate
from lm_eval_ext.worlds.naming import real_names
from lm_eval_ext.worlds.parallel import verify_parallel
from lm_eval_ext.worlds.world import build_world

HEAD = "subject\trelation\tobject\n"


def jsonl(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def entity(key, label, kind="thing"):
    return {"id": key, "type": kind, "label": label}


def fact(subject, relation, value):
    return {"subject": subject, "relation": relation, "object": value}


def write(folder, text, name="mine.jsonl"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_jsonl_with_types_labels_wordings_and_values(tmp_path):
    path = write(
        tmp_path,
        jsonl(
            {
                "relation": "seat",
                "sentences": ["{s} sits in {o}."],
                "questions": ["Where does {s} sit?"],
                "noun": "the seat of {s}",
            },
            {"type": "guild", "endings": ["ung"], "form": "two_words"},
            fact("u", "seat", "c"),
            fact("g", "seat", "c"),
            fact("u", "founded", "date:1867-07-01"),
            entity("c", "Toronto", "city"),
            {"id": "u", "type": "university", "label": "University of {c}", "aliases": ["U of T"]},
            entity("g", "Guild of Hats", "guild"),
        ),
    )
    table = load_table(path)
    assert real_names(table) == {
        "c": "Toronto",
        "u": "University of Toronto",
        "g": "Guild of Hats",
        "date:1867-07-01": "1 July 1867",
    }
    assert table.entities["u"].aliases == ("U of T",)
    assert table.relations["seat"].noun == "the seat of {s}"
    assert table.relations["founded"].questions[0] == "What is the founded of {s}?"
    assert re.fullmatch("[0-9a-f]{16}", str(table.version))


def test_tsv_with_columns_of_types_and_labels(tmp_path):
    rows = ["predicate\tsubject\tobject\tsubject_type\tobject_label"]
    rows += ["plays_for\tp1\tteam:9\tperson\tRed Foxes", "plays_for\tp2\tteam:9\tperson\t", ""]
    text = "\n".join(rows)
    with pytest.raises(InputError, match=r"mine\.tsv, line 2: type 'team' is unknown\. Known are airport, anthem, .* Use thing"):
        load_table(write(tmp_path, text, "mine.tsv"))
    (tmp_path / "mine.wording.json").write_text('{"types": {"team": {}}}')
    table = load_table(str(tmp_path / "mine.tsv"))
    assert {e.id: (e.type, e.label) for e in table.entities.values()} == {
        "p1": ("person", "p1"),
        "team:9": ("team", "Red Foxes"),
        "p2": ("person", "p2"),
    }
    assert [tuple(fact) for fact in table.facts] == [("p1", "plays_for", "team:9"), ("p2", "plays_for", "team:9")]


def test_a_list_of_entities_beside_a_tsv_file(tmp_path):
    (tmp_path / "mine.entities.tsv").write_text("id\ttype\tlabel\taliases\na\tcity\tLyon\tLugdunum|Lions\nb\tcity\tNice\t\n")
    table = load_table(write(tmp_path, HEAD + "a\ttwin\tb\n", "mine.tsv"))
    assert table.entities["a"].aliases == ("Lugdunum", "Lions")
    (tmp_path / "mine.tsv").write_text(HEAD + "# a remark\n\na\ttwin\tb\na\ttwin\tc\n")
    with pytest.raises(InputError, match=r"mine\.tsv, line 5: id 'c' is unknown\. Give it an entry"):
        load_table(str(tmp_path / "mine.tsv"))
    (tmp_path / "mine.entities.tsv").write_text("id\ttype\tlabel\na\tcity\tLyon\nb\tcity\tlyon\n")
    (tmp_path / "mine.tsv").write_text(HEAD + "a\ttwin\tb\n")
    with pytest.raises(InputError, match=r"mine\.entities\.tsv, line 3: 'b' has the name 'lyon', and so has 'a' of line 2"):
        load_table(str(tmp_path / "mine.tsv"))


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path):
    table = load_table(write(tmp_path, "\ufeffsubject\trelation\tobject\r\nx y\tr\tz\r\n".replace("x y", "xx"), "mine.tsv"))
    assert list(table.entities) == ["xx", "z"]


def test_a_changed_file_is_read_again(tmp_path):
    path = write(tmp_path, HEAD + "aa\tr\tbb\n", "mine.tsv")
    first = load_table(path)
    assert load_table(path) is first
    write(tmp_path, HEAD + "aa\tr\tbb\naa\tr\tcc\n", "mine.tsv")
    second = load_table(path)
    assert (len(first.facts), len(second.facts)) == (1, 2)
    assert first.version != second.version


GOOD = (entity("a", "Anna"), entity("b", "Bert"))
BAD = {
    "unknown type": (jsonl(entity("a", "Anna", "dragn"), entity("b", "Bert"), fact("a", "r", "b")), 1, "type 'dragn' is unknown"),
    "unknown id": (jsonl(*GOOD, fact("a", "r", "b"), fact("a", "r", "x")), 4, "id 'x' is unknown. Give it an entry"),
    "unknown subject": (jsonl(*GOOD, fact("y", "r", "b")), 3, "id 'y' is unknown"),
    "duplicate id": (jsonl(*GOOD, entity("a", "Anna")), 3, "id 'a' stands on line 1 already. Give every entity once."),
    "empty label": (jsonl(*GOOD, entity("c", "")), 3, "holds no letter or digit. Give it a name."),
    "blank label": (jsonl(*GOOD, entity("c", "  -  ")), 3, "holds no letter or digit. Give it a name."),
    "long label": (jsonl(*GOOD, entity("c", "x" * (LONGEST_NAME + 1))), 3, "Give at most 200 characters on one line"),
    "label of two lines": (jsonl(*GOOD, entity("c", "x\ny")), 3, "Give at most 200 characters on one line"),
    "label with brackets": (jsonl(*GOOD, entity("c", "x [[y]]")), 3, "without double brackets"),
    "two of one name": (
        jsonl(*GOOD, entity("c", "ANNA"), fact("a", "r", "b")),
        3,
        "has the name 'ANNA', and so has 'a' of line 1",
    ),
    "alias without letters": (jsonl(*GOOD, {**entity("c", "Cleo"), "aliases": ["?"]}), 3, "holds no letter or digit"),
    "label of a sentence's word": (
        jsonl(*GOOD, entity("c", "of"), fact("a", "r", "b")),
        3,
        "is a word that sentences are made of",
    ),
    "ring of two": (
        jsonl(entity("a", "{b} Town"), entity("b", "New {a}"), fact("a", "r", "b")),
        1,
        "labels refer to each other in a ring: a → b → a. Give one of them a plain label",
    ),
    "ring of itself": (jsonl(*GOOD, entity("c", "The {c}"), fact("a", "r", "b")), 3, "in a ring: c → c"),
    "reference to nothing": (jsonl(*GOOD, entity("c", "Old {x}"), fact("a", "r", "b")), 3, "refers to 'x', which is no id"),
    "odd brace": (jsonl(*GOOD, entity("c", "Old {a"), fact("a", "r", "b")), 3, "has a brace too many"),
    "no JSON": (jsonl(*GOOD) + "{oops\n", 3, "it is no JSON"),
    "no object": (jsonl(*GOOD) + "[1]\n", 3, "Give an object a line"),
    "empty object": (jsonl(*GOOD) + "{}\n", 3, "Give a fact, an entity, a relation or a type"),
    "number for a label": (
        jsonl(*GOOD, {"id": "c", "type": "thing", "label": 7}),
        3,
        "label is 7. Give id, type, label as texts",
    ),
    "missing object": (
        jsonl(*GOOD, {"subject": "a", "relation": "r"}),
        3,
        "object is None. Give subject, relation, object as texts",
    ),
    "unknown key": (jsonl(*GOOD, {**entity("c", "Cleo"), "lable": "x"}), 3, "the key 'lable' is unknown"),
    "aliases as text": (jsonl(*GOOD, {**entity("c", "Cleo"), "aliases": "x"}), 3, "Give a list of texts"),
    "blank in an id": (jsonl(*GOOD, entity("c d", "Cleo")), 3, "without blanks"),
    "empty id": (jsonl(*GOOD, entity("", "Cleo")), 3, "id '' is not accepted"),
    "self": (jsonl(*GOOD, fact("a", "r", "a")), 3, "'a' is subject and object"),
    "empty relation": (jsonl(*GOOD, fact("a", " ", "b")), 3, "relation ' ' is not accepted"),
    "value as subject": (jsonl(*GOOD, fact("year:1900", "r", "b")), 3, "Only objects may be values"),
    "value as entity": (jsonl(*GOOD, entity("year:1900", "1900")), 3, "needs no entry. Leave it out."),
    "no day": (jsonl(*GOOD, fact("a", "born", "date:1900-02-29")), 3, "'date:1900-02-29' is no day of the calendar"),
    "no year": (jsonl(*GOOD, fact("a", "born", "year:MCM")), 3, "'year:MCM' is no value. Write year:1867"),
    "too early a day": (
        jsonl(*GOOD, fact("a", "born", "date:0044-03-15")),
        3,
        "before the year 200. Give the year alone, as in year:44",
    ),
    "twice worded": (
        jsonl(*GOOD, *[{"relation": "r", "sentences": ["{s} {o}."]}] * 2),
        4,
        "relation 'r' is worded twice",
    ),
    "placeholder": (
        jsonl({"relation": "r", "sentences": ["{s.x} {o}."]}),
        1,
        "must hold {s} and {o}, each once, and no other braces",
    ),
    "unknown wording": (jsonl({"relation": "r", "sentence": ["{s} {o}."]}), 1, "has the key 'sentence', which is none of"),
    "no sentence": (jsonl({"relation": "r", "questions": ["What of {s}?"]}), 1, "has neither sentences nor many"),
    "complete": (jsonl({"relation": "r", "sentences": ["{s} {o}."], "complete": "no"}), 1, "must be true or false"),
    "list of values": (
        jsonl(*GOOD, {"relation": "r", "sentences": ["{s} {o}."], "inverse": "{s}: {list}"}, fact("a", "r", "year:1900")),
        4,
        "so it can have neither inverse nor many",
    ),
    "type form": (jsonl({"type": "dragon", "form": "shout"}), 1, "as form one of word, lower, person, two_words"),
    "no UTF-8": (jsonl(*GOOD).encode() + b'{"id": "c", "label": "\xe9"}\n', 3, "(0xe9) is no UTF-8. Save the file as UTF-8."),
    "long line": (jsonl(*GOOD) + "x" * (LONGEST_LINE + 1), 3, f"longer than {LONGEST_LINE}"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_names_line_and_cause(tmp_path, case):
    text, line, message = BAD[case]
    with pytest.raises(InputError, match=rf"mine\.jsonl, line {line}: .*{re.escape(message)}") as raised:
        load_table(write(tmp_path, text))
    assert "\n" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.jsonl"]


BAD_TSV = {
    "no head": ("a\tr\tb\n", 1, "the head line lacks subject, relation, object. Name the columns"),
    "missing column": ("subject\tobject\na\tb\n", 1, "the head line lacks relation"),
    "odd column": (HEAD[:-1] + "\tweight\na\tr\tb\t1\n", 1, "the head line has 'weight', which is unknown or twice"),
    "column twice": (HEAD[:-1] + "\tsubject\n", 1, "the head line has 'subject', which is unknown or twice"),
    "too few": (HEAD + "aa\tr\tbb\naa\tr\n", 3, "it has 2 columns, the head line 3. Put one tab between columns."),
    "too many": (HEAD + "aa\tr\tbb\tcc\n", 2, "it has 4 columns, the head line 3"),
    "two labels": (
        HEAD[:-1] + "\tsubject_label\naa\tr\tbb\tAnna\naa\tr\tcc\tBerta\n",
        3,
        "'aa' is 'Berta' of type 'thing' here, but 'Anna' of type 'thing' on line 2",
    ),
    "no UTF-8": (HEAD.encode() + b"aa\tr\tb\xff\n", 2, "byte 7 (0xff) is no UTF-8"),
}


@pytest.mark.parametrize("case", BAD_TSV)
def test_bad_tsv_names_line_and_cause(tmp_path, case):
    text, line, message = BAD_TSV[case]
    with pytest.raises(InputError, match=rf"mine\.tsv, line {line}: {re.escape(message)}"):
        load_table(write(tmp_path, text, "mine.tsv"))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("mine.csv", HEAD, "is neither core nor full nor a .tsv or .jsonl file"),
        ("mine.tsv", HEAD, "holds no fact. Give lines with subject, relation and object."),
        ("mine.jsonl", jsonl(*GOOD), "holds no fact"),
    ],
)
def test_files_without_facts_are_refused(tmp_path, name, text, message):
    with pytest.raises(InputError, match=re.escape(message)):
        load_table(write(tmp_path, text, name))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"is neither core nor full nor a file\. Give the path"):
        load_table(str(tmp_path / "none.tsv"))


@pytest.mark.parametrize("text", ["{", "[]", '{"relation": {}}', '{"relations": []}'])
def test_bad_wordings_beside_a_tsv_file_are_refused(tmp_path, text):
    (tmp_path / "mine.wording.json").write_text(text)
    with pytest.raises(InputError, match=r"mine\.wording\.json (is no JSON|must be one JSON object)"):
        load_table(write(tmp_path, HEAD + "aa\tr\tbb\n", "mine.tsv"))


def _guild(members):
    """Members of guilds, each guild in a town: enough for chains."""
    rows = [f"person:P_{i}\tmember_of\tthing:Guild_{i % 7}\n" for i in range(members)]
    rows += [f"thing:Guild_{i}\tseat\tcity:Town_{i}\n" for i in range(7)]
    rows += [f"city:Town_{i}\tin\tcountry:Land_{i % 2}\n" for i in range(7)]
    rows += [f"thing:Guild_{i}\tfounded\tyear:{1800 + 10 * i}\n" for i in range(7)]
    rows += ["country:Land_0\tborders\tcountry:Land_1\n"]
    return HEAD + "".join(rows)


def test_a_world_too_small_for_its_pages_or_its_motif_says_so(tmp_path):
    path = write(tmp_path, _guild(30), "mine.tsv")
    with pytest.raises(InputError, match=r"pages=100 is more than the fact table connects\. Give at most 46\."):
        build_world(pages=100, seed=0, facts=path)
    star = write(tmp_path, HEAD + "".join(f"person:P_{i}\tmember_of\tthing:Guild\n" for i in range(20)), "star.tsv")
    options = Options(source="generated", seed=0, n=5, pages=12, facts=star, motifs=("chain",))
    with pytest.raises(InputError, match=r"0 questions are all that a world of 12 pages yields: .* which needs 2 facts in a row"):
        list(generate("closed_book", options))


def test_a_world_of_ones_own_triples_is_parallel(tmp_path):
    path = write(tmp_path, _guild(60), "mine.tsv")
    options = Options(source="generated", seed=4, n=40, pages=70, n_sm=2, facts=path, motifs=("fact", "chain", "chain3"))
    items = list(generate("reading", options))
    assert len(items) == 120
    assert json.loads(items[0].spec)["facts"] == path
    world = build_world(pages=70, seed=4, n_sm=2, facts=path)
    assert verify_parallel(world) == world.corpus
    years = [item for item in items if item.factors["relation"].endswith("founded")]
    assert years
    assert all(item.answer.isdecimal() for item in years)


def test_several_objects_are_listed_and_values_are_not(tmp_path):
    rows = "aa\tknows\tbb\naa\tknows\tcc\nbb\tknows\tcc\naa\tborn\tyear:1900\naa\tborn\tyear:1901\n"
    table = load_table(write(tmp_path, HEAD + rows, "mine.tsv"))
    assert table.relations["knows"].many == "The knows of {s} includes {list}."
    assert not table.relations["knows"].questions
    assert table.relations["born"].questions
    assert not table.relations["born"].many
