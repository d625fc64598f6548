# The page is built with Node, the wheel with Python; the image that runs has neither Node nor a compiler.
FROM node:22-bookworm-slim AS page
WORKDIR /build
COPY clients clients
COPY web web
RUN npm --prefix web ci --no-audit --no-fund && npm --prefix web run build

FROM python:3.13-slim-bookworm AS wheel
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY requirements requirements
COPY src src
COPY --from=page /build/src/meeple/web src/meeple/web
RUN python -m venv /opt/meeple \
 && /opt/meeple/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt \
 && /opt/meeple/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
RUN useradd --system --home-dir /var/lib/meeple --create-home meeple
COPY --from=wheel /opt/meeple /opt/meeple
ENV PATH=/opt/meeple/bin:$PATH \
    MEEPLE_HOST=0.0.0.0 \
    MEEPLE_PORT=8000 \
    MEEPLE_DATA=/var/lib/meeple \
    MEEPLE_LOG_FORMAT=json
USER meeple
VOLUME /var/lib/meeple
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
# SIGTERM drains; give it longer than MEEPLE_DRAIN_SECONDS (docker stop --time 30).
STOPSIGNAL SIGTERM
ENTRYPOINT ["meeple"]
CMD ["serve"]
