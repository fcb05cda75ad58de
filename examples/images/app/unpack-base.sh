#!/bin/sh
set -eu
mkdir -p root
tar -xzf "$PARENT" -C root
echo "built on $(basename "$PARENT")"
