"""Why a number is here, absent or late, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.response import Response

from tracker.reads.why import MALFORMED, SHAPE, why

from .asking import Asked, Problem
from .shapes import ProblemSerializer, WhySerializer
from .trials import REFUSED

if TYPE_CHECKING:
    from rest_framework.request import Request


class WhyView(Asked):
    """The answer for any NCT number: 200 also where nothing is stored, since the answer says why."""

    @extend_schema(
        operation_id="why_retrieve",
        summary="Why a number is here, absent or late",
        parameters=[OpenApiParameter("nct_id", str, "path", description="NCT number, for example NCT01159288.")],
        responses={
            200: WhySerializer,
            400: REFUSED,
            404: OpenApiResponse(ProblemSerializer, description="The text is no NCT number."),
        },
    )
    def get(self, request: Request, nct_id: str) -> Response:
        answer = why(nct_id, now=timezone.now())
        if answer.answer == MALFORMED:
            raise Problem(what=answer.sentence, where="nct_id", what_to_do=SHAPE, code=404)
        return Response(WhySerializer(answer, context={"request": request}).data)
