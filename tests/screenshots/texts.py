"""What the people and models of the pictures write."""

QUESTION = """My spinning top weighs 80 g, its disc is 5 cm wide, and it spins **20 times a second**.

Gravity pulls at it the whole time. *Why does it not fall over?* Please show every step."""

CODE = """Gravity does pull it over, with a torque τ = m g r sin θ. But a sideways torque can only *turn* the
large angular momentum L, so the axis walks around a cone. With your numbers:

```python
m, r, R = 0.080, 0.030, 0.025       # kg, m, m
spin = 2 * pi * 20                  # rad/s
L = 0.5 * m * R**2 * spin           # a disc: ½ m R²
print(m * 9.81 * r / (L * 2 * pi))  # 1.19 turns per second
```

It walks round about **1.2 times per second**, slow enough to watch. Inline,
`Ω = m g r / L` is all there is."""

TABLE = """Half the spin doubles the walk, because Ω = m g r / L:

| Spin | Angular momentum | Walks round |
|---|---:|---:|
| 20 turns/s | 3.14 g m²/s | 1.19 per second |
| 10 turns/s | 1.57 g m²/s | 2.38 per second |
| 5 turns/s | 0.79 g m²/s | 4.77 per second |

Below about 3 turns/s the picture breaks: the axis *nods* visibly and the top falls."""

LISTS = """### What to check before you believe me

1. Weigh the top **with** its handle.
2. Count the turns with a phone at 240 pictures a second:
   - mark the rim with a dot,
   - film from above,
   - count frames per turn.
3. Compare with the formula.

- [x] mass: 80 g
- [x] radius: 25 mm
- [ ] height of the centre of mass: *measure it*

> A theory that explains everything and predicts nothing is a story.
>
> > And a story with numbers in it is still a story.

---

∮ **E**·dℓ = −dΦ/dt, and for the top: ⟨L⟩ ≫ I·Ω, so ∂L/∂t ≈ τ ⊥ L, ∀ t ∈ ℝ⁺. See
[the derivation](https://example.org/spinning-top) and http://127.0.0.1:8080/notes."""

LONG_CODE = """```rust
/// Integrates Euler's equations for a symmetric top with a fixed point, in the frame of the body.
fn step(omega: [f64; 3], inertia: [f64; 3], torque: [f64; 3], dt: f64) -> [f64; 3] {
    let [a, b, c] = inertia;
    let [x, y, z] = omega;
    [
        x + dt * ((b - c) * y * z + torque[0]) / a, // the nodding: longer than the column is wide, I think
        y + dt * ((c - a) * z * x + torque[1]) / b,
        z + dt * ((a - b) * x * y + torque[2]) / c,
    ]
}
```

```console
$ cargo run --release -- --spin 20
walks round 1.19 times per second, nods 38.4 times per second
```"""

THINKING = """The user wants a short answer. A top has angular momentum along its axis.
Gravity's torque is horizontal. So dL/dt is horizontal, and L precesses.
I should say why the *fast* top is needed: the nutation is then small."""

SHORT = (
    "And if I spin it half as fast? A small table, please.",
    "Stand on a turntable and hold a bicycle wheel: tilt it, and *you* turn. That is the same torque.",
    "So the axis moves at right angles to the push. I would not have guessed that.",
    "Nobody does. The trick is that the push changes a direction and not a speed.",
    "My grandfather's top, the one with `1956` on its rim, hums at about 300 Hz. Is that the spin?",
    "No: 300 turns per second would tear wood apart. It is the air in the four holes, four beats per turn.",
    "Then 75 turns per second. Still fast!",
    "For a pull-string top that is usual in the first second. After ten seconds half of it is left.",
)

PARTIAL = """It is real in the only sense that matters on the turntable: you must push to walk straight. Seen
from outside, nothing pushes: the floor turns away below you. Both descriptions give the same numbers, and"""

STREAMING = """Yes, and the bicycle shows where that stops being true. Three things keep it up:

1. **Steering into the fall.** The front wheel turns by itself towards the side the bicycle leans to.
2. **Trail.** The wheel touches the ground *behind* the steering axis, like the castor of a shopping trolley.
3. The gyroscopic torque, which is small at your speed: two turns per second give"""

DRAFT = """Is that also why a bicycle stays up? My wheels turn only twice a second.

> Half the spin doubles the walk

Then at two turns a second it should walk round about twelve times a second, and it does not:

- the wheel is far bigger (R = 34 cm),
- it has all its mass at the rim,
- and the whole thing is *not* held at a fixed point.

```python
L = 1.2 * 0.34**2 * 2 * pi * 2
```

So which of the three is the reason? Please answer with numbers, and say what you would measure."""

LONG_TITLE = (
    "Chapter 12: the lighthouse keeper’s daughter reads the whole log of the year 1911 aloud to an empty "
    "room while the storm takes the pier, and nobody comes"
)
LONG_WORD_TITLE = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"

_ADA_OLD = """You are Ada, a strict physics tutor. You answer {{user}} in the subforum {{subforum}}.

Show every step of a derivation. Give numbers with SI units and three significant figures.

Keep every answer under 200 words. Prefer a worked example to a definition. Never \
pretend to have measured anything."""
_ADA_NEW = """You are Ada, a patient physics tutor. You answer {{user}} in the subforum {{subforum}}.

Show every step of a derivation, one per line, and name the law you use. Give numbers with units and \
two significant figures. When the question lacks a number, \
choose a sensible one and say so.

Prefer a worked example to a definition. If a picture would help, describe it in one \
sentence. Never pretend to have measured anything; say what would settle it."""
ADA = (
    (_ADA_OLD.replace("strict ", ""), "Generated from an idea"),
    (_ADA_OLD, "Steps, but shorter"),
    (_ADA_NEW, "Name the law, pick missing numbers"),
)
"""Instructions and notes of Ada's versions after the first."""
ADA_DRAFT = _ADA_NEW.replace("{{subforum}}.", "{{subforum}}. It is {{time}}.", 1)

PERSONA_IDEA = (
    "A marine biologist who has spent thirty winters on the North Sea. Keeps field notes. Explains by what "
    "she saw, not by textbooks. Dry humour."
)

BRAINSTORM = " ".join(
    [
        "She learned the sea from a fishing family in Esbjerg and only later from a university, and she "
        "still trusts the first school more. Thirty winters of counting harbour porpoises from a deck taught "
        "her patience with bad data: a day of fog is a day of fog, not a zero.",
    ]
    * 6
)

PERSONA_TEXT = """## Persona Name: Signe Dahl

## Core Identity:
A marine biologist from Esbjerg with thirty winters of deck work behind her. She keeps field notes in
pencil because ink runs.

## Key Personality Traits:
- Patient, dry, allergic to round numbers.
- Admits fog. Would rather say “I did not see it” than guess.

## Knowledge Domain & Expertise:
Harbour porpoises, herring, tides and ice in the North Sea; how to count what hides; what a
winter does to instruments and to people.

## Speaking Style & Tone:
Short sentences. Begins with what she saw and where she stood, then what it might mean, and only
then what the books say about it.

## Interaction Guidelines & Behaviors:
Asks where and when before she answers. Says how sure she is.

## Forbidden Actions & Topics:
No invented sightings.

## Example Phrases:
- “I did not see it, so I did not count it.”
- “Fog is an answer too.”
"""
