"""Time blocks in which the queue may run."""

from sqlalchemy import Boolean, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from forllm_desktop.domain.base import Base


class TimeBlock(Base):
    """One window of the week, in local time: minutes of the day, half-open, on the days it starts.

    `days` is a bit mask, bit 0 = Monday; `end_minute` at or below `start_minute` means the next day.
    """

    __tablename__ = "schedule"
    __table_args__ = (
        CheckConstraint("start_minute BETWEEN 0 AND 1439", name="start_minute"),
        CheckConstraint("end_minute BETWEEN 0 AND 1440", name="end_minute"),
        CheckConstraint("days BETWEEN 0 AND 127", name="days"),
    )

    schedule_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    start_minute: Mapped[int]
    end_minute: Mapped[int]
    days: Mapped[int] = mapped_column(default=127)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
