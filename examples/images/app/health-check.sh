#!/bin/sh
# Starts the app as it will be started in service, and asks it how it is.
set -eu
exec "${NODE:-node}" health-check.mjs root "$VERSION"
