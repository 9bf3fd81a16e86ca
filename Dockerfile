FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements ./requirements
RUN python -m venv /opt/mingci \
 && /opt/mingci/bin/pip install --no-cache-dir --require-hashes \
      -r requirements/run.txt -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY ranking ./ranking
COPY importers ./importers
COPY service ./service
COPY web ./web
RUN /opt/mingci/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --create-home --home-dir /var/lib/mingci --uid 10001 mingci
COPY --from=build /opt/mingci /opt/mingci
ENV PATH=/opt/mingci/bin:$PATH PYTHONUNBUFFERED=1
USER mingci
WORKDIR /var/lib/mingci
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
CMD ["mingci", "serve", "--host", "0.0.0.0", "--port", "8000"]
