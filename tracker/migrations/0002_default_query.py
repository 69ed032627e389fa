"""The question that a new installation asks: extracellular vesicles in lung cancer.

Why these words: docs/decisions/0201-default-query.md. A curator edits or replaces the row; it is not made again.
"""

from django.db import migrations
from django.utils import timezone

CONDITIONS = (
    "lung cancer",
    "lung neoplasm",
    "lung carcinoma",
    "non-small cell lung cancer",
    "NSCLC",
    "small cell lung cancer",
    "SCLC",
    "lung adenocarcinoma",
    "pulmonary nodule",
    "lung nodule",
)
VESICLES = (
    "exosome",
    "exosomal",
    "extracellular vesicle",
    "microvesicle",
    "microparticle",
    "ectosome",
    "oncosome",
    "dexosome",
)


def _quoted(phrase: str) -> str:
    return f'"{phrase}"' if " " in phrase or "-" in phrase else phrase


QUERY_COND = " OR ".join(map(_quoted, CONDITIONS))
# query.term leaves out detailed descriptions, where many biomarker studies name their vesicles and nowhere else.
QUERY_TERM = " OR ".join(
    [*map(_quoted, VESICLES), *(f"AREA[DetailedDescription]{_quoted(phrase)}" for phrase in VESICLES)]
)


def ask(apps, schema_editor):
    apps.get_model("tracker", "RegistryQuery").objects.get_or_create(
        slug="lung-cancer-ev",
        defaults={
            "name": "Extracellular vesicles in lung cancer",
            "query_cond": QUERY_COND,
            "query_term": QUERY_TERM,
            "is_on": True,
            "created": timezone.now(),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("tracker", "0001_registry")]
    # Going back leaves the row: a curator may have made it their own.
    operations = [migrations.RunPython(ask, migrations.RunPython.noop)]
