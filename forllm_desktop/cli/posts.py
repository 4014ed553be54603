"""`forllm post`: what a single post does in prompts."""

import argparse

from forllm_desktop import paths
from forllm_desktop.cli.output import print_json, say
from forllm_desktop.domain.context import PromptRule
from forllm_desktop.services.workspace import open_workspace

RULES = {
    "auto": PromptRule.AUTO,
    "left-out": PromptRule.LEFT_OUT,
    "pinned": PromptRule.PINNED,
}


def add_commands(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `post` to the parser."""
    post = commands.add_parser("post", parents=[common], help="say whether a post enters prompts")
    verbs = post.add_subparsers(title="verbs", metavar="VERB", required=True)
    rule = verbs.add_parser("rule", parents=[common], help="pin a post into prompts, or leave it out")
    rule.add_argument("id", type=int, help="number of the post")
    rule.add_argument("rule", choices=list(RULES), help="how it enters prompts from now on")
    rule.set_defaults(run=set_rule)


def set_rule(options: argparse.Namespace) -> int:
    """Give a post a rule."""
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        undo = workspace.prompt_rules.set_rule([options.id], RULES[options.rule])
    finally:
        workspace.close()
    if options.json:
        print_json({"post": options.id, "rule": options.rule})
    else:
        say(f"{undo.label}.")
    return 0
