# Sourced by the other scripts, with $root set to the top of the repository: the tools that script/bootstrap fetched and
# the project's own Node come before the machine's.
PATH="$root/.tools/bin:$root/node_modules/.bin:$PATH"
export PATH
