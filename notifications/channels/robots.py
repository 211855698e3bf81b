"""What the robots of chat groups have in common: a hook that takes JSON and answers with a code of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from notifications.channels import hooks, markup
from notifications.channels.answers import Answers, judge
from notifications.channels.base import Message, PermanentFailure
from notifications.channels.posting import post

OK = 200


class RobotChannel(ABC):
    """``limit`` is in the unit of ``size``; ``pause`` is how long a robot rests after it was told to slow down."""

    channel: ClassVar[str]
    answers: ClassVar[Answers]
    limit: ClassVar[int]
    pause: ClassVar[timedelta]

    def parts(self, message: Message) -> list[Message]:
        return markup.split(message, self.limit, self.size)

    def send(self, part: Message) -> None:
        try:
            place = hooks.place_of(part.address, self.channel)
        except hooks.HookRefused as problem:
            raise PermanentFailure(problem.words, problem.code) from None
        reply = post(place, self.body(part), extra_query=self.extra_query(part))
        code, words = self.code(reply.said), self.words(reply.said)
        # The code of success counts only where nothing between us and the robot says otherwise.
        if reply.status != OK and code == 0:
            code = f"http_{reply.status}"
        judge(self.answers, code, words, self.pause, part.secret, place.key)

    def extra_query(self, part: Message) -> str:
        """What is added to the address, such as a signature."""
        return ""

    def code(self, said: Mapping[str, object]) -> object:
        return said.get("errcode")

    def words(self, said: Mapping[str, object]) -> str:
        return str(said.get("errmsg", ""))

    @abstractmethod
    def size(self, part: Message) -> int: ...

    @abstractmethod
    def body(self, part: Message) -> Mapping[str, object]: ...
