from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotator.models.issue import Comment, Issue
from annotator.models.job import Job, JobStep


class Notification(models.Model):
    """Something in an issue, or done to a job, that a person is told of: in the pages, and by mail where they don't see
    it there. One of ``issue`` and ``step`` is set."""

    class Kind(models.TextChoices):
        MENTION = "mention", "mentioned you"
        REPLY = "reply", "answered"
        JOB = "job", "commented in your job"
        RESOLVED = "resolved", "resolved"
        REOPENED = "reopened", "reopened"
        JOB_GIVEN = "job_given", "gave you a job"
        JOB_RETURNED = "job_returned", "returned your job"
        JOB_REOPENED = "job_reopened", "reopened your job"
        JOB_ACCEPTED = "job_accepted", "accepted your job"
        JOB_SKIPPED = "job_skipped", "skipped a job that you gave"
        CONSENSUS = "consensus", "submitted the last copy of your consensus"
        TO_REVIEW = "to_review", "wants a review from you"
        BELOW_MARK = "below_mark", "submitted a job below the pass mark"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    step = models.ForeignKey(JobStep, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(
        null=True, blank=True, help_text="When a mail told of it, or it was found that none should."
    )

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(issue=None) ^ models.Q(step=None), name="told_of_an_issue_or_a_step"
            )
        ]
        indexes = [
            models.Index(fields=["user", "read_at"], name="notifications_of_a_person"),
            models.Index(fields=["at"], condition=models.Q(read_at=None, mailed_at=None), name="notifications_to_mail"),
        ]

    def __str__(self) -> str:
        return f"{self.by} {self.get_kind_display()}: {self.topic}"

    @property
    def topic(self) -> Issue | Job:
        """What it is about."""
        if self.step is not None:
            return self.step.job
        if self.issue is None:
            raise ValueError("A notification is about an issue or a step of a job; this one is about neither.")
        return self.issue
