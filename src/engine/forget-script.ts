/**
 * Takes away an execution and everything that hangs on it, or nothing: not one that changed since it was judged, that is open, among
 * the newest, or of which something is being shown just now. ARGV: JSON { id, records, newest, names, gone, keys }. Gives 1 or 0.
 */
export const FORGET = `
local wanted = cjson.decode(ARGV[1])
local keys = wanted.keys
for _, record in ipairs(wanted.records) do
  if (redis.call('HGET', record.key, 'v') or '0') ~= record.version then return 0 end
end
if redis.call('ZSCORE', keys.open, wanted.id) or redis.call('ZSCORE', keys.inHand, wanted.id) then return 0 end
local rank = redis.call('ZREVRANK', keys.executions, wanted.id)
if rank and rank < wanted.newest then return 0 end

local names = wanted.names
for _, name in ipairs(redis.call('SMEMBERS', keys.posted)) do table.insert(names, name) end
for _, seq in ipairs(redis.call('LRANGE', keys.lines, 0, -1)) do table.insert(names, 'audit:' .. seq) end
for _, name in ipairs(names) do
  if redis.call('ZSCORE', keys.outbox .. ':held', name) then return 0 end
end
for _, name in ipairs(names) do
  redis.call('ZREM', keys.outbox, name)
  for _, part in ipairs({ 'wanted', 'since', 'holders', 'progress', 'tries', 'intents', 'doubts' }) do
    redis.call('HDEL', keys.outbox .. ':' .. part, name)
  end
  redis.call('DEL', keys.message .. name)
end
for _, key in ipairs(wanted.gone) do redis.call('DEL', key) end
redis.call('DEL', keys.posted, keys.lines)
redis.call('ZREM', keys.executions, wanted.id)
return 1`
