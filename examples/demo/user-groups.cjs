// A stand-in, preloaded into local-slack: it has no user groups. It answers one method of the Web API, usergroups.users.list, from
// the file named by USER_GROUPS ({ "S01ENG": ["U01ALICE"] }), which is read anew each time; everything else goes to local-slack.
const { readFileSync } = require('node:fs')

const serve = Bun.serve

Bun.serve = (options) => serve.call(Bun, { ...options, fetch: standIn(options.fetch) })

function standIn(fetch) {
  return async function (request, server) {
    if (!new URL(request.url).pathname.endsWith('/usergroups.users.list')) return fetch.call(this, request, server)
    const { usergroup } = await argumentsOf(request)
    return Response.json(answer(usergroup))
  }
}

async function argumentsOf(request) {
  const text = await request.text()
  const json = (request.headers.get('content-type') ?? '').includes('json')
  return json ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text))
}

/** No file, or no such group in it, is an error as Slack gives it. */
function answer(group) {
  try {
    const users = JSON.parse(readFileSync(process.env.USER_GROUPS, 'utf8'))[group]
    return users ? { ok: true, users } : { ok: false, error: 'no_such_subteam' }
  } catch {
    return { ok: false, error: 'fatal_error' }
  }
}
