-- The one way to change what is stored: all of it or nothing of it.
-- ARGV[2], ...: the values of the records' fields, in order: large ones cost nothing to read here.
-- ARGV[1]: JSON { seen?, latest?, fence?, under?, records, effects, audit, outbox, index, lists, keys, hint }. Records are compared by version first.
-- `latest`: the moment, on this clock, after which whoever asked was told that nothing was done.
local change = cjson.decode(ARGV[1])

if change.seen then
  local before = redis.call('GET', change.seen.key)
  if before then return { 'seen', before } end
end

if change.latest then
  local time = redis.call('TIME')
  if tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000 > change.latest then return { 'late' } end
end

-- Only for whoever still evaluates the alerts: an older evaluator, however late it comes, changes nothing.
if change.fence and redis.call('GET', change.fence.key) ~= change.fence.value then return { 'fenced' } end

-- Only while a break glass holds, by this clock: what somebody may by it, he may until its last moment and no longer.
if change.under then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
  for _, id in ipairs(change.under.ids) do
    local till = redis.call('ZSCORE', change.under.key, id)
    if not till or now >= tonumber(till) then return { 'over', id } end
  end
end

for _, record in ipairs(change.records) do
  local version = redis.call('HGET', record.key, 'v') or '0'
  if version ~= record.expect then return { 'conflict', record.key } end
  -- The same number of another history: what was read is not what is changed here.
  if record.since and redis.call('HGET', record.key, record.since.field) ~= record.since.value then
    return { 'conflict', record.key }
  end
end

if change.seen then
  redis.call('SET', change.seen.key, change.seen.value, 'PX', change.seen.ttl)
end
local value = 2
for _, record in ipairs(change.records) do
  local pairs = { 'v', record.version }
  for _, field in ipairs(record.fields) do
    table.insert(pairs, field)
    table.insert(pairs, ARGV[value])
    value = value + 1
    -- Lua gives a call only so many arguments.
    if #pairs >= 1000 then
      redis.call('HSET', record.key, unpack(pairs))
      pairs = { 'v', record.version }
    end
  end
  redis.call('HSET', record.key, unpack(pairs))
  if record.gone then redis.call('HDEL', record.key, record.gone) end
end
for _, effect in ipairs(change.effects) do
  redis.call('HSET', change.keys.effects, effect.id, effect.value)
  redis.call('ZADD', effect.due, effect.at, effect.id)
end
for _, entry in ipairs(change.audit) do
  redis.call('RPUSH', change.keys.audit, entry)
end
for _, message in ipairs(change.outbox) do
  redis.call('ZADD', change.keys.outbox, 'LT', message.at, message.name)
  redis.call('HSET', change.keys.outbox .. ':wanted', message.name, redis.call('INCR', change.keys.outbox .. ':count'))
  local since = tonumber(redis.call('HGET', change.keys.outbox .. ':since', message.name))
  if not since or message.at < since then
    redis.call('HSET', change.keys.outbox .. ':since', message.name, message.at)
  end
end
for _, entry in ipairs(change.index) do
  redis.call('ZADD', change.keys.executions, entry.at, entry.id)
  if entry.open then
    redis.call('ZADD', change.keys.open, entry.at, entry.id)
  else
    redis.call('ZREM', change.keys.open, entry.id)
  end
  if entry.inHand then
    redis.call('ZADD', change.keys.inHand, entry.at, entry.id)
  else
    redis.call('ZREM', change.keys.inHand, entry.id)
  end
end
for _, entry in ipairs(change.lists) do
  redis.call('ZADD', entry.all, entry.at, entry.id)
  if entry.open then
    redis.call('ZADD', entry.among, entry.at, entry.id)
  else
    redis.call('ZREM', entry.among, entry.id)
  end
end
redis.call('PUBLISH', change.keys.feed, change.hint)
return { 'ok' }
