#!/bin/sh
set -eu
systemctl is-active --quiet app || { echo "health check failed: the app does not run"; exit 1; }
curl --fail --silent --show-error --retry 10 --retry-connrefused http://127.0.0.1:8080/health
