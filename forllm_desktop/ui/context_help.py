"""What is sent to a model, told in simple words; the README has the same parts."""

PARAGRAPHS: dict[str, str] = {
    "The thread": (
        "A persona reads the post that it answers and everything above it in its thread, oldest first. "
        "What it wrote itself comes as its own words; the posts of others carry their names. Deleted "
        "posts and replies that broke off are never sent."
    ),
    "Other threads": (
        "As background, and marked as such, come the newest posts of the branches beside that thread "
        "and, if you want, the first posts of other topics of the subforum."
    ),
    "The room": (
        "Prompt and answer share the context window of the model. Some of it is kept for the answer; "
        "the persona, the answered post and its files are always sent whole. The other posts share the "
        "rest: what has no room is left out, whole posts and the oldest first, and listed. Where even "
        "what must be sent has no room, you are told when you post, with numbers and what could go."
    ),
    "By hand": (
        "The menu of a post can leave it out of all prompts, or pin it, so that it comes before other posts."
    ),
    "Files": (
        "Attached files, and files of your folders that you tag with #, are sent as text and stay as "
        "they were when you posted, whatever becomes of them on the disk. Nothing outside of your "
        "folders is read by a tag."
    ),
    "Personas by @": (
        "@ with a name asks that persona. A chain such as @Ada:@Bob lets Bob answer what Ada replied."
    ),
    "Numbers": (
        "A number with a ~ is an estimate, which learns from every reply; without it the model itself "
        "has counted. When a server read far less than was sent, the reply says that its prompt was "
        "shortened."
    ),
}
"""The text of each part below its title."""
