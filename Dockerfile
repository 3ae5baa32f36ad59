# One image per binary, from one file:
#
#   docker build --build-arg BINARY=accede-slack --build-arg VERSION=v1.2.3 -t accede-slack .
#
# BINARY is the name of any folder with a main.go below cmd/ or plugins/*/cmd/. The image holds that binary, the
# certificates of the public authorities, and nothing else: no shell, no package manager, no user but a number.

ARG GO_VERSION=1.26

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod \
    go mod download
COPY . .
# A new volume takes its owner from the image, in the setup step of docker-compose.yml too.
RUN install -d -o 65532 -g 65532 -m 0700 /var/lib/accede
ARG BINARY=acceded
ARG VERSION=dev
ARG TARGETOS
ARG TARGETARCH
ARG OUT=/out
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    set -eu; \
    main="$(ls cmd/"$BINARY"/main.go plugins/*/cmd/"$BINARY"/main.go 2>/dev/null || true)"; \
    test -f "$main" || { echo "BINARY=$BINARY is not the name of one folder below cmd/ or plugins/*/cmd/"; exit 1; }; \
    CGO_ENABLED=0 GOOS="$TARGETOS" GOARCH="$TARGETARCH" go build -trimpath -buildvcs=false \
        -ldflags "-s -w -X github.com/accede/accede/internal/version.linked=$VERSION" \
        -o "$OUT/accede" "./$(dirname "$main")"

FROM scratch
ARG BINARY=acceded
ARG VERSION=dev
LABEL org.opencontainers.image.title="${BINARY}" \
      org.opencontainers.image.description="Accede: access for as long as it is needed, decided where people already are" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/accede /accede
# Everything a process keeps lies here; only the core keeps anything.
COPY --from=build --chown=65532:65532 /var/lib/accede /var/lib/accede
VOLUME /var/lib/accede
# Configurations are read from here unless --config names another path.
WORKDIR /etc/accede
USER 65532:65532
# Asks the process in the container itself, whichever it is. The command line `accede` is no service and has none.
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["/accede", "healthcheck"]
ENTRYPOINT ["/accede"]
