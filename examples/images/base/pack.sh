#!/bin/sh
# The same files give the same archive; the name is taken only once all of it is written.
set -eu
mkdir -p "$(dirname "$ARTIFACT")"
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -czf "$ARTIFACT.part" -C root .
mv "$ARTIFACT.part" "$ARTIFACT"
echo "packed $(basename "$ARTIFACT")"
