# Two steps: what installs packages does not stay in what runs.
FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements/base.txt /requirements.txt
RUN /opt/venv/bin/pip install --require-hashes --requirement /requirements.txt

FROM python:3.13-slim-bookworm
# Numbers, so that the cluster can see that it is not root.
RUN groupadd --gid 10001 exotracker \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin exotracker
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    TRACKER_DATA_DIR=/tmp/exotracker \
    STATIC_ROOT=/app/static \
    GRANIAN_HOST=0.0.0.0 \
    PORT=8000
WORKDIR /app
COPY manage.py Procfile LICENSE ./
COPY config config
COPY tracker tracker
COPY fixtures fixtures
# The files are the same for every installation; the values are only there so that the settings can be read.
RUN DATABASE_URL=postgres://nowhere/none REDIS_URL=redis://nowhere SECRET_KEY=for-this-step-alone \
    python manage.py collectstatic --noinput --verbosity 0
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s CMD ["python", "-m", "config.probe"]
CMD ["honcho", "start", "--no-prefix", "web"]
