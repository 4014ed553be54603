"""Texts of several kinds, and tokenizers to count them with: what estimates of tokens are tested on."""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

from forllm_desktop.llm.backend import Message
from forllm_desktop.llm.tokens import measure

ENGLISH = (
    "The council announced on Wednesday that it would raise the support for heat pumps and solar "
    "panels next year. A spokeswoman said that households with low incomes would get the most of it. "
    "Critics complain, however, that the procedures are still too complicated and that many "
    "applications have been waiting for months. We talked about it for a long time yesterday, and I "
    "still don't know whether it makes sense to repair the old roof, or if building a new one would "
    "be cheaper in the end. "
)
GERMAN = (
    "Der Gemeinderat hat am Mittwoch beschlossen, die Förderung für Wärmepumpen und Solaranlagen im "
    "kommenden Jahr deutlich zu erhöhen. Wie eine Sprecherin mitteilte, sollen Haushalte mit "
    "geringem Einkommen besonders berücksichtigt werden. Kritiker bemängeln allerdings, dass die "
    "Verfahren noch immer zu kompliziert seien und viele Anträge monatelang unbearbeitet blieben. "
    "Wir haben gestern lange darüber gesprochen, ob man das alte Dach überhaupt noch sanieren sollte "
    "oder ob ein neues am Ende günstiger wäre. "
)
FRENCH = (
    "Le conseil a annoncé mercredi une hausse importante des aides pour l'installation de pompes à "
    "chaleur et de panneaux solaires l'année prochaine. Selon une porte-parole, les ménages aux "
    "revenus modestes seront particulièrement soutenus. Les critiques regrettent cependant que les "
    "procédures restent trop compliquées. "
)
RUSSIAN = (
    "Городской совет объявил в среду, что в следующем году он увеличит поддержку тепловых насосов и "
    "солнечных панелей. По словам представителя, больше всего помощи получат семьи с низким доходом. "
    "Критики, однако, жалуются, что порядок по-прежнему слишком сложный и что многие заявления "
    "месяцами лежат без ответа. "
)
CHINESE = (
    "市议会周三宣布，明年将大幅提高对热泵和太阳能电池板的支持。发言人表示，低收入家庭将得到最多的帮助"
    "。不过，批评者抱怨说，手续仍然过于复杂，许多申请已经等了好几个月。我们昨天谈了很久，我还是不知道"
    "修理旧屋顶有没有意义，还是最后建一个新的会更便宜。"
)
KOREAN = (
    "시의회는 수요일에 내년에 열펌프와 태양광 패널에 대한 지원을 늘리겠다고 발표했습니다. "
    "대변인은 소득이 낮은 가정이 가장 많은 도움을 받을 것이라고 말했습니다. 그러나 "
    "비판하는 사람들은 절차가 여전히 너무 복잡하다고 합니다. "
)
CODE = (
    Path(__file__).read_text(encoding="utf-8").partition('"""')[0]
    + '''
@dataclass(frozen=True)
class Reading:
    """One value of a sensor, with the moment at which it was taken."""

    sensor_id: int
    value: float

    def is_alarm(self, limits: dict[int, float]) -> bool:
        limit = limits.get(self.sensor_id)
        return limit is not None and self.value > limit


def readings_of(lines: list[str]) -> list[Reading]:
    found = []
    for number, line in enumerate(lines, start=1):
        name, _, value = line.partition("=")
        if not name.strip().isdigit():
            raise ValueError(f"line {number}: {line!r} names no sensor")
        found.append(Reading(int(name), float(value)))
    return found
'''
)
DATA = json.dumps(
    [
        {"id": number, "name": "Ada Lovelace", "tags": ["maths", "poetry"], "score": 0.5, "active": True}
        for number in range(12)
    ],
    indent=2,
)
CHAT = (
    "hey, what's up? i was wondering if you could help me fix this thing, it doesn't work lol. "
    "ok thanks a lot!! see you tomorrow then :) \n\n"
)
KINDS = {
    "english": ENGLISH,
    "german": GERMAN,
    "french": FRENCH,
    "russian": RUSSIAN,
    "chinese": CHINESE,
    "korean": KOREAN,
    "code": CODE,
    "data": DATA,
    "chat": CHAT,
}


def some_text(dice: random.Random, kind: str, length: int) -> str:
    """Return a text of a kind with about `length` characters, no two alike."""
    source = KINDS[kind]
    pieces: list[str] = []
    while sum(map(len, pieces)) < length:
        start = dice.randrange(len(source))
        pieces.append(source[start : start + dice.randrange(20, 200)])
    return "".join(pieces)[:length]


@dataclass
class Tokenizer:
    """Counts as no estimate can foresee: by a factor, by kinds of text, and by what a single text is like."""

    factor: float = 1.0
    seed: int = 1
    by_kind: dict[str, float] = field(init=False)
    per_turn: int = field(init=False)
    per_prompt: int = field(init=False)

    def __post_init__(self) -> None:
        dice = random.Random(self.seed)
        self.by_kind = {kind: dice.gauss(1, 0.08) for kind in KINDS}
        self.per_turn, self.per_prompt = dice.choice((3, 5, 8)), dice.choice((0, 3, 25))

    def count(self, text: str, kind: str = "english") -> int:
        """Count one text."""
        own = random.Random(f"{self.seed} {text}").gauss(1, 0.04)
        return round(self.factor * self.by_kind[kind] * own * measure(text).total)

    def count_prompt(self, messages: list[Message], kinds: list[str]) -> int:
        """Count a whole prompt, template included; `kinds` are those of the messages."""
        texts = sum(self.count(m["content"], kind) for m, kind in zip(messages, kinds, strict=True))
        return texts + self.per_turn * len(messages) + self.per_prompt


def some_prompt(dice: random.Random, kinds: tuple[str, ...], length: int) -> tuple[list[Message], list[str]]:
    """Return a prompt of about `length` characters in several messages, and the kinds of their texts."""
    n_turns = max(1, min(12, length // 1500))
    chosen = [dice.choice(kinds) for _ in range(n_turns)]
    texts = [some_text(dice, kind, length // n_turns) for kind in chosen]
    system = "You are a patient gardener. Answer in two or three sentences, and never repeat yourself."
    messages = [{"role": "system", "content": system}]
    messages += [{"role": "user", "content": text} for text in texts]
    return messages, ["english", *chosen]
