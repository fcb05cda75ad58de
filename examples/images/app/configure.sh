#!/bin/sh
# Ansible with a local connection, all of its own files within the bake's folder.
set -eu
case "$BROKEN:$VERSION" in
  :*-sick) BROKEN=bake ;;
  :*-broken) BROKEN=deploy ;;
esac
ANSIBLE_LOCAL_TEMP="$PWD/.ansible" ANSIBLE_REMOTE_TEMP="$PWD/.ansible" ANSIBLE_NOCOLOR=1 ANSIBLE_RETRY_FILES_ENABLED=0
ANSIBLE_LOCALHOST_WARNING=0 ANSIBLE_INVENTORY_UNPARSED_WARNING=0
export ANSIBLE_LOCAL_TEMP ANSIBLE_REMOTE_TEMP ANSIBLE_NOCOLOR ANSIBLE_RETRY_FILES_ENABLED ANSIBLE_LOCALHOST_WARNING ANSIBLE_INVENTORY_UNPARSED_WARNING
ansible-playbook -i localhost, -e "root=$PWD/root version=$VERSION base_version=$BASE_VERSION broken=$BROKEN" playbook.yml
