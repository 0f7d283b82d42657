"""Nouns: fields, constraints and choices, no side effects."""

from annotator.models.agent import Agent
from annotator.models.analytics import Counting, Predicted, Stay, Work
from annotator.models.api_token import ApiToken, Scope
from annotator.models.audit import AuditEntry, AuditKind
from annotator.models.clicked import ClickedMask
from annotator.models.comparison import Comparison
from annotator.models.consensus import Consensus, ConsensusCopy, ConsensusState
from annotator.models.download import Download, DownloadState
from annotator.models.event import Event, EventKind
from annotator.models.gold import Gold, JobScore
from annotator.models.guess import Guess
from annotator.models.identity import Identity
from annotator.models.inspection import Inspection, InspectionState
from annotator.models.issue import Comment, Issue
from annotator.models.job import Job, JobState, JobStep, Priority, Stage
from annotator.models.jobs_worker import JobsWorker
from annotator.models.joins import JoinsState, ProposedJoins
from annotator.models.layer import Layer, LayerKind, Track, TrackChunk, Verdict, VerdictSpan
from annotator.models.notification import Notification
from annotator.models.parcel import Parcel, ParcelState
from annotator.models.preview import Preview, PreviewState
from annotator.models.project import Attribute, Label, Project
from annotator.models.removal import Removal
from annotator.models.run import LegPrompt, Run, RunState
from annotator.models.second_factor import RecoveryCode, SecondFactor
from annotator.models.seen import Seen
from annotator.models.stored_weights import StoredWeights, WeightsState
from annotator.models.sweep import Destination, Pipeline, Sweep, SweepState, SweptState, SweptVideo
from annotator.models.transfer import Transfer, TransferState
from annotator.models.user import User
from annotator.models.video import ProxyState, Upload, Video, VideoState
from annotator.models.webhook import PING, Delivery, DeliveryState, Happening, Webhook
from annotator.models.workspace import Invitation, Membership, Role, Workspace

__all__ = [
    "PING",
    "Agent",
    "ApiToken",
    "Attribute",
    "AuditEntry",
    "AuditKind",
    "ClickedMask",
    "Comment",
    "Comparison",
    "Consensus",
    "ConsensusCopy",
    "ConsensusState",
    "Counting",
    "Delivery",
    "DeliveryState",
    "Destination",
    "Download",
    "DownloadState",
    "Event",
    "EventKind",
    "Gold",
    "Guess",
    "Happening",
    "Identity",
    "Inspection",
    "InspectionState",
    "Invitation",
    "Issue",
    "Job",
    "JobScore",
    "JobState",
    "JobStep",
    "JobsWorker",
    "JoinsState",
    "Label",
    "Layer",
    "LayerKind",
    "LegPrompt",
    "Membership",
    "Notification",
    "Parcel",
    "ParcelState",
    "Pipeline",
    "Predicted",
    "Preview",
    "PreviewState",
    "Priority",
    "Project",
    "ProposedJoins",
    "ProxyState",
    "RecoveryCode",
    "Removal",
    "Role",
    "Run",
    "RunState",
    "Scope",
    "SecondFactor",
    "Seen",
    "Stage",
    "Stay",
    "StoredWeights",
    "Sweep",
    "SweepState",
    "SweptState",
    "SweptVideo",
    "Track",
    "TrackChunk",
    "Transfer",
    "TransferState",
    "Upload",
    "User",
    "Verdict",
    "VerdictSpan",
    "Video",
    "VideoState",
    "Webhook",
    "WeightsState",
    "Work",
    "Workspace",
]
