"""The question that a new installation asks Europe PMC: extracellular vesicles in lung cancer.

Why these words and these fields: docs/decisions/0205-default-literature-query.md. A curator edits or replaces the row;
it is not made again.
"""

from django.db import migrations
from django.utils import timezone

DISEASE = (
    "lung cancer",
    "lung cancers",
    "lung neoplasm",
    "lung neoplasms",
    "lung carcinoma",
    "lung adenocarcinoma",
    "lung tumor",
    "lung tumour",
    "pulmonary nodule",
    "pulmonary nodules",
    "non-small cell lung",
    "NSCLC",
    "small cell lung",
    "SCLC",
)
VESICLES = (
    "exosome",
    "exosomes",
    "exosomal",
    "extracellular vesicle",
    "extracellular vesicles",
    "microvesicle",
    "microvesicles",
    "microparticle",
    "microparticles",
    "ectosome",
    "ectosomes",
    "oncosome",
    "oncosomes",
    "dexosome",
    "dexosomes",
)


def _anywhere(phrases: tuple[str, ...], headings: tuple[str, ...]) -> str:
    """Any of these in title, abstract or keywords, or one of the headings among the MeSH terms."""
    words = " OR ".join(f'"{phrase}"' if " " in phrase or "-" in phrase else phrase for phrase in phrases)
    mesh = " OR ".join(f'MESH:"{heading}"' for heading in headings)
    return f"(TITLE_ABS:({words}) OR KW:({words}) OR {mesh})"


QUERY = (
    f'{_anywhere(VESICLES, ("Exosomes", "Extracellular Vesicles"))} AND {_anywhere(DISEASE, ("Lung Neoplasms",))} '
    "AND (SRC:MED OR SRC:PPR)"
)


def ask(apps, schema_editor):
    apps.get_model("tracker", "LiteratureQuery").objects.get_or_create(
        slug="lung-cancer-ev",
        defaults={
            "name": "Extracellular vesicles in lung cancer",
            "query": QUERY,
            "is_on": True,
            "created": timezone.now(),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("tracker", "0003_studies_and_candidates")]
    # Going back leaves the row: a curator may have made it their own.
    operations = [migrations.RunPython(ask, migrations.RunPython.noop)]
