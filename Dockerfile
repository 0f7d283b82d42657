# One image for all processes of a server; compose.yaml says which is which. Not for agents with a GPU: those are
# connected by the command on the page Neural networks.

FROM node:20-slim AS pages
WORKDIR /app/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-fund --no-audit --loglevel=error
COPY frontend ./
COPY static /app/static
RUN npm run --silent build

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 FRAMEWISE_DATA=/data HOME=/data
WORKDIR /app
# Where pip finds PyTorch: without CUDA it is a fifth as large. Empty: where it finds everything else.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY constraints.txt ./
RUN pip install --constraint constraints.txt torch==2.13.0 ${TORCH_INDEX:+--index-url "$TORCH_INDEX"}
COPY pyproject.toml README.md LICENSE manage.py ./
COPY annotator annotator
COPY framewise framewise
COPY tracking tracking
# Where it lies: pages and their files are beside the packages.
RUN pip install --constraint constraints.txt --editable ".[postgres,redis,s3]"
COPY templates templates
COPY scripts scripts
COPY --from=pages /app/static static
RUN useradd --uid 10001 --no-create-home --home-dir /data framewise && install -d -o framewise -g framewise -m 0700 /data
USER framewise
EXPOSE 8000
ENTRYPOINT ["framewise"]
CMD ["web", "--host", "0.0.0.0"]
