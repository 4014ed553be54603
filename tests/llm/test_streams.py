import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forllm_desktop.llm.backend import BackendError, Content, ContentWasThinking, ErrorKind, Thinking
from forllm_desktop.llm.streams import MAX_LINE, LineSplitter, Ndjson, SseEvent, SseEvents, ThinkSplitter
from tests.fakes import recorded
from tests.llm.support import texts

SEPARATORS = "a\u2028b\u2029c\u0085d\x0be\x00f\x1cg"


def cut(data, sizes):
    """Cut into pieces of the given sizes, again and again."""
    pieces, at, turn = [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        pieces.append(data[at : at + size])
        at, turn = at + size, turn + 1
    return pieces


def read_all(reader, pieces):
    return [thing for piece in pieces for thing in reader.feed(piece)] + reader.end()


def split_text(pieces):
    """Return thoughts and content of a reply whose content comes in pieces."""
    return texts(split_events(pieces))


def split_events(pieces):
    splitter = ThinkSplitter()
    return [event for piece in pieces for event in splitter.feed(content=piece)] + splitter.end()


def joined(events):
    """Join neighbours of one type, so that cuts do not show."""
    result = []
    for event in events:
        if result and type(event) is type(result[-1]) and not isinstance(event, ContentWasThinking):
            result[-1] = type(event)(result[-1].text + event.text)
        else:
            result.append(event)
    return result


unhurried = settings(deadline=None)
sizes = st.lists(st.integers(1, 9), min_size=1, max_size=6)


def test_lines_end_at_the_newline_byte_alone():
    text = f"{SEPARATORS}\r\nsecond\rline\n\nlast".encode()
    assert read_all(LineSplitter(), [text]) == [SEPARATORS.encode(), b"second\rline", b"", b"last"]


@unhurried
@given(st.binary(max_size=200), sizes)
def test_lines_are_the_same_however_the_bytes_are_cut(data, sizes):
    assert read_all(LineSplitter(), cut(data, sizes)) == read_all(LineSplitter(), [data])


def test_a_line_of_the_largest_size_passes_and_a_longer_one_breaks_the_stream():
    lines = LineSplitter()
    lines.feed(b"x" * MAX_LINE)
    assert len(lines.feed(b"\n")[0]) == MAX_LINE
    with pytest.raises(BackendError) as caught:
        LineSplitter().feed(b"x" * (MAX_LINE + 1))
    assert caught.value.kind is ErrorKind.STREAM_BROKEN


def test_a_20_mb_line_in_small_pieces_is_refused_within_a_second_and_without_keeping_it():
    lines = LineSplitter()
    start = time.process_time()
    with pytest.raises(BackendError):
        read_all(lines, (b"y" * 500 for _ in range(20 * 1024 * 1024 // 500)))
    assert time.process_time() - start < 1


def test_a_long_line_in_small_pieces_takes_time_in_proportion_to_its_length():
    lines = LineSplitter()
    start = time.process_time()
    for _ in range(15 * 1024 * 1024 // 100):
        lines.feed(b"z" * 100)
    assert len(lines.feed(b"\n")[0]) == 15 * 1024 * 1024 // 100 * 100
    assert time.process_time() - start < 2


def test_events_tolerate_crlf_comments_missing_spaces_empty_data_and_names():
    stream = (
        b": ping\r\n\r\n"
        b"event: message.delta\r\nid: 7\r\ndata:first\r\n\r\n"
        b"data:\n\n"
        b"data\n\n"
        b"data:  second\ndata: line\n\n"
        b"retry: 3000\n\n\n\n"
        b"data: last, without its blank line"
    )
    assert read_all(SseEvents(), [stream]) == [
        SseEvent("first"),
        SseEvent("second\nline"),
        SseEvent("last, without its blank line"),
    ]


def test_the_error_line_of_older_llama_servers_is_an_event():
    stream = b'data: {"a":1}\n\nerror: {"code":500,"message":"boom"}\n\n'
    assert read_all(SseEvents(), [stream]) == [
        SseEvent('{"a":1}'),
        SseEvent('{"code":500,"message":"boom"}', is_error=True),
    ]


def test_data_of_one_event_is_limited_as_a_line_is():
    line = b"data: " + b"x" * 1024 * 1024 + b"\n"
    with pytest.raises(BackendError):
        read_all(SseEvents(), [line] * 30)


@pytest.mark.parametrize("name", ["chat.sse", "think.sse", "utf8.sse"])
def test_a_recorded_stream_cut_at_every_byte_gives_the_same_events(name):
    stream = recorded(name)
    whole = read_all(SseEvents(), [stream])
    assert len(whole) > 10
    assert read_all(SseEvents(), cut(stream, [1])) == whole
    short = stream[:1500]
    expected = read_all(SseEvents(), [short])
    for at in range(len(short)):
        assert read_all(SseEvents(), [short[:at], short[at:]]) == expected


@unhurried
@given(st.text(max_size=60), sizes)
def test_any_text_survives_in_events_however_they_are_cut(text, sizes):
    frame = json.dumps({"text": text}, ensure_ascii=False).encode(errors="replace")
    stream = b"data: " + frame + b"\r\n\r\ndata: [DONE]\n\n"
    assert read_all(SseEvents(), cut(stream, sizes)) == read_all(SseEvents(), [stream])
    assert read_all(SseEvents(), [stream])[0].data == frame.decode()


@unhurried
@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3), max_size=5), sizes)
def test_objects_are_the_same_however_the_lines_are_cut(objects, sizes):
    text = "\n".join(json.dumps(thing, ensure_ascii=False) for thing in objects)
    stream = text.encode(errors="replace")
    assert read_all(Ndjson(), cut(stream, sizes)) == read_all(Ndjson(), [stream])
    assert len(read_all(Ndjson(), [stream])) == len(objects)


def test_separators_inside_json_stay_in_the_text():
    line = json.dumps({"t": SEPARATORS}, ensure_ascii=False).encode() + b"\n"
    assert read_all(Ndjson(), [line]) == [{"t": SEPARATORS}]


@pytest.mark.parametrize("line", [b"<html>", b"[1]", b'"text"', b"{" * 50_000, b'{"a":' * 50_000])
def test_a_line_that_is_no_object_breaks_the_stream(line):
    with pytest.raises(BackendError) as caught:
        Ndjson().feed(line + b"\n")
    assert caught.value.kind is ErrorKind.STREAM_BROKEN


def test_a_last_line_counts_without_its_newline_but_only_whole():
    assert read_all(Ndjson(), [b'{"a":1}\n{"b":2}']) == [{"a": 1}, {"b": 2}]
    assert read_all(Ndjson(), [b'{"a":1}\n{"b":']) == [{"a": 1}]


REPLIES = {
    "plain": ("Hello.", "", "Hello."),
    "leading space kept": ("\n  Hello.", "", "\n  Hello."),
    "block": ("<think>Let me.</think>Answer.", "Let me.", "Answer."),
    "block with white space": (" \n<think>\nLet me.\n</think>\n\nAnswer.", "Let me.\n", "Answer."),
    "empty block": ("<think>\n\n</think>\n\nAnswer.", "", "Answer."),
    "open to the end": ("<think>Let me", "Let me", ""),
    "half a closing tag": ("<think>Let me</thi", "Let me</thi", ""),
    "opened by the template": ("Let me.\n</think>\n\nAnswer.", "Let me.\n", "Answer."),
    "opened by the template, at once closed": ("</think>\nAnswer.", "", "Answer."),
    "later tags": (
        "<think>a</think>Use <think> and </think> so.",
        "a",
        "Use <think> and </think> so.",
    ),
    "only the first close counts": ("a</think>b</think>c", "a", "b</think>c"),
    "tags named in an answer": ("It is <think> then </think>.", "", "It is <think> then </think>."),
    "quoted close": ("The tag `</think>` ends it.", "", "The tag `</think>` ends it."),
    "after a quoted close": ("A `</think>` b </think> c", "", "A `</think>` b </think> c"),
    "something like a tag": ("<thinking>no</thinking>", "", "<thinking>no</thinking>"),
    "half an opening tag": ("<thi", "", "<thi"),
    "a smaller sign at the end": ("a <", "", "a <"),
}


@pytest.mark.parametrize("case", REPLIES)
def test_thoughts_are_told_from_the_reply_however_it_is_cut(case):
    text, thinking, content = REPLIES[case]
    assert split_text([text]) == (thinking, content)
    assert split_text(list(text)) == (thinking, content)
    for at in range(len(text)):
        assert split_text([text[:at], text[at:]]) == (thinking, content)


pieces_of_replies = st.lists(
    st.sampled_from(["<think>", "</think>", "`", " ", "\n", "a", "<", "</", "think>", "<thi", "ö"]),
    max_size=12,
)


@unhurried
@given(pieces_of_replies, sizes)
def test_any_reply_gives_the_same_events_however_it_is_cut(pieces, sizes):
    text = "".join(pieces)
    assert joined(split_events(cut(text, sizes))) == joined(split_events([text]))


@unhurried
@given(pieces_of_replies)
def test_no_text_is_lost_but_tags_and_white_space_beside_them(pieces):
    text = "".join(pieces)
    kept = "".join(split_text([text]))
    assert [c for c in kept if c in "aö`"] == [c for c in text if c in "aö`"]


def test_content_is_taken_back_when_the_template_opened_the_block():
    splitter = ThinkSplitter()
    assert splitter.feed(content="Let me.") == [Content("Let me.")]
    assert splitter.feed(content="</think>Yes.") == [ContentWasThinking(), Content("Yes.")]
    assert (splitter.has_thinking, splitter.has_content) == (True, True)


def test_a_close_means_nothing_once_thoughts_came_in_a_field():
    splitter = ThinkSplitter()
    events = splitter.feed("Let me.", "") + splitter.feed("", "Write </think> to end.") + splitter.end()
    assert texts(events) == ("Let me.", "Write </think> to end.")
    assert ContentWasThinking() not in events


def test_a_frame_with_both_gives_the_thought_first():
    assert ThinkSplitter().feed("thought", "reply") == [Thinking("thought"), Content("reply")]


def test_thoughts_alone_are_no_content():
    splitter = ThinkSplitter()
    splitter.feed(content="<think>Let me go on and on")
    splitter.end()
    assert (splitter.has_thinking, splitter.has_content) == (True, False)


def test_white_space_alone_is_no_content():
    splitter = ThinkSplitter()
    splitter.feed(content=" \n")
    splitter.end()
    assert (splitter.has_thinking, splitter.has_content) == (False, False)


def test_lone_surrogates_are_replaced_so_that_text_can_be_stored():
    assert split_text(["a\ud83db"]) == ("", "a\ufffdb")
    assert ThinkSplitter().feed(thinking="\udc00") == [Thinking("\ufffd")]


def test_endless_white_space_is_passed_on_and_not_held_back():
    splitter = ThinkSplitter()
    held = sum(not splitter.feed(content="\n") for _ in range(1000))
    assert held < 300


@given(st.lists(st.sampled_from("a😀🎉é\n"), max_size=12).map("".join), sizes, st.booleans())
def test_characters_cut_in_halves_arrive_whole(text, sizes, is_thought):
    """JSON may escape a character as two halves, and a server may send them in two pieces."""
    units = [half for character in text for half in split_in_halves(character)]
    splitter = ThinkSplitter()
    events = []
    for piece in cut(units, sizes):
        whole = "".join(piece)
        events += splitter.feed(thinking=whole) if is_thought else splitter.feed(content=whole)
    assert texts(events + splitter.end()) == ((text, "") if is_thought else ("", text))


def split_in_halves(character):
    if ord(character) < 0x10000:
        return [character]
    code = ord(character) - 0x10000
    return [chr(0xD800 + (code >> 10)), chr(0xDC00 + (code & 0x3FF))]


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["a\ud83d", "b"], "a\ufffdb"),
        (["\ud83d"], "\ufffd"),
        (["\ude00a"], "\ufffda"),
        (["\ud83d", "\ud83d", "\ude00"], "\ufffd😀"),
        (["\ud83d", "", "\ude00"], "😀"),
    ],
)
def test_halves_without_their_other_half_are_replaced(pieces, shown):
    assert split_text(pieces) == ("", shown)


def test_halves_of_thought_and_of_reply_are_not_mixed():
    splitter = ThinkSplitter()
    events = splitter.feed(thinking="\ud83d") + splitter.feed(content="\ude00!") + splitter.end()
    thought, reply = texts(events)
    assert (thought, reply) == ("\ufffd", "\ufffd!")


def test_number_of_thousands_of_digits_does_not_break_the_stream():
    line = b'{"message": {"content": "Hi"}, "eval_count": ' + b"9" * 5000 + b"}\n"
    assert read_all(Ndjson(), [line]) == [{"message": {"content": "Hi"}, "eval_count": None}]
