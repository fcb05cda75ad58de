// Preloaded into local-slack (a Bun program): it has no setting for its address and would listen on all interfaces.
const serve = Bun.serve
Bun.serve = (options) => serve.call(Bun, { hostname: '127.0.0.1', ...options })
