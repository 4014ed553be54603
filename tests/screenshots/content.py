"""Fills a data folder as it looks after some weeks of use."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.services.keys import KeyStore
from forllm_desktop.services.queue import Wish
from forllm_desktop.services.running import Progress
from forllm_desktop.services.workspace import Workspace, open_workspace
from tests.builders import FixedClock
from tests.screenshots import texts

MODEL, BIG_MODEL = "qwen3:8b", "hf.co/unsloth/Qwen3-30B-A3B-Instruct-2507-GGUF:Q4_K_M"
STILL = 100_000.0
"""What the clock of the running replies says: the speed is the same in every picture."""
AWAY = ForllmError(
    "workshop-pc cannot be reached",
    "Start it, or look whether its address is right. It is tried again by itself.",
)
NO_MEMORY = ForllmError(
    "The GPU memory ran out",
    "Model and context of 16,384 tokens need 17.9 GB. Choose a smaller context window or a smaller model.",
)
TOO_LONG = ForllmError(
    "The prompt is too long",
    "The post needs 18,240 tokens; 12,288 fit beside the answer. Shorten it, or enlarge the context window.",
)


class NoKeyring(KeyStore):
    """Keeps keys for the session alone, as on a machine without a keyring."""

    @property
    def has_keyring(self) -> bool:
        return False


@dataclass
class Filled:
    """What the scenes refer to."""

    workspace: Workspace
    clock: FixedClock
    main_topic: int
    other_topics: list[int]
    table_post: int
    lists_post: int
    partial_post: int
    failed_request: int
    parked_request: int
    streaming_post: int
    physics: int


def empty_workspace(folder: Path, clock: FixedClock) -> Workspace:
    """Open a fresh data folder."""
    return open_workspace(folder, keys=NoKeyring(), clock=clock)


def filled_workspace(folder: Path, clock: FixedClock, server_url: str) -> Filled:
    """Open a data folder and fill it; `server_url` is where the default server answers."""
    return _Filler(empty_workspace(folder, clock), clock, server_url).fill()


class _Filler:
    def __init__(self, workspace: Workspace, clock: FixedClock, server_url: str) -> None:
        self._ws = workspace
        self._clock = clock
        self._server = workspace.models.server_at(server_url, "Ollama", ServerKind.OLLAMA).server_id
        away = workspace.models.server_at("http://127.0.0.1:9", "workshop-pc", ServerKind.LLAMACPP)
        self._choice = ModelChoice(self._server, MODEL)
        self._away = ModelChoice(away.server_id, BIG_MODEL)
        workspace.models.use(self._choice)
        self._personas: dict[str, int] = {}

    def fill(self) -> Filled:
        self._make_personas()
        ws = self._ws
        physics = self._subforum("Physics", "Ada", "Feynman", "Skeptic")
        cooking = self._subforum("Cooking", "Nonna")
        novel = self._subforum("The Lighthouse", "Mira", "Tobias", "Captain Hale", "Librarian", "Emmy")
        self._subforum("Home server", "Librarian")
        for name in (
            "Garden",
            "Letters to nobody",
            "Überraschungen aus der Werkstatt und was davon noch hält",
        ):
            self._subforum(name)
        self._trash(physics)
        topics = [
            self._answered(physics, "How does a bicycle stay up?", texts.LISTS, "Feynman"),
            self._answered(novel, texts.LONG_TITLE, texts.SHORT[1], "Mira"),
            self._answered(cooking, "Tomato paste: fry it or stir it in?", texts.TABLE, "Nonna"),
        ]
        failed, partial = self._failed(physics, "Is the Coriolis force real?", texts.PARTIAL, NO_MEMORY)
        self._failed(novel, "Chapter 9: too much weather?", "", TOO_LONG)
        self._clock.advance(600)
        main = self._thread(physics)
        streaming = self._streaming(main)
        for title in ("Risotto: when to add the wine?", "Bread that does not go stale by Friday"):
            self._waiting(cooking, title)
        parked = self._parked(physics, "Noether’s theorem for a bouncing ball")
        self._waiting(physics, texts.LONG_WORD_TITLE)
        cancelled = self._waiting(cooking, "Polenta, the lazy way")
        ws.queue.cancel(cancelled.request_id)
        for title in ("Chapter 11, line edit", "Ask the captain: what does he see first?"):
            self._waiting(novel, title)
        ws.queue.ask_about(streaming.post, self._wish("Skeptic"), after=streaming.request)
        self._clock.advance(21 * 60)
        return Filled(
            ws, self._clock, main.topic, topics, main.table, main.lists, partial, failed, parked,
            streaming.post, physics,
        )  # fmt: skip

    def _make_personas(self) -> None:
        lines = {
            "Ada": "Physics tutor, shows every step",
            "Feynman": "A picture first, then the maths",
            "Skeptic": "Looks for the hole in the argument",
            "Emmy": "Symmetry and conserved things",
            "Nonna": "Ligurian home cooking",
            "Mira": "Developmental editor",
            "Tobias": "Line editor, dry and exact",
            "Captain Hale": "Speaks only from inside the story",
            "Librarian": "Answers where nobody else does",
        }
        for name, line in lines.items():
            self._personas[name] = self._ws.personas.create(name, f"You are {name}. {line}.", line).persona_id
        for text, note in texts.ADA:
            self._clock.advance(86_000)
            self._ws.personas.change(self._personas["Ada"], instructions=text, note=note)

    def _subforum(self, name: str, *personas: str) -> int:
        made = self._ws.forum.create_subforum(name, "")
        for place, persona in enumerate(personas):
            self._clock.advance()
            self._ws.personas.assign(made.subforum_id, self._personas[persona], default=not place)
        return made.subforum_id

    def _wish(self, persona: str = "", choice: ModelChoice | None = None) -> Wish:
        return Wish(choice or self._choice, self._personas[persona] if persona else None)

    # -- single requests

    def _run(self, job: Job, text: str, thinking: str = "", prompt: int = 1902) -> int:
        """Let a request be answered; returns the reply's id."""
        queue = self._ws.queue
        self._clock.advance(40)
        claim = queue.claim([job.request_id])
        assert claim is not None
        self._clock.advance(64)
        tokens = max(8, len(text) // 4)
        metrics = {"prompt_tokens": prompt, "output_tokens": tokens, "output_seconds": tokens / 12}
        queue.finish(job.request_id, text, thinking, metrics)
        return claim.reply.post_id

    def _answered(self, subforum: int, title: str, answer: str, persona: str) -> int:
        queue = self._ws.queue
        topic, _, job = queue.ask_in_new_topic(
            subforum, title, "Tell me what you think.", self._wish(persona)
        )
        self._run(job, answer)
        self._clock.advance(1900)
        return topic.topic_id

    def _failed(self, subforum: int, title: str, text: str, error: ForllmError) -> tuple[int, int]:
        queue = self._ws.queue
        _, post, job = queue.ask_in_new_topic(
            subforum, title, "Real or not? And how would I see it?", self._wish()
        )
        claim = queue.claim([job.request_id])
        assert claim is not None
        self._clock.advance(294)
        metrics = {"prompt_tokens": 2207, "output_tokens": 412} if text else None
        queue.fail(job.request_id, "out_of_memory" if text else "prompt_too_long", error, text, "", metrics)
        return job.request_id, claim.reply.post_id if text else post.post_id

    def _waiting(self, subforum: int, title: str) -> Job:
        self._clock.advance(90)
        return self._ws.queue.ask_in_new_topic(subforum, title, "What do you say?", self._wish())[2]

    def _parked(self, subforum: int, title: str) -> int:
        queue = self._ws.queue
        wish = self._wish(choice=self._away)
        job = queue.ask_in_new_topic(subforum, title, "What is conserved?", wish)[2]
        queue.claim([job.request_id])
        queue.park(job.request_id, "unreachable", AWAY, self._clock.now + timedelta(minutes=9))
        return job.request_id

    # -- the thread of the pictures

    @dataclass
    class Thread:
        topic: int
        last: int
        table: int
        lists: int

    @dataclass
    class Stream:
        post: int
        request: int

    def _thread(self, subforum: int) -> "_Filler.Thread":
        """Make a topic of 40 posts, nested, with everything a post can hold."""
        forum, queue = self._ws.forum, self._ws.queue
        topic, first, job = queue.ask_in_new_topic(
            subforum, "Why does a spinning top not fall?", texts.QUESTION, self._wish("Ada")
        )
        reply = self._run(job, texts.CODE, texts.THINKING, 2318)
        parent, table, lists = reply, 0, 0
        for turn in range(9):
            self._clock.advance(300)
            question = texts.SHORT[turn * 2 % len(texts.SHORT)]
            who = ("Ada", "Feynman", "Skeptic")[turn % 3]
            _, job = queue.ask(topic.topic_id, question, self._wish(who), parent)
            answer = (texts.TABLE, texts.LISTS, texts.LONG_CODE, texts.SHORT[turn % 4 * 2 + 1])[turn % 4]
            parent = self._run(job, answer, texts.THINKING if turn % 4 == 3 else "")
            table, lists = table or parent, (lists or parent) if turn % 4 == 1 else lists
            if turn % 3 == 2:
                parent = reply
        for turn in range(18):
            self._clock.advance(60)
            above = first.post_id if turn % 6 == 0 else made.post_id  # noqa: F821
            made = forum.add_post(topic.topic_id, texts.SHORT[turn % len(texts.SHORT)], above)
        forum.mark_read([entry.post.post_id for entry in forum.thread(topic.topic_id)])
        return self.Thread(topic.topic_id, made.post_id, table, lists)

    def _streaming(self, thread: "_Filler.Thread") -> "_Filler.Stream":
        queue = self._ws.queue
        _, job = queue.ask(
            thread.topic, "Is that also why a bicycle stays up?", self._wish("Feynman"), thread.last
        )
        self._clock.advance(20)
        claim = queue.claim([job.request_id])
        assert claim is not None
        queue.record_prompt(
            job.request_id, [{"role": "user", "content": "…"}], {"total": 2318, "is_exact": True}
        )
        progress = Progress(
            claim.reply.post_id, texts.STREAMING, phase="writing", pieces=214, started=STILL - 60,
            writing_since=STILL - 18,
        )  # fmt: skip
        queue.running.put(job.request_id, progress)
        return self.Stream(claim.reply.post_id, job.request_id)

    def _trash(self, subforum: int) -> None:
        forum = self._ws.forum
        for title in ("An idea that was not one", texts.LONG_TITLE):
            topic, post = forum.create_topic(subforum, title, "Never mind.")
            forum.add_post(topic.topic_id, "Or maybe?", post.post_id)
            self._clock.advance(86_000)
            forum.delete_topic(topic.topic_id)
        gone = forum.create_subforum("Things for later")
        forum.create_topic(gone.subforum_id, "Later", "…")
        self._clock.advance(7_000)
        forum.delete_subforum(gone.subforum_id)
