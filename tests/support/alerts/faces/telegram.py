"""A Bot API server for one bot and its chats: https://core.telegram.org/bots/api, with its words for what is wrong."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from tests.support.alerts.faces.face import Face, Refused, said_so
from tests.support.alerts.receiver import Answer, Received

TOKEN = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"
MOST_UNITS = 4096
TAG = re.compile(r"<(/?)(\w+)>")
ALLOWED = {"b", "strong", "i", "em", "u", "s", "code", "pre"}
ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);)\w+;")


@dataclass
class TelegramFace(Face):
    """`messages` by chat and id: the text as it is read, and the labels of the buttons."""

    messages: dict[tuple[str, int], tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    chats: set[str] = field(default_factory=lambda: {"-100500"})
    moved: dict[str, int] = field(default_factory=dict)

    def take(self, received: Received) -> Answer:
        _, bot, method = received.path.split("/")
        if bot != f"bot{TOKEN}":
            raise _refused(401, "Unauthorized")
        asked = received.json
        chat = str(asked.get("chat_id"))
        if chat in self.moved:
            place = {"migrate_to_chat_id": self.moved[chat]}
            raise _refused(400, "Bad Request: group chat was upgraded to a supergroup chat", place)
        if chat not in self.chats:
            raise _refused(400, "Bad Request: chat not found")
        result = {"sendMessage": self._put, "editMessageText": self._edit, "deleteMessage": self._delete}[method](
            chat, asked
        )
        return said_so(200, {"ok": True, "result": result})

    def _put(self, chat: str, asked: dict[str, Any]) -> dict[str, Any]:
        identifier = 1 + max((number for _, number in self.messages), default=0)
        self.messages[chat, identifier] = _read(asked)
        self.seen.append(_shown(self.messages[chat, identifier]))
        return {"message_id": identifier, "chat": {"id": chat}}

    def _edit(self, chat: str, asked: dict[str, Any]) -> dict[str, Any]:
        key = (chat, asked["message_id"])
        if key not in self.messages:
            raise _refused(400, "Bad Request: message to edit not found")
        new = _read(asked)
        if self.messages[key] == new:
            same = "specified new message content and reply markup are exactly the same as a current content and"
            raise _refused(400, f"Bad Request: message is not modified: {same} reply markup of the message")
        self.messages[key] = new
        self.seen.append(_shown(new))
        return {"message_id": key[1], "chat": {"id": chat}}

    def _delete(self, chat: str, asked: dict[str, Any]) -> bool:
        if self.messages.pop((chat, asked["message_id"]), None) is None:
            raise _refused(400, "Bad Request: message to delete not found")
        return True


def too_many(seconds: int) -> Refused:
    """What a bot is told that is too quick."""
    return _refused(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def cannot_parse() -> Refused:
    """What it is told of markup that is wrong."""
    return _refused(400, "Bad Request: can't parse entities: Unexpected end tag at byte offset 7")


def _refused(status: int, description: str, parameters: dict[str, int] | None = None) -> Refused:
    said: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return Refused(status, said | ({"parameters": parameters} if parameters else {}))


def _read(asked: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    text = asked["text"]
    if asked.get("parse_mode") == "HTML":
        text = _parsed(text)
    if not text.strip():
        raise _refused(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > MOST_UNITS:
        raise _refused(400, "Bad Request: message is too long")
    rows = asked.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = [button for row in rows for button in row]
    if not all(button["text"] and button["url"].startswith(("http://", "https://")) for button in buttons):
        raise _refused(400, "Bad Request: inline keyboard button URL is invalid")
    return text, tuple(button["text"] for button in buttons)


def _parsed(text: str) -> str:
    stack: list[str] = []
    for closing, name in TAG.findall(text):
        if name not in ALLOWED:
            raise _refused(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{name}"')
        if not closing:
            stack.append(name)
        elif not stack or stack.pop() != name:
            raise cannot_parse()
    bare = TAG.sub("", text)
    if stack or "<" in bare or ENTITY.search(bare):
        raise cannot_parse()
    return html.unescape(bare)


def _shown(message: tuple[str, tuple[str, ...]]) -> str:
    text, buttons = message
    return "\n".join([text, *(f"[ {label} ]" for label in buttons)])
