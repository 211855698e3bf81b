"""Notices, what carries them, and where they may go."""

from notifications.models.dispatches import Attempt, Dispatch, DispatchState, Outcome
from notifications.models.notices import Channel, Delivery, DeliveryState, Notice, NoticeState
from notifications.models.people import Hours, Preference
from notifications.models.robots import Robot
from notifications.models.running import Brake, Heartbeat

__all__ = [
    "Attempt",
    "Brake",
    "Channel",
    "Delivery",
    "DeliveryState",
    "Dispatch",
    "DispatchState",
    "Heartbeat",
    "Hours",
    "Notice",
    "NoticeState",
    "Outcome",
    "Preference",
    "Robot",
]
