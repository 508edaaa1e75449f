#!/usr/bin/env bash
# Write dist/leukowatch.cdx.json: what an installed service is made of, as CycloneDX lists it. Called by `make sbom`.
#
#   tools/sbom.sh BIN     BIN holds the developers' tools
#
# It looks at an environment of its own with the pinned packages, since the developers' holds much that is not shipped.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$(realpath "${1:?say where the tools are: tools/sbom.sh .venv/bin}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p dist
"$tools/python" -m venv --without-pip "$work/shipped"
"$tools/python" -m pip --python "$work/shipped/bin/python" install --quiet --require-hashes -r requirements.lock
"$tools/python" -m pip --python "$work/shipped/bin/python" install --quiet --no-deps .
version=$("$work/shipped/bin/python" -c 'from importlib.metadata import version; print(version("leukowatch"))')
sed "s/^dynamic = .*/version = \"$version\"/" pyproject.toml >"$work/pyproject.toml"
"$tools/cyclonedx-py" environment --pyproject "$work/pyproject.toml" --mc-type application --output-reproducible \
    --of JSON -o dist/leukowatch.cdx.json "$work/shipped/bin/python"
echo "sbom: $(grep -c '"bom-ref"' dist/leukowatch.cdx.json) entries in dist/leukowatch.cdx.json" >&2
