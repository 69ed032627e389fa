"""The question that a new installation asks: extracellular vesicles in lung cancer.

Why these words, and why all of them in query.term: docs/decisions/0201-default-query.md. A curator edits or replaces
the row; it is not made again.
"""

from django.db import migrations
from django.utils import timezone

DISEASE = (
    "lung cancer",
    "lung neoplasm",
    "lung carcinoma",
    "lung adenocarcinoma",
    "lung tumor",
    "lung nodule",
    "pulmonary nodule",
    "non-small cell lung",
    "NSCLC",
    "small cell lung",
    "SCLC",
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


def _anywhere(phrases: tuple[str, ...]) -> str:
    """Any of these, in the fields of query.term or in the detailed description, which query.term leaves out."""
    quoted = [f'"{phrase}"' if " " in phrase else phrase for phrase in phrases]
    return " OR ".join([*quoted, *(f"AREA[DetailedDescription]{phrase}" for phrase in quoted)])


QUERY_TERM = f"({_anywhere(VESICLES)}) AND ({_anywhere(DISEASE)})"


def ask(apps, schema_editor):
    apps.get_model("tracker", "RegistryQuery").objects.get_or_create(
        slug="lung-cancer-ev",
        defaults={
            "name": "Extracellular vesicles in lung cancer",
            "query_term": QUERY_TERM,
            "is_on": True,
            "created": timezone.now(),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("tracker", "0001_registry")]
    # Going back leaves the row: a curator may have made it their own.
    operations = [migrations.RunPython(ask, migrations.RunPython.noop)]
