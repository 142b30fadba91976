# One image for every role; docker-compose.yml says which.
FROM python:3.13-slim-bookworm AS build
ENV UV_PROJECT_ENVIRONMENT=/app/.venv UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
RUN pip install --no-cache-dir uv
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project
COPY monitor ./monitor
COPY agents ./agents
COPY config ./config
RUN uv sync --frozen --no-dev

FROM python:3.13-slim-bookworm
RUN useradd --create-home --uid 10001 newsmon && install -d -o newsmon /data
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH NEWSMON_DATA_DIR=/data PYTHONUNBUFFERED=1
WORKDIR /app
USER newsmon
VOLUME /data
ENTRYPOINT ["newsmon"]
CMD ["--help"]
