#!/bin/sh
# The runtime: what starts an app that the layer above puts beside it.
set -eu
mkdir -p root/runtime
printf '%s\n' "$VERSION" >root/runtime/version
cat >root/start <<'START'
#!/bin/sh
# HOST, PORT (0 takes a free one) and NODE come from whoever starts it.
cd "$(dirname "$0")" && exec "${NODE:-node}" app/server.mjs
START
chmod 755 root/start
echo "runtime $VERSION is in place"
