"""The models that runs may use, and what is missing for those that can't be used yet."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from annotator.access import access_workspace
from annotator.offers import OfferedModel, offered_models
from annotator.operations import Message
from tracking import catalog

router = Router(tags=["models"])


class WeightsOut(Message):
    """A file of parameters. `present`: nothing that would run the model lacks it."""

    file: str
    url: str
    page: str
    size: int | None
    present: bool


class ModelOut(Message):
    """A model of the catalogue. `available`: a connected agent runs it, or this machine could; `why` not, otherwise."""

    id: str
    name: str
    summary: str
    prompts: list[str]
    outputs: list[str]
    licence: str
    weights_licence: str
    commercial: bool
    paper: str
    weights: list[WeightsOut]
    available: bool
    why: str
    default: bool


@router.get("/", response=list[ModelOut], summary="The catalogue")
def list_models(request: HttpRequest, workspace: int) -> list[ModelOut]:
    found = access_workspace(request.user, workspace, "view")
    return [_model_out(offered) for offered in offered_models(found.pk)]


def _model_out(offered: OfferedModel) -> ModelOut:
    entry = offered.entry
    return ModelOut(
        id=entry.id,
        name=entry.name,
        summary=entry.summary,
        prompts=list(entry.prompts),
        outputs=list(entry.outputs),
        licence=entry.licence,
        weights_licence=entry.weights_licence,
        commercial=entry.commercial,
        paper=entry.paper,
        weights=[
            WeightsOut(
                file=weights.file,
                url=weights.url,
                page=weights.page,
                size=weights.size,
                present=weights.file not in offered.lacking,
            )
            for weights in entry.weights
        ],
        available=offered.available,
        why=offered.why,
        default=entry.id in catalog.DEFAULT_TRACKER.values(),
    )
