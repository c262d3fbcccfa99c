"""What a report says of mail that came back: in fields (RFC 3464), or in sentences for people."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from email.message import Message
from typing import Final, Literal

from feeder.mail.addresses import BadAddress, normal
from feeder.mail.bounces import replies
from feeder.mail.mailbox.parsing import Fields, Letter
from feeder.mail.mailbox.words import words

Action = Literal["failed", "delayed", "done"]

# flufl.bounce tells its log of what it cannot read; nobody listens there.
logging.getLogger("flufl.bounce").addHandler(logging.NullHandler())

_ACTIONS: Final[dict[str, Action]] = {
    "failed": "failed", "failure": "failed", "delayed": "delayed", "delivered": "done", "relayed": "done",
    "expanded": "done", "success": "done",
}  # fmt: skip
_STATUS = re.compile(r"\s{0,9}([245]\.\d{1,3}\.\d{1,3})(?![.\d])")
_CODE = re.compile(r"(?<![\w.\[-])[45]\d\d[ -](?:#?[45]\.\d{1,3}\.\d{1,3}|[A-Za-z<\"'(\[])")
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,'\"|=]{1,64}@[A-Za-z0-9.-]{1,253}")
# Where the message that came back begins: its headers, or a line that says so.
_HEADER = re.compile(r"^>? ?(?:return-path|received|message-id|list-id|mime-version|dkim-signature|x-original-to): ")
_LINE = re.compile(
    r"below this line is a copy|copy of (?:the|your) (?:original )?message|original message|原始邮件|原邮件"
)
_TEXT = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a report says of one recipient (RFC 3464 section 2.3)."""

    action: Action
    status: str = ""
    code: int = 0
    text: str = ""
    """The server's words."""
    addresses: frozenset[str] = frozenset()
    """The recipient as we wrote it and as it was in the end, in the form in which addresses are compared."""


def told(letter: Letter) -> tuple[Failure, ...]:
    """What the report says, of each recipient."""
    blocks = [block for block in letter.statuses if "action" in block or "status" in block]
    return tuple(_of_block(block, letter) for block in blocks) or (described(letter),)


def described(letter: Letter) -> Failure:
    """What a report says that was written for people only."""
    above = _above(letter)
    said = _reply_in(above)
    late, failed = detected(letter)
    delayed = bool(late and not failed) or bool(words().late.search(letter.first("subject") + "\n" + above))
    return Failure(
        action="delayed" if delayed else "failed",
        status=replies.own_status(said) or replies.first_status(said),
        code=replies.own_code(said),
        text=said,
        addresses=late | failed | keys(letter.first("x-failed-recipients")) | keys(above),
    )


def has_reply(letter: Letter) -> bool:
    """Whether a server's reply stands in the text for people."""
    return _CODE.search(_above(letter)) is not None


def detected(letter: Letter) -> tuple[frozenset[str], frozenset[str]]:
    """``(late, failed)`` addresses, by flufl.bounce's knowledge of old and odd servers."""
    from flufl.bounce import all_failures

    plain = Message()
    plain["From"] = first_address(letter.first("from")) or "nobody@example.invalid"  # one detector cannot do without
    if letter.first("x-failed-recipients"):
        plain["X-Failed-Recipients"] = letter.first("x-failed-recipients")[:500]
    # Its patterns take time by the square of a line's length.
    lines = [line[:300] for line in letter.text.split("\n")[:200]]
    plain.set_payload("\n".join(lines).encode("ascii", "replace").decode())
    try:
        late, failed = all_failures(plain)
    except Exception:  # noqa: BLE001  # its detectors raise all sorts of errors on hostile text
        return frozenset(), frozenset()
    return _keys_of(late), _keys_of(failed)


def keys(text: str) -> frozenset[str]:
    """The addresses in a header, a field or a text, in the form in which they are compared."""
    found = set()
    for address in _ADDRESS.findall(text[:_TEXT])[:50]:
        try:
            found.add(normal(address.strip("."))[1])
        except BadAddress:
            continue
    return frozenset(found)


def first_address(text: str) -> str:
    """The first address in a text, as it is written there; empty where there is none."""
    found = _ADDRESS.search(text[:_TEXT])
    return found[0].strip(".") if found else ""


def _keys_of(found: frozenset[bytes]) -> frozenset[str]:
    return frozenset(key for address in found for key in keys(address.decode("ascii", "replace")))


def _of_block(block: Fields, letter: Letter) -> Failure:
    kind, _, words_of_server = block.get("diagnostic-code", "").partition(";")
    said = words_of_server.strip() or kind
    found = _STATUS.match(block.get("status", ""))
    status = found[1] if found else replies.own_status(said)
    if not said and (not status or status.endswith(".0.0")):
        said = _reply_in(_above(letter))
    return Failure(
        action=_action(block.get("action", ""), status),
        status=status,
        code=replies.own_code(said),
        text=said,
        addresses=keys(block.get("final-recipient", "")) | keys(block.get("original-recipient", "")),
    )


def _action(field: str, status: str) -> Action:
    known = _ACTIONS.get(field.partition("(")[0].strip().lower())
    return known or ("done" if status.startswith("2") else "delayed" if status.startswith("4") else "failed")


def _reply_in(text: str) -> str:
    """The server's reply in a text for people; all of the text where there is no code."""
    code = _CODE.search(text)
    return " ".join(text[code.start() if code else 0 :].split())


def _above(letter: Letter) -> str:
    """What stands above the message that came back, whose words are ours and tell nothing."""
    lines: list[str] = []
    for line in letter.text[: 4 * _TEXT].split("\n"):
        lower = line[:200].lower()
        if lines and (_HEADER.match(lower) or _LINE.search(lower)):
            break
        lines.append(line)
    return "\n".join(lines)[:_TEXT]
