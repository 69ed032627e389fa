"""The door for other tools: read-only REST under /api/v1/, described exactly in docs/openapi.yaml."""
