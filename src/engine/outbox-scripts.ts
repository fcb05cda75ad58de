/**
 * The scripts of the outbox. A name that somebody shows just now is left to him, even if it is wanted anew meanwhile: two bots that
 * post the same message at once would post it twice. It is due again when he settles it, or when he died with it.
 *
 * What is due is served by rank: closing replies, then executions whose state changed, warnings and alerts, files, and progress last.
 * Each kind of call has its own room, so that slow ones of one kind do not keep the others waiting.
 * KEYS: outbox, wanted, held, holders, progress, count. ARGV: now, end of the lease, limit, prefix of messages, room for posts, edits, files.
 */
export const CLAIM = `
local function all(key, names)
  local found = {}
  for from = 1, #names, 1000 do
    local part = redis.call('HMGET', key, unpack(names, from, math.min(from + 999, #names)))
    for i = 1, #part do found[from + i - 1] = part[i] end
  end
  return found
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[1])) do
  redis.call('ZREM', KEYS[3], name)
  redis.call('HDEL', KEYS[4], name)
end
local held = {}
for _, name in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do held[name] = true end
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 10000)
local wanted, progress = all(KEYS[2], names), all(KEYS[5], names)
local ranks = { closing = 1, execution = 2, file = 4 }
local ordered = { {}, {}, {}, {}, {} }
for i, name in ipairs(names) do
  if not held[name] then
    local number = wanted[i] or '0'
    local rank = ranks[string.match(name, '^[^:]*')] or 3
    if progress[i] == number then rank = 5 end
    table.insert(ordered[rank], { name, number })
  end
end
local limit = tonumber(ARGV[3])
local room = { posts = tonumber(ARGV[5]), edits = tonumber(ARGV[6]), files = tonumber(ARGV[7]) }
local function lane(name)
  if string.sub(name, 1, 5) == 'file:' then return 'files' end
  if room.posts < 1 and room.edits < 1 then return 'edits' end
  return redis.call('EXISTS', ARGV[4] .. name) == 1 and 'edits' or 'posts'
end
local found = {}
for _, group in ipairs(ordered) do
  for _, wish in ipairs(group) do
    if limit < 1 or room.posts + room.edits + room.files < 1 then return found end
    local mine = lane(wish[1])
    if room[mine] > 0 then
      local lease = redis.call('INCR', KEYS[6])
      redis.call('ZADD', KEYS[1], ARGV[2], wish[1])
      redis.call('ZADD', KEYS[3], ARGV[2], wish[1])
      redis.call('HSET', KEYS[4], wish[1], lease)
      room[mine] = room[mine] - 1
      limit = limit - 1
      for _, each in ipairs({ wish[1], wish[2], tostring(lease), mine }) do table.insert(found, each) end
    end
  end
end
return found`

/**
 * A wish for later is progress: it gives way to everything else, unless something more important waits under the same name.
 * KEYS: outbox, wanted, feed, count, progress, since. ARGV: name, at, whether it is progress.
 */
export const WANT = `
local before = redis.call('HGET', KEYS[2], ARGV[1])
local progress = redis.call('HGET', KEYS[5], ARGV[1])
local number = redis.call('INCR', KEYS[4])
if ARGV[3] == '1' and (not redis.call('ZSCORE', KEYS[1], ARGV[1]) or (before and progress == before)) then
  redis.call('HSET', KEYS[5], ARGV[1], number)
end
redis.call('ZADD', KEYS[1], 'LT', ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], number)
local since = tonumber(redis.call('HGET', KEYS[6], ARGV[1]))
if not since or tonumber(ARGV[2]) < since then redis.call('HSET', KEYS[6], ARGV[1], ARGV[2]) end
redis.call('PUBLISH', KEYS[3], '{}')`

/** Does what is given only for whoever holds the name. KEYS: holders. ARGV: name, lease, JSON list of commands. */
export const FENCED = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
for _, command in ipairs(cjson.decode(ARGV[3])) do redis.call(unpack(command)) end
return 1`

/**
 * Only what was shown is taken off the list: a wish that came meanwhile stays, due when it said. No number is given twice.
 * KEYS: outbox, wanted, held, holders, progress, tries, since. ARGV: name, lease, wanted.
 */
export const SETTLE = `
if redis.call('HGET', KEYS[4], ARGV[1]) ~= ARGV[2] then return end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[6], ARGV[1])
if (redis.call('HGET', KEYS[2], ARGV[1]) or '0') == ARGV[3] then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('HDEL', KEYS[5], ARGV[1])
  redis.call('HDEL', KEYS[7], ARGV[1])
else
  redis.call('HSET', KEYS[7], ARGV[1], redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
end`

/** The same keys; ARGV also: at, whether it is progress. A newer wish does not wait for what the older one has to wait for. */
export const POSTPONE = `
if redis.call('HGET', KEYS[4], ARGV[1]) ~= ARGV[2] then return end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
if (redis.call('HGET', KEYS[2], ARGV[1]) or '0') ~= ARGV[3] then
  redis.call('ZADD', KEYS[1], 'LT', ARGV[4], ARGV[1])
  return
end
redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1])
if ARGV[5] == '1' then redis.call('HSET', KEYS[5], ARGV[1], ARGV[3]) end`

/** A doubt is taken back only as it was read. KEYS: doubts. ARGV: name, doubt. */
export const TRUST = `
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end`
