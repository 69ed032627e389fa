"""Leave room in the pages of trials for the update that follows every insert: relevance, and for some a score.

A row that is updated on its own page needs no new entry in any of its nine indexes; a full page makes each of them, the
full-text one too, be written twice. Measured: a twentieth of the database's work in a first pull.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracker", "0004_default_literature_query")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE tracker_trial SET (fillfactor = 70)",
            "ALTER TABLE tracker_trial RESET (fillfactor)",
        )
    ]
